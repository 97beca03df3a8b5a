/** The attempt's time is over. */
export class DeadlineError extends Error {}

/**
 * Runs `work` under a signal that aborts with the caller's or after `ms`, and does not wait for work that ignores it.
 * Not AbortSignal.any with AbortSignal.timeout: their timers outlive the work, and a lane's signal lives for years.
 */
export async function withDeadline<T>(
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const controller = new AbortController()
  let giveUp: (reason: unknown) => void = () => undefined
  const aborted = new Promise<never>((_, reject) => {
    giveUp = reject
  })
  const stop = (reason: unknown): void => {
    controller.abort(reason)
    giveUp(reason)
  }
  const follow = (): void => stop(signal.reason)
  signal.addEventListener('abort', follow, { once: true })
  const timer = setTimeout(() => stop(new DeadlineError(`no complete answer within ${ms / 1000} s`)), ms)
  try {
    return await Promise.race([work(controller.signal), aborted])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', follow)
  }
}
