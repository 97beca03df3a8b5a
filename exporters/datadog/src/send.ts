// One batch is one request. What Datadog would take and lose is found before: a record that is too large carries its
// refusal since it was encoded; one outside Datadog's window of time is judged now, by the attempt's clock. Should that
// clock be wrong by hours, Datadog's answer tells: it carries Datadog's time, by which is judged from then on, and the batch
// goes again if any of it was dropped.
import type {
  Batch,
  Exporter,
  Finding,
  HttpAnswer,
  HttpOptions,
  LogRecord,
  Outcome,
  Refusal,
} from '@circleci-audit-forwarder/contract'
import { outcomeOf } from './answer.ts'
import { checkDatadog } from './check.ts'
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

/** What was changed in records that Datadog accepted, since the exporter was made. */
export interface DatadogCounts {
  /** Number of records sent without their time because it was too old. */
  readonly late: number
  /** Number of records sent without their time because it was in the future. */
  readonly early: number
  /** Number of records whose original text, payload or body was cut. */
  readonly trimmed: number
}

const RECORDS_MAX = 1000
/** Uncompressed. Source: Datadog API reference, "Send logs". */
const BODY_BYTES_MAX = 5_000_000

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
  /** How far Datadog's clock is ahead of ours, in milliseconds; 0 where it is near enough. */
  #aheadMs = 0
  #counts: DatadogCounts = { late: 0, early: 0, trimmed: 0 }

  /** Opens no connection. Throws SettingError for options that cannot work. `now`: milliseconds since 1970, for `check`. */
  constructor(options: DatadogOptions, now: () => number = Date.now) {
    this.#options = options
    this.#now = now
    this.#requests = new DatadogRequests(options, options.apiKey, options.http ?? {}, now)
  }

  get counts(): DatadogCounts {
    return this.#counts
  }

  encode(record: LogRecord): DatadogLog {
    return encodeLog(record, this.#options)
  }

  async send(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const logs = batch.members as readonly DatadogLog[]
    const now = batch.now + this.#aheadMs
    const timings = logs.map((log) => timingOf(log, now))
    const records = logs.flatMap((log, index) => this.#refusal(log, index, timings[index] ?? 'in time', now))
    if (records.length > 0) return { status: 'rejected', records }
    const answer = await this.#requests.logs(bodyOf(logs, timings), signal)
    const outcome = outcomeOf(answer)
    if (outcome.status !== 'delivered') return outcome
    this.#aheadMs = aheadOf(answer, batch.now)
    const arrived = batch.now + this.#aheadMs
    const dropped = logs.filter((log, index) => timings[index] === 'in time' && isDropped(log, arrived)).length
    if (dropped > 0) return droppedOutcome(dropped, this.#aheadMs)
    this.#count(logs, timings)
    return outcome
  }

  check(signal: AbortSignal): Promise<readonly Finding[]> {
    const { site, http } = this.#options
    const insecure = http?.tls?.insecureSkipVerify ?? false
    return checkDatadog(this.#requests, { site, insecure, now: this.#now(), counts: this.#counts }, signal)
  }

  close(): Promise<void> {
    return this.#requests.close()
  }

  #refusal(log: DatadogLog, index: number, timing: Timing, now: number): readonly Refusal[] {
    if (log.refusal !== undefined) return [{ index, reason: log.refusal }]
    if (timing === 'in time' || this.#options.lateEvents !== 'quarantine') return []
    return [{ index, reason: untimely(log, timing, now) }]
  }

  #count(logs: readonly DatadogLog[], timings: readonly Timing[]): void {
    const of = (timing: Timing): number => timings.filter((each) => each === timing).length
    this.#counts = {
      late: this.#counts.late + of('late'),
      early: this.#counts.early + of('early'),
      trimmed: this.#counts.trimmed + logs.filter(({ trimmed }) => trimmed).length,
    }
  }
}

/** Clocks that differ by less are near enough: an hour is left on both sides of Datadog's window. */
const NEAR_MS = 10 * 60_000

/** How far the clock of an answer to an attempt at `now` is ahead, in milliseconds; 0 where it is near enough. */
function aheadOf(answer: HttpAnswer, now: number): number {
  const ahead = answer.status === 'failed' ? 0 : Date.parse(`${answer.headers['date']}`) - now
  return Math.abs(ahead) > NEAR_MS ? ahead : 0
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
