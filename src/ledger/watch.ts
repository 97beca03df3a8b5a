import type { Gap, Symptom } from '../domain/gaps.ts'

/** A symptom that nobody has made anything of yet. */
export interface Noted {
  readonly id: number
  readonly symptom: Symptom
}

/** What is in quarantine for good and not on its way, for one destination or (undefined) for all of them. */
export interface QuarantineCount {
  readonly destination: string | undefined
  /** Up to a bound; `more` says whether there are more. */
  readonly entries: number
  readonly more: boolean
  /** When the first of them was kept, and why. */
  readonly since: number
  readonly reason: string
}

/** Counted are so many, for each destination. */
export const mostCounted = 1_000

/** What the watch is told, and what it remembers. */
export interface WatchLedger {
  /**
   * Minutes since 1970, in [from, to), in which objects of a receiver appeared, in order. Kept by `see` for as long as the
   * ledger is, whatever becomes of the objects; a few bytes an hour.
   */
  arrivals(receiver: string, from: number, to: number): readonly number[]
  /** Adds minutes of a time that was never seen. Not durable: it is listed again. */
  learn(receiver: string, minutes: readonly number[]): void
  /**
   * Minutes since 1970, in [from, to), in which events of a receiver occurred, in order: those of its objects and of
   * files imported for it, for as long as their ids are remembered.
   */
  eventMinutes(receiver: string, from: number, to: number): readonly number[]
  /** Object time of the receiver's oldest object that is outstanding somewhere and that nobody has read to its end. */
  unread(receiver: string): number | undefined
  /** By destination, what is kept for all first. Those without any are left out. */
  quarantined(): readonly QuarantineCount[]
  /** A text kept under a name; undefined if there is none. */
  memory(name: string): string | undefined
  /** Not durable; within `together` it is. */
  remember(name: string, text: string): void
  /** Notes what cannot be seen again. Not durable; within `together` as durable as what it tells of. */
  note(symptom: Symptom): void
  /** In the order in which they were noted. */
  noted(limit: number): readonly Noted[]
  /** Everything up to this one is dealt with. Not durable; within `together` it is. */
  taken(id: number): void
  /** Keeps a gap, in place of the one with its id. Durable. */
  keep(gap: Gap): void
  gap(id: string): Gap | undefined
  /** Those that are not over, and the latest that are: newest first. */
  gaps(query: { readonly closed: number }): readonly Gap[]
  /** Forgets gaps that were over before an instant. Not durable. */
  forgetGaps(closedBefore: number): void
}
