import type { Clock } from '../../src/domain/clock.ts'

/** This machine's time, for those who look at it; whoever sleeps sleeps a hundredth. */
export const swiftClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const timer = setTimeout(wake, Math.max(0, ms / 100))
      if (signal?.aborted === true) wake()
      else signal?.addEventListener('abort', wake)
    }),
}
