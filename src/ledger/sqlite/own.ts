import { isOwnReceiver, type OwnRecord, ownReceiver, ownRecord, ownStore, ownText } from '../../domain/own-records.ts'
import type { OwnEntry, OwnLedger, OwnStanding, Waiting } from '../own.ts'
import { isFor, ownKey, ownVersion } from '../own-rules.ts'
import type { Connection } from './connection.ts'
import type { Held } from './held.ts'
import { count, nextNumber, outstanding } from './rows.ts'

interface OwnRoute {
  readonly id: number
  readonly destination: string
  readonly receiver: string
}

export function record(db: Connection, entries: readonly OwnEntry[], now: number): void {
  const routes = ownRoutes(db)
  for (const entry of entries) {
    const wanting = routes.filter((route) => isFor(entry, route))
    if (wanting.length === 0) continue
    const ref = register(db, entry.record, now)
    for (const route of wanting) addRow(db, route, ref, entry.record.at, now)
  }
}

function ownRoutes(db: Connection): OwnRoute[] {
  const routes = db.all<OwnRoute>('SELECT id, destination, receiver FROM routes WHERE active = 1 ORDER BY id')
  return routes.filter(({ receiver }) => isOwnReceiver(receiver))
}

/** The number of the record's object, which is decided from the beginning: nothing in it can be a copy. */
function register(db: Connection, said: OwnRecord, now: number): number {
  const key = ownKey(said)
  const sql = 'SELECT ref FROM objects WHERE store = ? AND key = ? AND version = ?'
  const known = db.get<{ ref: number }>(sql, ownStore, key, ownVersion)
  if (known !== undefined) return known.ref
  const text = ownText(said)
  const size = Buffer.byteLength(text)
  const ref = nextNumber(db)
  db.run(
    `INSERT INTO objects (ref, receiver, store, key, version, size, modified, time, seen_at, how, length, decided)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, 'own', ?6, ?6)`,
    ref,
    ownReceiver,
    ownStore,
    key,
    ownVersion,
    size,
    said.at,
    now,
  )
  db.run('INSERT INTO own_records (object, kind, body) VALUES (?, ?, ?)', ref, said.kind, text)
  return ref
}

function addRow(db: Connection, { id, destination }: OwnRoute, ref: number, time: number, now: number): void {
  const added = db.run(
    `INSERT OR IGNORE INTO deliveries (object, destination, route, time, settled, due_at, late)
     VALUES (?, ?, ?, ?, x'', ?, 0)`,
    ref,
    destination,
    id,
    time,
    now,
  )
  count(db, id, { outstanding: added })
}

export function own(db: Connection, object: number): OwnRecord | undefined {
  const found = db.get<{ body: string }>('SELECT body FROM own_records WHERE object = ?', object)
  return found && ownRecord(found.body)
}

interface StoredWaiting {
  readonly object: number
  readonly length: number
  readonly body: string
}

export function waiting(
  db: Connection,
  destination: string,
  { kind, before, limit }: Parameters<OwnLedger['waiting']>[1],
): Waiting[] {
  const rows = db.all<StoredWaiting>(
    `SELECT d.object, o.size AS length, w.body
     FROM routes r JOIN deliveries d INDEXED BY outstanding_by_time ON d.route = r.id AND d.state = 0
       JOIN own_records w ON w.object = d.object JOIN objects o ON o.ref = d.object
     WHERE r.destination = ? AND r.active = 1 AND d.time < ? AND w.kind = ? ORDER BY d.time, d.object LIMIT ?`,
    destination,
    before,
    kind,
    limit,
  )
  return rows.map(({ object, length, body }) => ({ object, length, record: ownRecord(body) }))
}

interface StoredStanding extends Omit<OwnStanding, 'oldest'> {
  readonly receiver: string
  readonly oldest: number | null
}

export function ownStandings(db: Connection): OwnStanding[] {
  const rows = db.all<StoredStanding>(
    `SELECT destination, receiver, delivered, filtered, duplicates, quarantined, outstanding,
       (SELECT min(time) FROM deliveries INDEXED BY outstanding_by_time WHERE route = r.id AND state = 0) AS oldest
     FROM routes r WHERE active = 1 ORDER BY id`,
  )
  const mine = rows.filter(({ receiver }) => isOwnReceiver(receiver))
  return mine.map(({ receiver: _, oldest, ...standing }) => ({ ...standing, oldest: oldest ?? undefined }))
}

/** Own objects for which nobody waits; a row of a route retired long ago waits no longer. */
const idle = `
  SELECT w.object FROM own_records w WHERE w.object < (SELECT numbers FROM totals)
    AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.object = w.object)
    AND NOT EXISTS (
      SELECT 1 FROM deliveries d JOIN routes r ON r.id = d.route WHERE d.object = w.object
        AND d.state = ${outstanding} AND (r.active = 1 OR r.gone_at IS NULL OR r.gone_at >= ?))`

export function forget(db: Connection, held: Held, inHand: ReadonlySet<number>, retiredBefore: number): number {
  const found = db.all<{ object: number }>(idle, retiredBefore).map(({ object }) => object)
  const gone = found.filter((object) => !inHand.has(object) && !isOnItsWay(db, held, object))
  for (const object of gone) drop(db, object)
  return gone.length
}

function isOnItsWay(db: Connection, held: Held, object: number): boolean {
  const sql = `SELECT destination FROM deliveries WHERE object = ? AND state = ${outstanding}`
  const rows = db.all<{ destination: string }>(sql, object)
  return rows.some(({ destination }) => held.has(destination, object, 0, Number.MAX_SAFE_INTEGER))
}

function drop(db: Connection, object: number): void {
  const sql = `SELECT route FROM deliveries WHERE object = ? AND state = ${outstanding}`
  for (const { route } of db.all<{ route: number }>(sql, object)) count(db, route, { outstanding: -1 })
  db.run('DELETE FROM deliveries WHERE object = ?', object)
  db.run('DELETE FROM own_records WHERE object = ?', object)
  db.run('DELETE FROM objects WHERE ref = ?', object)
}
