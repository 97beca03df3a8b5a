// Decompression as a stream, in libuv's threads. Input is handed over block by block and a block's output is read to its
// end before the next one goes in: so how much comes out before an error, and how much went in for what came out, depend
// on the bytes alone and never on timing or on how the network cut them. `stream.pipeline` was rejected for that reason:
// a destroyed stream forgets output that was ready.
//
// An engine may end early: zlib stops at zero padding and zstd at bytes that begin no frame, both in silence. What
// follows then must be padding too, or it goes into a new engine, which says so if it is no such stream.

import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib'

/** Decompression. Fails while iterating on truncated or corrupt input; all members or frames make one stream. */
export interface Inflate {
  gunzip(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
  unzstd(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
}

/**
 * A step of input is a turn of zlib's threads, and so is each output. Most objects are small, and for them what an engine
 * allocates counts; for a body that fills its first block of input, the turns do.
 */
interface Stride {
  readonly stepBytes: number
  /** Bytes of output at once, about what a step gives. */
  readonly chunkSize: number
}

const short: Stride = { stepBytes: 4 * 1024, chunkSize: 32 * 1024 }
const long: Stride = { stepBytes: 8 * 1024, chunkSize: 64 * 1024 }
/** Compressed bytes in the first block from which on a body is read in long strides. */
const longFrom = 32 * 1024
/** Steps in which a failure is approached. */
const finerSteps = [64, 1]
/** How much of an engine's input is remembered, in bytes: one member of a gzip file, one zstd stream. */
const rememberedBytes = 8 * 1024 * 1024

/** node:zlib, off the main thread. */
export const zlibInflate: Inflate = {
  gunzip: (body) => pump(body, (stride) => createGunzip(options(stride))),
  unzstd: (body) => pump(body, (stride) => createZstdDecompress(options(stride))),
}

/** readableHighWaterMark 1: an engine works on only after its output was taken, so an error can destroy none. */
function options({ chunkSize }: Stride): { chunkSize: number; readableHighWaterMark: number } {
  return { chunkSize, readableHighWaterMark: 1 }
}

type Open = (stride: Stride) => Gunzip | ZstdDecompress

async function* pump(body: AsyncIterable<Uint8Array>, opened: Open): AsyncGenerator<Uint8Array> {
  const blocks = body[Symbol.asyncIterator]()
  const first = await blocks.next()
  const stride = first.done !== true && first.value.length >= longFrom ? long : short
  const open = () => opened(stride)
  let engine = new Engine(open())
  let isOver = false
  try {
    for (let next = first; next.done !== true; next = await blocks.next()) {
      const block = next.value
      let rest: Uint8Array = isOver ? withoutPadding(block) : block
      while (rest.length > 0) {
        if (isOver) engine = engine.replacedBy(open())
        const step: Uint8Array = rest.subarray(0, stride.stepBytes)
        const used: number = yield* fed(engine, step, open)
        isOver = used < step.length
        rest = isOver ? withoutPadding(rest.subarray(used)) : rest.subarray(used)
      }
    }
    if (!isOver) yield* engine.finish()
  } finally {
    engine.close()
    await blocks.return?.()
  }
}

/** Feeds one step. Where that fails, gives what can still be had before the failure. */
async function* fed(engine: Engine, step: Uint8Array, open: () => Gunzip | ZstdDecompress) {
  try {
    return yield* engine.feed(step)
  } catch (error) {
    if (engine.remembered !== undefined) yield* approached(engine.remembered, engine.given, step, open)
    throw error
  }
}

/** The output behind the first `given` bytes, from input that is known to fail within its last step. */
async function* approached(
  before: readonly Uint8Array[],
  given: number,
  step: Uint8Array,
  open: () => Gunzip | ZstdDecompress,
): AsyncGenerator<Uint8Array> {
  let parts = [...before, step]
  let known = given
  for (const size of finerSteps) {
    const engine = new Engine(open())
    parts = [...parts.slice(0, -1), ...cut(parts.at(-1), size)]
    try {
      for await (const output of untilFailure(engine, parts)) {
        const fresh = output.subarray(Math.max(0, output.length - Math.max(0, engine.given - known)))
        known = Math.max(known, engine.given)
        if (fresh.length > 0) yield fresh
      }
    } finally {
      engine.close()
    }
    parts = parts.slice(0, engine.steps + 1)
  }
}

async function* untilFailure(engine: Engine, parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  try {
    for (const part of parts) yield* engine.feed(part)
  } catch {
    // The failure that is known already.
  }
}

function cut(bytes: Uint8Array = new Uint8Array(), size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
}

function withoutPadding(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0)
  return bytes.subarray(start === -1 ? bytes.length : start)
}

class Engine {
  /** Bytes of output. */
  given = 0
  /** Steps fed without failing. */
  steps = 0
  /** What it was fed without failing; undefined once that is too much. */
  remembered: Uint8Array[] | undefined = []
  #ended = false
  readonly #stream: Gunzip | ZstdDecompress
  #failure: Error | undefined
  #signal = Promise.withResolvers<void>()

  constructor(stream: Gunzip | ZstdDecompress) {
    this.#stream = stream
    stream.on('readable', () => this.#wake())
    stream.on('end', () => {
      this.#ended = true
      this.#wake()
    })
    stream.on('error', (error) => {
      this.#failure = error
      this.#wake()
    })
  }

  /** Returns how many bytes it used: fewer than given if the stream ended before. */
  async *feed(step: Uint8Array): AsyncGenerator<Uint8Array, number> {
    const before = this.#stream.bytesWritten
    let written = false
    this.#stream.write(step, () => {
      written = true
      this.#wake()
    })
    yield* this.#output(() => written)
    this.#remember(step)
    return this.#stream.bytesWritten - before
  }

  replacedBy(stream: Gunzip | ZstdDecompress): Engine {
    this.close()
    return new Engine(stream)
  }

  async *finish(): AsyncGenerator<Uint8Array> {
    this.#stream.end()
    yield* this.#output(() => false)
  }

  close(): void {
    this.#stream.destroy()
  }

  async *#output(enough: () => boolean): AsyncGenerator<Uint8Array> {
    for (;;) {
      const output: Uint8Array | null = this.#stream.read()
      if (output !== null) {
        this.given += output.length
        yield output
      } else if (this.#failure !== undefined) throw this.#failure
      else if (this.#ended || enough()) return
      else await this.#signal.promise
    }
  }

  #remember(step: Uint8Array): void {
    if (this.#stream.bytesWritten > rememberedBytes) this.remembered = undefined
    this.remembered?.push(step)
    this.steps += 1
  }

  #wake(): void {
    this.#signal.resolve()
    this.#signal = Promise.withResolvers()
  }
}
