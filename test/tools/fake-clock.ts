import type { Clock } from '../../src/domain/clock.ts'

interface Sleeper {
  readonly due: number
  readonly wake: () => void
}

/** Time that moves only when a test moves it. Sleepers wake in the order of their due times, and all they do is awaited. */
export class FakeClock implements Clock {
  #elapsed = 0
  #wall: number
  #sleepers: Sleeper[] = []

  constructor(now: number | string = '2026-03-15T12:00:00Z') {
    this.#wall = typeof now === 'number' ? now : Date.parse(now)
  }

  now(): number {
    return this.#wall + this.#elapsed
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener('abort', wake)
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        resolve()
      }
      const sleeper = { due: this.#elapsed + ms, wake }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', wake)
    })
  }

  /** How many sleep. */
  get sleepers(): number {
    return this.#sleepers.length
  }

  /** The wall clock jumps; who sleeps sleeps as long as before. */
  jump(ms: number): void {
    this.#wall += ms
  }

  /** Moves time on, waking everyone who is due on the way, whatever they start to sleep on then included. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms
    await settled()
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#elapsed = Math.max(this.#elapsed, next.due)
      next.wake()
      await settled()
    }
    this.#elapsed = end
  }

  #next(end: number): Sleeper | undefined {
    const due = this.#sleepers.filter((sleeper) => sleeper.due <= end)
    return due.reduce<Sleeper | undefined>((first, s) => (first && first.due <= s.due ? first : s), undefined)
  }
}

/** Resolves once everything that can run without time passing has run. */
export async function settled(turns = 10): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
}
