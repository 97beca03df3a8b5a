/** The ledger could not do its work: disk full, file damaged, locked for too long. Nothing of the transaction stands. */
export class LedgerFailure extends Error {
  readonly hint: string
  /** True where space, once there is some, is all that is missing: the ledger stays usable. */
  readonly full: boolean

  constructor(message: string, options: { hint: string; full: boolean; cause: unknown }) {
    super(message, { cause: options.cause })
    this.name = 'LedgerFailure'
    this.hint = options.hint
    this.full = options.full
  }
}

export interface FailingLedger {
  /** Why it cannot be written: how the last commit failed, until one succeeds. Undefined while all is well. */
  failing(): LedgerFailure | undefined
}
