import assert from 'node:assert/strict'
import type { AuditObject } from '../../domain/objects.ts'
import { addRanges, covers, type Range, type Ranges, removeRanges } from '../../domain/ranges.ts'
import type { Position } from '../duplicates.ts'
import type { KeptRecord, Repair, Replay, UnderWay, WithheldQuery } from '../repairs.ts'
import { askedAgain, noRepair } from '../rules.ts'
import { encodeRanges } from './codec.ts'
import type { Connection } from './connection.ts'
import { object as objectOf } from './discovery.ts'
import { discard } from './quarantine.ts'
import { count, type Delivery, delivery, encodeSome, lost, outstanding, tallyRow, touchHour } from './rows.ts'
import { isSealed, restoreRow, sealedRow } from './seals.ts'
import { Shelves } from './shelves.ts'
import { forgetWithheld, sealedWithholding, shelfOfWithheld, withheld } from './withheld.ts'

/** The row, outstanding whatever it was. */
export function makeDue(db: Connection, row: Delivery, now: number): void {
  if (row.state === outstanding) return
  db.run(
    `UPDATE deliveries SET state = ${outstanding}, attempts = 0, due_at = ?, reason = ?, lost_bytes = 0, repair = NULL
     WHERE object = ? AND destination = ?`,
    now,
    askedAgain,
    row.object,
    row.destination,
  )
  const found = row.state === lost ? { lostObjects: -1, lostBytes: -row.lostBytes } : {}
  count(db, row.route, { outstanding: 1, late: row.late, ...found })
  touchHour(db, row)
}

export interface Place {
  readonly id: number
  readonly from: number
  readonly to: number
}

export const places = 'SELECT id, start AS "from", stop AS "to" FROM quarantine'

export function range({ from, to }: { readonly from: number; readonly to: number }): Range {
  return [from, to]
}

/** What was settled is due; `released` is to be sent whatever filters say. */
export function takeOut(db: Connection, row: Delivery, ranges: Ranges, released: Ranges = []): void {
  db.run(
    'UPDATE deliveries SET settled = ?, again = ?, released = ? WHERE object = ? AND destination = ?',
    encodeRanges(removeRanges(row.settled, ranges)),
    encodeSome(addRanges(row.again, ranges)),
    encodeSome(addRanges(row.released, released)),
    row.object,
    row.destination,
  )
}

export function withholding(db: Connection, query: WithheldQuery): AuditObject[] {
  const { destination, receiver, from, to, after, limit, closed = [] } = query
  const refs = db.all<{ ref: number }>(
    `SELECT DISTINCT o.ref FROM withheld w JOIN objects o ON o.ref = w.object
       JOIN deliveries d ON d.object = w.object AND d.destination = w.destination JOIN routes r ON r.id = d.route
     WHERE w.destination = ?1 AND (r.active = 1 OR r.receiver IN (SELECT value FROM json_each(?7))) AND (?2 IS NULL OR r.receiver = ?2) AND o.time >= ?3 AND o.time < ?4
       AND w.object > ?5 ORDER BY o.ref LIMIT ?6`,
    destination,
    receiver ?? null,
    from,
    to,
    after,
    limit,
    JSON.stringify(closed),
  )
  const objects = [...refs.flatMap(({ ref }) => objectOf(db, ref) ?? []), ...withholdingSealed(db, query)]
  return objects.sort((a, b) => a.ref - b.ref).slice(0, limit)
}

/** The same for rows that are sealed. */
function withholdingSealed(db: Connection, query: WithheldQuery): AuditObject[] {
  const { destination, receiver, from, to, limit, closed = [] } = query
  let found: AuditObject[] = []
  const shelves = new Shelves(db)
  for (const { first, shelf, objects } of sealedWithholding(db, query)) {
    // Numbers on later shelves are greater still.
    if (first > (found[limit - 1]?.ref ?? Number.POSITIVE_INFINITY)) break
    const theirs = objects.flatMap((ref): AuditObject[] => {
      const shelved = shelves.get(shelf, ref)
      const row = shelved && sealedRow(db, destination, shelved)
      if (shelved === undefined || row === undefined || (receiver ?? row.receiver) !== row.receiver) return []
      if (row.active !== 1 && !closed.includes(row.receiver)) return []
      return shelved.object.time >= from && shelved.object.time < to ? [shelved.object] : []
    })
    found = [...found, ...theirs].sort((a, b) => a.ref - b.ref).slice(0, limit)
  }
  return found
}

export function release(
  db: Connection,
  destination: string,
  positions: readonly Position[],
  repair: number,
  now: number,
): number {
  let released = 0
  for (const [object, wanted] of Map.groupBy(positions, (position) => position.object)) {
    const before = withheld(db, destination, object)
    const found = new Map(
      wanted.filter(({ from, to }) => from < to && covers(before, from, to)).map((one) => [one.from, one]),
    )
    const row = found.size === 0 ? undefined : rowToRelease(db, destination, object)
    if (row === undefined || !row.active || row.state === lost) continue
    const ranges = [...found.values()].map(range)
    forgetWithheld(db, row, ranges)
    makeDue(db, row, now)
    takeOut(db, row, ranges, ranges)
    db.run('UPDATE deliveries SET repair = ? WHERE object = ? AND destination = ?', repair, object, destination)
    released += found.size
  }
  return released
}

/** The row, also where it is sealed and one of today's routes would deliver it. */
function rowToRelease(db: Connection, destination: string, object: number): Delivery | undefined {
  const row = delivery(db, destination, object)
  if (row !== undefined || !isSealed(db, destination, object)) return row
  const shelf = shelfOfWithheld(db, { destination, object })
  const shelved = shelf === undefined ? undefined : new Shelves(db).get(shelf, object)
  if (shelved === undefined || sealedRow(db, destination, shelved)?.active !== 1) return undefined
  restoreRow(db, destination, shelved)
  return delivery(db, destination, object)
}

interface Asked extends Place {
  readonly object: number | null
  readonly destination: string | null
  readonly provisional: number
  readonly replay: number | null
}

export function replay(db: Connection, id: number, repair: number, now: number): Replay {
  const entry = db.get<Asked>(
    `SELECT id, object, destination, start AS "from", stop AS "to", provisional, replay FROM quarantine WHERE id = ?`,
    id,
  )
  if (entry === undefined) return 'no entry'
  if (entry.object === null) return 'message'
  if (entry.replay !== null) return entry.replay === repair ? 'due' : 'under way'
  if (entry.provisional === 1) return 'provisional'
  const rows = concerned(db, entry.object, entry)
  if (rows.length === 0) return 'retired'
  const waiting = rows.filter((row) => !hasDealt(db, id, row))
  if (waiting.length === 0) {
    discard(db, id)
    return 'arrived'
  }
  for (const row of waiting) {
    makeDue(db, row, now)
    takeOut(db, row, [range(entry)])
    tallyRow(db, row, { quarantined: -1 })
  }
  db.run('UPDATE quarantine SET replay = ? WHERE id = ?', repair, id)
  return 'due'
}

/** Whether the destination had the stretch before it turned out to be no event. */
function hasDealt(db: Connection, entry: number, { destination }: Delivery): boolean {
  return db.get('SELECT 1 FROM dealt WHERE entry = ? AND destination = ?', entry, destination) !== undefined
}

/** The rows in which the entry's stretch is settled, of today's routes. */
function concerned(db: Connection, object: number, { destination, from, to }: Asked): Delivery[] {
  const sql = 'SELECT destination FROM deliveries WHERE object = ? AND (?2 IS NULL OR destination = ?2)'
  return db.all<{ destination: string }>(sql, object, destination).flatMap((named) => {
    const row = delivery(db, named.destination, object)
    assert(row !== undefined)
    return row.active && covers(row.settled, from, to) ? [row] : []
  })
}

export function underWay(db: Connection, repair: number, after: number, limit: number): UnderWay[] {
  const rows = db.all<
    Omit<UnderWay, 'destination' | 'provisional'> & { destination: string | null; provisional: number }
  >(
    `SELECT id, object, destination, provisional FROM quarantine INDEXED BY replays
     WHERE replay IS NOT NULL AND replay = ? AND id > ? ORDER BY id LIMIT ?`,
    repair,
    after,
    limit,
  )
  return rows.map(({ destination, provisional, ...row }) => {
    return { ...row, destination: destination ?? undefined, provisional: provisional === 1 }
  })
}

export function kept(db: Connection, object: number): KeptRecord[] {
  const records = db.all<KeptRecord>(
    `SELECT object, start AS "from", stop AS "to", "offset", line, bytes FROM quarantine INDEXED BY replays
     WHERE object = ? AND replay IS NOT NULL AND provisional = 0 AND bytes IS NOT NULL ORDER BY start, stop DESC, id DESC`,
    object,
  )
  const smallest = new Map(records.map((record) => [record.from, record]))
  return [...smallest.values()]
}

export function remark(db: Connection, id: number, reason: string): void {
  db.run('UPDATE quarantine SET reason = ? WHERE id = ?', reason, id)
}

export function understood(db: Connection, id: number): void {
  const message = db.get('SELECT 1 FROM quarantine WHERE id = ? AND object IS NULL', id)
  if (message !== undefined) discard(db, id)
}

export function repair(db: Connection, id: number): Repair {
  const rows = `SELECT count(*) AS n FROM deliveries d INDEXED BY under_repair JOIN routes r ON r.id = d.route
    WHERE d.repair = ? AND d.state = 0 AND r.active = 1`
  const entries = 'SELECT count(*) AS n FROM quarantine INDEXED BY replays WHERE replay IS NOT NULL AND replay = ?'
  const counted = db.get<typeof noRepair>(
    'SELECT delivered, filtered, duplicates, quarantined, lost FROM repairs WHERE id = ?',
    id,
  )
  return {
    rows: db.get<{ n: number }>(rows, id)?.n ?? 0,
    entries: db.get<{ n: number }>(entries, id)?.n ?? 0,
    ...(counted ?? noRepair),
  }
}
