// An object's body as it comes from the store → decompressed → cut into items → chunks. Streaming throughout: held are
// one block of input, what the cutter's limit on lines allows, and one chunk.
//
// The body is cut anew into blocks of one size first, so that everything after it (what zlib gives before an error, the
// expansion measured, the chunks) is the same however the network delivered it. Nothing is thrown but the body's own
// errors: a body that cannot be decompressed is content, and content that is no event is a bad stretch.

import type { DecodedChunk, DecodedItem } from '../../domain/event.ts'
import type { Cutter } from './cutter.ts'
import { type Inflate, zlibInflate } from './inflate.ts'
import { compression } from './signature.ts'
import { Splitter } from './splitter.ts'

export interface DecodeLimits {
  /** Longest event, and longest line looked at as a whole, in bytes. */
  readonly lineBytes: number
  /** Bad stretches that are kept one by one; then those in a row are one stretch. */
  readonly singles: number
  /** How many times its compressed size a body may have. Not applied below `ratioFloorBytes`. */
  readonly ratio: number
  readonly ratioFloorBytes: number
  /** Longest decompressed body, in bytes. */
  readonly lengthBytes: number
  /** A chunk ends with the item that fills either. */
  readonly chunkBytes: number
  readonly chunkItems: number
}

export interface DecodeOptions {
  readonly limits?: Partial<DecodeLimits>
  readonly inflate?: Inflate
  /** What cuts the decompressed bytes. Default: JSON in every form it comes in. */
  readonly cutter?: (limits: DecodeLimits) => Cutter
}

export const decodeLimits: DecodeLimits = {
  lineBytes: 4 * 1024 * 1024,
  singles: 1000,
  ratio: 200,
  ratioFloorBytes: 64 * 1024 * 1024,
  lengthBytes: 16 * 1024 * 1024 * 1024,
  chunkBytes: 256 * 1024,
  chunkItems: 250,
}

const blockBytes = 64 * 1024

/**
 * The items of one object, in order. Fails only with what `body` fails with, untouched. An object that breaks (truncated
 * or corrupt compression, a limit exceeded) ends with one bad stretch that says so; if no byte is left to stand for it,
 * that stretch is one byte long and the object's length one more than was read.
 */
export async function* decode(
  body: AsyncIterable<Uint8Array>,
  options: DecodeOptions = {},
): AsyncGenerator<DecodedChunk, void, undefined> {
  const limits = { ...decodeLimits, ...options.limits }
  const cutter = options.cutter?.(limits) ?? new Splitter(limits)
  const chunks = new Chunks(cutter, limits)
  const source = new Source(body)
  const inflated = decompressed(source, limits, options.inflate ?? zlibInflate)
  try {
    for (;;) {
      const bytes = await source.next(inflated)
      if (bytes instanceof Uint8Array) cutter.push(bytes)
      else cutter.end(bytes?.reason)
      yield* chunks.filled()
      if (!(bytes instanceof Uint8Array)) break
    }
    yield chunks.last()
  } finally {
    await inflated.return(undefined)
  }
}

/** Groups a cutter's items. */
class Chunks {
  readonly #cutter: Cutter
  readonly #limits: DecodeLimits
  #items: DecodedItem[] = []
  #from = 0

  constructor(cutter: Cutter, limits: DecodeLimits) {
    this.#cutter = cutter
    this.#limits = limits
  }

  *filled(): Generator<DecodedChunk> {
    const { chunkBytes, chunkItems } = this.#limits
    for (let item = this.#cutter.take(); item !== undefined; item = this.#cutter.take()) {
      this.#items.push(item)
      if (this.#items.length >= chunkItems || item.to - this.#from >= chunkBytes) yield this.#cut(item.to, false)
    }
  }

  last(): DecodedChunk {
    return this.#cut(this.#cutter.length, true)
  }

  #cut(to: number, end: boolean): DecodedChunk {
    const chunk = { from: this.#from, to, items: this.#items, end }
    this.#from = to
    this.#items = []
    return chunk
  }
}

/** A body in blocks of one size. Remembers whether an error was its own, and how much it gave. */
class Source {
  read = 0
  readonly #body: AsyncIterable<Uint8Array>
  #error: { readonly cause: unknown } | undefined

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#body = body
  }

  async *blocks(): AsyncGenerator<Uint8Array> {
    let gathered: Uint8Array[] = []
    let size = 0
    try {
      for await (const piece of this.#body) {
        for (let at = 0; at < piece.length; ) {
          const part = piece.subarray(at, at + blockBytes - size)
          gathered.push(part)
          size += part.length
          at += part.length
          if (size < blockBytes) continue
          yield this.#block(gathered, size)
          gathered = []
          size = 0
        }
      }
    } catch (cause) {
      this.#error = { cause }
      throw cause
    }
    if (size > 0) yield this.#block(gathered, size)
  }

  /** The next bytes of a stream made of this body; undefined at its end; a reason if it broke for good. */
  async next(stream: AsyncIterator<Uint8Array>): Promise<Uint8Array | { reason: string } | undefined> {
    try {
      const result = await stream.next()
      return result.done === true ? undefined : result.value
    } catch (error) {
      if (this.#error !== undefined) throw this.#error.cause
      return { reason: error instanceof Error ? error.message : String(error) }
    }
  }

  #block(parts: readonly Uint8Array[], size: number): Uint8Array {
    this.read += size
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts, size)
  }
}

async function* decompressed(source: Source, limits: DecodeLimits, inflate: Inflate): AsyncGenerator<Uint8Array> {
  const blocks = source.blocks()
  try {
    const head = await blocks.next()
    if (head.done === true) return
    const body = rejoined(head.value, blocks)
    const kind = compression(head.value)
    if (kind === 'none') yield* capped(body, () => limits.lengthBytes, limits)
    else yield* inflated(kind, body, source, limits, inflate)
  } finally {
    await blocks.return(undefined)
  }
}

async function* inflated(
  kind: 'gzip' | 'zstd',
  body: AsyncIterable<Uint8Array>,
  source: Source,
  limits: DecodeLimits,
  inflate: Inflate,
): AsyncGenerator<Uint8Array> {
  const output = kind === 'gzip' ? inflate.gunzip(body) : inflate.unzstd(body)
  const allowed = () => Math.min(limits.lengthBytes, Math.max(limits.ratioFloorBytes, source.read * limits.ratio))
  let given = 0
  try {
    for await (const bytes of capped(output, allowed, limits)) {
      given += bytes.length
      yield bytes
    }
  } catch (error) {
    if (error instanceof Excess) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`broken ${kind} data after ${given} decompressed bytes: ${why}`, { cause: error })
  }
}

async function* rejoined(head: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head
  yield* rest
}

/** The body is larger than is allowed. */
class Excess extends Error {}

/** Gives as much as is allowed, to the byte, then fails. */
async function* capped(
  stream: AsyncIterable<Uint8Array>,
  allowed: () => number,
  limits: DecodeLimits,
): AsyncGenerator<Uint8Array> {
  let given = 0
  for await (const bytes of stream) {
    const most = allowed()
    if (given + bytes.length > most) {
      if (most > given) yield bytes.subarray(0, most - given)
      const why = most === limits.lengthBytes ? `${most} bytes` : `${limits.ratio} times its compressed size`
      throw new Excess(`the object is larger than the limit of ${why}; it is not read any further`)
    }
    given += bytes.length
    yield bytes
  }
}
