import type { OwnKind, OwnRecord } from '../domain/own-records.ts'
import type { Tally } from './progress.ts'

/** An own record, and for whom it is. */
export interface OwnEntry {
  readonly record: OwnRecord
  /** For these destinations alone; undefined for every one that takes own records. */
  readonly only?: readonly string[] | undefined
  /** Not for these: what is said about a destination is not sent to it while it is so. */
  readonly except?: readonly string[] | undefined
}

/** A record that waits for a destination. */
export interface Waiting {
  readonly object: number
  /** Bytes of its text: the range that settles it. */
  readonly length: number
  readonly record: OwnRecord
}

/** How a destination stands with own records. `filtered` counts those that were withdrawn. */
export interface OwnStanding extends Tally {
  readonly destination: string
  readonly outstanding: number
  /** Object time of the oldest outstanding one: when it was said. */
  readonly oldest: number | undefined
}

/**
 * What the forwarder says of itself. Its records are objects with rows, intents and verdicts like any others, under
 * receivers of their own (`isOwnReceiver`): whoever enrols such a route for a destination has it told. They are in no
 * account, no total and no watermark, and they are forgotten once they have arrived.
 */
export interface OwnLedger {
  /**
   * Keeps records, each with a row for every destination that takes own records and that it is for. One that is known
   * (by kind and id) stays as it is, and destinations that have no row for it get one. Durable: nothing is sent before.
   */
  record(entries: readonly OwnEntry[], now: number): void
  /** The own record that an object is; undefined for any other object. */
  own(object: number): OwnRecord | undefined
  /** Records of a kind that wait for a destination and were said before an instant, oldest first. */
  waiting(
    destination: string,
    query: { readonly kind: OwnKind; readonly before: number; readonly limit: number },
  ): readonly Waiting[]
  ownStandings(): readonly OwnStanding[]
  /**
   * Forgets own records for which nobody waits and that `inHand` does not name. Rows of routes that were retired before
   * an instant wait no longer, unless they are on their way. What is in quarantine stays. Numbers are never given again:
   * the newest object stays. Not durable. Returns how many records it forgot.
   */
  forget(inHand: ReadonlySet<number>, retiredBefore: number): number
  /**
   * Makes one transaction of all that the body writes, durable. So what is told is written with what it tells of. Throws
   * what the body throws, or what anything in it threw; then nothing of it stands.
   */
  together<T>(body: () => T): T
}
