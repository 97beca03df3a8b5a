// A silence as a number: how often in thirteen weeks this stream is ordinarily silent for so long. There are two ordinary
// reasons, a pause at work and a day on which nobody works, and they are counted apart. Going through a silence from its
// beginning, both are carried on together: how often a working day has brought nothing so far, and how often a day off
// has; with each day that begins, a working day may become a day off and a day off may be followed by another.
//
// An alarm says that both together are rarer than is allowed. So in a stream that rests at night one silent day is no alarm, because
// holidays come unannounced, and the third in a row is; and in a stream that never quite rests an hour may be enough.

import { daySeen, type Rhythm } from './rhythm.ts'
import type { Span } from './rhythm-curve.ts'
import { type DaySeen, isQuietOff, oddsOfDayOff } from './rhythm-days.ts'
import { level, type Past, steadyLevel } from './rhythm-level.ts'
import { survival } from './rhythm-tail.ts'
import { dayOf, expected, expectedOff } from './rhythm-week.ts'

/** Silences are counted over so many weeks. */
export const WEEKS = 13
/** Alarms that ordinary life may cause in that time, for either reason. */
const ALLOWED = { working: 0.1, off: 0.25 }
/** A silence that has ended is judged again after so many minutes. */
export const HINDSIGHT = 60
const DAYS_PER_WEEK = 7

/** How rare a silence is. */
export interface Silence {
  /** Arrivals that would ordinarily have come. */
  readonly expected: number
  /** How often in thirteen weeks the stream pauses for as long. */
  readonly working: number
  /** How often in thirteen weeks nobody works for as long. */
  readonly off: number
}

/** Whether a silence is rarer than ordinary life explains. */
export function isAlarming({ working, off }: Pick<Silence, 'working' | 'off'>): boolean {
  return working / ALLOWED.working + off / ALLOWED.off <= 1
}

/** Whether a pause would not explain it, and only a day off might. */
export function isSuspect({ working }: Pick<Silence, 'working' | 'off'>): boolean {
  return working <= ALLOWED.working
}

/** Where a silence begins, and what was known of its day by then. */
export interface Beginning {
  readonly at: number
  /** How much of the usual came lately, and on the days before. */
  readonly level: number
  readonly steadyLevel: number
  /** What had come of its day. */
  readonly day: DaySeen
}

export function beginning({ week }: Rhythm, past: Past, last: number): Beginning {
  return {
    at: last,
    level: level(week, past, last),
    steadyLevel: steadyLevel(week, past, last),
    day: daySeen(week, past, [dayOf(week, last)[0], last + 1]),
  }
}

/** The silence after the last arrival, up to a minute before which nothing has come. */
export function silence(rhythm: Rhythm, begun: Beginning, now: number, unseen: readonly Span[]): Silence {
  const { week, within, waking, gapsPerWeek, daysOff } = rhythm
  let [, end] = dayOf(week, begun.at)
  const today: Span = [begun.at, Math.min(now, end)]
  let sum = expected(week, today, unseen) * begun.level
  let working = gapsPerWeek * survival(within, sum)
  const isOff = daysOff.first * oddsOfDayOff(begun.day, week.dispersion)
  let off = DAYS_PER_WEEK * isOff * isQuietOff(expectedOff(week, today, unseen))
  while (end < now) {
    const day: Span = [end, Math.min(now, end + 24 * 60)]
    const more = expected(week, day, unseen) * begun.steadyLevel
    working = Math.min(working, DAYS_PER_WEEK)
    const nobody = working * daysOff.first + off * daysOff.again
    working = (working * (1 - daysOff.first) + off * (1 - daysOff.again)) * survival(waking, more)
    off = nobody * isQuietOff(expectedOff(week, day, unseen))
    sum += more
    end += 24 * 60
  }
  return { expected: sum, working: WEEKS * working, off: WEEKS * off }
}

/**
 * A silence that has ended, judged again by what came after it: what was lost in the morning looks like a holiday until
 * the rest of the day tells that it was none. Only the last day of the silence counts here.
 */
export function inHindsight(rhythm: Rhythm, past: Past, [last, next]: Span, now: number): Silence {
  const { week, within, waking, gapsPerWeek, daysOff } = rhythm
  const [begin] = dayOf(week, next)
  const isFirst = last < begin
  const usual = isFirst ? steadyLevel(week, past, begin) : level(week, past, last)
  const missed = expected(week, [Math.max(begin, last), next], past.unseen) * usual
  const around = [daySeen(week, past, [next, now + 1]), isFirst ? nothing : daySeen(week, past, [begin, last + 1])]
  const working = isFirst ? DAYS_PER_WEEK * survival(waking, missed) : gapsPerWeek * survival(within, missed)
  const isOff = daysOff.first * oddsOfDayOff(total(around), week.dispersion)
  return { expected: missed, working: WEEKS * working, off: WEEKS * DAYS_PER_WEEK * isOff }
}

const nothing: DaySeen = { arrivals: 0, expected: 0, expectedOff: 0 }

function total(parts: readonly DaySeen[]): DaySeen {
  const sum = (of: keyof DaySeen) => parts.reduce((total, part) => total + part[of], 0)
  return { arrivals: sum('arrivals'), expected: sum('expected'), expectedOff: sum('expectedOff') }
}
