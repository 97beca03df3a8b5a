import { DepthGauge } from './depth.ts'
import { Listener } from './listener.ts'
import type { ReceiverParts } from './parts.ts'
import { Sweeper } from './sweeper.ts'

/**
 * One bucket, watched in two ways at once: notifications are heard (fast, and only a hint) and the bucket is swept (slower,
 * and the truth). Both hand what they find to the same sink, which knows what is new. Neither reads an object.
 */
export class Receiver {
  readonly #sweeper: Sweeper
  readonly #listeners: readonly Listener[]
  readonly #depth: DepthGauge

  constructor(parts: ReceiverParts) {
    this.#sweeper = new Sweeper(parts)
    this.#listeners = parts.notifications.map((queue) => new Listener(parts, queue))
    this.#depth = new DepthGauge(parts)
  }

  /** Watches until the signal aborts; the first sweep begins at once. Failures are told and tried again, never thrown. */
  async run(signal: AbortSignal): Promise<void> {
    const loops = [this.#sweeper, ...this.#listeners, this.#depth]
    await Promise.all(loops.map((loop) => loop.run(signal)))
  }

  /** One sweep, for those that want no loop. False if it failed, which advances nothing. Not while `run` runs. */
  sweepOnce(signal: AbortSignal): Promise<boolean> {
    return this.#sweeper.once(signal)
  }
}
