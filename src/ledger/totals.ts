/** What the ledger has counted since it began. */
export interface LedgerTotals {
  /** Objects known. */
  readonly objects: number
  /** Events decided. */
  readonly events: number
  /** Stretches that are no event. */
  readonly bad: number
  /** Alterations of objects. */
  readonly altered: number
}

export interface TotalLedger {
  totals(): LedgerTotals
}
