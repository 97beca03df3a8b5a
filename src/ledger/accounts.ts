import type { Tally } from './progress.ts'

/** A destination that lets nothing through. */
export interface Stop {
  readonly cause: 'credentials' | 'configuration'
  readonly reason: string
  readonly since: number
}

/** The last delivery of a route. Times in milliseconds since 1970. */
export interface LastDelivery {
  readonly at: number
  /** The object that the delivered record was of, and its time. */
  readonly key: string
  readonly time: number
}

/** The state of one route. */
export interface Account extends Tally {
  readonly destination: string
  readonly receiver: string
  readonly startAt: number
  /** Everything of an object time up to here is settled and named; undefined before the first complete sweep. */
  readonly watermark: number | undefined
  readonly sweptTo: number | undefined
  /** Outstanding objects, and those of them first seen below the watermark. */
  readonly outstanding: number
  readonly late: number
  /** Late objects ever. */
  readonly lateTotal: number
  /** The oldest outstanding object, and why: its last failed reading, else the last failure of a batch on its way. */
  readonly oldest: { readonly time: number; readonly key: string; readonly reason: string | undefined } | undefined
  readonly lostObjects: number
  readonly lostBytes: number
  readonly possibleDuplicates: number
  readonly adopted: number
  /** Records held by verdicts that are not final. */
  readonly provisional: number
  /** Time of the newest object that was seen. */
  readonly lastObjectTime: number | undefined
  /** Time of the newest event that was delivered. */
  readonly lastEvent: number | undefined
  readonly lastDelivery: LastDelivery | undefined
  readonly stop: Stop | undefined
}

export interface Watermark {
  readonly destination: string
  readonly receiver: string
  readonly time: number
}

/** What the operator sees. */
export interface AccountLedger {
  /**
   * Moves every route's watermark to the smaller of its oldest outstanding object's time and `sweptTo − 5 min`, never
   * back. Durable, so that a watermark once shown is never taken back by a crash.
   */
  advance(): readonly Watermark[]
  accounts(): readonly Account[]
  /** Not durable: after a crash the destination shows it again by itself. */
  stop(destination: string, stop: Stop | undefined): void
}
