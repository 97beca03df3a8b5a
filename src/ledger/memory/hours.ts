import { type HourCount, hourOf, isStream } from '../hours.ts'
import type { State } from './state.ts'
import { noteArrival } from './watch.ts'

/** Called for every object that a receiver sees for the first time. */
export function countHour(state: State, receiver: string, time: number): void {
  noteArrival(state, receiver, time)
  const key = JSON.stringify([receiver, hourOf(time)])
  state.hours.set(key, (state.hours.get(key) ?? 0) + 1)
}

export function hours(state: State, from: number): HourCount[] {
  return state.hours
    .entries()
    .map(([key, objects]) => {
      const [receiver, hour] = JSON.parse(key) as [string, number]
      return { receiver, hour, objects }
    })
    .filter(({ receiver, hour }) => hour >= from && isStream(receiver))
    .sort((a, b) => (a.receiver === b.receiver ? a.hour - b.hour : a.receiver < b.receiver ? -1 : 1))
    .map((row) => ({ ...row, outstanding: unsettled(state, row, 'outstanding'), lost: unsettled(state, row, 'lost') }))
}

function unsettled(
  state: State,
  { receiver, hour }: Pick<HourCount, 'receiver' | 'hour'>,
  wanted: 'outstanding' | 'lost',
): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const row of state.rows.values()) {
    const route = state.route(row.route)
    if (row.state !== wanted || !route.active || route.receiver !== receiver) continue
    if (hourOf(state.object(row.object).object.time) !== hour) continue
    counts[row.destination] = (counts[row.destination] ?? 0) + 1
  }
  return counts
}
