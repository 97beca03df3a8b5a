import { uptime } from 'node:os'
import type { Clock } from '../domain/clock.ts'

/** This machine's time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve()
        return
      }
      const wake = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const timer = setTimeout(wake, Math.max(0, ms))
      signal?.addEventListener('abort', wake, { once: true })
    }),
}

const begun = { sleepless: performance.now(), uptime: uptime() * 1_000 }

/**
 * Milliseconds from an arbitrary point, never set. Goes on while the machine sleeps where that can be told (Linux, to some
 * 10 ms), which the clock of timers does not.
 */
export function monotonic(): number {
  const sleepless = performance.now()
  if (process.platform !== 'linux') return sleepless
  return Math.max(sleepless, begun.sleepless + uptime() * 1_000 - begun.uptime - 20)
}
