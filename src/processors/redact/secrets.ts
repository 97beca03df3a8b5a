// The values that rules have taken from their places, to be looked for everywhere else in the record: an address in the
// text of a payload, a name in a list of names. A value of eight characters or more is found inside longer text; one of
// four to seven only as a word of its own, since `bob1` is also a part of other words; shorter ones, and words such as
// `user` or `success` that say what kind of thing something is, are not looked for: they would black out half the record.
//
// Values are found by their first four characters, so that a text is passed over once however many there are. Rejected:
// one regular expression of all values, whose cost is text × values.

import { bareName } from '../../domain/display.ts'
import { MASK } from './replacement.ts'

const shortest = 4
const shortestInside = 8
/** Beyond this many values of one record it is cheaper, and safer, to take every text for one of them. */
const mostValues = 1000

/** What fields say of everything and of nothing in particular: kinds of actors and targets, outcomes. */
const ordinary = new Set([
  ...['true', 'false', 'null', 'none', 'unknown', 'success', 'failure', 'info', 'user', 'system', 'organization'],
  ...['account', 'project', 'context', 'build', 'workflow', 'pipeline', 'group', 'environment', 'schedule', 'webhook'],
])

/** Finds secrets in texts. */
export interface Finder {
  /** The text with every secret in it replaced. The same text if there is none. */
  clean(text: string): string
}

export class Secrets {
  readonly #replacements = new Map<string, string>()

  get size(): number {
    return this.#replacements.size
  }

  /** Remembers a value, and what takes its place. The first word on a value holds. */
  add(value: string, replace: (value: string) => string): void {
    if (value.length < shortest || ordinary.has(value.toLowerCase())) return
    if (!this.#replacements.has(value)) this.#replacements.set(value, replace(value))
    // Mapping keeps a name without its code host and the blanks around it.
    for (const part of [bareName(value), value.trim()]) if (part !== value) this.add(part, replace)
  }

  finder(): Finder {
    return this.size > mostValues ? { clean: () => MASK } : new Index(this.#replacements)
  }
}

interface Secret {
  readonly text: string
  readonly replacement: string
}

class Index implements Finder {
  readonly #secrets: readonly Secret[]
  readonly #byStart = new Map<string, Secret[]>()

  constructor(replacements: ReadonlyMap<string, string>) {
    const secrets = [...replacements].flatMap(([text, replacement]) => spellings(text, replacement))
    // The longest first: `octocat-2` is not `octocat` with something behind it.
    this.#secrets = secrets.toSorted((a, b) => b.text.length - a.text.length)
    for (const secret of this.#secrets) {
      const start = secret.text.slice(0, shortest)
      const same = this.#byStart.get(start)
      if (same === undefined) this.#byStart.set(start, [secret])
      else same.push(secret)
    }
  }

  clean(text: string): string {
    const few = this.#secrets.length <= 16
    if (text.length < shortest || (few && !this.#secrets.some((secret) => text.includes(secret.text)))) return text
    let clean = ''
    let kept = 0
    for (let at = 0; at + shortest <= text.length; at++) {
      const found = this.#byStart.get(text.slice(at, at + shortest))?.find((secret) => standsAt(secret, text, at))
      if (found === undefined) continue
      clean += text.slice(kept, at) + found.replacement
      kept = at + found.text.length
      at = kept - 1
    }
    return kept === 0 ? text : clean + text.slice(kept)
  }
}

/** As it is, and as it is written inside JSON text. */
function spellings(text: string, replacement: string): readonly Secret[] {
  const escaped = JSON.stringify(text).slice(1, -1)
  return escaped === text
    ? [{ text, replacement }]
    : [
        { text, replacement },
        { text: escaped, replacement },
      ]
}

function standsAt({ text: secret }: Secret, text: string, at: number): boolean {
  if (!text.startsWith(secret, at)) return false
  return secret.length >= shortestInside || !(isWord(text, at - 1) || isWord(text, at + secret.length))
}

function isWord(text: string, at: number): boolean {
  return at >= 0 && at < text.length && /[\p{L}\p{N}_]/u.test(text.charAt(at))
}
