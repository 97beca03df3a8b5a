// One history, judged as the forwarder would judge it: learned from what lay behind, week after week, and asked about
// what came. Once as it was, where every alarm is a false one; and with pieces cut out, where every silence from the
// forwarder is a miss.

import { type Hole, holes, isSameIncident, type Limits } from '../../src/domain/gaps-stream.ts'
import { learn, MOST_HISTORY, type Rhythm } from '../../src/domain/rhythm.ts'
import { countBefore, type Observed, type Span } from '../../src/domain/rhythm-curve.ts'
import { Chance } from '../../test/simulation/chance.ts'
import { DAY, type History, HOUR, WEEK } from './histories.ts'

export const hours = [1, 3, 6, 24] as const

/** Where a hole lies, by what the generator knows of the organisation. */
export const places = [
  /** The stream spoke when it was cut, and three busy hours are lost (one, of the holes of one hour). */
  'busy hours',
  /** The same, but the hour before was not busy: a morning. */
  'from the first busy hour',
  /** It begins in an hour that is not busy, loses three that are, and ends in one. */
  'until within busy hours',
  /** It loses three busy hours and the rest of the day with them. */
  'over a working day',
  'holidays',
  'other hours',
] as const
export type Place = (typeof places)[number]

/** Weeks between two learnings; the forwarder learns every day. */
const LEARN_WEEKS = 2
const DAYS_BACK = 15

export interface Trial {
  readonly hours: number
  readonly place: Place
  /** Minutes from the hole's beginning until it was told; undefined if it was not within an hour of its end. */
  readonly told: number | undefined
}

export interface Evaluation {
  /** False alarms by the week of the history. */
  readonly alarms: readonly number[]
  readonly trials: readonly Trial[]
}

export const limits: Limits = { floor: 45, ceiling: undefined }

export function evaluate(history: History, seed: number, weeks: number): Evaluation {
  const chance = new Chance(seed, 77)
  const alarms = new Array<number>(weeks).fill(0)
  const trials: Trial[] = []
  let before: Hole | undefined
  let rhythm: Rhythm | undefined
  for (let week = 0; week < weeks; week += 1) {
    const begin = history.from + week * WEEK
    if (week % LEARN_WEEKS === 0) rhythm = learned(history, begin)
    for (const hole of holes(rhythm, around(history, begin, begin + WEEK), [begin, begin + WEEK], limits)) {
      if (!isSameIncident(before, hole)) alarms[week] = (alarms[week] ?? 0) + 1
      before = hole
    }
    if (week < weeks / 2) continue
    for (const length of hours) trials.push(trial(history, rhythm, begin + chance.int(0, WEEK - 1), length))
  }
  return { alarms, trials }
}

function learned({ arrivals, from }: History, now: number): Rhythm | undefined {
  const since = Math.max(from, now - MOST_HISTORY)
  const past = arrivals.slice(countBefore(arrivals, since), countBefore(arrivals, now))
  return learn({ from: since, to: now, arrivals: past, unseen: [] })
}

/** What is known around the span, a piece cut out. */
function around({ arrivals, from }: History, begin: number, end: number, cut: Span = [0, 0]): Observed {
  const since = Math.max(from, begin - DAYS_BACK * DAY)
  const known = arrivals.slice(countBefore(arrivals, since), countBefore(arrivals, end))
  return { from: since, to: end, unseen: [], arrivals: known.filter((minute) => minute < cut[0] || minute >= cut[1]) }
}

function trial(history: History, rhythm: Rhythm | undefined, from: number, length: number): Trial {
  const to = from + length * HOUR
  const resumed = history.arrivals[countBefore(history.arrivals, to)] ?? history.to
  const until = resumed + HOUR
  const told = holes(rhythm, around(history, from, until + 1, [from, to]), [from - DAY, until], limits)
  const mine = told.find((hole) => hole.from <= to && (hole.to ?? until) > from)
  return { hours: length, place: placeOf(history, from, to), told: mine && Math.max(0, mine.toldAt - from) }
}

function placeOf(history: History, from: number, to: number): Place {
  if (!history.isOrdinary(from) || !history.isOrdinary(to)) return 'holidays'
  const busyHours = Math.min(3, (to - from) / HOUR)
  const areBusy = (minute: number) => {
    for (let hour = 0; hour < busyHours; hour += 1) if (!history.isBusy(minute + hour * HOUR)) return false
    return true
  }
  if (areBusy(from)) return history.isBusy(from - HOUR) ? 'busy hours' : 'from the first busy hour'
  for (let minute = from; minute + busyHours * HOUR <= to; minute += 15) {
    if (areBusy(minute)) return history.isBusy(to) ? 'until within busy hours' : 'over a working day'
  }
  return 'other hours'
}
