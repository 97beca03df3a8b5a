import type { DecodedChunk } from '../../domain/event.ts'
import type { Cutter } from '../decode/cutter.ts'
import { type DecodeLimits, type DecodeOptions, decode } from '../decode/decode.ts'
import { Splitter } from '../decode/splitter.ts'
import { CsvSplitter } from './splitter.ts'

/**
 * The items of an imported file, in order: CSV, or JSON in any form an audit object has. Compression and limits are as
 * with `decode`, and so is what is promised.
 */
export function decodeImport(
  body: AsyncIterable<Uint8Array>,
  options: DecodeOptions = {},
): AsyncGenerator<DecodedChunk, void, undefined> {
  return decode(body, { ...options, cutter: (limits) => new EitherCutter(limits) })
}

/** So many bytes may be blank before it is CSV anyway: what waits is held. */
const mostBlank = 65_536

/** Waits for the first byte that says which of the two it is. */
class EitherCutter implements Cutter {
  readonly #limits: DecodeLimits
  readonly #waiting: Uint8Array[] = []
  #blank = 0
  #cutter: Cutter | undefined

  constructor(limits: DecodeLimits) {
    this.#limits = limits
  }

  get length(): number {
    return this.#cutter?.length ?? 0
  }

  push(piece: Uint8Array): void {
    if (this.#cutter !== undefined) {
      this.#cutter.push(piece)
      return
    }
    this.#waiting.push(piece)
    const found = piece.findIndex((byte) => !passed.has(byte))
    this.#blank += found === -1 ? piece.length : found
    if (found !== -1 || this.#blank > mostBlank) this.#choose(found === -1 ? undefined : piece[found])
  }

  end(broken?: string): void {
    if (this.#cutter === undefined) this.#choose(undefined)
    this.#cutter?.end(broken)
  }

  take(): ReturnType<Cutter['take']> {
    return this.#cutter?.take()
  }

  #choose(first: number | undefined): void {
    const isJson = this.#blank <= mostBlank && (first === 0x7b || first === 0x5b)
    const cutter = isJson ? new Splitter(this.#limits) : new CsvSplitter(this.#limits)
    for (const piece of this.#waiting.splice(0)) cutter.push(piece)
    this.#cutter = cutter
  }
}

/** Blanks, and the bytes of UTF-8's byte order mark. */
const passed: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf])
