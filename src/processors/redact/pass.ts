// One walk over a record, in whatever form its parts have: values in attributes, JSON text in the original, JSON text
// inside strings of either. A record is walked twice. The first pass takes from their places the values that rules name
// and remembers them; the second does the same again and looks for them everywhere else. What both forms share is here;
// `values.ts` and `json-text.ts` walk.
import { isFieldName } from './copies.ts'
import { rewriteJson } from './json-text.ts'
import type { Action, Paths, Spot } from './paths.ts'
import { MASK, type Replacement } from './replacement.ts'
import type { Finder, Secrets } from './secrets.ts'

/** JSON text in a string in JSON text …: beyond this depth a string that looks like JSON is masked as it is. */
const deepestText = 8

/** Text that begins as an object of JSON does, perhaps in lists. `[skip ci]` is none. */
const beginsAsJson = /^\s*(?:\[\s*)*\{\s*["}]/
const mayBeJson = /^\s*[[{]/

/** Strings, and numbers, in valid JSON. */
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g

/** Digits below which a number is no secret: it is anywhere. */
const fewDigits = 8

export class Pass {
  readonly paths: Paths
  readonly #replacement: Replacement
  readonly #secrets: Secrets
  readonly #finder: Finder | undefined

  /** Without a finder it is the first pass, which fills `secrets`. */
  constructor(paths: Paths, replacement: Replacement, secrets: Secrets, finder?: Finder) {
    this.paths = paths
    this.#replacement = replacement
    this.#secrets = secrets
    this.#finder = finder
  }

  /** What takes the place of a value; undefined where it is dropped. */
  replaced(action: Action, value: unknown): unknown {
    return action === 'drop' ? undefined : this.#replacement.of(action, value)
  }

  /** Remembers everything in a value that a rule took from its place. The value is valid JSON text. */
  rememberJson(action: Action, json: string, depth = 0): void {
    if (this.#finder !== undefined) return
    for (const { 0: token, index } of json.matchAll(tokens)) {
      const isKey = /^\s*:/.test(json.slice(index + token.length, index + token.length + 8))
      if (token[0] === '"' && !isKey) this.#rememberText(action, JSON.parse(token) as string, depth)
      else if (token[0] !== '"' && token.length >= fewDigits) this.#remember(action, token)
    }
  }

  #rememberText(action: Action, text: string, depth: number): void {
    this.#remember(action, text)
    if (mayBeJson.test(text) && depth < deepestText && isJson(text)) this.rememberJson(action, text, depth + 1)
  }

  #remember(action: Action, value: string): void {
    this.#secrets.add(value, (text) => (action === 'hash' ? this.#replacement.hash(text) : MASK))
  }

  /** Whether there is anything to do below this spot. */
  isIdle(spot: Spot): boolean {
    return this.#finder === undefined && !spot.alive
  }

  /** A string that no rule takes whole. What it holds may be JSON, and then rules look into it. */
  text(text: string, spot: Spot, depth: number): string {
    if (this.isIdle(spot)) return text
    if (mayBeJson.test(text)) {
      const rewritten = depth < deepestText ? rewriteJson(text, spot, this, depth + 1) : undefined
      // Once more as plain text: a value may be JSON text itself, brackets and all.
      if (rewritten !== undefined) return this.clean(rewritten)
      // A rule may be about what stands in there, or a value be in it under layers of escapes: nobody can tell.
      if (beginsAsJson.test(text) && (spot.alive || depth >= deepestText)) return MASK
    }
    return this.clean(text)
  }

  /** A number, or true, false or null, as JSON text. Short ones are anywhere. */
  number(json: string): string {
    return json.length < fewDigits ? json : this.clean(json)
  }

  /** A key. Those that the documentation names stay; a changed one is made to differ from the others of its object. */
  key(key: string, others: Map<string, number>): string {
    if (this.#finder === undefined || isFieldName(key)) return key
    const clean = this.#finder.clean(key)
    if (clean === key) return key
    const count = (others.get(clean) ?? 0) + 1
    others.set(clean, count)
    return count === 1 ? clean : `${clean}_${count}`
  }

  /** Whether a remembered value stands in the text. */
  holds(text: string): boolean {
    return this.clean(text) !== text
  }

  /** Any text with the remembered values replaced. */
  clean(text: string): string {
    return this.#finder === undefined ? text : this.#finder.clean(text)
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
