// What is told of that something is missing.
import type { GapKind, GapSeverity, GapState } from '../domain/gaps.ts'

/** A gap as it is told of. `gap` is its id. */
export interface GapTold {
  readonly gap: string
  readonly kind: GapKind
  readonly subject: string
  readonly severity: GapSeverity
  readonly evidence: string
  readonly next: string
}

export type GapEvent =
  | ({ readonly type: 'gap_opened' } & GapTold)
  | ({ readonly type: 'gap_reminded'; readonly openMs: number } & GapTold)
  | ({ readonly type: 'gap_acknowledged'; readonly by: string; readonly note: string } & GapTold)
  | ({ readonly type: 'gap_closed'; readonly why: string; readonly state: GapState } & GapTold)
  /** A stream's rhythm was learned, anew or for the first time. */
  | {
      readonly type: 'rhythm_learned'
      readonly receiver: string
      readonly weeks: number
      readonly arrivals: number
      /** Whether that is enough to judge by. */
      readonly judged: boolean
    }
  /** A bucket's history could not be listed; it is tried again. */
  | { readonly type: 'history_failed'; readonly receiver: string; readonly reason: string; readonly retryInMs: number }
