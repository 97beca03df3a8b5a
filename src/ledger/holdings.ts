/** What the ledger holds, each beside what it may hold. In bytes. */
export interface Holdings {
  /** What quarantine is charged for, verdicts that are not final included. When it is full, lanes with a refusal stop. */
  readonly quarantine: { readonly bytes: number; readonly capacity: number }
  /** The ledger's files, and of the disk they lie on what is free for them and all there is; undefined in memory. */
  readonly disk: { readonly bytes: number; readonly free: number; readonly size: number } | undefined
}

export interface HoldingLedger {
  /** As it is now. A disk that cannot be asked is a LedgerFailure. */
  holdings(): Holdings
}
