// What the decoder hands out: events, and stretches of bytes that are none.

import { isUtf8 } from 'node:buffer'
import { createHash, type Hash, hash } from 'node:crypto'
import type { DecodedItem } from '../../domain/event.ts'
import { isTooDeep, tooDeep } from './json-scanner.ts'
import { isAuditEvent, normalize } from './normalize.ts'
import { isObject } from './shape.ts'

const keptBytes = 1024 * 1024
// Text of this length cannot hold more levels than are accepted, so it need not be walked.
const surelyShallow = 2000

export interface Extent {
  readonly from: number
  readonly to: number
  readonly offset: number
  readonly line: number
}

/** The item that a complete JSON value makes. `bytes` are exactly the value's own. */
export function valueItem(extent: Extent, bytes: Buffer, text: string, value: unknown): DecodedItem {
  if (!isObject(value)) return refused(extent, bytes, `${described(value)}, not a JSON object`)
  // Decoding puts this character where bytes are no text. Looking for it costs nothing in the ASCII nearly all events are.
  if (text.includes('\uFFFD') && !isUtf8(bytes)) return refused(extent, bytes, notUtf8(bytes, text))
  if (text.length > surelyShallow && isTooDeep(value)) return refused(extent, bytes, tooDeep)
  const event = normalize(value)
  if (!isAuditEvent(event)) return refused(extent, bytes, 'not an audit event: it has no id, action or occurred_at')
  const { from, to, offset, line } = extent
  return { from, to, offset, line, sha256: hash('sha256', bytes), text, event }
}

function described(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a JSON array' : `a JSON ${typeof value}`
}

function notUtf8(bytes: Buffer, text: string): string {
  const lenient = Buffer.from(text)
  const at = lenient.findIndex((byte, index) => byte !== bytes[index])
  return `not UTF-8: byte ${at === -1 ? lenient.length : at} of it is no text`
}

function refused(extent: Extent, bytes: Buffer, reason: string): DecodedItem {
  const stretch = new BadBytes(extent.offset, extent.line)
  stretch.add(bytes)
  return stretch.item(extent.from, extent.to, reason)
}

/** Collects a bad stretch of any length: the first MiB is kept, all of it is counted and hashed. */
export class BadBytes {
  readonly offset: number
  readonly line: number
  length = 0
  #hash: Hash | undefined
  #kept: Buffer = Buffer.alloc(0)

  constructor(offset: number, line: number) {
    this.offset = offset
    this.line = line
  }

  add(bytes: Buffer): void {
    const room = keptBytes - this.length
    this.#digest(bytes)
    if (room > 0 && bytes.length > 0) this.#keep(bytes.subarray(0, room))
    this.length += bytes.length
  }

  // One buffer that grows, exact at first: most stretches come in one piece, and some in a million.
  #keep(bytes: Buffer): void {
    const needed = this.length + bytes.length
    if (needed > this.#kept.length) {
      const kept = Buffer.allocUnsafeSlow(this.length === 0 ? needed : Math.min(keptBytes, needed * 2))
      this.#kept.copy(kept, 0, 0, this.length)
      this.#kept = kept
    }
    bytes.copy(this.#kept, this.length)
  }

  // A stretch that is kept whole, as nearly all are, is hashed at once in the end, which is several times faster.
  #digest(bytes: Buffer): void {
    if (this.#hash === undefined && this.length + bytes.length <= keptBytes) return
    if (this.#hash === undefined) this.#hash = createHash('sha256').update(this.#kept.subarray(0, this.length))
    this.#hash.update(bytes)
  }

  /** Ends the collection. */
  item(from: number, to: number, reason: string): DecodedItem {
    const bytes = this.#kept.subarray(0, this.length)
    const { offset, line, length } = this
    const sha256 = this.#hash?.digest('hex') ?? hash('sha256', bytes)
    const bad = { reason, bytes, length }
    return { from, to, offset, line, sha256, text: bytes.toString('utf8'), bad }
  }
}
