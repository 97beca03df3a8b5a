/** Time comes in as a parameter everywhere, so that a simulation can own it. */
export interface Clock {
  /** Wall-clock time, in milliseconds since 1970. May jump. */
  now(): number
  /** Resolves after `ms`, or at once when `signal` aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** A number in [0, 1), as Math.random gives it. */
export type Random = () => number
