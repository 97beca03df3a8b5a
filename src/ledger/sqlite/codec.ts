// Ranges and members as varints: the distance from the end of the one before, then the length. Neighbours cost two or
// three bytes, so a thousand members are a few kilobytes and a row's progress a handful.
import type { Range, Ranges } from '../../domain/ranges.ts'
import type { Position } from '../duplicates.ts'

class Writer {
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
  for (const run of runs(members)) {
    writer.varint(run[0]?.object ?? 0)
    writer.varint(run.length)
    let end = 0
    for (const { from, to } of run) {
      writer.varint(from - end)
      writer.varint(to - from)
      end = to
    }
  }
  return writer.take()
}

function runs(members: readonly Position[]): Position[][] {
  const found: Position[][] = []
  let last: Position | undefined
  for (const member of members) {
    if (last === undefined || last.object !== member.object || member.from < last.to) found.push([])
    found[found.length - 1]?.push(member)
    last = member
  }
  return found
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
