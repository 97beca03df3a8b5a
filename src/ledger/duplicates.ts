import type { Range } from '../domain/ranges.ts'

/** Where an event lies: object number, first byte and end of its stretch. */
export interface Position {
  readonly object: number
  readonly from: number
  readonly to: number
}

/** An event up for decision. */
export interface Claimant {
  readonly from: number
  readonly to: number
  /** The event's id; for an event without one, the sha256 of its text. */
  readonly id: string
  /** occurred_at in milliseconds since 1970; for an event without one, the object's time. */
  readonly at: number
}

/** A stretch that is no event, kept in quarantine once, on behalf of every destination. */
export interface BadBytes {
  readonly from: number
  readonly to: number
  /** First byte of the text proper, and its 1-based line. */
  readonly offset: number
  readonly line: number
  readonly reason: string
  readonly sha256: string
  /** As read, up to 1 MiB. */
  readonly bytes: Uint8Array
  readonly length: number
}

/** A chunk up for decision: bytes [from, to) of the object and everything in them. */
export interface Undecided {
  readonly object: number
  readonly from: number
  readonly to: number
  readonly claimants: readonly Claimant[]
  readonly bad: readonly BadBytes[]
  /** True if `to` is the object's decompressed length. */
  readonly end: boolean
}

/** A position whose event was first seen elsewhere. */
export interface Copy {
  readonly from: number
  readonly to: number
  readonly owner: { readonly object: number; readonly from: number }
}

export interface Decision {
  /** Copies within the chunk, ascending. */
  readonly copies: readonly Copy[]
  /** Positions whose id was seen with an occurred_at 2 s or more away: forwarded, and reported. */
  readonly reused: readonly Range[]
}

/** Which events are copies. Decided once per object, before processors, for all destinations alike. */
export interface DuplicateLedger {
  /**
   * Decides a chunk: claims its ids, stores its copies, its bad stretches and how far the object is decided; with
   * `end`, the object's length, which settles the rows that have everything else. For a stretch already decided it
   * answers what was decided then and asks the ids no more. Chunks of one object come in order but may be cut otherwise
   * than last time: what lies below the decided mark is answered from the stored list, the rest is decided. A stretch
   * below the mark that is bad only now (other settings, another version of the program) is kept all the same, once.
   * Not durable: after a crash the same chunk is decided again, with the same answer (an owner stays the owner).
   * Throws QuarantineFull when the bad stretches do not fit; then nothing was decided.
   */
  decide(chunk: Undecided, now: number): Decision
  /**
   * For each copy, whether this destination may skip it: the owner's position is settled or outstanding there, or was
   * adopted by another position there. Where it answers false the owner has no row there, or was lost: the copy must be
   * delivered, and the adoption is recorded, so that no second copy is delivered and none is swallowed. Asking again
   * gives the same answer. Not durable: a crash before the next durable commit forgets the adoption with everything
   * that was built on it.
   */
  judge(destination: string, object: number, copies: readonly Copy[]): readonly boolean[]
  /** Positions (first bytes) of this object whose event another object's copy was adopted for: skip them. */
  adopted(destination: string, object: number): ReadonlySet<number>
  /**
   * Drops claims older than `window` ms below the oldest undecided object's time, and none of events from `needed` on.
   * What an import has is remembered for longer, as far back as a file can reach: no stream will bring it again in time to
   * be recognised, but another file may. A step of a few hours at once, behind hour `after`: a year's claims are millions,
   * and nobody else may use the ledger meanwhile. Not durable.
   */
  prune(window: number, needed?: number, after?: number): Pruned
}

/** One step of forgetting. */
export interface Pruned {
  /** Claims. */
  readonly dropped: number
  /** The hour behind which the next step begins; undefined where nothing is left to look at. */
  readonly next: number | undefined
}
