// Datadog's window of time. What lies outside is answered 202 and dropped, so a record's time is judged at every attempt
// by the attempt's clock: an outage moves a batch out of the window while it waits. A record is encoded once. Its bytes
// begin with all that depends on the time of sending (`timestamp`, then the opening of `ddtags`), so that a re-stamped
// record is a new beginning before the old rest. It is sent without `timestamp`: Datadog then takes the time of arrival by
// its own clock. Rejected: writing our time there, which a wrong clock would put outside the window again; encoding again
// (the record is no longer there); a fixed-width hole in the bytes (they may not be written to, and the marks need room).
import type { Encoded } from '@circleci-audit-forwarder/contract'
import { type HrTime, milliseconds, timestamp } from './text.ts'

/** One record as one member of the array that Datadog takes: a JSON object and a comma. */
export interface DatadogLog extends Encoded {
  /** The event's time as sent. Undefined where it has none: Datadog then takes the time of arrival. */
  readonly time: HrTime | undefined
  /** Index of the byte after the opening of `ddtags`: what comes before it is written anew for a re-stamped record. */
  readonly tail: number
  /** The original text or payload was cut. */
  readonly trimmed: boolean
  /** Why it must not be sent, whenever. Its bytes are empty. */
  readonly refusal?: string
}

const HOUR_MS = 3_600_000

/** Datadog drops what is older. Source: Datadog documentation, "Log Date Remapper". */
const DROPPED_LATE_MS = 18 * HOUR_MS
/** And what is further ahead. */
const DROPPED_EARLY_MS = 2 * HOUR_MS

/** An hour is left for clocks that differ and bodies that take their time. */
export const LATE_MS: number = DROPPED_LATE_MS - HOUR_MS

/** What is this far ahead is early; an hour is left here too. */
export const EARLY_MS: number = DROPPED_EARLY_MS - HOUR_MS

/** What a re-stamped record has more than it had when it was encoded, in bytes, at most. */
export const RESTAMP_BYTES = 100

export type Timing = 'in time' | 'late' | 'early'

/** Where a record's time lies in the window of an attempt at `now` (milliseconds since 1970). */
export function timingOf(log: DatadogLog, now: number): Timing {
  if (log.time === undefined) return 'in time'
  const age = now - milliseconds(log.time)
  if (age > LATE_MS) return 'late'
  return -age > EARLY_MS ? 'early' : 'in time'
}

/** Whether Datadog drops the record if it is sent under its own time and arrives at `now` by Datadog's clock. */
export function isDropped({ time }: DatadogLog, now: number): boolean {
  const age = time === undefined ? 0 : now - milliseconds(time)
  return age > DROPPED_LATE_MS || -age > DROPPED_EARLY_MS
}

/** How the bytes of a record begin. */
export function head(time: HrTime | undefined): string {
  return time === undefined ? '{"ddtags":"' : `{"timestamp":${milliseconds(time)},"ddtags":"`
}

const QUOTE = 0x22

/** The record without a time to file it under, marked `late` or `early`, with its own time beside it. */
export function restamped({ bytes, tail, time }: DatadogLog, mark: string): readonly Uint8Array[] {
  const own = time === undefined ? '' : `"original_timestamp":"${timestamp(time)}",`
  const comma = bytes[tail] === QUOTE ? '' : ','
  return [Buffer.from(`{"${mark}":true,${own}"ddtags":"${mark}:true${comma}`), bytes.subarray(tail)]
}

/** Why a record outside the window is not sent. */
export function untimely({ time }: DatadogLog, timing: Timing, now: number): string {
  if (time === undefined) return timing
  const hours = (Math.abs(now - milliseconds(time)) / 3_600_000).toFixed(1)
  const when = timing === 'late' ? `${hours} hours ago` : `${hours} hours from now`
  return `happened ${timestamp(time)}, ${when}: Datadog drops what is older than 18 hours or 2 hours ahead, and says 202`
}
