import type { Clock } from '../domain/clock.ts'
import type { Route } from '../ledger/discovery.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Tell } from '../telemetry/events.ts'
import { settleNames } from './naming.ts'
import type { DestinationSpec } from './parts.ts'

interface EnrolmentParts {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly destinations: readonly DestinationSpec[]
  readonly tell: Tell
}

/**
 * Today's routes in the ledger. Those of earlier runs that are still configured count from the first moment; new ones
 * join as their receivers learn where to begin, so an unreachable bucket holds up no other. Those that are gone are
 * retired, and said with what they leave behind.
 */
export class Enrolment {
  readonly #ledger: Ledger
  readonly #clock: Clock
  #routes: readonly Route[]

  /** Throws SetupError where it is not clear whether a destination was renamed. */
  constructor({ ledger, clock, destinations, tell }: EnrolmentParts) {
    this.#ledger = ledger
    this.#clock = clock
    settleNames(ledger, destinations, tell)
    const wanted = new Set(destinations.flatMap(({ id, routes }) => routes.map(({ receiver }) => name(id, receiver))))
    const before = ledger.routes()
    this.#routes = before.filter(({ destination, receiver }) => wanted.has(name(destination, receiver)))
    ledger.enrol(this.#routes, clock.now())
    const gone = new Set(before.map((route) => name(route.destination, route.receiver)))
    for (const { destination, receiver, outstanding, watermark } of ledger.retired()) {
      if (!gone.has(name(destination, receiver))) continue
      tell({ type: 'route_retired', destination, receiver, outstanding, watermark })
    }
  }

  get routes(): readonly Route[] {
    return this.#routes
  }

  /** Adds a receiver's routes. Returns those that are new. Throws LedgerFailure; then nothing has changed. */
  add(routes: readonly Route[]): readonly Route[] {
    const known = new Set(this.#routes.map(({ destination, receiver }) => name(destination, receiver)))
    const fresh = routes.filter(({ destination, receiver }) => !known.has(name(destination, receiver)))
    if (fresh.length === 0) return fresh
    const all = [...this.#routes, ...fresh]
    this.#ledger.enrol(all, this.#clock.now())
    this.#routes = all
    return fresh
  }
}

function name(destination: string, receiver: string): string {
  return `${destination} ${receiver}`
}
