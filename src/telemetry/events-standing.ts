/** Of several replicas, which one sends, and what is kept for the next. */
export type StandingEvent =
  /** Somebody else owns the sending. */
  | { readonly type: 'standing_by'; readonly owner: string; readonly epoch: number }
  | {
      readonly type: 'ownership_taken'
      readonly epoch: number
      /** What it goes on with: its own ledger, the checkpoint's, or an empty one. */
      readonly ledger: 'kept' | 'restored' | 'begun'
      /** Whether buckets are listed from their beginning, once. */
      readonly listAll: boolean
    }
  | {
      readonly type: 'ownership_unrenewed'
      readonly epoch: number
      readonly reason: string
      readonly hint: string | undefined
      readonly leftMs: number
    }
  | { readonly type: 'ownership_lost'; readonly epoch: number; readonly reason: string }
  | { readonly type: 'ownership_given_up'; readonly epoch: number }
  | {
      readonly type: 'checkpoint_unreachable'
      readonly reason: string
      readonly hint: string | undefined
      readonly retryInMs: number
    }
  | {
      readonly type: 'checkpoint_made'
      readonly name: string
      readonly takenAt: number
      readonly bytes: number
      readonly ledgerBytes: number
      readonly durationMs: number
    }
  | {
      readonly type: 'checkpoint_failed'
      readonly reason: string
      readonly hint: string | undefined
      readonly retryInMs: number
    }
  /** Copies that are not needed any more stay where they are. */
  | { readonly type: 'checkpoints_kept'; readonly reason: string; readonly hint: string | undefined }
  | {
      readonly type: 'ledger_restored'
      readonly name: string
      readonly takenAt: number
      readonly ledgerBytes: number
      /** A ledger that was here was put aside for it. */
      readonly superseded: boolean
      readonly durationMs: number
    }
