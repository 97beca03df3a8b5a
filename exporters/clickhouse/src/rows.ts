// A row is an object that JSON.stringify writes at one stroke. That is faster than putting texts together, as long as V8
// finds nothing unusual in the object: no view into a longer text (a name that was cut out of another), no dictionary
// (an object that was given more than a dozen names by assignment). So rows are literals with all their names, and texts
// that may be views are copied. Whatever is unusual is written all the same, only slower. All texts are made well-formed
// one by one, since half of a surrogate pair would come out as an escape, which the server refuses (exception 25), and
// looking for such escapes in a row takes longer.
import { asText } from './values.ts'

/** The row as a line of JSONEachRow. `begin` is its beginning, as JSON up to the comma before the rest. */
export function lineOf(row: object, begin = '{'): Buffer {
  return lineBytes(begin, JSON.stringify(row).slice(1))
}

const SLAB_BYTES = 256 * 1024
/** Longer rows get a buffer of their own, or a few of them would waste most of a slab. */
const LONGEST = 16 * 1024
const LINE_FEED = 10

let slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
let used = 0

/**
 * The texts and a line feed as UTF-8. Rows lie beside each other in slabs, since a buffer for each costs the garbage
 * collector more than all else; and the line feed is written as a byte, since a text with one more character is a copy.
 */
function lineBytes(begin: string, rest: string): Buffer {
  const length = begin.length + rest.length
  if (length > LONGEST) return Buffer.from(`${begin}${rest}\n`)
  if (SLAB_BYTES - used <= length * 3) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
    used = 0
  }
  const from = used
  used += slab.write(begin, used)
  used += slab.write(rest, used)
  slab[used++] = LINE_FEED
  return slab.subarray(from, used)
}

/** A map in the making: names and values. */
export type Entries = readonly (readonly [string, unknown])[]

/** An object that was given more names by assignment becomes a dictionary. */
const FEW = 8

/** Adds entries, as text. Many are defined, not assigned; and `__proto__` too, or it would be the map's prototype. */
export function withEntries<Some extends object>(map: Some, entries: Entries, written = textIfAny): Some {
  if (entries.length === 0) return map
  const few = entries.length <= FEW
  for (const [given, value] of entries) {
    const name = given.toWellFormed()
    if (few && name !== '__proto__') (map as Record<string, unknown>)[name] = written(value)
    else Reflect.defineProperty(map, name, { ...PLAIN, value: written(value) })
  }
  return map
}

const PLAIN = { enumerable: true, configurable: true, writable: true }

/** As text; what is not there stays so, and JSON.stringify leaves it out. */
export function textIfAny(value: unknown): string | undefined {
  return value === undefined ? undefined : asText(value)
}

const COPIES_MAX = 2000
const LONGEST_COPY = 500
const copies = new Map<string, string>()

/** As text that is no view into another. For values that are the same in many records: copies are kept, a number of them. */
export function copiedIfAny(value: unknown): string | undefined {
  if (value === undefined) return undefined
  const text = asText(value)
  const known = copies.get(text)
  if (known !== undefined) return known
  if (text.length > LONGEST_COPY) return text
  if (copies.size >= COPIES_MAX) copies.clear()
  const copy = Buffer.from(text).toString()
  copies.set(copy, copy)
  return copy
}
