import type { Clock } from '../domain/clock.ts'

/** Given as the reason, because without one every ring makes an error with a stack that nobody reads. */
const RUNG = 'rung'

/**
 * What a loop waits on: something happened, or it is time. A ring between two waits is not lost. Rejected: an event
 * emitter per kind of news, because the loop looks at everything anyway when it wakes.
 */
export class Bell {
  readonly #clock: Clock
  #rung = false
  #wake: AbortController | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  ring(): void {
    this.#rung = true
    this.#wake?.abort(RUNG)
  }

  /** Resolves when rung (since the last wait), after `ms`, or when `signal` aborts. One waiter at a time. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted && ms > 0) {
      this.#wake = new AbortController()
      const stop = (): void => this.#wake?.abort(RUNG)
      signal.addEventListener('abort', stop, { once: true })
      await this.#clock.sleep(Math.min(ms, 2 ** 31 - 1), this.#wake.signal)
      signal.removeEventListener('abort', stop)
      this.#wake = undefined
    }
    this.#rung = false
  }
}
