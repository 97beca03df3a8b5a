// Datadog's clock, as its answers tell it. A record is late by Datadog's clock and not by ours, which may be wrong by hours.
import type { HttpAnswer } from '@circleci-audit-forwarder/contract'

/** Clocks that differ by less are near enough: an hour is left on both sides of Datadog's window. */
const NEAR_MS = 10 * 60_000

export class DatadogClock {
  #aheadMs = 0
  #heardAt = Number.NEGATIVE_INFINITY
  #toldAt = Number.NEGATIVE_INFINITY

  /** How far Datadog's clock is ahead of ours, in milliseconds; 0 where it is near enough. */
  get aheadMs(): number {
    return this.#aheadMs
  }

  /** An answer to an attempt at `now`. One that does not tell the time takes back nothing of what was told before. */
  hear(answer: HttpAnswer, now: number): void {
    this.#heardAt = now
    const ahead = answer.status === 'failed' ? Number.NaN : Date.parse(`${answer.headers['date']}`) - now
    if (Number.isNaN(ahead)) return
    this.#aheadMs = Math.abs(ahead) > NEAR_MS ? ahead : 0
    this.#toldAt = now
  }

  /** Whether an answer was heard so lately that asking for the time once more would tell nothing new. */
  isFresh(now: number): boolean {
    return Math.abs(now - this.#heardAt) <= NEAR_MS
  }

  /** Whether what is late or early at `now` is so by Datadog's clock too: neither can have been set far since it told. */
  isKnown(now: number): boolean {
    return Math.abs(now - this.#toldAt) <= NEAR_MS
  }
}
