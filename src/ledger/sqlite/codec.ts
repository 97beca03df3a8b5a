// Ranges and members as varints: the distance from the end of the one before, then the length. Neighbours cost two or
// three bytes, so a thousand members are a few kilobytes and a row's progress a handful.
import type { Range, Ranges } from '../../domain/ranges.ts'
import type { Position } from '../duplicates.ts'

class Writer {
  /** So small that it lies in V8's heap: most rows are a range or two. */
  #bytes = new Uint8Array(64)
  #length = 0

  /** Seven bits a byte, least first; numbers up to 2^53. */
  varint(value: number): void {
    if (this.#length + 8 > this.#bytes.length) this.#grow()
    let rest = value
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#length++] = rest
  }

  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #grow(): void {
    const larger = new Uint8Array(this.#bytes.length * 2)
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}

class Scanner {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get more(): boolean {
    return this.#at < this.#bytes.length
  }

  varint(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new RangeError('a number of the ledger is cut off')
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
  }
}

export function encodeRanges(ranges: Ranges): Uint8Array {
  const writer = new Writer()
  let end = 0
  for (const [from, to] of ranges) {
    writer.varint(from - end)
    writer.varint(to - from)
    end = to
  }
  return writer.take()
}

export function decodeRanges(bytes: Uint8Array): Ranges {
  const scanner = new Scanner(bytes)
  const ranges: Range[] = []
  let end = 0
  while (scanner.more) {
    const from = end + scanner.varint()
    end = from + scanner.varint()
    ranges.push([from, end])
  }
  return ranges
}

/** Runs of ascending members of one object: its number, how many, then each as in a set of ranges. */
export function encodeMembers(members: readonly Position[]): Uint8Array {
  const writer = new Writer()
  for (let start = 0; start < members.length; ) {
    const stop = endOfRun(members, start)
    writer.varint(members[start]?.object ?? 0)
    writer.varint(stop - start)
    let end = 0
    for (; start < stop; start += 1) {
      const { from, to } = members[start] as Position
      writer.varint(from - end)
      writer.varint(to - from)
      end = to
    }
  }
  return writer.take()
}

/** Where the run of ascending members of one object that begins at `start` ends. */
function endOfRun(members: readonly Position[], start: number): number {
  const { object } = members[start] as Position
  let { to } = members[start] as Position
  for (let index = start + 1; index < members.length; index += 1) {
    const next = members[index] as Position
    if (next.object !== object || next.from < to) return index
    to = next.to
  }
  return members.length
}

export function decodeMembers(bytes: Uint8Array): Position[] {
  const scanner = new Scanner(bytes)
  const members: Position[] = []
  while (scanner.more) {
    const object = scanner.varint()
    let left = scanner.varint()
    let end = 0
    for (; left > 0; left -= 1) {
      const from = end + scanner.varint()
      end = from + scanner.varint()
      members.push({ object, from, to: end })
    }
  }
  return members
}
