// Writes to a stream and waits for it. Back-pressure needs no queue here: `send` resolves when the stream has taken the
// bytes, and the lane sends no more than its concurrency. The stream is not ours, so `close` never ends it; but while
// we hold it we listen for its errors, since an unheard EPIPE ends the process.
import {
  type Batch,
  type Encoded,
  type Exporter,
  type Finding,
  type LogRecord,
  type Outcome,
  utf8,
} from '@circleci-audit-forwarder/contract'
import { checkOutput } from './check.ts'
import { encodeJson, encodeText } from './encode.ts'

/** The part of a Node stream this exporter uses. */
export interface Output {
  readonly isTTY?: boolean | undefined
  readonly writable: boolean
  write(bytes: Uint8Array, done: (error?: Error | null) => void): boolean
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
}

/** Where to write and in which form. Both have defaults. */
export interface ConsoleOptions {
  /** Default: text when the output is a terminal, json otherwise. */
  readonly format?: 'text' | 'json' | undefined
  /** Default: standard output. */
  readonly output?: Output | undefined
}

const IGNORE = () => {}

/**
 * Writes records to a stream, one line each. Delivered means that the stream took the bytes. A reader that went away
 * stops the destination; any other failed write is an ambiguous retry. Throws nothing.
 */
export class ConsoleExporter implements Exporter {
  readonly limits = { records: 100_000, bytes: 64 * 1024 * 1024 }
  readonly #output: Output
  readonly #toLine: (record: LogRecord) => string | Uint8Array
  #closed = false
  /** The reader went away at the last attempt. Standard output keeps calling itself writable after that. */
  #gone = false

  constructor(options: ConsoleOptions = {}) {
    this.#output = options.output ?? process.stdout
    const format = options.format ?? (this.#output.isTTY ? 'text' : 'json')
    this.#toLine = format === 'text' ? encodeText : encodeJson
    this.#output.on('error', IGNORE)
  }

  encode(record: LogRecord): Encoded {
    const line = this.#toLine(record)
    return { bytes: typeof line === 'string' ? utf8(line) : line }
  }

  async send(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    if (this.#closed) return { status: 'retry', reason: 'console exporter is closed', ambiguous: false }
    if (signal.aborted) return { status: 'retry', reason: 'aborted before writing', ambiguous: false }
    const bytes = Buffer.concat(batch.members.map((member) => member.bytes))
    const outcome = await written(this.#output, bytes, signal)
    this.#gone = outcome.status === 'stopped'
    return outcome
  }

  async check(_signal: AbortSignal): Promise<readonly Finding[]> {
    return checkOutput(this.#output, this.#gone)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#output.off('error', IGNORE)
  }
}

/** Resolves when the stream has taken the bytes, has failed, or the caller waits no longer. */
function written(output: Output, bytes: Uint8Array, signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    const aborted = () => resolve({ status: 'retry', reason: 'aborted while writing to the output', ambiguous: true })
    signal.addEventListener('abort', aborted, { once: true })
    output.write(bytes, (error) => {
      signal.removeEventListener('abort', aborted)
      resolve(error ? failed(error) : { status: 'delivered' })
    })
  })
}

const GONE = new Set(['EPIPE', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END', 'EBADF'])

function failed(error: NodeJS.ErrnoException): Outcome {
  if (GONE.has(error.code ?? '')) {
    const reason = `cannot write to the output: nobody reads it any more (${error.code}); restart with a reader`
    return { status: 'stopped', cause: 'configuration', reason }
  }
  return { status: 'retry', reason: `cannot write to the output: ${error.message}`, ambiguous: true }
}
