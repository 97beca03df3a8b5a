// One batch is one request. What Datadog would take and lose is found before: a record that is too large carries its
// refusal since it was encoded; one outside Datadog's window of time is judged now, by the attempt's clock.
import type {
  Batch,
  Exporter,
  Finding,
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
import { type DatadogLog, RESTAMP_BYTES, restamped, type Timing, timingOf, untimely } from './stamp.ts'

/** Which Datadog, as whom, and what becomes of records that Datadog would take and lose. */
export interface DatadogOptions extends Place, EncodeSettings {
  readonly apiKey: string
  /** What becomes of records outside Datadog's window of time. Default: restamp. */
  readonly lateEvents?: 'restamp' | 'quarantine' | undefined
  readonly http?: HttpOptions | undefined
}

/** What was changed in records that Datadog accepted, since the exporter was made. */
export interface DatadogCounts {
  /** Number of records sent under another time than their own because theirs was too old. */
  readonly late: number
  /** Number of records sent under another time than their own because theirs was in the future. */
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

  async send({ members, now }: Batch, signal: AbortSignal): Promise<Outcome> {
    const logs = members as readonly DatadogLog[]
    const timings = logs.map((log) => timingOf(log, now))
    const records = logs.flatMap((log, index) => this.#refusal(log, index, timings[index] ?? 'in time', now))
    if (records.length > 0) return { status: 'rejected', records }
    const outcome = outcomeOf(await this.#requests.logs(bodyOf(logs, timings, now), signal))
    if (outcome.status === 'delivered') this.#count(logs, timings)
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

/** The array: every log brings its comma, and the last one's goes. */
function bodyOf(logs: readonly DatadogLog[], timings: readonly Timing[], now: number): readonly Uint8Array[] {
  const parts = logs.flatMap((log, index) => {
    const timing = timings[index] ?? 'in time'
    return timing === 'in time' ? [log.bytes] : restamped(log, timing, now)
  })
  const last = parts.at(-1) ?? OPEN
  return [OPEN, ...parts.slice(0, -1), last.subarray(0, -1), CLOSE]
}
