import type { Clock } from '../domain/clock.ts'
import type { Discovery, Sighting } from '../domain/objects.ts'
import { LedgerFailure } from '../ledger/failure.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { SeenCounts, Sightings } from '../receiver/sightings.ts'
import type { Tell } from '../telemetry/events.ts'
import { ledgerFailed } from './telling.ts'

/** More than this between the store's clock and ours raises an alarm, in milliseconds. */
export const SKEW_MS: number = 5 * 60_000

export interface DiscoveriesParts {
  readonly receiver: string
  readonly store: string
  readonly ledger: Ledger
  readonly clock: Clock
  readonly tell: Tell
  /** There are new rows. */
  readonly fresh: () => void
}

/** The ledger as one receiver sees it: what it finds becomes rows, and the lanes are woken. */
export class Discoveries implements Sightings {
  readonly #parts: DiscoveriesParts
  /** When the clocks were last compared. */
  #isSkewed = false

  constructor(parts: DiscoveriesParts) {
    this.#parts = parts
  }

  see(sightings: readonly Sighting[], how: Discovery): SeenCounts {
    const { ledger, receiver, store, clock, fresh } = this.#parts
    const seen = this.#kept('keeping what was found', () => ledger.see(receiver, store, sightings, how, clock.now()))
    if (seen.fresh.length > 0) fresh()
    for (const { object, kind: how, evidence } of seen.altered)
      this.#parts.tell({ type: 'object_altered', receiver, key: object.key, how, evidence })
    return { fresh: seen.fresh.length, late: seen.late.length, known: seen.known }
  }

  quarantine(body: string, reason: string): void {
    const { ledger, receiver, clock } = this.#parts
    this.#kept('keeping a message', () => ledger.quarantineMessage(receiver, body, reason, clock.now()))
  }

  sweptTo(): number | undefined {
    return this.#parts.ledger.sweptTo(this.#parts.receiver)
  }

  swept(startedAt: number): void {
    const { ledger, receiver } = this.#parts
    this.#kept('keeping how far it swept', () => ledger.swept(receiver, startedAt))
  }

  storeTime(date: number, now: number): void {
    const { tell, receiver } = this.#parts
    const isSkewed = Math.abs(date - now) > SKEW_MS
    if (isSkewed) tell({ type: 'clock_skewed', receiver, skewMs: date - now })
    else if (this.#isSkewed) tell({ type: 'clock_agreed', receiver })
    this.#isSkewed = isSkewed
  }

  /** A receiver takes every failure for its bucket's or its queue's; one of the ledger is named here. */
  #kept<T>(doing: string, write: () => T): T {
    try {
      return write()
    } catch (error) {
      if (error instanceof LedgerFailure) this.#parts.tell(ledgerFailed(doing, error))
      throw error
    }
  }
}
