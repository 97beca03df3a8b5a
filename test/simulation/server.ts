// A destination's far side: what it has stored, what it refuses, and how its answers get lost. It also watches its door:
// a record nobody wrote, a batch too large or too many requests at once are broken promises on the spot.
import type { Outcome } from '@circleci-audit-forwarder/contract'
import type { Chance } from './chance.ts'
import type { VirtualTime } from './time.ts'
import type { Trace, Verdict } from './trace.ts'
import { type Occurrence, placeOf, type TrueEvent } from './truth.ts'
import type { Weather } from './weather.ts'

export type ServerTrouble =
  | 'throttling'
  | 'down'
  | 'answers lost'
  | 'hanging'
  | 'refusing everything'
  | 'credentials'
  | 'configuration'
  | 'throwing'
  | 'storing in part'
  | 'shrunk'

/** What kind of destination it is. */
export interface Nature {
  /** Drops a batch whose token it has seen, and can be asked what it holds. */
  readonly exactlyOnce: boolean
  /** It recognises a token for so long after it stored the batch. */
  readonly windowMs: number
  /** Answers later whether it has stored. */
  readonly receipts: boolean
  readonly refusal: 'by index' | 'without index'
  /** Larger batches are refused as too large. */
  readonly recordsMax: number
  /** One in so many events is refused for ever. */
  readonly poison: number
  /** One in so many events its exporter refuses by itself, whatever the weather at the destination. */
  readonly unfit: number
  /** Chance that an answer is lost or late without any bad weather. */
  readonly hiccups: number
  /** Its hiccups are lost answers, and a proxy that finds too large what it let through before. */
  readonly narrows?: boolean
  readonly slow: boolean
}

/** One request, as the server remembers it. */
export interface Attempt {
  readonly number: number
  readonly life: number
  readonly token: string
  readonly occurrences: readonly Occurrence[]
  readonly at: number
  /** What it stored. */
  stored: number
  /** Index of the answer the process heard; undefined if it heard none. */
  heard: { readonly outcome: Outcome['status']; readonly at: number } | undefined
  /** When the process heard that the receipt is settled. */
  confirmedAt: number | undefined
}

export interface StoredRow {
  readonly occurrence: Occurrence
  readonly attempt: Attempt
  readonly at: number
}

export interface Refusal {
  readonly occurrence: Occurrence
  readonly at: number
  readonly spell: object | undefined
}

export interface ServerParts {
  readonly id: string
  readonly nature: Nature
  readonly weather: Weather<ServerTrouble>
  readonly time: VirtualTime
  readonly chance: Chance
  readonly calmAt: number
  readonly trace: Trace
  readonly verdict: Verdict
}

const retry = (
  reason: string,
  more: { ambiguous?: boolean; retryAfterMs?: number; strained?: boolean } = {},
): Outcome => ({
  status: 'retry',
  reason,
  ...more,
})

/** A receipt that is not settled by then never will be. */
const RECEIPT_MS = 5 * 60_000
const forgotten = retry('the receipt was never settled', { ambiguous: true })

export class Server {
  readonly #parts: ServerParts
  readonly rows = new Map<TrueEvent, StoredRow[]>()
  readonly attempts: Attempt[] = []
  readonly refused = new Map<TrueEvent, Refusal[]>()
  /** When the batch of a token was stored. */
  readonly #tokens = new Map<string, number>()
  readonly #receipts = new Map<string, { readonly attempt: Attempt; readonly settledAt: number }>()

  constructor(parts: ServerParts) {
    this.#parts = parts
  }

  get id(): string {
    return this.#parts.id
  }

  get nature(): Nature {
    return this.#parts.nature
  }

  get weather(): Weather<ServerTrouble> {
    return this.#parts.weather
  }

  /** Whether this destination refuses this event for ever. */
  poisons({ serial }: TrueEvent): boolean {
    const { poison } = this.#parts.nature
    const salt = this.#parts.id.charCodeAt(0)
    return poison > 0 && (serial * 2654435761 + salt * 40503) % poison === 0
  }

  /** Whether this destination's exporter knows that it would never be taken. */
  isUnfit({ serial }: TrueEvent): boolean {
    const { unfit } = this.#parts.nature
    const salted = Math.imul(serial * 256 + this.#parts.id.charCodeAt(0), 0x85ebca6b)
    const mixed = Math.imul(salted ^ (salted >>> 13), 0xc2b2ae35)
    return unfit > 0 && ((mixed ^ (mixed >>> 16)) >>> 0) % unfit === 0
  }

  /** Refused by its exporter, in its name. */
  spared(occurrence: Occurrence): void {
    const refusal = { occurrence, at: this.#parts.time.now, spell: undefined }
    this.refused.set(occurrence.event, [...(this.refused.get(occurrence.event) ?? []), refusal])
  }

  holds(event: TrueEvent): boolean {
    return this.rows.has(event)
  }

  /** One request from beginning to end. Aborted: the process hung up. */
  async handle(attempt: Attempt, signal: AbortSignal, alive: () => boolean): Promise<Outcome> {
    this.attempts.push(attempt)
    await this.#latency()
    // Hung up before the request was read to its end: nothing is stored. What is stored is stored before anybody gives up.
    if (signal.aborted || !alive()) return retry('aborted', { ambiguous: true })
    const outcome = await this.#judge(attempt, signal)
    await this.#latency()
    return outcome
  }

  #judge(attempt: Attempt, signal: AbortSignal): Promise<Outcome> | Outcome {
    const spell = this.#parts.weather.at(this.#parts.time.now)
    const trouble = spell?.kind ?? this.#hiccup()
    if (trouble !== undefined) return this.#troubled(trouble, spell, attempt, signal)
    return this.#answer(attempt)
  }

  /** Receipts that are settled by now. */
  confirm(receipts: readonly string[]): ReadonlyMap<string, Outcome> {
    const { now } = this.#parts.time
    const settled = new Map<string, Outcome>()
    for (const receipt of receipts) {
      const known = this.#receipts.get(receipt)
      if (known !== undefined && known.settledAt <= now) settled.set(receipt, { status: 'delivered' })
      else if (known === undefined || known.attempt.at + RECEIPT_MS < now) settled.set(receipt, forgotten)
    }
    return settled
  }

  attemptOf(receipt: string): Attempt | undefined {
    return this.#receipts.get(receipt)?.attempt
  }

  async #latency(): Promise<void> {
    const { chance, time, nature } = this.#parts
    if (chance.hit(nature.slow ? 0.9 : 0.3)) await time.sleep(chance.int(20, nature.slow ? 20_000 : 800))
  }

  #hiccup(): ServerTrouble | undefined {
    const { chance, time, nature, calmAt } = this.#parts
    if (time.now >= calmAt || !chance.hit(nature.hiccups)) return undefined
    if (nature.narrows === true) return chance.pick(['answers lost', 'shrunk'])
    return chance.pick(['throttling', 'down', 'answers lost', 'hanging', 'throwing', 'storing in part'])
  }

  async #troubled(
    trouble: ServerTrouble,
    spell: object | undefined,
    attempt: Attempt,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { chance, nature } = this.#parts
    switch (trouble) {
      case 'throttling':
        return retry('HTTP 429', {
          strained: true,
          ...(chance.hit(0.5) && { retryAfterMs: chance.int(1000, 600_000) }),
        })
      case 'down':
        return chance.hit(0.5) ? retry('connection refused') : retry('timed out', { ambiguous: true, strained: true })
      case 'answers lost':
        this.#answer(attempt)
        return retry('connection reset', { ambiguous: true })
      case 'hanging':
        if (chance.hit(0.5)) this.#answer(attempt)
        await aborted(signal)
        return retry('aborted', { ambiguous: true })
      case 'throwing':
        if (chance.hit(0.5)) this.#answer(attempt)
        throw new Error('simulated bug in an exporter')
      case 'storing in part':
        if (!nature.exactlyOnce) this.#store(attempt, chance.int(0, attempt.occurrences.length))
        return retry('HTTP 500', { ambiguous: true })
      case 'shrunk':
        return attempt.occurrences.length > 1
          ? { status: 'split', reason: 'HTTP 413 of a proxy' }
          : this.#answer(attempt)
      case 'refusing everything':
        return this.#refuse(attempt, [...attempt.occurrences.keys()], spell)
      case 'credentials':
      case 'configuration':
        return { status: 'stopped', cause: trouble, reason: trouble === 'credentials' ? 'HTTP 401' : 'HTTP 404' }
    }
  }

  #answer(attempt: Attempt): Outcome {
    const { nature } = this.#parts
    const { occurrences, token } = attempt
    if (this.#recognises(token)) return { status: 'delivered' }
    if (occurrences.length > nature.recordsMax) return { status: 'split', reason: 'HTTP 413' }
    const poisoned = [...occurrences.keys()].filter((index) => this.poisons((occurrences[index] as Occurrence).event))
    if (poisoned.length > 0) return this.#refuse(attempt, poisoned, undefined)
    return nature.receipts ? this.#accept(attempt) : this.#stored(attempt)
  }

  #stored(attempt: Attempt): Outcome {
    this.#store(attempt, attempt.occurrences.length)
    if (!this.#recognises(attempt.token)) this.#tokens.set(attempt.token, this.#parts.time.now)
    return { status: 'delivered' }
  }

  #accept(attempt: Attempt): Outcome {
    const { chance, time, calmAt, nature, weather } = this.#parts
    const receipt = `receipt ${attempt.number}`
    const isTroubled = nature.hiccups > 0 || weather.spells.length > 0
    const fate = isTroubled && time.now < calmAt ? chance.random() : 0
    const settledAt = fate < 0.9 ? time.now + chance.int(100, 60_000) : Number.POSITIVE_INFINITY
    if (fate < 0.95) this.#store(attempt, attempt.occurrences.length)
    this.#receipts.set(receipt, { attempt, settledAt })
    return { status: 'accepted', receipt, pollAfterMs: 5000 }
  }

  #refuse(attempt: Attempt, indexes: readonly number[], spell: object | undefined): Outcome {
    const { chance, nature, time } = this.#parts
    const named = nature.refusal === 'by index' && indexes.length > 1 && chance.hit(0.3) ? indexes.slice(0, 1) : indexes
    const alone = attempt.occurrences.length === 1
    const judged = nature.refusal === 'by index' ? named : alone ? indexes : []
    for (const index of judged) {
      const occurrence = attempt.occurrences[index] as Occurrence
      const list = this.refused.get(occurrence.event) ?? []
      list.push({ occurrence, at: time.now, spell })
      this.refused.set(occurrence.event, list)
    }
    if (nature.refusal === 'without index') return { status: 'unreadable', reason: 'HTTP 400' }
    return { status: 'rejected', records: named.map((index) => ({ index, reason: 'no such type' })) }
  }

  #recognises(token: string): boolean {
    const { nature, time } = this.#parts
    const storedAt = this.#tokens.get(token)
    return nature.exactlyOnce && storedAt !== undefined && time.now - storedAt < nature.windowMs
  }

  #store(attempt: Attempt, count: number): void {
    if (this.#recognises(attempt.token)) return
    for (const occurrence of attempt.occurrences.slice(0, count)) {
      if (this.poisons(occurrence.event)) continue
      const rows = this.rows.get(occurrence.event) ?? []
      rows.push({ occurrence, attempt, at: this.#parts.time.now })
      this.rows.set(occurrence.event, rows)
    }
    attempt.stored += count
    const places = attempt.occurrences.slice(0, count).map(placeOf)
    this.#parts.trace.say(this.#parts.time.now, `${this.id} stores ${count} (#${attempt.number}) ${places.join(' ')}`)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
