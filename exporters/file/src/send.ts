// One batch is one append and one fsync; `delivered` is said after that. Sends wait for each other: two batches never
// write at once. Before each the file is compared with its path, so that a file renamed or deleted by somebody else
// (logrotate) is followed by a new one instead of being written to unseen.
import { dirname, resolve } from 'node:path'
import type { Batch, Encoded, Exporter, Finding, LogRecord, Outcome } from '@circleci-audit-forwarder/contract'
import { checkFile } from './check.ts'
import { type Disk, realDisk } from './disk.ts'
import { encode } from './encode.ts'
import { outcomeOf } from './failure.ts'
import { AppendFailure, LiveFile } from './live-file.ts'
import { moveAside, removeOldest } from './rotate.ts'

/** Where to write, and when a file is full or old. Sizes are bytes, times milliseconds. */
export interface FileOptions {
  readonly path: string
  /** Rotation before the file grows beyond this many bytes. Default: 100 MiB. */
  readonly maxBytes?: number | undefined
  /** Rotation when the file was created this long before the batch's `now`, in milliseconds. Default: never. */
  readonly maxAgeMs?: number | undefined
  /** Rotated files to keep. Default: all. */
  readonly maxFiles?: number | undefined
  /** Permissions of created files. Default: 0o640. */
  readonly mode?: number | undefined
}

/**
 * Appends records to a JSON Lines file. Delivered means fsynced. A full disk is a retry; a missing directory, a missing
 * right or a file that is not ours stops the destination and says what to do. Throws nothing.
 */
export class FileExporter implements Exporter {
  readonly limits = { records: 100_000, bytes: 64 * 1024 * 1024 }
  readonly #disk: Disk
  readonly #path: string
  readonly #directory: string
  readonly #maxBytes: number
  readonly #maxAgeMs: number
  readonly #maxFiles: number
  readonly #mode: number
  #live: LiveFile | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false
  #cutBytes = 0
  #cleaningFailure: string | undefined

  constructor(options: FileOptions, disk: Disk = realDisk) {
    this.#disk = disk
    this.#path = resolve(options.path)
    this.#directory = dirname(this.#path)
    this.#maxBytes = options.maxBytes ?? 100 * 1024 * 1024
    this.#maxAgeMs = options.maxAgeMs ?? Number.POSITIVE_INFINITY
    this.#maxFiles = options.maxFiles ?? Number.POSITIVE_INFINITY
    this.#mode = options.mode ?? 0o640
  }

  /** Bytes of unfinished last lines that opening the file removed: what a crash left. They were never delivered. */
  get cutBytes(): number {
    return this.#cutBytes
  }

  encode(record: LogRecord): Encoded {
    return { bytes: encode(record) }
  }

  send(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    return this.#inTurn(() => this.#attempt(batch, signal))
  }

  async check(_signal: AbortSignal): Promise<readonly Finding[]> {
    return await checkFile(this.#disk, this.#path, {
      maxBytes: this.#maxBytes,
      cutBytes: this.#cutBytes,
      cleaningFailure: this.#cleaningFailure,
    })
  }

  close(): Promise<void> {
    this.#closed = true
    return this.#inTurn(() => this.#release())
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  async #attempt(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    if (this.#closed) return { status: 'retry', reason: 'file exporter is closed', ambiguous: false }
    if (signal.aborted) return { status: 'retry', reason: 'aborted before writing', ambiguous: false }
    const bytes = Buffer.concat(batch.members.map((member) => member.bytes))
    try {
      const live = await this.#ready(bytes.length, batch.now)
      await live.append(bytes)
      return { status: 'delivered' }
    } catch (error) {
      if (error instanceof AppendFailure) return outcomeOf(error.cause, this.#path, !error.undone)
      await this.#release().catch(() => {})
      return outcomeOf(error, this.#path, false)
    }
  }

  /** The file these bytes go to: the one at the path, or a new one if that is full, old or gone. */
  async #ready(incoming: number, now: number): Promise<LiveFile> {
    await this.#live?.mend()
    if (this.#live && !(await this.#live.isAt(this.#disk, this.#path))) await this.#release()
    const live = this.#live ?? (await this.#open())
    const full = live.size + incoming > this.#maxBytes
    const old = now - live.createdMs >= this.#maxAgeMs
    return live.size > 0 && (full || old) ? await this.#rotate(now) : live
  }

  async #open(): Promise<LiveFile> {
    const live = await LiveFile.open(this.#disk, this.#path, this.#mode)
    this.#live = live
    this.#cutBytes += live.cut
    await this.#disk.syncDirectory(this.#directory)
    return live
  }

  async #rotate(now: number): Promise<LiveFile> {
    await this.#release()
    await moveAside(this.#disk, this.#path, now, this.#mode)
    const live = await this.#open()
    await this.#clean()
    return live
  }

  /** Deleting old files is not part of the delivery: a failure is shown by `check`, not by the batch. */
  async #clean(): Promise<void> {
    if (this.#maxFiles === Number.POSITIVE_INFINITY) return
    try {
      await removeOldest(this.#disk, this.#path, this.#maxFiles)
      this.#cleaningFailure = undefined
    } catch (error) {
      this.#cleaningFailure = (error as Error).message
    }
  }

  async #release(): Promise<void> {
    const live = this.#live
    this.#live = undefined
    await live?.close()
  }
}
