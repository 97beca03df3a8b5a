// One of our exporters as a stock OpenTelemetry JS LogRecordExporter. What the forwarder's lane does with a ledger is
// done here in memory, for one export call: pack, send, halve what is too large, bisect what is unreadable, send the
// rest when some are refused, wait for acknowledgements. It never retries: the SDK's contract leaves a failed batch to
// its caller, and BatchLogRecordProcessor drops it. Whoever needs durability runs the forwarder.
import { setTimeout as sleep } from 'node:timers/promises'
import { withDeadline } from './deadline.ts'
import type { Encoded, Exporter, Outcome, Refusal } from './exporter.ts'
import { ExportError, type OtelExportResult, type OtelLogRecordExporter, OWN } from './otel.ts'
import { contentToken, pack } from './packing.ts'
import type { LogRecord } from './record.ts'

/** How long one `export` call may take, and by which clock. */
export interface ToOtelOptions {
  /** Time for one export call, all its requests and acknowledgements included, in milliseconds. Default: 30 s. */
  readonly timeoutMs?: number
  /** Number of requests of one export call under way at once. More than one sends out of order. Default: 1. */
  readonly concurrency?: number
  /** Wall-clock time in milliseconds since 1970. Default: Date.now. */
  readonly now?: () => number
}

/** Makes a stock OpenTelemetry JS exporter (SDK 3.x and 0.2xx) of one of ours. Throws RangeError for no concurrency. */
export function toLogRecordExporter(exporter: Exporter, options: ToOtelOptions = {}): OtelLogRecordExporter {
  return new OtelAdapter(exporter, options)
}

/** What has come of one export so far. */
interface Progress {
  readonly refused: Refusal[]
  /** Some of the records are stored. */
  stored: boolean
}

/** A record on its way, with its index in the exported array. Kept beside the member, which `send` must see unchanged. */
interface Item {
  readonly index: number
  readonly member: Encoded
}

class OtelAdapter implements OtelLogRecordExporter {
  /** What this is made of, for `fromLogRecordExporter`: everything it says has no room in OpenTelemetry's results. */
  readonly [OWN]: Exporter
  readonly #timeoutMs: number
  readonly #concurrency: number
  readonly #now: () => number
  readonly #inFlight = new Set<Promise<void>>()
  #closing: Promise<void> | undefined

  constructor(exporter: Exporter, options: ToOtelOptions) {
    this[OWN] = exporter
    this.#timeoutMs = options.timeoutMs ?? 30_000
    this.#concurrency = options.concurrency ?? 1
    this.#now = options.now ?? Date.now
    if (!Number.isSafeInteger(this.#concurrency) || this.#concurrency < 1) {
      throw new RangeError('concurrency must be a whole number above 0')
    }
  }

  export(logs: LogRecord[], resultCallback: (result: OtelExportResult) => void): void {
    const work = this.#result(logs).then(resultCallback)
    // What a callback throws is its owner's business; here it would end the process.
    const settled = work.catch(() => {}).finally(() => this.#inFlight.delete(settled))
    this.#inFlight.add(settled)
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#inFlight)
  }

  shutdown(): Promise<void> {
    this.#closing ??= this.forceFlush().then(() => this[OWN].close())
    return this.#closing
  }

  async #result(logs: readonly LogRecord[]): Promise<OtelExportResult> {
    if (this.#closing !== undefined) return failed(new ExportError('the exporter is shut down', { retryable: false }))
    try {
      const never = new AbortController().signal
      const refused = await withDeadline(this.#timeoutMs, never, (signal) => this.#deliver(logs, signal))
      return refused.length === 0 ? { code: 0 } : failed(refusedError(refused))
    } catch (error) {
      return failed(error instanceof ExportError ? error : unanswered(error))
    }
  }

  async #deliver(logs: readonly LogRecord[], signal: AbortSignal): Promise<readonly Refusal[]> {
    const progress: Progress = { refused: [], stored: false }
    const items = logs.flatMap((record, index) => this.#encode(record, index, progress.refused))
    const batches = pack(items.map(sized), this[OWN].limits).map((batch) => batch.map(({ item }) => item))
    const waiting: (readonly Item[])[] = batches.toReversed()
    const workers = Array.from({ length: this.#concurrency }, () => this.#work(waiting, progress, signal))
    const failure = (await Promise.allSettled(workers)).find((worker) => worker.status === 'rejected')
    if (failure !== undefined) throw progress.stored ? inPart(failure.reason) : failure.reason
    return progress.refused.sort((a, b) => a.index - b.index)
  }

  /** One of the requests under way at once. When one fails the others begin nothing new. */
  async #work(waiting: (readonly Item[])[], progress: Progress, signal: AbortSignal): Promise<void> {
    try {
      for (let batch = waiting.pop(); batch !== undefined; batch = waiting.pop()) {
        const outcome = await this.#send(batch, signal)
        if (outcome.status === 'delivered' || ('taken' in outcome && (outcome.taken ?? 0) > 0)) progress.stored = true
        waiting.push(...this.#remaining(batch, outcome, progress.refused).toReversed())
      }
    } catch (error) {
      waiting.length = 0
      throw error
    }
  }

  #encode(record: LogRecord, index: number, refused: Refusal[]): Item[] {
    try {
      return [{ index, member: this[OWN].encode(record) }]
    } catch (error) {
      refused.push({ index, reason: `cannot be encoded: ${error instanceof Error ? error.message : error}` })
      return []
    }
  }

  async #send(batch: readonly Item[], signal: AbortSignal): Promise<Outcome> {
    const members = batch.map((item) => item.member)
    let outcome = await this[OWN].send({ members, token: contentToken(members), now: this.#now() }, signal)
    while (outcome.status === 'accepted') {
      const { receipt, pollAfterMs } = outcome
      await sleep(pollAfterMs, undefined, { signal })
      outcome = (await this[OWN].confirm?.([receipt], signal))?.get(receipt) ?? outcome
    }
    return outcome
  }

  /** What must still be sent after this answer. Notes the refused; throws when the export as a whole has failed. */
  #remaining(batch: readonly Item[], outcome: Outcome, refused: Refusal[]): readonly (readonly Item[])[] {
    switch (outcome.status) {
      case 'delivered':
        return []
      case 'split':
      case 'unreadable':
        if (batch.length > 1) return halves(batch)
        refused.push({ index: batch[0]?.index ?? 0, reason: outcome.reason })
        return []
      case 'rejected':
        return rest(batch, outcome.records, refused)
      case 'retry':
        throw new ExportError(outcome.reason, {
          retryable: true,
          retryAfterMillis: outcome.retryAfterMs,
          ambiguous: outcome.ambiguous,
        })
      case 'stopped':
        throw new ExportError(outcome.reason, { retryable: false, stopped: outcome.cause })
      case 'accepted':
        throw new Error('an accepted batch was not confirmed')
    }
  }
}

function sized(item: Item): Encoded & { item: Item } {
  const { bytes, partition } = item.member
  return partition === undefined ? { bytes, item } : { bytes, partition, item }
}

function halves(batch: readonly Item[]): readonly (readonly Item[])[] {
  const middle = batch.length >> 1
  return [batch.slice(0, middle), batch.slice(middle)]
}

function rest(batch: readonly Item[], records: readonly Refusal[], refused: Refusal[]): readonly (readonly Item[])[] {
  const never = new Map(records.map((refusal) => [refusal.index, refusal]))
  const remaining = batch.filter((_, index) => !never.has(index))
  if (remaining.length === batch.length) throw new Error('a refusal that names no record of the batch')
  for (const [index, refusal] of never) {
    const item = batch[index]
    if (item !== undefined) refused.push({ ...refusal, index: item.index })
  }
  return remaining.length === 0 ? [] : [remaining]
}

function failed(error: Error): OtelExportResult {
  return { code: 1, error }
}

function refusedError(rejected: readonly Refusal[]): ExportError {
  const message = `${rejected.length} records refused, the others are delivered; the first: ${rejected[0]?.reason}`
  return new ExportError(message, { retryable: false, rejected })
}

/** The export failed, and a part of its records is stored. */
function inPart(error: unknown): unknown {
  if (!(error instanceof ExportError)) return error
  const { message, retryable, retryAfterMillis, stopped } = error
  return new ExportError(message, { retryable, retryAfterMillis, stopped, ambiguous: true })
}

function unanswered(error: unknown): ExportError {
  const message = error instanceof Error ? error.message : String(error)
  return new ExportError(message, { retryable: true, ambiguous: true })
}
