// Any OpenTelemetry JS LogRecordExporter as a destination. It is marked unverified, because such an exporter may call
// a partial success a success and then promise of delivery ends at its word: the official OTLP exporter does.
// One export at a time, as the specification demands of callers. Rejected: one call per record, which would find a bad
// record without bisection but costs a request each.
import { DeadlineError, withDeadline } from './deadline.ts'
import type { Batch, Encoded, Exporter, Finding, Outcome, Refusal } from './exporter.ts'
import { type ExportErrorFields, type OtelExportResult, type OtelLogRecordExporter, OWN } from './otel.ts'
import { excerpt, httpOutcome } from './outcome.ts'
import { type LogRecord, ORIGINAL } from './record.ts'

/** What `fromLogRecordExporter` needs to know of an exporter that says nothing of itself. */
export interface FromOtelOptions {
  /** What people call it, for findings and reasons. */
  readonly name: string
  /** Time for one export, in milliseconds. Longer than the exporter's own. Default: 30 s. */
  readonly timeoutMs?: number
  /** Default: 512 records and 4 MiB, counted on the records' JSON. */
  readonly limits?: Exporter['limits']
}

/**
 * Makes a destination of an OpenTelemetry JS exporter. Unverified: its success is believed. One that `toLogRecordExporter`
 * made of one of ours comes back as what it was made of, with its own limits, times, outcomes and checks: what it says of
 * single records has no room in OpenTelemetry's results, and it would send the rest of a batch before anybody knows of it.
 */
export function fromLogRecordExporter(official: OtelLogRecordExporter, options: FromOtelOptions): Exporter {
  return (official as Own)[OWN] ?? new OtelDestination(official, options)
}

interface Own extends OtelLogRecordExporter {
  readonly [OWN]?: Exporter
}

interface KeptRecord extends Encoded {
  readonly record: LogRecord
}

class OtelDestination implements Exporter {
  readonly limits: Exporter['limits']
  readonly #official: OtelLogRecordExporter
  readonly #name: string
  readonly #timeoutMs: number
  #turn: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined

  constructor(official: OtelLogRecordExporter, options: FromOtelOptions) {
    this.#official = official
    this.#name = options.name
    this.#timeoutMs = options.timeoutMs ?? 30_000
    this.limits = options.limits ?? { records: 512, bytes: 4 * 1024 * 1024 }
  }

  /** The record itself. `bytes` only stand for its size. */
  encode(record: LogRecord): KeptRecord {
    return { bytes: Buffer.from(record[ORIGINAL] ?? sizeText(record)), record }
  }

  send(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const attempt = this.#turn.then(() => this.#attempt(batch.members as readonly KeptRecord[], signal))
    this.#turn = attempt
    return attempt
  }

  async check(): Promise<readonly Finding[]> {
    const what = `${this.#name} is an OpenTelemetry exporter: delivery is unverified`
    const detail = 'it cannot be asked anything without sending records, and may report a partial success as a success'
    return [{ level: 'unknown', what, detail, next: 'compare the counts in the destination with the control records' }]
  }

  close(): Promise<void> {
    this.#closing ??= this.#turn.then(() => this.#official.shutdown())
    return this.#closing
  }

  async #attempt(members: readonly KeptRecord[], signal: AbortSignal): Promise<Outcome> {
    if (signal.aborted) return { status: 'retry', reason: 'cancelled before it was sent', ambiguous: false }
    const records = members.map((member) => member.record)
    try {
      return outcomeOf(await withDeadline(this.#timeoutMs, signal, () => this.#exportOnce(records)), records.length)
    } catch (error) {
      if (error instanceof RefusedByCode) return { status: 'unreadable', reason: error.message }
      const reason = error instanceof DeadlineError ? error.message : 'cancelled while it was sent'
      return { status: 'retry', reason: `${this.#name}: ${reason}`, ambiguous: true }
    }
  }

  /** Only the first callback counts: a promise settles once. */
  #exportOnce(records: LogRecord[]): Promise<OtelExportResult> {
    return new Promise((resolve, reject) => {
      try {
        this.#official.export(records, resolve)
      } catch (error) {
        reject(new RefusedByCode(`${this.#name} threw: ${excerpt(messageOf(error))}`))
      }
    })
  }
}

/** The exporter threw instead of answering: its serializer met a record that it cannot write. Nothing was sent. */
class RefusedByCode extends Error {}

function outcomeOf(result: OtelExportResult, records: number): Outcome {
  if (result?.code === 0) return { status: 'delivered' }
  const error: (Error & Partial<ExportErrorFields> & { code?: unknown; data?: unknown }) | undefined = result?.error
  const reason = excerpt(error === undefined ? 'the export failed without a reason' : messageOf(error))
  if (error?.rejected !== undefined) return refusalOf(error.rejected, records)
  if (error?.stopped !== undefined) return { status: 'stopped', cause: error.stopped, reason }
  if (error?.retryable === false) return { status: 'unreadable', reason }
  if (error?.name === 'OTLPExporterError' && isHttpStatus(error.code)) return byStatus(error.code, error.data)
  const ambiguous = error?.ambiguous ?? true
  // A result has no field for strain; who names a wait has too much to do.
  const wait = error?.retryAfterMillis
  return wait === undefined
    ? { status: 'retry', reason, ambiguous }
    : { status: 'retry', reason, ambiguous, retryAfterMs: wait, strained: true }
}

/** All others of the export are delivered. */
function refusalOf(rejected: readonly Refusal[], records: number): Outcome {
  const named = new Set(rejected.map(({ index }) => index))
  return { status: 'rejected', records: rejected, taken: Math.max(0, records - named.size) }
}

/** OpenTelemetry's own OTLP exporter keeps the status of an answer that it holds for final. */
function byStatus(status: number, data: unknown): Outcome {
  const body = typeof data === 'string' ? data : ''
  return httpOutcome({ status, headers: {}, body, bytes: new Uint8Array() })
}

function isHttpStatus(code: unknown): code is number {
  return typeof code === 'number' && code >= 300 && code < 600
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function sizeText(record: LogRecord): string {
  try {
    return JSON.stringify([record.body, record.attributes]) ?? ''
  } catch {
    return ''
  }
}
