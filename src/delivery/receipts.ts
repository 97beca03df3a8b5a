import type { Exporter, Outcome } from '@circleci-audit-forwarder/contract'
import type { Clock } from '../domain/clock.ts'
import type { Flight } from './flight.ts'
import type { Flights } from './flights.ts'

/** Polls at once for this many receipts. */
const MOST = 1_000
/** Polls grow apart up to this, in milliseconds. */
const LONGEST_MS = 10_000

export interface ReceiptsParts {
  readonly exporter: Exporter
  readonly clock: Clock
  readonly options: { readonly attemptMs: number }
}

/**
 * Flights the destination has accepted but not yet called stored. They are asked for outside the lane's concurrency,
 * one poll at a time. Receipts are not kept in the ledger: after a restart the batches simply go again.
 */
export class Receipts {
  readonly #parts: ReceiptsParts
  readonly #flights: Flights
  readonly #conclude: (flight: Flight, outcome: Outcome) => Promise<void>
  readonly #asked: () => void
  #polling = false
  #shortest = LONGEST_MS
  #wait = 0
  #nextPoll = Number.POSITIVE_INFINITY

  constructor(
    parts: ReceiptsParts,
    flights: Flights,
    conclude: (flight: Flight, outcome: Outcome) => Promise<void>,
    /** A poll is over and the time of the next one is known, whatever the answer was. */
    asked: () => void,
  ) {
    this.#parts = parts
    this.#flights = flights
    this.#conclude = conclude
    this.#asked = asked
  }

  get nextPoll(): number {
    return this.#polling ? Number.POSITIVE_INFINITY : this.#nextPoll
  }

  /** A batch was accepted. */
  expect(now: number, pollAfterMs: number): void {
    this.#shortest = pollAfterMs
    if (this.#nextPoll === Number.POSITIVE_INFINITY) this.#wait = pollAfterMs
    this.#nextPoll = Math.min(this.#nextPoll, now + pollAfterMs)
  }

  /** Asks for what is awaited, if it is time. Does not wait for the answer. */
  poll(now: number, signal: AbortSignal): void {
    // Later than any poll is put off: the clock has jumped.
    const jumped = this.#nextPoll > now + Math.max(LONGEST_MS, this.#wait)
    if (this.#polling || (now < this.#nextPoll && !jumped)) return
    const awaiting = this.#flights.in('awaiting').slice(0, MOST)
    this.#nextPoll = Number.POSITIVE_INFINITY
    if (awaiting.length === 0) return
    this.#polling = true
    void this.#ask(awaiting, signal).finally(() => {
      this.#polling = false
      const left = this.#flights.count('awaiting')
      // An answer shows that asking pays; polls grow apart only while nothing comes.
      const progressed = left < awaiting.length
      this.#wait = Math.min(LONGEST_MS, progressed ? this.#shortest : this.#wait * 2)
      this.#nextPoll = left > 0 ? now + this.#wait : Number.POSITIVE_INFINITY
      this.#asked()
    })
  }

  async #ask(awaiting: readonly Flight[], signal: AbortSignal): Promise<void> {
    const receipts = awaiting.map(({ receipt }) => receipt ?? '')
    const answers = await this.#answers(receipts, signal)
    for (const flight of awaiting) {
      const outcome = answers.get(flight.receipt ?? '')
      if (outcome !== undefined && outcome.status !== 'accepted') await this.#conclude(flight, outcome)
    }
  }

  /** An exporter that fails to ask, or does not come back in time, has no answers: it is asked again. */
  async #answers(receipts: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Outcome>> {
    const done = new AbortController()
    const either = AbortSignal.any([signal, done.signal])
    try {
      const asked = this.#parts.exporter.confirm?.(receipts, either)
      const late = this.#parts.clock.sleep(this.#parts.options.attemptMs, done.signal)
      return (await Promise.race([asked, late])) ?? new Map()
    } catch {
      return new Map()
    } finally {
      done.abort()
    }
  }
}
