import type { PipelineParts } from './parts.ts'

/** How often, in milliseconds. */
const PRUNE_MS = 600_000

interface PruningParts extends Pick<PipelineParts, 'ledger' | 'clock' | 'tell' | 'deduplicationMs'> {
  /** Claims of events from then on must not be forgotten. */
  readonly keepFrom: () => number | undefined
}

/** Forgets claims that are too old: a step at a time, between which others use the ledger. Never rejects. */
export async function keepPruning(parts: PruningParts, signal: AbortSignal): Promise<void> {
  let next: number | undefined
  while (!signal.aborted) {
    await parts.clock.sleep(next === undefined ? PRUNE_MS : 1, signal)
    if (!signal.aborted) next = step(parts, next)
  }
}

function step({ ledger, tell, deduplicationMs, keepFrom }: PruningParts, after?: number): number | undefined {
  try {
    return ledger.prune(deduplicationMs, keepFrom(), after).next
  } catch (error) {
    tell({ type: 'bug', where: 'housekeeping', error })
    return undefined
  }
}
