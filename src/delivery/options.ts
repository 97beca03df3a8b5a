import type { Backoff } from '../domain/backoff.ts'

/** How one lane sends. Where the operator says nothing, the exporter's defaults hold. */
export interface LaneOptions {
  /** A batch's bounds: records, encoded bytes, and how long it waits for more. Never above the exporter's limits. */
  readonly batch: { readonly records: number; readonly bytes: number; readonly lingerMs: number }
  readonly concurrency: { readonly min: number; readonly max: number }
  readonly retry: Backoff
  /** Encoded bytes the lane may hold in memory: batches being filled, waiting, in flight. */
  readonly bufferBytes: number
  /** One attempt's deadline at the latest, in milliseconds; the exporter's own timeout should be shorter. */
  readonly attemptMs: number
}

/** How long something waits that failed for a reason of our own, or was found gone, in milliseconds. */
export const RECHECK_MS = 60_000

/** Longest anything waits. What is due later than that from now is due now: the clock has jumped. */
export function longestWait({ retry }: Pick<LaneOptions, 'retry'>): number {
  return Math.max(retry.maxMs, RECHECK_MS)
}

/** Objects younger than this go before the backlog. */
export const LIVE_MS: number = 60 * 60_000

/** Provisional verdicts without an acceptance that stop a destination. */
export const VERDICTS_TO_STOP = 20

/** Times an object must be found gone, over a minute at least, before it counts as lost. */
export const READINGS_TO_LOSE = 3
