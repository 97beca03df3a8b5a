import type { Tally } from './progress.ts'

/** A destination that lets nothing through. */
export interface Stop {
  readonly cause: 'credentials' | 'configuration'
  readonly reason: string
  readonly since: number
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
  readonly lastObjectTime: number | undefined
  readonly stop: Stop | undefined
}

export interface Watermark {
  readonly destination: string
  readonly receiver: string
  readonly time: number
}

/** A record that went to no destination, or not to this one. */
export interface QuarantineEntry {
  readonly id: number
  /** Undefined: no event at all, kept on behalf of every destination. */
  readonly destination: string | undefined
  /** Undefined for the body of a message that nobody understands. */
  readonly object: { readonly ref: number; readonly store: string; readonly key: string } | undefined
  readonly offset: number
  readonly line: number
  readonly reason: string
  readonly sha256: string
  /** As read; undefined where the record was larger than 1 MiB (the first 1 MiB is not evidence). */
  readonly bytes: Uint8Array | undefined
  readonly length: number
  readonly provisional: boolean
  readonly at: number
}

/** Nothing more fits under the quarantine's total cap. The lane stops; nothing is dropped. */
export class QuarantineFull extends Error {
  constructor(capBytes: number) {
    super(`${fullWords} (${capBytes} bytes): raise service.quarantine.max_bytes`)
    this.name = 'QuarantineFull'
  }
}

const fullWords = 'quarantine is full'

/** Whether a stop's reason, as the ledger kept it, is a full quarantine. */
export function isQuarantineFull(reason: string): boolean {
  return reason.startsWith(fullWords)
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
  /** Keeps a message nobody understands. Durable: it may be deleted from the queue afterwards. */
  quarantineMessage(receiver: string, body: string, reason: string, now: number): void
  /** Oldest first; a destination's own entries and those kept on behalf of every destination. */
  quarantine(query: { readonly destination?: string; readonly limit: number }): readonly QuarantineEntry[]
}
