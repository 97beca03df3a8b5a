import type { Route } from '../ledger/discovery.ts'
import { Receiver } from '../receiver/receiver.ts'
import { Discoveries } from './discovery.ts'
import type { Enrolment } from './enrolment.ts'
import type { PipelineParts, ReceiverSpec } from './parts.ts'
import { routesOf } from './start.ts'

export interface IntakeParts extends PipelineParts {
  readonly enrolment: Enrolment
  /** There are new rows. */
  readonly fresh: () => void
  /** A route that is new has been swept for the first time. */
  readonly begun: (route: Route, signal: AbortSignal) => Promise<void>
}

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
    const fresh = enrolment.add(routes)
    const receiver = this.#watch(Math.min(...routes.map(({ startAt }) => startAt)))
    this.#receiver = receiver
    if (fresh.length === 0 && !options.sweep) return false
    const complete = await receiver.sweepOnce(signal)
    for (const route of fresh) await this.#parts.begun(route, signal)
    return complete
  }

  /** Watches until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#receiver?.run(signal)
  }

  #watch(startAt: number): Receiver {
    const { ledger, clock, random, tell, fresh } = this.#parts
    const { id, store, notifications, sweepIntervalMs, lookbackMs } = this.#spec
    const sink = new Discoveries({ receiver: id, store: store.uri, ledger, clock, tell, fresh })
    const options = { sweepIntervalMs, lookbackMs, startAt }
    const parts = { id, store, options, clock, random, tell, sink }
    return new Receiver(notifications === undefined ? parts : { ...parts, notifications })
  }
}
