import type { Sighting } from '../domain/objects.ts'
import type { Account } from './accounts.ts'
import type { Claimant } from './duplicates.ts'

/** From and before, in milliseconds since 1970. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** What a receiver's listing of a span would show: objects of the store whose keys begin with one of the places. */
export interface Place {
  readonly receiver: string
  readonly store: string
  readonly places: readonly string[]
}

/** What imports ask of the ledger, beside what every object does. */
export interface ImportLedger {
  /** Each object's number, in their order; undefined where the ledger has never seen it. Seals are asked as well. */
  numbers(store: string, sightings: readonly Pick<Sighting, 'key' | 'version'>[]): readonly (number | undefined)[]
  /** The number of the object that was registered last; 0 before the first. Those that come have greater ones. */
  latest(): number
  /**
   * The objects, by their numbers, that the receiver has seen, or that lie in its places, with a time in [from, to), and
   * that are not among those `listed`. What other receivers have in the same store is not asked for.
   */
  unlisted(place: Place, span: Span, listed: ReadonlySet<number>): readonly number[]
  /**
   * Makes events known again whose claims were forgotten: the object has them at these positions. Those that it left to
   * others are theirs: a copy of a copy would be skipped in favour of something that nobody may have sent. What somebody
   * claims already stays as it is. Not durable until
   * it is secured: a crash forgets it like any claim.
   */
  remember(object: number, claimants: readonly Claimant[]): void
  /** From now on a crash takes nothing of what was decided and remembered until now. */
  secure(): void
  /** For each position of an object, whether the destination has what lies there, or will have it. */
  has(destination: string, object: number, positions: readonly number[]): readonly boolean[]
  /**
   * Whether the destination has yet to be given something that the object left to others: then it is not done, for should
   * they be lost it is due again. Rows are asked, not positions, and one outstanding row that has a part is enough.
   */
  leansOn(destination: string, object: number): boolean
  /** Whether a file that was laid in a store was ever asked for: `source` in the request's body. */
  isAsked(source: string): boolean
  /** Accounts of imports under way. They are in `accounts` no more than own records are. */
  accounts(): readonly Account[]
  /**
   * Forgets, for an object that will never be read again, which of its rows were copies: up to `limit` of them. Returns
   * how many. Not durable: done again after a crash.
   */
  forgetCopies(object: number, limit: number): number
}
