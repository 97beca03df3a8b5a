// The bytes between what has been decoded and what has arrived, and the place up to which they are decoded. All
// positions are absolute: byte offsets in the decompressed object. Bytes are moved only when the buffer is full, and it
// doubles, so that each byte is copied a bounded number of times; how much may be held is the caller's business.

/** For most objects, which are small: a quarter of a megabyte for each would keep the garbage collector busy. */
const initialBytes = 8 * 1024
/** For all others. */
const usualBytes = 256 * 1024
const byteOrderMark = Buffer.from('\uFEFF')

export class Window {
  /** Holds position `base` at index 0. Only indices below `end - base` mean anything. */
  bytes: Buffer = Buffer.allocUnsafe(initialBytes)
  base = 0
  /** The position after the last byte that has arrived. */
  end = 0
  /** The position that is next to be decoded; nothing before it is needed any more. */
  at = 0
  /** 1-based line of `at`. */
  line = 1
  // No line break lies between `at` and this position.
  #searched = 0

  append(piece: Uint8Array): void {
    if (this.end - this.base + piece.length > this.bytes.length) this.#makeRoom(piece.length)
    this.bytes.set(piece, this.end - this.base)
    this.end += piece.length
  }

  /** A view, valid until the next append. */
  view(from: number, to: number): Buffer {
    return this.bytes.subarray(from - this.base, to - this.base)
  }

  text(to: number): string {
    return this.bytes.toString('utf8', this.at - this.base, to - this.base)
  }

  /** Position up to which something reaches, or -1 if it has not arrived. */
  find(until: 'line' | 'nul' | 'end' | number): number {
    if (typeof until === 'number') return until
    if (until === 'end') return -1
    return until === 'line' ? this.lineBreak() : this.afterNul()
  }

  /** Position of the next line break, or -1 if it has not arrived. */
  lineBreak(): number {
    if (this.#searched < this.at) this.#searched = this.at
    const index = this.view(this.#searched, this.end).indexOf(0x0a)
    this.#searched = index === -1 ? this.end : this.#searched + index
    return index === -1 ? -1 : this.#searched
  }

  /** Position of the next byte that is not NUL, or -1. */
  afterNul(): number {
    for (let at = this.at; at < this.end; at += 1) if (this.bytes[at - this.base] !== 0) return at
    return -1
  }

  /** Whether UTF-8's byte order mark stands at `at`; undefined if that cannot be told yet. */
  isByteOrderMark(ended: boolean): boolean | undefined {
    if (this.end - this.at < 3) return ended ? false : undefined
    return this.view(this.at, this.at + 3).equals(byteOrderMark)
  }

  /** Where the text that reaches from `at` to `to` ends without the blanks behind it. */
  trimmed(to: number): number {
    let end = to
    while (end > this.at && isBlank(this.bytes[end - 1 - this.base])) end -= 1
    return end
  }

  /** Passes blanks, line breaks and commas, and shows the byte behind them; undefined if it has not arrived. */
  passSeparators(): number | undefined {
    for (; this.at < this.end; this.at += 1) {
      const byte = this.bytes[this.at - this.base]
      if (byte === 0x0a) this.line += 1
      else if (byte !== 0x2c && !isBlank(byte)) return byte
    }
    return undefined
  }

  /** Moves `at`, counting lines. */
  advance(to: number): void {
    const passed = this.view(this.at, to)
    for (let found = passed.indexOf(0x0a); found !== -1; found = passed.indexOf(0x0a, found + 1)) this.line += 1
    this.at = to
  }

  #makeRoom(length: number): void {
    const held = this.view(this.at, this.end)
    let size = Math.max(this.bytes.length, usualBytes)
    // Half empty after moving, or it would be moved again at once.
    while (held.length * 2 + length > size) size *= 2
    const bytes = size === this.bytes.length ? this.bytes : Buffer.allocUnsafe(size)
    held.copy(bytes)
    this.bytes = bytes
    this.base = this.at
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x0d || byte === 0x20 || byte === 0x09
}
