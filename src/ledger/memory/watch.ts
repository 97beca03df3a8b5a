import type { Gap, Symptom } from '../../domain/gaps.ts'
import { importOf } from '../../domain/imports.ts'
import { type Minutes, minuteOf, minutesOf } from '../minutes.ts'
import { mostCounted, type Noted, type QuarantineCount, type WatchLedger } from '../watch.ts'
import { sealOf } from './seals.ts'
import type { State } from './state.ts'

const MINUTE_MS = 60_000

export class MemoryWatch implements WatchLedger {
  readonly #state: State

  constructor(state: State) {
    this.#state = state
  }

  arrivals(receiver: string, from: number, to: number): readonly number[] {
    const mine = this.#state.arrivals.values().filter((one) => one.receiver === receiver)
    return sorted(mine.flatMap(minutesOf).filter((minute) => minute >= from && minute < to))
  }

  learn(receiver: string, minutes: readonly number[]): void {
    this.#volatile(() => {
      for (const minute of minutes) noteArrival(this.#state, receiver, minute * MINUTE_MS)
    })
  }

  eventMinutes(receiver: string, from: number, to: number): readonly number[] {
    const claims = [...this.#state.claims.values()].flat().filter(({ object }) => this.#isOf(object, receiver))
    const minutes = claims.map(({ at }) => Math.floor(at / MINUTE_MS))
    return sorted([...new Set(minutes.filter((minute) => minute >= from && minute < to))])
  }

  #isOf(object: number, receiver: string): boolean {
    const known = [this.#state.objects.get(object), sealOf(this.#state, object)]
    const receivers = known.flatMap((one) => one?.receivers ?? [])
    return receivers.some((one) => one === receiver || importOf(one)?.receiver === receiver)
  }

  unread(receiver: string): number | undefined {
    const times = this.#state.rows.values().flatMap((row) => {
      const { object } = this.#state.object(row.object)
      const route = this.#state.route(row.route)
      const isWaiting = row.state === 'outstanding' && route.active && route.receiver === receiver
      return isWaiting && object.length === undefined ? [object.time] : []
    })
    return times.length === 0 ? undefined : Math.min(...times)
  }

  quarantined(): readonly QuarantineCount[] {
    const atRest = this.#state.entries
      .values()
      .filter(({ provisional, replay }) => !provisional && replay === undefined)
    const names = new Set(this.#state.activeRoutes().map(({ destination }) => destination))
    return [undefined, ...[...names].sort()].flatMap((destination) => {
      const [first, ...others] = atRest.filter((entry) => entry.destination === destination).sort((a, b) => a.id - b.id)
      if (first === undefined) return []
      const n = others.length + 1
      const counted = { entries: Math.min(n, mostCounted), more: n > mostCounted }
      return [{ destination, ...counted, since: first.at, reason: first.reason }]
    })
  }

  memory(name: string): string | undefined {
    return this.#state.memories.get(name)
  }

  remember(name: string, text: string): void {
    this.#volatile(() => this.#state.memories.set(name, text))
  }

  note(symptom: Symptom): void {
    this.#volatile(() => {
      const id = this.#state.next('symptom')
      this.#state.symptoms.set(id, { id, symptom })
    })
  }

  noted(limit: number): readonly Noted[] {
    return this.#state.symptoms
      .values()
      .sort((a, b) => a.id - b.id)
      .slice(0, limit)
  }

  taken(id: number): void {
    this.#volatile(() => {
      for (const noted of this.#state.symptoms.values()) if (noted.id <= id) this.#state.symptoms.delete(noted.id)
    })
  }

  keep(gap: Gap): void {
    this.#state.journal.commit('durable', () => this.#state.gaps.set(gap.id, gap))
  }

  gap(id: string): Gap | undefined {
    return this.#state.gaps.get(id)
  }

  gaps({ closed }: { readonly closed: number }): readonly Gap[] {
    const all = this.#state.gaps.values()
    const over = all.filter((gap) => gap.closed !== undefined).sort((a, b) => closedAt(b) - closedAt(a) || byId(a, b))
    const shown = [...all.filter((gap) => gap.closed === undefined), ...over.slice(0, closed)]
    return shown.sort((a, b) => b.openedAt - a.openedAt || byId(a, b))
  }

  forgetGaps(closedBefore: number): void {
    this.#volatile(() => {
      for (const gap of this.#state.gaps.values()) {
        if (gap.closed !== undefined && gap.closed.at < closedBefore) this.#state.gaps.delete(gap.id)
      }
    })
  }

  #volatile(body: () => void): void {
    this.#state.journal.commit('volatile', body)
  }
}

function sorted(minutes: readonly number[]): number[] {
  return minutes.toSorted((a, b) => a - b)
}

function closedAt({ closed }: Gap): number {
  return closed?.at ?? 0
}

function byId(a: Gap, b: Gap): number {
  return a.id < b.id ? -1 : 1
}

export interface ArrivalState extends Minutes {
  readonly receiver: string
}

/** Called for every object that a receiver sees for the first time. */
export function noteArrival(state: State, receiver: string, time: number): void {
  const { hour, first, second } = minuteOf(time)
  const key = JSON.stringify([receiver, hour])
  const known = state.arrivals.get(key) ?? { first: 0, second: 0 }
  if ((known.first & first) === first && (known.second & second) === second) return
  state.arrivals.set(key, { receiver, hour, first: known.first | first, second: known.second | second })
}
