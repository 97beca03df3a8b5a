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

// readableHighWaterMark 1: an engine works on only after its output was taken, so an error can destroy none.
// A step that fails takes its output with it, so steps are small.
const stepBytes = 4096
const engineOptions = { chunkSize: 128 * 1024, readableHighWaterMark: 1 }

/** node:zlib, off the main thread. */
export const zlibInflate: Inflate = {
  gunzip: (body) => pump(body, () => createGunzip(engineOptions)),
  unzstd: (body) => pump(body, () => createZstdDecompress(engineOptions)),
}

async function* pump(body: AsyncIterable<Uint8Array>, open: () => Gunzip | ZstdDecompress): AsyncGenerator<Uint8Array> {
  let engine = new Engine(open())
  let isOver = false
  try {
    for await (const block of body) {
      let rest: Uint8Array = isOver ? withoutPadding(block) : block
      while (rest.length > 0) {
        if (isOver) engine = engine.replacedBy(open())
        const step: Uint8Array = rest.subarray(0, stepBytes)
        const used: number = yield* engine.feed(step)
        isOver = used < step.length
        rest = isOver ? withoutPadding(rest.subarray(used)) : rest.subarray(used)
      }
    }
    if (!isOver) yield* engine.finish()
  } finally {
    engine.close()
  }
}

function withoutPadding(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0)
  return bytes.subarray(start === -1 ? bytes.length : start)
}

class Engine {
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
      if (output !== null) yield output
      else if (this.#failure !== undefined) throw this.#failure
      else if (this.#ended || enough()) return
      else await this.#signal.promise
    }
  }

  #wake(): void {
    this.#signal.resolve()
    this.#signal = Promise.withResolvers()
  }
}
