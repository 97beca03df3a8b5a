import type { Clock } from '../domain/clock.ts'
import type { Route } from '../ledger/discovery.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { DestinationSpec } from './parts.ts'

/**
 * Today's routes in the ledger. Those of earlier runs that are still configured count from the first moment; new ones
 * join as their receivers learn where to begin, so an unreachable bucket holds up no other.
 */
export class Enrolment {
  readonly #ledger: Ledger
  readonly #clock: Clock
  #routes: readonly Route[]

  constructor(parts: { ledger: Ledger; clock: Clock; destinations: readonly DestinationSpec[] }) {
    this.#ledger = parts.ledger
    this.#clock = parts.clock
    const wanted = new Set(
      parts.destinations.flatMap(({ id, routes }) => routes.map(({ receiver }) => name(id, receiver))),
    )
    this.#routes = parts.ledger.routes().filter(({ destination, receiver }) => wanted.has(name(destination, receiver)))
    this.#ledger.enrol(this.#routes, this.#clock.now())
  }

  get routes(): readonly Route[] {
    return this.#routes
  }

  /** Adds a receiver's routes. Returns those that are new. */
  add(routes: readonly Route[]): readonly Route[] {
    const known = new Set(this.#routes.map(({ destination, receiver }) => name(destination, receiver)))
    const fresh = routes.filter(({ destination, receiver }) => !known.has(name(destination, receiver)))
    if (fresh.length === 0) return fresh
    this.#routes = [...this.#routes, ...fresh]
    this.#ledger.enrol(this.#routes, this.#clock.now())
    return fresh
  }
}

function name(destination: string, receiver: string): string {
  return `${destination} ${receiver}`
}
