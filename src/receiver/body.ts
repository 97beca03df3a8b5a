// A response's body that is either whole or a failure. Two things an HTTP client lets pass must not pass here: a body that
// ends early, which would read as a shorter log, and one that simply stops, which would hold a lane's reader for ever.
// The idle limit starts with every chunk, not with the request, so that a large object may take as long as it needs.

import type { Readable } from 'node:stream'
import { addAbortSignal } from 'node:stream'
import type { Clock } from '../domain/clock.ts'

export interface BodyLimits {
  /** Bytes announced. */
  readonly length: number
  readonly idleMs: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** The body's chunks. Whatever ends it other than its announced last byte is thrown as `fail` makes it. */
export async function* wholeBody(
  body: Readable,
  limits: BodyLimits,
  fail: (error: unknown) => Error,
): AsyncGenerator<Uint8Array> {
  addAbortSignal(limits.signal, body)
  const chunks = body[Symbol.asyncIterator]()
  let received = 0
  try {
    for (;;) {
      const next = await withinIdle(chunks.next(), limits).catch((error: unknown) => Promise.reject(fail(error)))
      if (next.done) break
      received += next.value.length
      yield next.value
    }
  } finally {
    body.destroy()
  }
  if (received !== limits.length) throw fail(new Error(`the body ended after ${received} of ${limits.length} bytes`))
}

async function withinIdle<T>(next: Promise<T>, { idleMs, clock }: BodyLimits): Promise<T> {
  const arrived = new AbortController()
  const idle = clock.sleep(idleMs, arrived.signal).then(() => {
    if (!arrived.signal.aborted) throw new Error(`the body stalled: nothing arrived for ${idleMs / 1000} s`)
    return next
  })
  try {
    return await Promise.race([next, idle])
  } finally {
    arrived.abort()
    // Whichever lost the race must not become an unhandled rejection when the body is destroyed.
    next.catch(() => undefined)
    idle.catch(() => undefined)
  }
}
