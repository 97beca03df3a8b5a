// Follows one JSON value byte by byte, strictly, over any number of pieces, without building it: where it ends, or
// where it stops being JSON. Strict because of torn lines: half an object, a line break and then good lines look
// "balanced" for megabytes to a scanner that only counts brackets, whereas by the grammar the second good line is an
// error at its first byte. What it accepts JSON.parse accepts (that is tested), so that nothing is scanned to its end and then
// found unfit.
//
// At depth 1 it watches the keys: an array under `events`, `items` or `records` that comes before any of `id`, `action`
// and `occurred_at` makes the object a wrapper, and the caller takes the array's elements one by one.

import { isEventKey } from './normalize.ts'
import { isWrappingKey } from './shape.ts'

/** Why `scan` returned. */
export type Verdict =
  /** All given bytes are read and the value goes on. */
  | 'more'
  /** The value ended before `at`. */
  | 'done'
  /** The byte at `at` cannot be. See `problem`. */
  | 'error'
  /** A line break outside strings was passed; `lineBreak` is its position. */
  | 'line'
  /** `at` is behind the opening bracket of a wrapper's array. Scan on from behind its closing one. */
  | 'wrapper'

const maxDepth = 1000
const maxKey = 64
const maxToken = 400
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

export const tooDeep = `nested deeper than ${maxDepth} levels`

/** Whether the value has more levels than are accepted. Does not go deeper than that itself. */
export function isTooDeep(value: unknown, levels = maxDepth): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isTooDeep(inner, levels - 1))
}

const atValue = 0
const atElement = 1
const atFirstKey = 2
const atKey = 3
const atColon = 4
const atNext = 5
const inString = 6
const inToken = 7
const inEscape = 8

export class JsonScanner {
  /** The position to be read next. */
  at: number
  /** Position of the last line break passed outside strings, or -1. */
  lineBreak = -1
  problem = ''
  // Open containers, outermost first: position * 2, plus 1 for an array.
  readonly #open: number[] = []
  readonly #wrappers: boolean
  #state = atValue
  #isKey = false
  #hexLeft = 0
  #key = ''
  #token = ''
  #isEvent = false
  #verdict: Verdict = 'more'

  constructor(at: number, wrappers: boolean) {
    this.at = at
    this.#wrappers = wrappers
  }

  /** Where the objects and arrays begin that are open now, outermost first. */
  openPositions(): number[] {
    return this.#open.map((entry) => Math.floor(entry / 2))
  }

  /** Reads on, up to position `to`. `bytes` holds position `base` at index 0. */
  scan(bytes: Buffer, base: number, to: number): Verdict {
    const end = to - base
    let index = this.at - base
    this.#verdict = 'more'
    while (index < end && this.#verdict === 'more') {
      if (this.#state === inString) index = this.#string(bytes, index, end)
      else if (this.#state === inToken) index = this.#tokenOn(bytes, index, end)
      else {
        this.#byte(bytes[index] ?? 0, base + index)
        if (!this.#failed()) index += 1
      }
    }
    this.at = base + index
    return this.#verdict
  }

  /** No more bytes will come: whether the value was complete, as a number at the very end is. */
  finish(): boolean {
    if (this.#state !== inToken || this.#open.length > 0) return false
    this.#endToken()
    return !this.#failed()
  }

  #failed(): boolean {
    return this.#verdict === 'error'
  }

  #fail(problem: string): void {
    this.problem = problem
    this.#verdict = 'error'
  }

  #string(bytes: Buffer, from: number, end: number): number {
    let index = from
    let byte = 0
    while (index < end) {
      byte = bytes[index] ?? 0
      if (byte === 0x22 || byte === 0x5c || byte < 0x20) break
      index += 1
    }
    if (this.#isKey && this.#open.length === 1 && this.#key.length <= maxKey) {
      this.#key += bytes.toString('latin1', from, Math.min(index, from + maxKey + 1))
    }
    if (index === end) return index
    if (byte === 0x5c) this.#state = inEscape
    else if (byte === 0x22) this.#endString()
    else {
      this.#fail(byte === 0x0a ? 'a line break inside a string' : 'a control character inside a string')
      return index
    }
    return index + 1
  }

  #endString(): void {
    if (!this.#isKey) {
      this.#endValue()
      return
    }
    this.#state = atColon
    if (this.#open.length === 1 && isEventKey(this.#key)) this.#isEvent = true
  }

  #tokenOn(bytes: Buffer, from: number, end: number): number {
    let index = from
    while (index < end && isTokenByte(bytes[index] ?? 0)) index += 1
    this.#token += bytes.toString('latin1', from, Math.min(index, from + maxToken + 1))
    if (this.#token.length > maxToken || index < end) this.#endToken()
    return index
  }

  #endToken(): void {
    const token = this.#token
    if (token.length > maxToken) this.#fail(`a word of more than ${maxToken} characters`)
    else if (token === 'true' || token === 'false' || token === 'null' || number.test(token)) this.#endValue()
    else this.#fail('a word that is no JSON')
  }

  #endValue(): void {
    this.#state = atNext
    if (this.#open.length === 0) this.#verdict = 'done'
  }

  #byte(byte: number, at: number): void {
    if (this.#state === inEscape) this.#escape(byte)
    else if (byte === 0x0a) {
      this.lineBreak = at
      this.#verdict = 'line'
    } else if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) this.#structure(byte, at)
  }

  #escape(byte: number): void {
    if (this.#hexLeft > 0) {
      this.#hexLeft -= 1
      if (!isHex(byte)) this.#fail('an escape that is no JSON')
      else if (this.#hexLeft === 0) this.#state = inString
    } else if (byte === 0x75) this.#hexLeft = 4
    else if ('"\\/bfnrt'.includes(String.fromCharCode(byte))) this.#state = inString
    else this.#fail('an escape that is no JSON')
  }

  #structure(byte: number, at: number): void {
    const state = this.#state
    if (state === atValue) this.#value(byte, at)
    else if (state === atElement) byte === 0x5d ? this.#close(byte) : this.#value(byte, at)
    else if (state === atNext) this.#next(byte)
    else if (state === atColon) byte === 0x3a ? this.#expect(atValue) : this.#fail('no colon after a key')
    else if (byte === 0x22) this.#startString(true)
    else if (state === atFirstKey && byte === 0x7d) this.#close(byte)
    else this.#fail('no key where one must be')
  }

  #expect(state: number): void {
    this.#state = state
  }

  #value(byte: number, at: number): void {
    if (byte === 0x22) this.#startString(false)
    else if (byte === 0x7b) this.#push(at * 2, atFirstKey)
    else if (byte === 0x5b) this.#array(at)
    else if (isTokenByte(byte)) {
      this.#token = String.fromCharCode(byte)
      this.#state = inToken
    } else this.#fail('no value where one must be')
  }

  #array(at: number): void {
    const isWrapper = this.#wrappers && this.#open.length === 1 && (this.#open[0] ?? 1) % 2 === 0 && !this.#isEvent
    if (isWrapper && isWrappingKey(this.#key)) {
      this.#state = atNext
      this.#verdict = 'wrapper'
    } else this.#push(at * 2 + 1, atElement)
  }

  #startString(isKey: boolean): void {
    this.#isKey = isKey
    if (isKey) this.#key = ''
    this.#state = inString
  }

  #push(entry: number, state: number): void {
    if (this.#open.length === maxDepth) this.#fail(tooDeep)
    else this.#open.push(entry)
    this.#state = state
  }

  #next(byte: number): void {
    const inArray = (this.#open[this.#open.length - 1] ?? 0) % 2 === 1
    if (byte === 0x2c) this.#state = inArray ? atValue : atKey
    else this.#close(byte)
  }

  #close(byte: number): void {
    const inArray = (this.#open[this.#open.length - 1] ?? 0) % 2 === 1
    if (byte !== (inArray ? 0x5d : 0x7d)) {
      this.#fail('neither a comma nor the end after a value')
      return
    }
    this.#open.pop()
    this.#endValue()
  }
}

function isTokenByte(byte: number): boolean {
  if (byte >= 0x61 && byte <= 0x7a) return true
  if (byte >= 0x30 && byte <= 0x39) return true
  return byte === 0x2d || byte === 0x2e || byte === 0x2b || byte === 0x45
}

function isHex(byte: number): boolean {
  if (byte >= 0x30 && byte <= 0x39) return true
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66
}
