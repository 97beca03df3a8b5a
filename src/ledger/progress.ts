import type { AuditObject } from '../domain/objects.ts'
import type { Ranges } from '../domain/ranges.ts'

/** One outstanding object of one destination. */
export interface Row {
  readonly object: AuditObject
  readonly receiver: string
  readonly settled: Ranges
  /** Of what is not settled: to be sent whatever filters say. */
  readonly released: Ranges
  /** Raised by whoever has it all sent again; part of the token. */
  readonly generation: number
  /** Failed readings in a row. */
  readonly attempts: number
  /** When it may be read, in milliseconds since 1970. */
  readonly dueAt: number
  readonly late: boolean
  /** Why it is not settled, in the words of the last failure. */
  readonly reason: string | undefined
}

/** How records of a settlement ended. Copies skipped are `duplicates`. */
export interface Tally {
  readonly delivered: number
  readonly filtered: number
  readonly duplicates: number
  readonly quarantined: number
}

export interface Settlement {
  readonly object: number
  readonly ranges: Ranges
  readonly tally: Tally
  /** Of the ranges: what a filter withheld. */
  readonly withheld?: Ranges
}

export interface DueQuery {
  readonly now: number
  readonly limit: number
  /** Newest object time first (live) or oldest first (backlog). */
  readonly newest: boolean
  /** Only objects of this time or later; undefined for all. */
  readonly since?: number | undefined
  /** Objects the lane has in hand already. */
  readonly except: ReadonlySet<number>
  /** A row due later than now + this is due now: the clock has jumped. */
  readonly maxDelay: number
}

/** What is done and what is due, per object and destination. */
export interface ProgressLedger {
  /** Outstanding rows that may be read now. Rows fully held by intents or verdicts may be among them. */
  due(destination: string, query: DueQuery): readonly Row[]
  /** The row of one object; undefined if there is none or it is settled or lost. */
  row(destination: string, object: number): Row | undefined
  /** The earliest due time of the destination's outstanding rows not in `except`; undefined when there are none. */
  nextDue(destination: string, except: ReadonlySet<number>): number | undefined
  /**
   * Adds ranges to rows and their tallies to the accounts; a row whose ranges cover the object's length is settled.
   * Ranges never overlap what is settled. Not durable: a crash brings the rows back, and what was settled by intents
   * is answered by the intents.
   */
  settle(destination: string, settlements: readonly Settlement[]): void
  /** The object could not be read: not before `dueAt`, for this reason. Not durable. */
  postpone(destination: string, object: number, dueAt: number, reason: string): void
  /**
   * The object is gone: the destination's row ends as lost, its unsettled bytes are named in the accounts. Copies that
   * were skipped in favour of the lost positions are due again in their own objects (and adopted). Durable.
   * Returns the objects that are due again: answers of `judge` and `adopted` given for them before are void. Members of
   * open intents count as lost too; should they arrive after all, resolving the intent settles them.
   */
  lose(destination: string, object: number, reason: string, now: number): readonly number[]
}
