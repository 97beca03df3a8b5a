// Whether a run that is to end still gets anywhere, and how it came out. What is forwarded and what the forwarder says of
// itself are told apart: signs of life that arrive where all is well are no reason to wait longer for whoever is down.
import type { Ledger } from '../ledger/ledger.ts'
import type { Tally } from '../ledger/progress.ts'

/** How a run that was to end came out. */
export interface Finish {
  /** Receivers whose bucket, or whose files to be imported, could not be looked through completely. */
  readonly unswept: readonly string[]
  /** Destinations that still had something to do, and why. */
  readonly unfinished: readonly { readonly destination: string; readonly reason: string }[]
  /** Requests of commands, and files laid to be imported, that the next run goes on with. */
  readonly unanswered: readonly { readonly request: number; readonly kind: string }[]
}

/** Records that have come to an end: the events', and the forwarder's own. */
export function ended(ledger: Ledger): number {
  return endedEvents(ledger) + sum(ledger.ownStandings())
}

/** The events' alone. */
export function endedEvents(ledger: Ledger): number {
  return sum(ledger.accounts()) + sum(ledger.imports.accounts())
}

function sum(tallies: readonly Tally[]): number {
  return tallies.reduce((total, one) => total + one.delivered + one.filtered + one.duplicates + one.quarantined, 0)
}

/** Asks whether a number is another one than when it was last asked. The first answer is yes. */
export function changes(number: () => number): () => boolean {
  let last: number | undefined
  return () => {
    const before = last
    last = number()
    return last !== before
  }
}
