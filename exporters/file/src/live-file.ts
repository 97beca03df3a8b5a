// The file that is written to. Its one promise: it always ends with a line feed, or is cut back to one. Opening cuts a
// last line that a crash left unfinished (its record was never reported as delivered, so it comes again); an append that
// fails is truncated away. A tail that cannot be ours is left alone: a wrong `path` must not damage somebody's file.
import type { Disk, DiskFile } from './disk.ts'
import { FileProblem } from './failure.ts'

const LINE_FEED = 0x0a
const CHUNK = 64 * 1024
/** More than the largest batch: a longer tail without a line feed is no unfinished line. */
const TAIL_MAX = 128 * 1024 * 1024

export class LiveFile {
  /** Bytes of an unfinished last line that opening removed. */
  readonly cut: number
  readonly createdMs: number
  readonly #file: DiskFile
  readonly #identity: string
  #size: number
  /** The rest of an append that failed and could not be truncated away yet begins here. */
  #rubbleFrom: number | undefined

  /** Opens or creates. Fails with FileProblem, or with the disk's own errors. */
  static async open(disk: Disk, path: string, mode: number): Promise<LiveFile> {
    const kind = (await disk.status(path))?.kind
    if (kind !== undefined && kind !== 'file') throw new FileProblem('not a regular file', 'choose another path')
    const file = await disk.open(path, mode)
    try {
      const cut = await cutTail(file)
      const { size, identity, createdMs } = await file.status()
      return new LiveFile(file, { cut, size, identity, createdMs })
    } catch (error) {
      await file.close()
      throw error
    }
  }

  private constructor(file: DiskFile, state: { cut: number; size: number; identity: string; createdMs: number }) {
    this.#file = file
    this.cut = state.cut
    this.createdMs = state.createdMs
    this.#size = state.size
    this.#identity = state.identity
  }

  get size(): number {
    return this.#size
  }

  /** False when the path leads elsewhere by now: renamed or deleted by somebody else. */
  async isAt(disk: Disk, path: string): Promise<boolean> {
    return (await disk.status(path))?.identity === this.#identity
  }

  /** Truncates what a failed append left behind. Before anything else: also a file renamed since then ends whole. */
  async mend(): Promise<void> {
    if (this.#rubbleFrom === undefined) return
    await this.#file.truncate(this.#rubbleFrom)
    await this.#file.sync()
    this.#size = this.#rubbleFrom
    this.#rubbleFrom = undefined
  }

  /** All of these bytes, on the disk; or none of them and an error. Fails with AppendFailure. */
  async append(bytes: Uint8Array): Promise<void> {
    const size = await this.#sizeBefore()
    try {
      await writeAll(this.#file, bytes)
      await this.#file.sync()
      const { links } = await this.#file.status()
      if (links === 0) throw new FileProblem('the file was deleted while being written to', 'find out who deletes it')
    } catch (cause) {
      throw new AppendFailure(cause, await this.#undo(size))
    }
    this.#size = size + bytes.length
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  /** A file that shrank was truncated by a log rotator; one that grew has a second writer, whom `#undo` would harm. */
  async #sizeBefore(): Promise<number> {
    const { size } = await this.#file.status()
    if (size > this.#size) {
      throw new FileProblem('another program writes to this file', 'give every exporter and process a path of its own')
    }
    return size
  }

  async #undo(size: number): Promise<boolean> {
    this.#rubbleFrom = size
    return await this.mend().then(
      () => true,
      () => false,
    )
  }
}

/** An append that failed. `undone`: nothing of it remains in the file. */
export class AppendFailure extends Error {
  readonly undone: boolean

  constructor(cause: unknown, undone: boolean) {
    super('append failed', { cause })
    this.undone = undone
  }
}

async function writeAll(file: DiskFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const count = await file.append(bytes.subarray(written))
    if (count === 0) throw new FileProblem('the disk takes no more bytes', 'free space on its disk', 'retry')
    written += count
  }
}

/** Cuts what follows the last line feed. Resolves to the number of bytes cut. */
async function cutTail(file: DiskFile): Promise<number> {
  const { size } = await file.status()
  const end = await endOfLastLine(file, size)
  if (end === size) return 0
  if (!(await couldBeOurs(file, end, size))) throw notOurs()
  await file.truncate(end)
  await file.sync()
  return size - end
}

async function endOfLastLine(file: DiskFile, size: number): Promise<number> {
  for (let end = size; end > 0; end -= CHUNK) {
    if (size - end > TAIL_MAX) throw notOurs()
    const from = Math.max(0, end - CHUNK)
    const found = (await file.read(from, end - from)).lastIndexOf(LINE_FEED)
    if (found >= 0) return from + found + 1
  }
  return 0
}

/** A record begins with `{"`; file systems may leave zeros where a loss of power prevented the data. */
async function couldBeOurs(file: DiskFile, from: number, to: number): Promise<boolean> {
  const head = await file.read(from, Math.min(CHUNK, to - from))
  return '{"'.startsWith(Buffer.from(head.subarray(0, 2)).toString('latin1')) || head.every((byte) => byte === 0)
}

function notOurs(): FileProblem {
  return new FileProblem('its last line is unfinished and no record of ours', 'choose another path or mend the file')
}
