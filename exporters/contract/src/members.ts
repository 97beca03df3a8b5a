// Attributes as members of a JSON object, for destinations that get the event as the text it was, and beside it only what
// the event does not say. Records that follow each other have the same names in the same order, and most values are the
// ones before again (bucket, object, tenant): so names are recognised by their place, and the text of a value is kept.
// Rejected: collecting such attributes in an object for JSON.stringify, which is slower by the making of the object.
import { jsonText } from './json.ts'
import type { LogRecord } from './record.ts'

const NAMES_MAX = 1000
const KEPT_MAX = 1000

/** Writes the attributes that an exporter does not leave out. One for each way of leaving out; it holds no record. */
export class Members {
  readonly #isLeftOut: (name: string) => boolean
  readonly #known = new Map<string, Member | null>()
  /** Names of the record before, and what is known of them. */
  readonly #names: string[] = []
  readonly #members: (Member | null)[] = []

  /** `isLeftOut` is asked once per name, for the first thousand names. */
  constructor(isLeftOut: (name: string) => boolean) {
    this.#isLeftOut = isLeftOut
  }

  /** `,"name":value` for each, in their order; empty where all are left out. Never throws. */
  json(attributes: LogRecord['attributes']): string {
    let json = ''
    let place = 0
    for (const name in attributes) {
      const member = this.#names[place] === name ? this.#members[place] : this.#at(place, name)
      if (member) json += member.json(attributes[name])
      place++
    }
    return json
  }

  #at(place: number, name: string): Member | null {
    const member = this.#memberOf(name)
    if (place < NAMES_MAX) {
      this.#names[place] = name
      this.#members[place] = member
    }
    return member
  }

  #memberOf(name: string): Member | null {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const member = this.#isLeftOut(name) ? null : new Member(name)
    if (this.#known.size < NAMES_MAX) this.#known.set(name, member)
    return member
  }
}

/** One name, and the text of its last value where that may come again. */
class Member {
  readonly #name: string
  #value: unknown
  #json = ''

  constructor(name: string) {
    this.#name = `,${jsonText(name)}:`
  }

  json(value: unknown): string {
    if (value === this.#value && value !== undefined) return this.#json
    const json = this.#name + jsonText(value)
    if (typeof value !== 'string' || value.length > KEPT_MAX) return json
    this.#value = value
    this.#json = json
    return json
  }
}
