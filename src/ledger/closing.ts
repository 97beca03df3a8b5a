import type { HourAccount } from '../domain/control.ts'
import type { OwnRecord } from '../domain/own-records.ts'

/** Hours are accounted for when they are over, for each route whose destination takes own records. */
export interface ClosingLedger {
  /**
   * Accounts for hours that the sweep has passed and in which nothing is outstanding in the route: for hours in order, and
   * for those that have changed since they were accounted for. From the first complete sweep on every hour is accounted
   * for, of those before it the ones that have objects. What `tell` makes of an account is recorded for its destination,
   * in the transaction that marks the hour; so an hour is told of once, and its numbers are the ledger's. Durable.
   * Returns how many hours were accounted for, at most about `limit`.
   */
  closeHours(limit: number, tell: (hour: HourAccount) => OwnRecord, now: number): number
}
