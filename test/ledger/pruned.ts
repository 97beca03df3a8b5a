import type { Ledger } from '../../src/ledger/ledger.ts'

/** Prunes all there is, step by step. Returns how many claims were dropped. */
export function pruned(ledger: Ledger, window: number, needed?: number): number {
  let dropped = 0
  for (let after: number | undefined, isOver = false; !isOver; ) {
    const step = ledger.prune(window, needed, after)
    dropped += step.dropped
    after = step.next
    isOver = after === undefined
  }
  return dropped
}
