// What can be said of an hour. That nothing is missing in it is never seen, only proven by what would have been noticed:
// an hour is proven complete if its own loss, all of it, would have been told as a hole. Where it would not, the hour
// is not provable, whatever lies in it, and nobody is shown green.

import { beginning, isAlarming, isSuspect, silence } from './gaps-silence.ts'
import { holeOf, type Limits } from './gaps-stream.ts'
import type { Rhythm } from './rhythm.ts'
import { countBefore, DAY, HOUR, HOURS_OF_WEEK, isUnseen, type Span } from './rhythm-curve.ts'
import type { Past } from './rhythm-level.ts'
import { dayOf, expected, expectedOff } from './rhythm-week.ts'

export type HourState =
  /** It has arrivals, and had it none, that would have been told. */
  | 'proven'
  /** It lies in a silence that no pause explains: a day off, or a hole. */
  | 'suspect'
  /** Its loss would go unnoticed. */
  | 'unprovable'
  /** It lies in a hole. */
  | 'missing'

/** The state of an hour (minutes since 1970) that has ended and is known by `now`. */
export function hourState(
  rhythm: Rhythm | undefined,
  past: Past,
  hour: number,
  now: number,
  limits: Limits,
): HourState {
  const { arrivals } = past
  const span: Span = [hour, hour + HOUR]
  if (rhythm === undefined || isUnseen(past.unseen, span)) return 'unprovable'
  const first = countBefore(arrivals, span[0])
  const after = countBefore(arrivals, span[1])
  const state = first === after ? undefined : silentPart(rhythm, past, [first - 1, after], now, limits)
  if (state !== undefined) return state
  const [last, next] = [arrivals[first - 1], arrivals[after]]
  if (last === undefined) return 'unprovable'
  const lost = holeOf(rhythm, past, { last, next, now }, limits)
  if (first < after) return lost === undefined ? 'unprovable' : 'proven'
  return lost === undefined ? silent(rhythm, past, [last, next ?? now]) : 'missing'
}

/** An hour with arrivals may still lie partly in a hole, or in a suspicious silence. */
function silentPart(
  rhythm: Rhythm,
  past: Past,
  [from, to]: readonly [number, number],
  now: number,
  limits: Limits,
): HourState | undefined {
  let worst: HourState | undefined
  for (let index = Math.max(0, from); index < to; index += 1) {
    const [last, next] = [past.arrivals[index], past.arrivals[index + 1]]
    if (last === undefined || (next ?? now) - last < limits.floor) continue
    if (holeOf(rhythm, past, { last, next, now }, limits) !== undefined) return 'missing'
    if (silent(rhythm, past, [last, next ?? now]) === 'suspect') worst = 'suspect'
  }
  return worst
}

/** A silence is suspect as soon as it was at the end of any of its days: the next morning's first hours excuse nothing. */
function silent(rhythm: Rhythm, past: Past, [last, until]: Span): HourState {
  const begun = beginning(rhythm, past, last)
  const suspect = (now: number) => isSuspect(silence(rhythm, begun, now, past.unseen))
  for (let [, end] = dayOf(rhythm.week, last); end < until; end += DAY) if (suspect(end)) return 'suspect'
  return suspect(until) ? 'suspect' : 'unprovable'
}

/** The shortest silence that is told, in minutes, beginning at this hour of the week (0 is Thursday, 00:00 UTC) of an
 * ordinary week; undefined if it takes more than a day. */
export function detectionFloor(rhythm: Rhythm, hour: number, { floor }: Limits): number | undefined {
  const { week } = rhythm
  const at = (hour % HOURS_OF_WEEK) * HOUR
  const span: Span = [dayOf(week, at)[0], at]
  const usual = expected(week, span)
  const day = { arrivals: usual, expected: usual, expectedOff: expectedOff(week, span) }
  const begun = { at, level: 1, steadyLevel: 1, day }
  for (let minutes = floor; minutes <= DAY; minutes += 5) {
    if (isAlarming(silence(rhythm, begun, at + minutes, []))) return minutes
  }
  return undefined
}
