import type { StopCause } from '@circleci-audit-forwarder/contract'
import { type Backoff, backoff } from '../domain/backoff.ts'
import type { Random } from '../domain/clock.ts'
import type { Stop } from '../ledger/accounts.ts'
import { Concurrency } from './concurrency.ts'

/** No pause that a destination asks for is longer, in milliseconds. */
const LONGEST_PAUSE_MS = 15 * 60_000

/**
 * How much a destination may be sent right now. Open: up to the concurrency. Paused: nothing until the time it asked
 * for. Stopped: one probe at a time, on the retry schedule, until one goes through.
 */
export class Gate {
  readonly #retry: Backoff
  readonly #random: Random
  readonly #concurrency: Concurrency
  #pausedUntil = 0
  #stop: Stop | undefined
  #probes = 0

  /** A destination that was stopped when the last run ended is probed at once. */
  constructor(parts: {
    concurrency: { min: number; max: number }
    retry: Backoff
    random: Random
    stop?: Stop | undefined
  }) {
    this.#concurrency = new Concurrency(parts.concurrency)
    this.#retry = parts.retry
    this.#random = parts.random
    this.#stop = parts.stop
  }

  get stop(): Stop | undefined {
    return this.#stop
  }

  get limit(): number {
    return this.#stop === undefined ? this.#concurrency.limit : 1
  }

  get max(): number {
    return this.#concurrency.max
  }

  /** How many more requests may be sent now. */
  slots(now: number, sending: number): number {
    return this.opensAt(now) > now ? 0 : Math.max(0, this.limit - sending)
  }

  /** When the next request may be sent; `now` or earlier means at once. */
  opensAt(now: number): number {
    // Longer than any pause there is: the clock has jumped.
    if (this.#pausedUntil > now + Math.max(LONGEST_PAUSE_MS, this.#retry.maxMs)) this.#pausedUntil = now
    return this.#pausedUntil
  }

  /** A request went through. */
  delivered(): void {
    this.#concurrency.delivered()
  }

  /** Lets requests through. Returns the stop this ends, if any. */
  open(): Stop | undefined {
    const ended = this.#stop
    this.#stop = undefined
    this.#probes = 0
    if (ended !== undefined) this.#pausedUntil = 0
    return ended
  }

  /** A request did not go through, for a reason that fewer of them would not change. */
  failed(): void {
    this.#concurrency.failed()
  }

  strained(): void {
    this.#concurrency.strained()
  }

  pause(now: number, ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, now + Math.min(ms, LONGEST_PAUSE_MS))
  }

  /** Nothing goes through. Returns how long until the next probe, in milliseconds. */
  halt(cause: StopCause, reason: string, now: number): number {
    this.#stop = { cause, reason, since: this.#stop?.since ?? now }
    this.#probes += 1
    const wait = backoff(this.#probes, this.#retry, this.#random)
    this.#pausedUntil = now + wait
    return wait
  }
}
