// What an operator has done again. A repair makes due what had come to an end: a refused record, a withheld one, a whole
// row. It does so by taking the bytes out of what the row has settled and noting that they were settled once; from there
// on everything is a lane's usual work, and a crash costs what it always costs. Should the bytes turn out not to be had,
// they go back to where they were: a repair makes nothing worse. Rejected: a second kind of row for repairs, which every
// rule about rows (copies, adoptions, the watermark, what is lost) would have had to be told about.
import type { AuditObject, Sighting } from '../domain/objects.ts'
import type { Ranges } from '../domain/ranges.ts'
import type { Alteration } from './alterations.ts'
import type { Position } from './duplicates.ts'
import type { Tally } from './progress.ts'

/** A repair so far. It is known by the number of the request that asked for it. */
export interface Repair extends Tally {
  /** Rows of today's routes, and entries of the quarantine, that it made due and that are on their way still. */
  readonly rows: number
  readonly entries: number
  /** Rows it had taken whose objects turned out gone. */
  readonly lost: number
}

export interface Refill {
  readonly repair: number
  /** Of the receiver's; undefined for all of them. */
  readonly destinations: readonly string[] | undefined
  /** Also what is settled, under a generation of its own. */
  readonly force: boolean
}

/** How many rows: taken by this repair (now or before), on their way without it, and settled and left so. */
export interface Refilled {
  readonly taken: number
  readonly waiting: number
  readonly settled: number
}

/** Objects of a destination's routes, of times from `from` on and before `to`, with numbers above `after`. */
export interface WithheldQuery {
  readonly destination: string
  readonly receiver: string | undefined
  readonly from: number
  readonly to: number
  readonly after: number
  readonly limit: number
  /** Receivers whose routes count although they were taken out. */
  readonly closed?: readonly string[]
}

/** What came of asking for an entry of the quarantine again. */
export type Replay =
  /** Every destination had it before it turned out to be no event: it leaves the quarantine. */
  | 'arrived'
  /** It is on its way: by this repair, or by an earlier one. */
  | 'due'
  | 'under way'
  /** It is none: unknown or gone, still provisional, or a message. */
  | 'no entry'
  | 'provisional'
  | 'message'
  /** No destination of today's configuration would get it. */
  | 'retired'

/** An entry on its way. */
export interface UnderWay {
  readonly id: number
  readonly object: number
  readonly destination: string | undefined
  readonly provisional: boolean
}

/** Bytes of an entry that is on its way, for when its object is gone. */
export interface KeptRecord extends Position {
  readonly offset: number
  readonly line: number
  readonly bytes: Uint8Array
}

export interface RepairLedger {
  /**
   * Gives the receiver's destinations rows for objects, also for those older than their starts, and makes lost rows due
   * again. With `force` settled rows too, wholly but for what is no event: their generation is the repair's number, and
   * the watermark goes back below them. A row counts for the repair that took it last. The same call again takes nothing
   * more. Durable.
   */
  refill(
    receiver: string,
    store: string,
    sightings: readonly Sighting[],
    refill: Refill,
    now: number,
  ): Refilled & {
    readonly altered: readonly Alteration[]
  }
  /** What `refill` would answer. */
  survey(receiver: string, store: string, sightings: readonly Sighting[], refill: Refill): Refilled
  /** Objects of which filters withheld something, by number. */
  withholding(query: WithheldQuery): readonly AuditObject[]
  /** The stretches that filters withheld. */
  withheld(destination: string, object: number): Ranges
  /**
   * Makes withheld positions due, to be sent whatever filters say. Those that are not withheld (any more) are left.
   * Returns how many there were. Not durable: the repair is asked for until it is answered.
   */
  release(destination: string, positions: readonly Position[], repair: number, now: number): number
  /**
   * Makes an entry due: a refused record in its destination, a stretch that is no event wherever it was passed over; its
   * events are claimed when they are decided. An entry leaves the quarantine when its record has come to another end; a
   * refusal keeps it, with the new reason. Not durable, as `release`.
   */
  replay(entry: number, repair: number, now: number): Replay
  /** Entries that the repair made due and that are on their way, by number: those above `after`. */
  underWay(repair: number, after: number, limit: number): readonly UnderWay[]
  /** Entries on their way whose bytes are kept, ascending. */
  kept(object: number): readonly KeptRecord[]
  /** An entry that is to stay has another reason now. Not durable. */
  remark(entry: number, reason: string): void
  /** A message is understood after all, and what it announced was seen: it leaves the quarantine. Not durable. */
  understood(entry: number): void
  repair(id: number): Repair
}
