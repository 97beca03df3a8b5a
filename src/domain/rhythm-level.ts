// How much of the usual comes today. A slow Friday, a week in August, a stream that has grown by half since spring: what is
// expected is scaled by what came lately beside what was expected, and the least of several looks back is taken, because
// expecting too much is what cries wolf. The looks end with the arrival before a silence: a silence does not lower what
// is expected of itself.
import { countIn, DAY, HOUR, type Observed, type Span } from './rhythm-curve.ts'
import { dayOf, expected, type Week } from './rhythm-week.ts'

/** How far back, in minutes, and how many arrivals are assumed to have come as expected, so that few say little. */
const HOURS_BACK = { minutes: 2 * HOUR, prior: 2 }
const DAYS_BACK = { minutes: 3 * DAY, prior: 5 }
const WEEKS_BACK = { minutes: 14 * DAY, prior: 10 }
const TODAY_PRIOR = 3
/** A stream that has grown is expected to bring so many times what it used to, at most. */
const MOST_GROWTH = 2

/** The part of what was observed that this needs. */
export type Past = Pick<Observed, 'from' | 'arrivals' | 'unseen'>

/** The level of a silence that begins at this arrival. */
export function level(week: Week, past: Past, minute: number): number {
  const today = { minutes: minute - dayOf(week, minute)[0], prior: TODAY_PRIOR }
  return Math.min(
    steadyLevel(week, past, minute),
    share(week, past, minute, HOURS_BACK),
    share(week, past, minute, today),
  )
}

/** The same before a day has begun, when only earlier days can tell. */
export function steadyLevel(week: Week, past: Past, minute: number): number {
  const grown = Math.min(MOST_GROWTH, Math.max(1, share(week, past, minute, WEEKS_BACK)))
  return Math.min(grown, share(week, past, minute, DAYS_BACK))
}

/** The highest a level can be. */
export const highestLevel: number = MOST_GROWTH

function share(week: Week, { from, arrivals, unseen }: Past, minute: number, back: typeof HOURS_BACK): number {
  const span: Span = [Math.max(from, minute - back.minutes), minute]
  // The arrival itself is among those that came.
  const came = countIn(arrivals, [span[0], minute + 1])
  return (back.prior + came) / (back.prior + expected(week, span, unseen))
}
