// Why an object is gone, as far as the bucket tells. A generation that is not found was written over if the name has another
// one now; else the bucket's rules say whether the object's time was up. Where they may not be read, that is said: an
// expiry is what the operator wanted, a deletion is a hole in the audit log.
import type { Clock } from '../../domain/clock.ts'
import { ReadFailure } from '../../domain/failures.ts'
import type { Sighting } from '../../domain/objects.ts'
import type { GcsApi } from './api.ts'
import { refusal } from './failures.ts'
import { expiryOf, expiryUnder, type Rule } from './lifecycle.ts'

const DAY = 86_400_000
/** How long the bucket's rules are believed, in milliseconds. An outage may find thousands of objects gone. */
const RULES_MS = 600_000

type Rules = { readonly at: number } & ({ readonly rules: readonly Rule[] } | { readonly unknown: string })

export class Absences {
  readonly #api: GcsApi
  readonly #clock: Clock
  readonly #look: (key: string, signal: AbortSignal) => Promise<Sighting | undefined>
  #rules: Promise<Rules> | undefined

  /** @param look one object as it is now; throws if it cannot be looked at */
  constructor(api: GcsApi, clock: Clock, look: (key: string, signal: AbortSignal) => Promise<Sighting | undefined>) {
    this.#api = api
    this.#clock = clock
    this.#look = look
  }

  /** The failure, with what else can be found out where it says that the object is gone. Never rejects. */
  async explained(failure: ReadFailure, object: Sighting, signal: AbortSignal): Promise<ReadFailure> {
    if (failure.kind !== 'gone') return failure
    const now = await this.#look(object.key, signal).catch(() => undefined)
    const { cause } = failure
    if (now === undefined) return why(failure, object, await this.#current(signal), this.#clock.now())
    const text = `${failure.message}; it is now generation ${now.version}, and ${object.version} was seen`
    return new ReadFailure('gone', text, { cause, absence: 'replaced' })
  }

  /** How long the rules keep objects under a prefix, in milliseconds; Infinity for ever; undefined where they cannot be read. Never rejects. */
  async retention(prefix: string, signal: AbortSignal): Promise<number | undefined> {
    const known = await this.#current(signal)
    return 'rules' in known ? (expiryUnder(known.rules, prefix) ?? Number.POSITIVE_INFINITY) * DAY : undefined
  }

  async #current(signal: AbortSignal): Promise<Rules> {
    const known = await this.#rules
    const age = this.#clock.now() - (known?.at ?? Number.NEGATIVE_INFINITY)
    if (known !== undefined && age >= 0 && age < RULES_MS) return known
    this.#rules = this.#ask(signal)
    return this.#rules
  }

  async #ask(signal: AbortSignal): Promise<Rules> {
    const at = this.#clock.now()
    try {
      const { body } = await this.#api.ask<{ lifecycle?: { rule?: Rule[] } }>('', { fields: 'lifecycle' }, signal)
      return { at, rules: body.lifecycle?.rule ?? [] }
    } catch (error) {
      return { at, unknown: refusal(error).text }
    }
  }
}

function why(failure: ReadFailure, { key, modified }: Sighting, known: Rules, now: number): ReadFailure {
  const gone = (text: string, absence: 'expired' | 'vanished', hint?: string): ReadFailure => {
    const options = { cause: failure.cause, absence, ...(hint === undefined ? {} : { hint }) }
    return new ReadFailure('gone', `${failure.message}; ${text}`, options)
  }
  if ('unknown' in known) {
    const text = `whether a lifecycle rule expired it or somebody deleted it cannot be told (${known.unknown})`
    return gone(text, 'vanished', 'grant storage.buckets.get on the bucket, to tell them apart')
  }
  const days = expiryOf(known.rules, key)
  if (days === undefined || modified + days * DAY > now)
    return gone('no lifecycle rule expired it: somebody deleted it', 'vanished')
  const text = `a lifecycle rule expired it, ${days} days after it was written`
  return gone(text, 'expired', 'keep objects longer than any outage of a destination')
}
