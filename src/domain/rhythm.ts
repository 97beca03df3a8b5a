// A stream's rhythm: how long it may be silent, learned from its own past. Three things are learned: what each hour of
// the week brings (rhythm-week), how the gaps between arrivals of a day, and before its first, fall off (rhythm-tail), and
// how often a day is off (rhythm-days). What follows for a silence is in gaps-silence.ts.
//
// Rejected: a Poisson count per hour (real streams are bursty and real days slow: it cries wolf), a fixed multiple of the
// longest gap seen (one holiday in the history and it is deaf), and a seasonal or neural forecast (nobody can check its
// word).
import { countBefore, countIn, DAY, isUnseen, type Observed, type Span, WEEK } from './rhythm-curve.ts'
import { type DaySeen, type DaysOff, learnDaysOff, oddsOfDayOff } from './rhythm-days.ts'
import { highestLevel, level, steadyLevel } from './rhythm-level.ts'
import { learnTail, type Tail, tailSize } from './rhythm-tail.ts'
import { dayOf, expected, expectedOff, learnWeek, type Week } from './rhythm-week.ts'

/** Less history than this tells nothing, in minutes. */
export const LEAST_HISTORY: number = 14 * DAY
/** More than this is not looked at, in minutes. */
export const MOST_HISTORY: number = 13 * WEEK

export interface Rhythm {
  readonly week: Week
  /** Gaps between arrivals of one day, and how many come in a week. */
  readonly within: Tail
  readonly gapsPerWeek: number
  /** From the beginning of a working day to its first arrival. */
  readonly waking: Tail
  readonly daysOff: DaysOff
  /** How much history it was learned from, in weeks. */
  readonly weeks: number
}

/** Undefined where there is too little history to tell a rhythm. */
export function learn(observed: Observed): Rhythm | undefined {
  const seen = observed.to - observed.from - observed.unseen.reduce((sum, [from, to]) => sum + to - from, 0)
  if (seen < LEAST_HISTORY || observed.arrivals.length < 2) return undefined
  const week = learnWeek(observed)
  const weeks = seen / WEEK
  const days = wholeDays(week, observed)
  const gaps = days.flatMap((day) => gapsOf(week, observed, day))
  const waking = days.flatMap((day) => wakingOf(week, observed, day))
  const longest = waking.toSorted((a, b) => b - a).slice(0, tailSize(waking.length, weeks))
  return {
    week,
    within: learnTail(longestScaled(week, observed, gaps, weeks), gaps.length, weeks),
    gapsPerWeek: Math.max(1, gaps.length / weeks),
    waking: learnTail(longest, waking.length, weeks),
    daysOff: learnDaysOff(days.map((day) => daySeen(week, observed, day))),
    weeks,
  }
}

/** What arrived in a part of a day, beside what was to be expected. */
export function daySeen(week: Week, { arrivals, unseen }: Pick<Observed, 'arrivals' | 'unseen'>, span: Span): DaySeen {
  return {
    arrivals: countIn(arrivals, span),
    expected: expected(week, span, unseen),
    expectedOff: expectedOff(week, span, unseen),
  }
}

function wholeDays(week: Week, { from, to }: Observed): Span[] {
  const days: Span[] = []
  for (let [begin, end] = dayOf(week, from + DAY - 1); end <= to; [begin, end] = [end, end + DAY])
    days.push([begin, end])
  return days
}

/** A gap that begins with an arrival: when, and how many would have come in it at the ordinary level. */
interface Gap {
  readonly at: number
  readonly expected: number
}

/** A day's last gap ends with the day. */
function gapsOf(week: Week, { arrivals, unseen }: Observed, [begin, end]: Span): Gap[] {
  const gaps: Gap[] = []
  for (let index = countBefore(arrivals, begin); (arrivals[index] ?? end) < end; index += 1) {
    const at = arrivals[index] ?? end
    const span: Span = [at, Math.min(arrivals[index + 1] ?? end, end)]
    if (!isUnseen(unseen, span)) gaps.push({ at, expected: expected(week, span) })
  }
  return gaps
}

/** The longest gaps at the level of their time. Levels take work, so they are only asked where they can matter. */
function longestScaled(week: Week, observed: Observed, gaps: readonly Gap[], weeks: number): number[] {
  const size = tailSize(gaps.length, weeks)
  let longest: number[] = []
  for (const [index, gap] of gaps.toSorted((a, b) => b.expected - a.expected).entries()) {
    if (index % size === 0) longest = longest.sort((a, b) => b - a).slice(0, size)
    if (index % size === 0 && gap.expected * highestLevel < (longest[size - 1] ?? 0)) break
    longest.push(gap.expected * level(week, observed, gap.at))
  }
  return longest.sort((a, b) => b - a).slice(0, size)
}

function wakingOf(week: Week, observed: Observed, [begin, end]: Span): number[] {
  const { arrivals, unseen } = observed
  const first = arrivals[countBefore(arrivals, begin)] ?? end
  if (first >= end || isUnseen(unseen, [begin, first])) return []
  if (oddsOfDayOff(daySeen(week, observed, [begin, end]), week.dispersion) === 1) return []
  return [expected(week, [begin, first]) * steadyLevel(week, observed, begin)]
}
