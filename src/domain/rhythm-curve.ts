// How many arrivals a stretch of time ordinarily brings, for a rate that repeats every week. Time is in whole minutes since
// 1970, arrivals are minutes in which objects appeared: how many objects one flush of CircleCI's makes says nothing.

export const MINUTE_MS = 60_000
/** In minutes. */
export const HOUR = 60
export const DAY: number = 24 * HOUR
export const WEEK: number = 7 * DAY
export const HOURS_OF_WEEK = 168

/** Minutes since 1970, from and to. */
export type Span = readonly [from: number, to: number]

/** What was seen of a stream, and where nobody looked or nothing is to be learned. In minutes since 1970. */
export interface Observed {
  readonly from: number
  readonly to: number
  /** Distinct minutes in which objects appeared, in order. */
  readonly arrivals: readonly number[]
  /** Disjoint, in order. */
  readonly unseen: readonly Span[]
}

/** A rate per hour of the week; hour 0 began on 1 January 1970, a Thursday, in UTC. */
export interface Curve {
  readonly rates: Float64Array
  /** Running sums of the rates, one more than there are hours. */
  readonly sums: Float64Array
}

export function curve(rates: Float64Array): Curve {
  const sums = new Float64Array(HOURS_OF_WEEK + 1)
  for (const [hour, rate] of rates.entries()) sums[hour + 1] = (sums[hour] ?? 0) + rate
  return { rates, sums }
}

/** How much the curve brings in the span, what lies in the unseen left out. */
export function integral(curve: Curve, [from, to]: Span, unseen: readonly Span[] = []): number {
  if (to <= from) return 0
  let sum = upTo(curve, to) - upTo(curve, from)
  for (let index = firstEndingAfter(unseen, from); index < unseen.length; index += 1) {
    const [blindFrom, blindTo] = unseen[index] ?? [to, to]
    if (blindFrom >= to) break
    sum -= upTo(curve, Math.min(to, blindTo)) - upTo(curve, Math.max(from, blindFrom))
  }
  return Math.max(0, sum)
}

function upTo({ rates, sums }: Curve, minute: number): number {
  const hours = Math.floor(minute / HOUR)
  const ofWeek = modulo(hours, HOURS_OF_WEEK)
  const weeks = (hours - ofWeek) / HOURS_OF_WEEK
  const part = (minute - hours * HOUR) / HOUR
  return weeks * (sums[HOURS_OF_WEEK] ?? 0) + (sums[ofWeek] ?? 0) + part * (rates[ofWeek] ?? 0)
}

/** Whether any of the span is unseen. */
export function isUnseen(unseen: readonly Span[], [from, to]: Span): boolean {
  return (unseen[firstEndingAfter(unseen, from)]?.[0] ?? Number.POSITIVE_INFINITY) < to
}

function firstEndingAfter(spans: readonly Span[], minute: number): number {
  return firstWhere(spans.length, (index) => (spans[index]?.[1] ?? 0) > minute)
}

/** How many arrivals lie before the minute. */
export function countBefore(arrivals: readonly number[], minute: number): number {
  return firstWhere(arrivals.length, (index) => (arrivals[index] ?? 0) >= minute)
}

/** How many arrivals lie in the span, its last minute left out. */
export function countIn(arrivals: readonly number[], [from, to]: Span): number {
  return Math.max(0, countBefore(arrivals, to) - countBefore(arrivals, from))
}

/** The first index for which it holds, given that it holds for all after it. */
function firstWhere(length: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}

/** The spans as one sorted list of disjoint ones. */
export function union(spans: readonly Span[]): Span[] {
  const merged: [number, number][] = []
  for (const [from, to] of spans.filter(([from, to]) => from < to).sort((a, b) => a[0] - b[0])) {
    const last = merged[merged.length - 1]
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else merged.push([from, to])
  }
  return merged
}

export function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}
