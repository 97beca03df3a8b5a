// What is done with is sealed, so that the ledger does not grow by a row for every object there ever was. Nothing waits for
// it: a walk begins with the oldest object, looks at some at a time, and leaves the process to its work in between. Objects
// younger than the look-back are left alone, since sweeps ask for them all day; and days are sealed whole, for objects that
// are sealed together compress well. No promise hangs on either: whatever is sealed too early is as known as before. What a
// lane has in hand is left alone as well: its row may be settled while the end of the object, in which nothing is left for
// it, is still being read.
import type { Lane } from '../delivery/lane.ts'
import type { SealCursor } from '../ledger/seals.ts'
import type { PipelineParts } from './parts.ts'

/** Looked at in one transaction, during which the process does nothing else: some 10 ms. */
const OBJECTS = 250
/** Between two of them, and between two walks, in milliseconds. */
const PAUSE_MS = 100
const WALK_MS = 600_000
const DAY_MS = 86_400_000

type SealingParts = Pick<PipelineParts, 'ledger' | 'clock' | 'receivers' | 'tell' | 'sealedMs'> & {
  readonly lanes: readonly Pick<Lane, 'inHand'>[]
}

/** Seals until the signal aborts. Never rejects. */
export async function keepSealing(parts: SealingParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await walk(parts, signal)
    await parts.clock.sleep(WALK_MS, signal)
  }
}

async function walk(parts: SealingParts, signal: AbortSignal): Promise<void> {
  const { ledger, clock, tell, lanes } = parts
  const before = sealedBefore(parts)
  let after: SealCursor | undefined
  do {
    try {
      const except = new Set(lanes.flatMap(({ inHand }) => [...inHand]))
      after = ledger.seal({ before, after, limit: OBJECTS, except }).next
    } catch (error) {
      tell({ type: 'bug', where: 'sealing', error })
      return
    }
    if (after !== undefined) await clock.sleep(PAUSE_MS, signal)
  } while (after !== undefined && !signal.aborted)
}

/** The beginning of a day, and so old that no sweep lists it unless it goes further back than usual. */
function sealedBefore({ clock, receivers, sealedMs = DAY_MS }: SealingParts): number {
  const lookback = Math.max(0, ...receivers.map(({ lookbackMs }) => lookbackMs))
  return Math.floor((clock.now() - lookback) / sealedMs) * sealedMs
}
