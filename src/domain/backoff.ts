import type { Random } from './clock.ts'

export interface Backoff {
  /** Upper bound of the first wait, in milliseconds. */
  readonly initialMs: number
  /** Upper bound of every wait, in milliseconds. */
  readonly maxMs: number
}

/** As many take a millisecond beyond every whole number; more of them would end in infinity. */
const DOUBLINGS = 53

/**
 * How long to wait before the next attempt, in milliseconds: full jitter below a bound that doubles with every attempt.
 * Never less than a tenth of the bound, so that a run of small numbers does not become a busy loop.
 * @param attempts attempts that have failed, at least 1
 */
export function backoff(attempts: number, { initialMs, maxMs }: Backoff, random: Random): number {
  const bound = Math.min(maxMs, initialMs * 2 ** Math.min(attempts - 1, DOUBLINGS))
  return Math.ceil(bound * (0.1 + 0.9 * random()))
}
