// How much waits in a receiver's queues, for the metrics and for nothing else: messages are received whatever this says. So
// a queue that may not be asked (it takes a permission that forwarding does not need) is told of once and asked more and
// more seldom, up to once an hour. The sum over the queues is told, because a queue has no configured name that a label
// could hold; while one of them does not answer there is no sum, since too small a number would look like one.
import { backoff } from '../domain/backoff.ts'
import type { Depth, Notifications } from './notifications.ts'
import type { ReceiverParts } from './parts.ts'

const INTERVAL_MS = 60_000
const patience = { initialMs: INTERVAL_MS, maxMs: 3_600_000 }

type Countable = Notifications & Required<Pick<Notifications, 'depth'>>

export class DepthGauge {
  readonly #parts: ReceiverParts
  #failures = 0

  constructor(parts: ReceiverParts) {
    this.#parts = parts
  }

  /** Asks until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const queues = this.#parts.notifications.filter((queue): queue is Countable => queue.depth !== undefined)
    if (queues.length === 0) return
    while (!signal.aborted) {
      const pauseMs = await this.#once(queues, signal)
      if (!signal.aborted) await this.#parts.clock.sleep(pauseMs, signal)
    }
  }

  /** How long to wait before the next time. */
  async #once(queues: readonly Countable[], signal: AbortSignal): Promise<number> {
    const { id: receiver, random, tell } = this.#parts
    try {
      const depths = await Promise.all(queues.map((queue) => queue.depth(signal)))
      this.#failures = 0
      tell({ type: 'queue_counted', receiver, ...total(depths) })
      return INTERVAL_MS
    } catch (error) {
      this.#failures += 1
      if (this.#failures === 1 && !signal.aborted) this.#tellOf(error)
      return Math.max(INTERVAL_MS, backoff(this.#failures, patience, random))
    }
  }

  #tellOf(error: unknown): void {
    const { id: receiver, tell } = this.#parts
    const { message, hint } = error as { message?: string; hint?: string }
    tell({ type: 'queue_uncounted', receiver, reason: message ?? String(error), hint })
  }
}

/** In flight is not known of all where one queue does not tell it apart. */
function total(depths: readonly Depth[]): { readonly waiting: number; readonly inFlight: number | undefined } {
  const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
  const held = depths.flatMap(({ inFlight }) => inFlight ?? [])
  return {
    waiting: sum(depths.map(({ waiting }) => waiting)),
    inFlight: held.length === depths.length ? sum(held) : undefined,
  }
}
