// The part of the ledger on disk that is about what the forwarder says of itself, and how everything in it is written. At
// the bottom of the ledger's classes, so that one file need not say every transaction there is.

import type { HourAccount } from '../../domain/control.ts'
import type { OwnRecord } from '../../domain/own-records.ts'
import type { ClosingLedger } from '../closing.ts'
import type { OwnEntry, OwnLedger, OwnStanding, Waiting } from '../own.ts'
import { closeHours } from './closing.ts'
import type { Connection, Durability } from './connection.ts'
import { Held } from './held.ts'
import { intents } from './intents.ts'
import { forget, own, ownStandings, record, waiting } from './own.ts'

export class Saying implements OwnLedger, ClosingLedger {
  protected readonly db: Connection
  protected readonly held: Held

  constructor(db: Connection) {
    this.db = db
    this.held = new Held((destination) => intents(db, destination).flatMap(({ members }) => members))
  }

  record(entries: readonly OwnEntry[], now: number): void {
    this.write('durable', () => record(this.db, entries, now))
  }

  own(ref: number): OwnRecord | undefined {
    return own(this.db, ref)
  }

  waiting(destination: string, query: Parameters<OwnLedger['waiting']>[1]): readonly Waiting[] {
    return waiting(this.db, destination, query)
  }

  ownStandings(): readonly OwnStanding[] {
    return ownStandings(this.db)
  }

  forget(inHand: ReadonlySet<number>, retiredBefore: number): number {
    return this.write('volatile', () => forget(this.db, this.held, inHand, retiredBefore))
  }

  closeHours(limit: number, tell: (hour: HourAccount) => OwnRecord, now: number): number {
    return this.write('durable', () => closeHours(this.db, limit, tell, now))
  }

  together<T>(body: () => T): T {
    return this.write('durable', body)
  }

  /** One transaction. */
  protected write<T>(durability: Durability, body: () => T): T {
    try {
      return this.db.transaction(durability, body)
    } catch (error) {
      this.held.forget()
      throw error
    }
  }
}
