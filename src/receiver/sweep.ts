// Which part of a bucket a sweep lists. CircleCI writes `year=/month=/day=/hour=` partitions, and whether their numbers are
// padded is not documented, so every partition is asked for in both spellings, once where they are the same. A listing
// costs money per request: recent hours are listed one by one because they are asked for every few minutes, older time
// by the day. Every prefix ends in a slash, or `day=1` would list `day=16` too.

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** How far back and ahead of now "recent" reaches, in milliseconds. */
export const RECENT_MS = 2 * HOUR
export const AHEAD_MS = 2 * HOUR
/** A span of more partitions than this is listed as a whole: a thousand requests bring a million objects that way. */
const PARTITIONS_MAX = 1000

export type Granularity = 'hour' | 'day'

/** From and to, in milliseconds since 1970. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** What is to be listed, given what was: from the older of now and the last sweep, less the look-back, to two hours ahead. */
export function sweepSpan(now: number, sweptTo: number, lookbackMs: number): Span {
  return { from: sweptTo <= 0 ? 0 : Math.max(0, Math.min(now, sweptTo) - lookbackMs), to: now + AHEAD_MS }
}

/**
 * Listing prefixes (relative to the store's) of every partition that overlaps the span, newest first, in both spellings.
 * A span from the beginning, or one too long to be listed piece by piece, is the whole: `['']`.
 */
export function partitions(from: number, to: number, granularity: Granularity): string[] {
  const step = granularity === 'hour' ? HOUR : DAY
  const first = Math.floor(from / step) * step
  if (from <= 0 || (to - first) / step > PARTITIONS_MAX) return ['']
  const prefixes = new Set<string>()
  for (let time = Math.floor(to / step) * step; time >= first; time -= step) {
    prefixes.add(spell(time, granularity, 2))
    prefixes.add(spell(time, granularity, 1))
  }
  return [...prefixes]
}

function spell(time: number, granularity: Granularity, digits: number): string {
  const at = new Date(time)
  const pad = (value: number) => String(value).padStart(digits, '0')
  const day = `year=${at.getUTCFullYear()}/month=${pad(at.getUTCMonth() + 1)}/day=${pad(at.getUTCDate())}/`
  return granularity === 'day' ? day : `${day}hour=${pad(at.getUTCHours())}/`
}

/** One sweep's work. */
export interface SweepPlan {
  /** The store's clock must lie within these hours, or the plan was made with a wrong clock. */
  readonly recentSpan: Span
  /** Hours around now: listed by every sweep. */
  readonly recent: readonly string[]
  /** The rest of the span: listed when its last listing is an hour old. */
  readonly older: readonly string[]
}

export function planSweep(now: number, sweptTo: number, lookbackMs: number): SweepPlan {
  const { from, to } = sweepSpan(now, sweptTo, lookbackMs)
  const recentSpan = { from: now - RECENT_MS, to }
  return {
    recentSpan,
    recent: partitions(recentSpan.from, recentSpan.to, 'hour'),
    older: partitions(from, recentSpan.from, 'day'),
  }
}
