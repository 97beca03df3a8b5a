/** Until when an answer is waited for. */
export interface Patience {
  readonly signal: AbortSignal
  /** For the head of the answer; a body has limits of its own. */
  readonly ms: number
}

/** A request's head, for SDKs that have no limit of their own. */
export const ANSWER_MS = 60_000

/**
 * One request's answer. Rejects when `signal` aborts or nothing has come for `ms`, also where the SDK ignores the signal it
 * is given; what it answers later is dropped.
 */
export async function answered<T>(ask: (signal: AbortSignal) => Promise<T>, { signal, ms }: Patience): Promise<T> {
  signal.throwIfAborted()
  const stop = new AbortController()
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  const end = (reason: unknown): void => {
    stop.abort(reason)
    reject(reason)
  }
  const abort = (): void => end(signal.reason)
  const timer = setTimeout(() => end(new Error(`no answer within ${ms / 1000} s`)), ms)
  signal.addEventListener('abort', abort, { once: true })
  try {
    const answer = ask(stop.signal)
    answer.catch(() => undefined)
    return await Promise.race([answer, stopped])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
    stopped.catch(() => undefined)
  }
}
