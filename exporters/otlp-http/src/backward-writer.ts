const shortText = 64
const firstSize = 64 * 1024
const keptSize = 4 * 1024 * 1024

/** A protobuf writer that fills its buffer from the end. Not reentrant: reset, write, take. */
export class BackwardWriter {
  #buffer = Buffer.allocUnsafeSlow(firstSize)
  #position = this.#buffer.length

  /** Decreases as fields are written; the difference of two positions is a length. Only valid until `take`. */
  get position(): number {
    return this.#position - this.#buffer.length
  }

  /** Begins anew. What one giant record made grow is given back. */
  reset(): void {
    if (this.#buffer.length > keptSize) this.#buffer = Buffer.allocUnsafeSlow(firstSize)
    this.#position = this.#buffer.length
  }

  /** A copy of what was written. */
  take(): Buffer {
    return Buffer.from(this.#buffer.subarray(this.#position))
  }

  varint(field: number, value: number): void {
    this.#raw(value)
    this.#raw(field << 3)
  }

  int64(field: number, value: bigint): void {
    const bytes: number[] = []
    let rest = BigInt.asUintN(64, value)
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
    bytes.push(Number(rest))
    this.#copy(Uint8Array.from(bytes))
    this.#raw(field << 3)
  }

  double(field: number, value: number): void {
    this.#room(8)
    this.#position -= 8
    this.#buffer.writeDoubleLE(value, this.#position)
    this.#raw((field << 3) | 1)
  }

  fixed32(field: number, value: number): void {
    this.#room(4)
    this.#position -= 4
    this.#buffer.writeUInt32LE(value, this.#position)
    this.#raw((field << 3) | 5)
  }

  /** Nanoseconds of [seconds, nanoseconds] as 64 bits, in halves of which no product leaves the safe integers. */
  fixed64(field: number, [seconds, nanos]: readonly [number, number]): void {
    const upper = Math.floor(seconds / 65536) * 1e9
    const low = (upper % 65536) * 65536 + (seconds % 65536) * 1e9 + nanos
    this.#room(8)
    this.#position -= 8
    this.#buffer.writeUInt32LE(low % 0x1_0000_0000, this.#position)
    this.#buffer.writeUInt32LE(Math.floor(upper / 65536) + Math.floor(low / 0x1_0000_0000), this.#position + 4)
    this.#raw((field << 3) | 1)
  }

  /** UTF-8; a lone surrogate becomes U+FFFD, as UTF-8 has none. */
  text(field: number, text: string): void {
    this.#room(shortText)
    const end = this.#position
    if (text.length <= shortText && this.#ascii(text)) {
      this.head(field, text.length)
      return
    }
    this.#position = end
    const size = Buffer.byteLength(text)
    this.#room(size)
    this.#position -= size
    this.#buffer.write(text, this.#position)
    this.head(field, size)
  }

  bytes(field: number, bytes: Uint8Array): void {
    this.#copy(bytes)
    this.head(field, bytes.length)
  }

  /** What `content` writes, as a message. */
  message(field: number, content: () => void): void {
    const end = this.position
    content()
    this.head(field, end - this.position)
  }

  /** Tag and length of `length` bytes that were written just before. */
  head(field: number, length: number): void {
    this.#raw(length)
    this.#raw((field << 3) | 2)
  }

  /** A varint below 2^32. */
  #raw(value: number): void {
    this.#room(5)
    if (value < 0x80) {
      this.#buffer[--this.#position] = value
      return
    }
    let size = 1
    for (let rest = value >>> 7; rest > 0; rest >>>= 7) size++
    this.#position -= size
    let rest = value
    for (let index = 0; index < size - 1; index++, rest >>>= 7) {
      this.#buffer[this.#position + index] = (rest & 0x7f) | 0x80
    }
    this.#buffer[this.#position + size - 1] = rest
  }

  /** Short text is nearly always ASCII: cheaper byte by byte than by a native call. False leaves the position spoilt. */
  #ascii(text: string): boolean {
    for (let index = text.length - 1; index >= 0; index--) {
      const code = text.charCodeAt(index)
      if (code > 0x7f) return false
      this.#buffer[--this.#position] = code
    }
    return true
  }

  #copy(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#position -= bytes.length
    this.#buffer.set(bytes, this.#position)
  }

  /** Grows to the front; what is written stays at the end. Positions are counted from the end, so they stay true. */
  #room(size: number): void {
    if (this.#position >= size) return
    const used = this.#buffer.length - this.#position
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, used + size))
    this.#buffer.copy(larger, larger.length - used, this.#position)
    this.#position = larger.length - used
    this.#buffer = larger
  }
}
