// One life of the forwarder's process, from a start to a crash or a stop. Everything it asks of the world goes through
// here; when the process dies, nothing of it touches the world again: what waits waits for ever, and what calls is told
// to end. A crash falls between two such touches, or inside one, after its effect and before its answer.
import type { Clock } from '../../src/domain/clock.ts'
import type { VirtualTime } from './time.ts'

/** Thrown into code of a process that has died. */
export class Dead extends Error {}

export class Epoch {
  readonly #time: VirtualTime
  readonly #died: () => void
  #alive = true
  /** Touches until the crash. */
  #left: number

  constructor(time: VirtualTime, touches: number, died: () => void) {
    this.#time = time
    this.#left = touches
    this.#died = died
    time.stir()
  }

  get alive(): boolean {
    return this.#alive
  }

  /** The process ends here and now. */
  kill(): void {
    if (!this.#alive) return
    this.#alive = false
    this.#died()
  }

  /** One synchronous touch of the world (a ledger call): may be the last thing the process does. */
  touch<T>(act: () => T): T {
    if (!this.#alive) throw new Dead()
    if (this.#spent()) throw new Dead()
    const result = act()
    if (this.#spent()) throw new Dead()
    return result
  }

  /** One asynchronous touch. It may take effect and its answer never be heard. */
  async reach<T>(act: () => Promise<T>): Promise<T> {
    if (!this.#alive || this.#spent()) return forever()
    try {
      const result = await act()
      return this.#alive && !this.#spent() ? result : await forever<T>()
    } catch (error) {
      if (this.#alive && !this.#spent()) throw error
      return forever()
    }
  }

  #spent(): boolean {
    this.#left -= 1
    if (this.#left <= 0) this.kill()
    return !this.#alive
  }

  /** The process's clock. Its sleeps end with it. */
  clock(skewMs: () => number = () => 0): Clock {
    return {
      now: () => this.#time.now + skewMs(),
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (!this.#alive) return
          if (signal?.aborted === true) {
            resolve()
            return
          }
          const wake = (): void => {
            takeBack()
            signal?.removeEventListener('abort', wake)
            if (this.#alive) resolve()
          }
          const takeBack = this.#time.doze(ms, wake)
          signal?.addEventListener('abort', wake, { once: true })
        }),
    }
  }
}

/** What a dead process waits for. */
export function forever<T>(): Promise<T> {
  return new Promise<T>(() => undefined)
}
