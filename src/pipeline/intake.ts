import { backoff } from '../domain/backoff.ts'
import type { Route } from '../ledger/discovery.ts'
import { LedgerFailure } from '../ledger/failure.ts'
import { Receiver } from '../receiver/receiver.ts'
import { Discoveries } from './discovery.ts'
import type { Enrolment } from './enrolment.ts'
import type { PipelineParts, ReceiverSpec } from './parts.ts'
import { routesOf } from './start.ts'
import { ledgerFailed } from './telling.ts'

export interface IntakeParts extends PipelineParts {
  readonly enrolment: Enrolment
  /** There are new rows. */
  readonly fresh: () => void
  /** A route that is new has been swept for the first time. */
  readonly begun: (route: Route, signal: AbortSignal) => Promise<void>
}

const RETRY = { initialMs: 5_000, maxMs: 60_000 }

/** One receiver from its first start on: where it begins, its first sweep, and then its watch. */
export class Intake {
  readonly #spec: ReceiverSpec
  readonly #parts: IntakeParts
  readonly #blocked = Promise.withResolvers<void>()
  #receiver: Receiver | undefined

  constructor(spec: ReceiverSpec, parts: IntakeParts) {
    this.#spec = spec
    this.#parts = parts
  }

  get id(): string {
    return this.#spec.id
  }

  /** Resolves once it turns out that `prepare` may take for ever: the store cannot be reached, or its clock not be trusted. */
  get blocked(): Promise<void> {
    return this.#blocked.promise
  }

  /**
   * Enrols the routes and makes the receiver. Where a route is new the bucket is swept before anything is sent, so that
   * what is about to be sent can be said. Returns whether a sweep was made and was complete.
   */
  async prepare(signal: AbortSignal, options: { readonly sweep: boolean }): Promise<boolean> {
    const { enrolment, destinations } = this.#parts
    const parts = { ...this.#parts, blocked: this.#blocked.resolve }
    const routes = await routesOf(this.#spec, destinations, enrolment.routes, parts, signal)
    if (routes === undefined) return false
    const fresh = await this.#enrol(routes, signal)
    if (fresh === undefined) return false
    const receiver = this.#watch(Math.min(...routes.map(({ startAt }) => startAt)))
    this.#receiver = receiver
    const unsaid = [...new Set([...fresh, ...routes.filter((route) => this.#isUnsaid(route))])]
    if (unsaid.length === 0 && !options.sweep) return false
    const complete = await receiver.sweepOnce(signal)
    for (const route of unsaid) await this.#parts.begun(route, signal)
    return complete
  }

  /** Returns the routes that are new; undefined if the signal aborted before the ledger could be written. */
  async #enrol(routes: readonly Route[], signal: AbortSignal): Promise<readonly Route[] | undefined> {
    const { enrolment, clock, random, tell } = this.#parts
    for (let attempts = 1; !signal.aborted; attempts += 1) {
      try {
        return enrolment.add(routes)
      } catch (error) {
        if (!(error instanceof LedgerFailure)) throw error
        tell(ledgerFailed(`enrolling the destinations of ${this.id}`, error))
        this.#blocked.resolve()
        await clock.sleep(backoff(attempts, RETRY, random), signal)
      }
    }
    return undefined
  }

  /**
   * A run ended after the route was enrolled and before it was said what it is about to send: no watermark has been set,
   * which is done every few seconds from the moment that lanes begin to send.
   */
  #isUnsaid({ destination, receiver }: Route): boolean {
    const accounts = this.#parts.ledger.accounts()
    const account = accounts.find((each) => each.destination === destination && each.receiver === receiver)
    return account !== undefined && account.watermark === undefined
  }

  /** Watches until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#receiver?.run(signal)
  }

  #watch(startAt: number): Receiver {
    const { ledger, clock, random, tell, fresh } = this.#parts
    const { id, store, notifications, sweepIntervalMs, lookbackMs, imports } = this.#spec
    const importsPrefix = imports?.store.prefix
    const sink = new Discoveries({ receiver: id, store: store.uri, ledger, clock, tell, fresh })
    const options = { sweepIntervalMs, lookbackMs, startAt }
    return new Receiver({ id, store, importsPrefix, notifications, options, clock, random, tell, sink })
  }
}
