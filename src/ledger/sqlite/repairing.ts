// The part of the ledger on disk that is about what did not arrive and is done again. A class below the ledger, so that
// one file need not say every transaction there is.
import type { AuditObject, Sighting } from '../../domain/objects.ts'
import type { Ranges } from '../../domain/ranges.ts'
import type { Position } from '../duplicates.ts'
import type { QuarantineEntry, QuarantineLedger, QuarantineQuery } from '../quarantine.ts'
import type { KeptRecord, Refill, Refilled, Repair, RepairLedger, Replay, UnderWay, WithheldQuery } from '../repairs.ts'
import type { Connection } from './connection.ts'
import { entry, quarantine, quarantineMessage } from './quarantine.ts'
import { refill, survey } from './refill.ts'
import * as repairs from './repairs.ts'
import { Saying } from './saying.ts'
import { withheld } from './withheld.ts'

export class Repairing extends Saying implements QuarantineLedger, RepairLedger {
  protected readonly quarantineCap: number

  constructor(db: Connection, quarantineCap: number) {
    super(db)
    this.quarantineCap = quarantineCap
  }

  quarantineMessage(receiver: string, body: string, reason: string, now: number): void {
    const message = { receiver, body, reason }
    this.write('durable', () => quarantineMessage(this.db, message, now, this.quarantineCap))
  }

  quarantine(query: QuarantineQuery): readonly QuarantineEntry[] {
    return quarantine(this.db, query)
  }

  entry(id: number): QuarantineEntry | undefined {
    return entry(this.db, id)
  }

  refill(receiver: string, store: string, sightings: readonly Sighting[], how: Refill, now: number) {
    return this.write('durable', () => refill(this.db, { receiver, store }, sightings, how, now))
  }

  survey(receiver: string, store: string, sightings: readonly Sighting[], how: Refill): Refilled {
    return survey(this.db, { receiver, store }, sightings, how)
  }

  withholding(query: WithheldQuery): readonly AuditObject[] {
    return repairs.withholding(this.db, query)
  }

  withheld(destination: string, ref: number): Ranges {
    return withheld(this.db, destination, ref)
  }

  release(destination: string, positions: readonly Position[], repair: number, now: number): number {
    return this.write('volatile', () => repairs.release(this.db, destination, positions, repair, now))
  }

  replay(id: number, repair: number, now: number): Replay {
    return this.write('volatile', () => repairs.replay(this.db, id, repair, now))
  }

  underWay(repair: number, after: number, limit: number): readonly UnderWay[] {
    return repairs.underWay(this.db, repair, after, limit)
  }

  kept(ref: number): readonly KeptRecord[] {
    return repairs.kept(this.db, ref)
  }

  remark(id: number, reason: string): void {
    this.write('volatile', () => repairs.remark(this.db, id, reason))
  }

  understood(id: number): void {
    this.write('volatile', () => repairs.understood(this.db, id))
  }

  repair(id: number): Repair {
    return repairs.repair(this.db, id)
  }
}
