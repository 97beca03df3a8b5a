// Redacting JSON without parsing it and writing it again. The original is kept as evidence, so what no rule is about
// stays as it was, byte for byte: white space, the order of keys, digits beyond a double's, both of two equal keys. Only
// the stretches that must change are replaced. JSON.parse judges first whether it is JSON at all; the walk over it can
// then be simple. Rejected: JSON.parse and JSON.stringify (loses all of the above, and the first of two equal keys with
// whatever a stricter reader would have seen in it).
import { isKeptField } from './copies.ts'
import type { Pass } from './pass.ts'
import type { Action, Spot } from './paths.ts'

/** Deeper than any event: a text beyond it is not redacted but refused. */
const deepest = 200

/**
 * The text with everything replaced that the rules are about. Undefined if it is no JSON object or list, so that nothing
 * can be said about what stands in it. `depth` 0 is an event's own text, whose identity stays; above, a text in a string.
 */
export function rewriteJson(text: string, spot: Spot, pass: Pass, depth: number): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    return new Rewriting(text, pass, depth).run(spot)
  } catch {
    return undefined
  }
}

type Edit = readonly [from: number, to: number, replacement: string]

/** A member of an object or an element of a list, between the signs before and after it. */
interface Member {
  readonly from: number
  readonly to: number
  readonly dropped: boolean
}

class Rewriting {
  readonly #text: string
  readonly #pass: Pass
  readonly #depth: number
  readonly #edits: Edit[] = []
  #at = 0

  constructor(text: string, pass: Pass, depth: number) {
    this.#text = text
    this.#pass = pass
    this.#depth = depth
  }

  run(spot: Spot): string {
    this.#space()
    this.#value(spot, 0)
    let text = ''
    let kept = 0
    for (const [from, to, replacement] of this.#edits.toSorted((a, b) => a[0] - b[0])) {
      if (from < kept) continue // inside what is gone already
      text += this.#text.slice(kept, from) + replacement
      kept = to
    }
    return kept === 0 ? this.#text : text + this.#text.slice(kept)
  }

  #value(spot: Spot, level: number): void {
    if (level > deepest) throw new RangeError('too deep')
    const sign = this.#text[this.#at]
    if (this.#pass.isIdle(spot)) this.#skip()
    else if (sign === '{') this.#object(spot, level)
    else if (sign === '[') this.#members(']', (index) => this.#element(spot, index, level))
    else if (sign === '"') this.#string(spot)
    else this.#plain()
  }

  #object(spot: Spot, level: number): void {
    const names = new Map<string, number>()
    this.#members('}', () => this.#member(spot, level, names))
  }

  /** Everything between two brackets, and the cutting out of what is dropped with one comma each. */
  #members(end: string, one: (index: number) => boolean): void {
    const members: Member[] = []
    this.#at++
    for (this.#space(); this.#text[this.#at] !== end; this.#space()) {
      if (this.#text[this.#at] === ',') {
        this.#at++
        continue
      }
      const from = this.#at
      const dropped = one(members.length)
      members.push({ from, to: this.#at, dropped })
    }
    this.#at++
    if (members.some(({ dropped }) => dropped)) this.#cut(members)
  }

  #cut(members: readonly Member[]): void {
    let hasKept = false
    for (const [index, { from, to, dropped }] of members.entries()) {
      hasKept ||= !dropped
      if (!dropped) continue
      if (hasKept) this.#edits.push([members[index - 1]?.to ?? from, to, ''])
      else this.#edits.push([from, members[index + 1]?.from ?? to, ''])
    }
  }

  /** One key and its value. Whether it is dropped. */
  #member(spot: Spot, level: number, names: Map<string, number>): boolean {
    const from = this.#at
    const key = textOf(this.#token())
    const to = this.#at
    this.#space()
    this.#at++ // the colon
    this.#space()
    const isKept = this.#depth === 0 && level === 0 && isKeptField(key)
    if (isKept && !'{['.includes(this.#text[this.#at] ?? '')) {
      this.#skip()
      return false
    }
    const below = spot.step(key)
    if (below.action === 'drop') return this.#taken('drop')
    const clean = isKept ? key : this.#pass.key(key, names)
    if (clean !== key) this.#edits.push([from, to, JSON.stringify(clean)])
    if (below.action !== undefined) return this.#taken(below.action)
    this.#value(below, level + 1)
    return false
  }

  #element(spot: Spot, index: number, level: number): boolean {
    const below = this.#pass.paths.item(spot, index)
    if (below.action !== undefined) return this.#taken(below.action)
    this.#value(below, level + 1)
    return false
  }

  /** A value that a rule takes whole. Whether it is dropped. */
  #taken(action: Action): boolean {
    const from = this.#at
    this.#skip()
    const json = this.#text.slice(from, this.#at)
    this.#pass.rememberJson(action, json)
    if (action === 'drop') return true
    const replaced = JSON.stringify(this.#pass.replaced(action, JSON.parse(json)))
    this.#edits.push([from, this.#at, replaced])
    return false
  }

  #string(spot: Spot): void {
    const from = this.#at
    const token = this.#token()
    const text = textOf(token)
    const changed = this.#pass.text(text, spot, this.#depth)
    if (changed !== text) this.#edits.push([from, this.#at, JSON.stringify(changed)])
  }

  /** A number, true, false or null. */
  #plain(): void {
    const from = this.#at
    this.#skip()
    const text = this.#text.slice(from, this.#at)
    const changed = this.#pass.number(text)
    if (changed !== text) this.#edits.push([from, this.#at, JSON.stringify(changed)])
  }

  /** Passes over one value of any kind. */
  #skip(): void {
    const sign = this.#text[this.#at] ?? ''
    if (sign === '"') this.#token()
    else if (sign === '{' || sign === '[') this.#skipBrackets()
    else while (isPlain(this.#text[this.#at] ?? '')) this.#at++
  }

  #skipBrackets(): void {
    let open = 0
    do {
      const sign = this.#text[this.#at] ?? ''
      if (sign === '"') this.#token()
      else this.#at++
      if (sign === '{' || sign === '[') open++
      else if (sign === '}' || sign === ']') open--
    } while (open > 0)
  }

  /** The string that begins here, with its quotes; stands behind it then. */
  #token(): string {
    const from = this.#at
    let quote = from
    do quote = this.#text.indexOf('"', quote + 1)
    while (this.#isEscaped(quote))
    this.#at = quote + 1
    return this.#text.slice(from, this.#at)
  }

  #isEscaped(at: number): boolean {
    let slashes = 0
    while (this.#text[at - 1 - slashes] === '\\') slashes++
    return slashes % 2 === 1
  }

  #space(): void {
    while (isSpace(this.#text[this.#at] ?? '')) this.#at++
  }
}

/** What a string of JSON says. */
function textOf(token: string): string {
  return token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1)
}

function isSpace(sign: string): boolean {
  return sign === ' ' || sign === '\n' || sign === '\r' || sign === '\t'
}

/** A sign of a number, of true, false or null. */
function isPlain(sign: string): boolean {
  return sign !== '' && !isSpace(sign) && sign !== ',' && sign !== '}' && sign !== ']'
}
