// What an ordinary week brings, hour by hour, learned from the minutes in which objects appeared. The estimate errs to the
// low side wherever it errs, because what it says too much is alarmed as missing: an hour's largest sample counts no more
// than its second largest; few weeks count for less; and of an hour and its two neighbours the least is taken, so that
// neither summer time nor a late start makes silence out of a shift of an hour. Rejected: one rate per hour of the day for
// all weekdays (UTC days are nobody's days: in Sydney Monday begins on Sunday), and drawing an hour up to what its
// neighbours say (a Saturday would be expected to work like a Friday).
import {
  type Curve,
  curve,
  DAY,
  HOUR,
  HOURS_OF_WEEK,
  integral,
  isUnseen,
  modulo,
  type Observed,
  type Span,
  WEEK,
} from './rhythm-curve.ts'

/** A week this old counts half. */
const HALF_LIFE_WEEKS = 5
/** So many weeks of nothing are assumed before the first. */
const MODESTY_WEEKS = 0.4
/** The night is looked for in a window of so many hours. */
const NIGHT_HOURS = 7

export interface Week {
  /** What comes at least on a working day. */
  readonly working: Curve
  /** What comes in the mean, for showing. */
  readonly usual: Float64Array
  /** What comes at this hour on the day of the week that brings least. */
  readonly least: Curve
  /** When the stream's day begins, in minutes of a UTC day: the middle of its night. */
  readonly dayBegins: number
  /** How much more the counts of an hour vary than independent arrivals would: variance by mean, at least 1. */
  readonly dispersion: number
}

export function learnWeek(observed: Observed): Week {
  const samples = cells(observed)
  const means = Float64Array.from(samples, mean)
  const rates = means.map((rate, hour) => Math.min(rate, at(means, hour - 1), at(means, hour + 1)))
  const least = rates.map((_, hour) => Math.min(...[0, 1, 2, 3, 4, 5, 6].map((day) => at(rates, hour + day * 24))))
  return {
    working: curve(rates),
    usual: means,
    least: curve(least),
    dayBegins: night(means),
    dispersion: dispersion(samples),
  }
}

interface Sample {
  readonly count: number
  readonly weight: number
}

/** Every whole hour that was seen, by hour of the week. */
function cells({ from, to, arrivals, unseen }: Observed): Sample[][] {
  const cells: Sample[][] = Array.from({ length: HOURS_OF_WEEK }, () => [])
  let next = 0
  for (let hour = Math.ceil(from / HOUR); (hour + 1) * HOUR <= to; hour += 1) {
    const [begin, end] = [hour * HOUR, (hour + 1) * HOUR]
    while ((arrivals[next] ?? Number.POSITIVE_INFINITY) < begin) next += 1
    const first = next
    while ((arrivals[next] ?? Number.POSITIVE_INFINITY) < end) next += 1
    if (isUnseen(unseen, [begin, end])) continue
    const weight = 2 ** ((begin - to) / WEEK / HALF_LIFE_WEEKS)
    cells[modulo(hour, HOURS_OF_WEEK)]?.push({ count: next - first, weight })
  }
  return cells
}

function mean(cell: readonly Sample[]): number {
  const cap = cell.map(({ count }) => count).sort((a, b) => b - a)[1] ?? 0
  let sum = 0
  let weights = MODESTY_WEEKS
  for (const { count, weight } of cell) {
    sum += Math.min(count, cap) * weight
    weights += weight
  }
  return sum / weights
}

/** The median over the hours, so that a holiday or two do not make the whole week look unruly. */
function dispersion(samples: readonly (readonly Sample[])[]): number {
  const ratios = samples.flatMap((cell) => {
    const average = cell.reduce((sum, { count }) => sum + count, 0) / cell.length
    if (cell.length < 2 || average < 1) return []
    const squares = cell.reduce((sum, { count }) => sum + (count - average) ** 2, 0)
    return [squares / (cell.length - 1) / average]
  })
  const sorted = ratios.sort((a, b) => a - b)
  return Math.max(1, sorted[sorted.length >> 1] ?? 1)
}

/** The middle of the hours that bring least, over all days. */
function night(means: Float64Array): number {
  const ofHour = (hour: number) => [0, 1, 2, 3, 4, 5, 6].reduce((sum, day) => sum + at(means, hour + day * 24), 0)
  const ofWindow = Array.from({ length: 24 }, (_, from) => {
    let sum = 0
    for (let hour = from; hour < from + NIGHT_HOURS; hour += 1) sum += ofHour(hour % 24)
    return sum
  })
  const best = ofWindow.indexOf(Math.min(...ofWindow))
  return ((best + NIGHT_HOURS / 2) % 24) * HOUR
}

/** How many arrivals a working day brings at least in the span. */
export function expected({ working }: Week, span: Span, unseen: readonly Span[] = []): number {
  return integral(working, span, unseen)
}

/** How many a day off may bring. */
export function expectedOff({ least }: Week, span: Span, unseen: readonly Span[] = []): number {
  return integral(least, span, unseen)
}

/** The stream's own day that this minute lies in: from the middle of one night to the middle of the next. */
export function dayOf({ dayBegins }: Week, minute: number): Span {
  const begin = Math.floor((minute - dayBegins) / DAY) * DAY + dayBegins
  return [begin, begin + DAY]
}

function at(cells: Float64Array, hour: number): number {
  return cells[modulo(hour, HOURS_OF_WEEK)] ?? 0
}
