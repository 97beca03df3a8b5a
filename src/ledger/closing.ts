import type { OwnRecord } from '../domain/own-records.ts'
import type { Tally } from './progress.ts'

/**
 * What became of one receiver's hour at one destination, to the record. `events` and `bad` (stretches that are no event) end
 * as delivered, filtered, duplicates or quarantined, except those that lost objects had.
 */
export interface HourAccount extends Tally {
  readonly destination: string
  readonly receiver: string
  /** Where the hour of object time begins, in milliseconds since 1970. */
  readonly hour: number
  /** 1 for the first account of the hour; another one is given when the hour has changed since. */
  readonly revision: number
  readonly objects: number
  readonly lostObjects: number
  readonly events: number
  readonly bad: number
  /** Ids of the first and the last event, in the order of objects; undefined without any. */
  readonly firstId: string | undefined
  readonly lastId: string | undefined
}

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
