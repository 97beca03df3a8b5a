// What the first start of a route needs: an instant to begin at, by the clock that stamps the objects. Our own clock
// would do on most machines; on one that is wrong it would skip hours of events without a word. So while the two
// disagree nothing is fixed, and an alarm says so.
import { backoff } from '../domain/backoff.ts'
import type { Clock, Random } from '../domain/clock.ts'
import { SourceFailure } from '../domain/failures.ts'
import { needsClock, startInstant } from '../domain/start.ts'
import type { Route } from '../ledger/discovery.ts'
import { partitions } from '../receiver/sweep.ts'
import type { Tell } from '../telemetry/events.ts'
import { SKEW_MS } from './discovery.ts'
import type { DestinationSpec, ReceiverSpec } from './parts.ts'

export interface StartParts {
  readonly clock: Clock
  readonly random: Random
  readonly tell: Tell
  /** The start cannot be fixed yet, and nobody knows when: others need not wait. */
  readonly blocked: () => void
}

const RETRY = { initialMs: 5_000, maxMs: 60_000 }

/**
 * The receiver's routes with their starts, those of earlier runs as they were first given. Undefined if the signal
 * aborted before the store told the time.
 */
export async function routesOf(
  receiver: ReceiverSpec,
  destinations: readonly DestinationSpec[],
  known: readonly Route[],
  parts: StartParts,
  signal: AbortSignal,
): Promise<readonly Route[] | undefined> {
  const wanted = destinations.flatMap(({ id, routes }) =>
    routes.filter((route) => route.receiver === receiver.id).map(({ startAt }) => ({ destination: id, startAt })),
  )
  const earlier = (destination: string): Route | undefined =>
    known.find((route) => route.destination === destination && route.receiver === receiver.id)
  const unsure = wanted.some(({ destination, startAt }) => earlier(destination) === undefined && needsClock(startAt))
  const now = unsure ? await storeTime(receiver, parts, signal) : parts.clock.now()
  if (now === undefined) return undefined
  return wanted.map(
    ({ destination, startAt }): Route =>
      earlier(destination) ?? { destination, receiver: receiver.id, startAt: startInstant(startAt, now) },
  )
}

async function storeTime(receiver: ReceiverSpec, parts: StartParts, signal: AbortSignal): Promise<number | undefined> {
  const { clock, random, tell } = parts
  let isSkewed = false
  for (let attempts = 1; !signal.aborted; attempts += 1) {
    const retryInMs = backoff(attempts, RETRY, random)
    try {
      const now = clock.now()
      const skewMs = ((await firstDate(receiver, now, signal)) ?? now) - now
      if (Math.abs(skewMs) <= SKEW_MS) {
        if (isSkewed) tell({ type: 'clock_agreed', receiver: receiver.id })
        return now + skewMs
      }
      isSkewed = true
      tell({ type: 'clock_skewed', receiver: receiver.id, skewMs })
    } catch (error) {
      if (!(error instanceof SourceFailure)) throw error
      tell({ type: 'sweep_failed', receiver: receiver.id, reason: error.message, hint: error.hint, retryInMs })
    }
    parts.blocked()
    await clock.sleep(retryInMs, signal)
  }
  return undefined
}

async function firstDate(receiver: ReceiverSpec, now: number, signal: AbortSignal): Promise<number | undefined> {
  const [hour] = partitions(now, now, 'hour')
  for await (const page of receiver.store.list(hour ?? '', signal)) return page.date
  return undefined
}
