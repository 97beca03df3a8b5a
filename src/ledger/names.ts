import type { Account } from './accounts.ts'

/** What is left of a route that is no longer configured. */
export interface Retired extends Pick<Account, 'destination' | 'receiver' | 'watermark' | 'delivered' | 'oldest'> {
  /** Objects it was not given, or not wholly. */
  readonly outstanding: number
  /** When it went; undefined if an older version retired it. */
  readonly retiredAt: number | undefined
}

/** Destinations are names, and their rows outlive the configuration that named them. */
export interface NameLedger {
  /** Routes that are gone from the configuration, in the order in which they came. */
  retired(): readonly Retired[]
  /**
   * Gives a destination another name: its routes with starts, watermarks and counts, its rows, intents, verdicts and
   * quarantine go on under it, retired or not. Throws if there is no such destination, or the new name has routes of its
   * own. One transaction, durable: a crash leaves one name or the other.
   */
  rename(from: string, to: string): void
}
