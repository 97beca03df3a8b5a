// One batch is one request. What Datadog would take and lose is found before: a record that is too large carries its
// refusal since it was encoded; one outside Datadog's window of time is judged now, by the attempt's clock. Should that
// clock be wrong by hours, Datadog's answer tells: it carries Datadog's time, by which is judged from then on, and the batch
// goes again if any of it was dropped. Where late records are refused instead of re-stamped, that is for good; so before any
// is, an empty request asks the time, unless an answer has just told it.
import type {
  Batch,
  Changes,
  Exporter,
  Finding,
  HttpOptions,
  LogRecord,
  Outcome,
  Refusal,
} from '@circleci-audit-forwarder/contract'
import { outcomeOf } from './answer.ts'
import { checkDatadog } from './check.ts'
import { DatadogClock } from './clock.ts'
import { type EncodeSettings, encodeLog } from './encode.ts'
import { DatadogRequests } from './requests.ts'
import type { Place } from './sites.ts'
import { type DatadogLog, isDropped, RESTAMP_BYTES, restamped, type Timing, timingOf, untimely } from './stamp.ts'

/** Which Datadog, as whom, and what becomes of records that Datadog would take and lose. */
export interface DatadogOptions extends Place, EncodeSettings {
  readonly apiKey: string
  /** What becomes of records outside Datadog's window of time. Default: restamp. */
  readonly lateEvents?: 'restamp' | 'quarantine' | undefined
  readonly http?: HttpOptions | undefined
}

const RECORDS_MAX = 1000
/** Uncompressed. Source: Datadog API reference, "Send logs". */
const BODY_BYTES_MAX = 5_000_000

/** Leaves nothing behind: Datadog's own Agent sends it at each start. */
const EMPTY = Buffer.from('{}')
const OPEN = Buffer.from('[')
const CLOSE = Buffer.from(']')

/**
 * Sends logs to one Datadog intake. 202 is `delivered`: Datadog has no acknowledgement and no deduplication; `evt.id` tells
 * repeats. Only the constructor throws (SettingError).
 */
export class DatadogExporter implements Exporter {
  /** Bytes leave room for the brackets, and for the marks if all of a batch turns out to be late. */
  readonly limits = { records: RECORDS_MAX, bytes: BODY_BYTES_MAX - 1 - RECORDS_MAX * RESTAMP_BYTES }
  readonly #options: DatadogOptions
  readonly #requests: DatadogRequests
  readonly #now: () => number
  readonly #clock = new DatadogClock()

  /** Opens no connection. Throws SettingError for options that cannot work. `now`: milliseconds since 1970, for `check`. */
  constructor(options: DatadogOptions, now: () => number = Date.now) {
    this.#options = options
    this.#now = now
    this.#requests = new DatadogRequests(options, options.apiKey, options.http ?? {}, now)
  }

  encode(record: LogRecord): DatadogLog {
    return encodeLog(record, this.#options)
  }

  async send(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const logs = batch.members as readonly DatadogLog[]
    const unable = await this.#askTheTime(logs, batch.now, signal)
    if (unable !== undefined) return unable
    const timings = this.#timings(logs, batch.now)
    const records = logs.flatMap((log, index) => this.#refusal(log, index, timings[index] ?? 'in time', batch.now))
    if (records.length > 0) return { status: 'rejected', records }
    const answer = await this.#requests.logs(bodyOf(logs, timings), signal)
    const outcome = outcomeOf(answer)
    if (outcome.status !== 'delivered') return outcome
    this.#clock.hear(answer, batch.now)
    const arrived = batch.now + this.#clock.aheadMs
    const dropped = logs.filter((log, index) => timings[index] === 'in time' && isDropped(log, arrived)).length
    if (dropped > 0) return droppedOutcome(dropped, this.#clock.aheadMs)
    return { ...outcome, ...changed(logs, timings) }
  }

  check(signal: AbortSignal): Promise<readonly Finding[]> {
    const { site, http } = this.#options
    const insecure = http?.tls?.insecureSkipVerify ?? false
    return checkDatadog(this.#requests, { site, insecure, now: this.#now() }, signal)
  }

  close(): Promise<void> {
    return this.#requests.close()
  }

  #timings(logs: readonly DatadogLog[], now: number): readonly Timing[] {
    return logs.map((log) => timingOf(log, now + this.#clock.aheadMs))
  }

  /** Before records are refused for their time. Returns why it cannot be told; no record was in that request. */
  async #askTheTime(logs: readonly DatadogLog[], now: number, signal: AbortSignal): Promise<Outcome | undefined> {
    if (this.#options.lateEvents !== 'quarantine' || this.#clock.isFresh(now)) return undefined
    if (this.#timings(logs, now).every((timing) => timing === 'in time')) return undefined
    const answer = await this.#requests.logs([EMPTY], signal)
    const outcome = outcomeOf(answer)
    if (outcome.status === 'stopped') return outcome
    if (outcome.status === 'retry') return { ...outcome, ambiguous: false }
    this.#clock.hear(answer, now)
    return undefined
  }

  #refusal(log: DatadogLog, index: number, timing: Timing, now: number): readonly Refusal[] {
    if (log.refusal !== undefined) return [{ index, reason: log.refusal, certain: true }]
    if (timing === 'in time' || this.#options.lateEvents !== 'quarantine') return []
    const reason = untimely(log, timing, now + this.#clock.aheadMs)
    return [this.#clock.isKnown(now) ? { index, reason, certain: true } : { index, reason }]
  }
}

/** How many were sent otherwise than they are; nothing if none were. */
function changed(logs: readonly DatadogLog[], timings: readonly Timing[]): { readonly changed?: Changes } {
  const late = timings.filter((timing) => timing === 'late').length
  const early = timings.filter((timing) => timing === 'early').length
  const trimmed = logs.filter((log) => log.trimmed).length
  if (late + early + trimmed === 0) return {}
  return { changed: { ...(late > 0 && { late }), ...(early > 0 && { early }), ...(trimmed > 0 && { trimmed }) } }
}

/** The same batch again: judged by Datadog's clock, those are late or early then. The others may be there twice. */
function droppedOutcome(records: number, aheadMs: number): Outcome {
  const apart = `${(Math.abs(aheadMs) / 3_600_000).toFixed(1)} hours ${aheadMs > 0 ? 'behind' : 'ahead of'} Datadog's`
  const reason = `Datadog said 202 and dropped ${records} records: this clock is ${apart}; set it by NTP`
  return { status: 'retry', ambiguous: true, reason }
}

/** The array: every log brings its comma, and the last one's goes. */
function bodyOf(logs: readonly DatadogLog[], timings: readonly Timing[]): readonly Uint8Array[] {
  const parts = logs.flatMap((log, index) => {
    const timing = timings[index] ?? 'in time'
    return timing === 'in time' ? [log.bytes] : restamped(log, timing)
  })
  const last = parts.at(-1) ?? OPEN
  return [OPEN, ...parts.slice(0, -1), last.subarray(0, -1), CLOSE]
}
