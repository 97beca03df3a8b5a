// Whether a receiver gives what `expect_organization` says. The setting is a guard against a bucket that others write into:
// their events go to quarantine and ours flow. If it is misspelt, every event is another's, and a guard that believed
// itself would drain the log into quarantine. So until an event of the expected organisation was found (the ledger
// remembers whose), an object that begins with none is not taken: its reading fails, it stays outstanding, and the
// receiver is stopped, with an alarm. A stopped receiver is probed, one object at a time: one event of ours, and it goes
// on. Another setting ends the stop with the next start, and everything is still there to be delivered.
import type { Clock } from '../domain/clock.ts'
import type { DecodedChunk } from '../domain/event.ts'
import { ReadFailure } from '../domain/failures.ts'
import { whoseIs } from '../domain/organization.ts'
import type { BelongingLedger, ReceiverStop } from '../ledger/belongings.ts'
import type { Tell } from '../telemetry/events.ts'

/** So much of an object is held back, in chunks: up to a thousand events or a megabyte. */
const HELD = 4
/** While it is stopped, an object is looked into this often, in milliseconds. */
const PROBE_MS = 5_000
/** And this often it is told that it still is. */
const TELL_MS = 5 * 60_000

export interface ExpectationParts {
  readonly receiver: string
  readonly expected: string
  readonly belongings: BelongingLedger
  readonly clock: Clock
  readonly tell: Tell
}

/** One receiver's. */
export class Expectation {
  readonly #parts: ExpectationParts
  #proven: boolean
  #stop: ReceiverStop | undefined
  #probedAt = Number.NEGATIVE_INFINITY
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(parts: ExpectationParts) {
    const { receiver, expected, belongings } = parts
    const known = belongings.all().find((belonging) => belonging.receiver === receiver)
    this.#parts = parts
    this.#proven = known?.found === expected
    this.#stop = known?.stop?.expected === expected ? known.stop : undefined
  }

  /** Throws ReadFailure while the receiver is stopped, unless it is time for a probe. */
  admit(key: string): void {
    if (this.#proven || this.#stop === undefined) return
    const now = this.#parts.clock.now()
    // A clock that was set back must not keep it closed.
    if (Math.abs(now - this.#probedAt) < PROBE_MS) throw this.#failure(key, this.#stop.reason)
    this.#probedAt = now
  }

  /** The same chunks. Where they begin with events of others alone, and none of ours was ever found: ReadFailure. */
  async *sifted(chunks: AsyncIterable<DecodedChunk>, key: string): AsyncGenerator<DecodedChunk> {
    const held: DecodedChunk[] = []
    let foreign: string | undefined
    for await (const chunk of chunks) {
      const another = this.#foreignIn(chunk)
      foreign ??= another
      held.push(chunk)
      // Another object may have proven it meanwhile.
      if (this.#proven || foreign === undefined) yield* held.splice(0)
      else if (held.length === HELD) break
    }
    if (foreign !== undefined && held.length > 0 && !this.#proven) throw this.#stopped(key, foreign)
    yield* held
  }

  /** Why an event of the chunk is another's, if none of it is ours. */
  #foreignIn({ items }: DecodedChunk): string | undefined {
    if (this.#proven) return undefined
    let foreign: string | undefined
    for (const { event } of items) {
      const whose = event === undefined ? 'unsaid' : whoseIs(this.#parts.expected, event)
      if (typeof whose === 'object') foreign ??= whose.foreign
      if (whose !== 'ours') continue
      this.#prove()
      return undefined
    }
    return foreign
  }

  #prove(): void {
    const { receiver, expected, belongings, tell } = this.#parts
    this.#proven = true
    this.#toldAt = Number.NEGATIVE_INFINITY
    belongings.note({ receiver, found: expected, stop: undefined })
    if (this.#stop !== undefined) tell({ type: 'receiver_resumed', receiver })
    this.#stop = undefined
  }

  #stopped(key: string, foreign: string): ReadFailure {
    const { receiver, expected, belongings, clock, tell } = this.#parts
    const reason = `no event of ${JSON.stringify(expected)} was found yet, and ${key} begins with events ${foreign}`
    const now = clock.now()
    if (this.#stop === undefined) {
      const found = belongings.all().find((belonging) => belonging.receiver === receiver)?.found
      this.#stop = { expected, reason, since: now }
      belongings.note({ receiver, found, stop: this.#stop })
    }
    if (Math.abs(now - this.#toldAt) >= TELL_MS) {
      tell({ type: 'receiver_stopped', receiver, reason, hint: this.#hint() })
      this.#toldAt = now
    }
    return this.#failure(key, reason)
  }

  #failure(key: string, reason: string): ReadFailure {
    return new ReadFailure('foreign', `cannot take ${key}: ${this.#parts.receiver} is stopped: ${reason}`, {
      hint: this.#hint(),
    })
  }

  #hint(): string {
    return `correct receivers.${this.#parts.receiver}.expect_organization; nothing is settled or quarantined meanwhile`
  }
}

/** Ends stops that today's settings have nothing to do with: another organisation is expected, or none. */
export function forgetStops(
  expected: ReadonlyMap<string, string | undefined>,
  { belongings, tell }: Pick<ExpectationParts, 'belongings' | 'tell'>,
): void {
  for (const { receiver, found, stop } of belongings.all()) {
    if (stop === undefined || !expected.has(receiver) || expected.get(receiver) === stop.expected) continue
    belongings.note({ receiver, found, stop: undefined })
    tell({ type: 'receiver_resumed', receiver })
  }
}
