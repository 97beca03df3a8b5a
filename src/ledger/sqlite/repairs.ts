import assert from 'node:assert/strict'
import { type AuditObject, objectTime, type Sighting } from '../../domain/objects.ts'
import { addRanges, covers, meets, type Range, type Ranges, removeRanges } from '../../domain/ranges.ts'
import type { Alteration } from '../alterations.ts'
import type { Position } from '../duplicates.ts'
import type { KeptRecord, Refill, Refilled, Repair, Replay, WithheldQuery } from '../repairs.ts'
import { askedAgain, noRepair } from '../rules.ts'
import { noteVersion } from './alterations.ts'
import { decodeRanges, encodeRanges } from './codec.ts'
import type { Connection } from './connection.ts'
import { activeRoutes, giveRow, identified, object as objectOf, register, type StoredRoute, want } from './discovery.ts'
import { discard } from './quarantine.ts'
import { count, type Delivery, delivery, encodeSome, existing, lost, outstanding, tallyRow, touchHour } from './rows.ts'

export function refill(
  db: Connection,
  place: { readonly receiver: string; readonly store: string },
  sightings: readonly Sighting[],
  how: Refill,
  now: number,
): Refilled & { readonly altered: readonly Alteration[] } {
  const counts = { taken: 0, waiting: 0, settled: 0 }
  const altered: Alteration[] = []
  const routes = routesOf(db, place.receiver, how.destinations)
  for (const sighting of routes.length === 0 ? [] : sightings) {
    const time = objectTime(sighting)
    const { ref, isNew, isNews } = register(db, { ...place, how: 'swept' }, { sighting, time }, now)
    const object = { ref, store: place.store, key: sighting.key }
    const alteration = isNew ? noteVersion(db, object, now) : undefined
    if (alteration !== undefined) altered.push(alteration)
    for (const route of routes) counts[take(db, route, ref, time, how, now)] += 1
    // Whoever else wants it must have it now: it is known from here on.
    const others = isNews ? routesOf(db, place.receiver).filter(({ startAt }) => time >= startAt) : []
    for (const route of others) want(db, route, ref, time, now)
  }
  return { ...counts, altered }
}

function routesOf(db: Connection, receiver: string, destinations?: readonly string[]): StoredRoute[] {
  return activeRoutes(db).filter((route) => {
    return route.receiver === receiver && (destinations?.includes(route.destination) ?? true)
  })
}

export function survey(
  db: Connection,
  place: { readonly receiver: string; readonly store: string },
  sightings: readonly Sighting[],
  how: Refill,
): Refilled {
  const counts = { taken: 0, waiting: 0, settled: 0 }
  const routes = routesOf(db, place.receiver, how.destinations)
  for (const sighting of sightings) {
    const known = identified(db, place.store, sighting)
    for (const { destination } of routes) {
      counts[standing(known && delivery(db, destination, known.ref), how)] += 1
    }
  }
  return counts
}

/** What a repair makes of a row. */
function standing(row: Delivery | undefined, how: Refill): keyof Refilled {
  if (row === undefined || row.repair === how.repair || row.state === lost) return 'taken'
  if (isToBeSentAgain(row, how)) return 'taken'
  return row.state === outstanding ? 'waiting' : 'settled'
}

function isToBeSentAgain({ generation, settled }: Delivery, { force, repair }: Refill): boolean {
  return force && generation < repair && settled.length > 0
}

function take(db: Connection, route: StoredRoute, ref: number, time: number, how: Refill, now: number): keyof Refilled {
  const standingNow = standing(delivery(db, route.destination, ref), how)
  giveRow(db, route, ref, time, now)
  const row = existing(db, route.destination, ref)
  if (standingNow !== 'taken' || row.repair === how.repair) return standingNow
  makeDue(db, row, now)
  db.run(
    'UPDATE deliveries SET repair = ? WHERE object = ? AND destination = ?',
    how.repair,
    row.object,
    row.destination,
  )
  if (isToBeSentAgain(row, how)) sendAgain(db, row, time, how.repair)
  return 'taken'
}

/** The row, outstanding whatever it was. */
function makeDue(db: Connection, row: Delivery, now: number): void {
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

/** All that was settled but what is no event is due in a new generation, and what was refused with it. */
function sendAgain(db: Connection, row: Delivery, time: number, repair: number): void {
  const { object, destination, route } = row
  const bad = db.all<Place>(`${places} WHERE object = ? AND destination IS NULL`, object)
  const ranges = removeRanges(row.settled, bad.map(range))
  takeOut(db, row, ranges)
  db.run('UPDATE deliveries SET generation = ? WHERE object = ? AND destination = ?', repair, object, destination)
  db.run('DELETE FROM withheld WHERE destination = ? AND object = ?', destination, object)
  const sql = `${places} WHERE object = ? AND destination = ? AND provisional = 0 AND replay IS NULL`
  for (const { id, from, to } of db.all<Place>(sql, object, destination)) {
    if (!meets(ranges, from, to)) continue
    db.run('UPDATE quarantine SET replay = ? WHERE id = ?', repair, id)
    tallyRow(db, row, { quarantined: -1 })
  }
  db.run('UPDATE routes SET watermark = min(watermark, ?) WHERE id = ? AND watermark IS NOT NULL', time, route)
}

interface Place {
  readonly id: number
  readonly from: number
  readonly to: number
}

const places = 'SELECT id, start AS "from", stop AS "to" FROM quarantine'

function range({ from, to }: { readonly from: number; readonly to: number }): Range {
  return [from, to]
}

/** What was settled is due; `released` is to be sent whatever filters say. */
function takeOut(db: Connection, row: Delivery, ranges: Ranges, released: Ranges = []): void {
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
  const { destination, receiver, from, to, after, limit } = query
  const refs = db.all<{ ref: number }>(
    `SELECT DISTINCT o.ref FROM withheld w JOIN objects o ON o.ref = w.object
       JOIN deliveries d ON d.object = w.object AND d.destination = w.destination JOIN routes r ON r.id = d.route
     WHERE w.destination = ?1 AND r.active = 1 AND (?2 IS NULL OR r.receiver = ?2) AND o.time >= ?3 AND o.time < ?4
       AND w.object > ?5 ORDER BY o.ref LIMIT ?6`,
    destination,
    receiver ?? null,
    from,
    to,
    after,
    limit,
  )
  return refs.flatMap(({ ref }) => objectOf(db, ref) ?? [])
}

export function withheld(db: Connection, destination: string, object: number): Ranges {
  const sql = 'SELECT ranges FROM withheld WHERE destination = ? AND object = ?'
  const rows = db.all<{ ranges: Uint8Array }>(sql, destination, object)
  return addRanges(
    [],
    rows.flatMap(({ ranges }) => decodeRanges(ranges)),
  )
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
    const row = delivery(db, destination, object)
    if (row === undefined || !row.active || row.state === lost) continue
    const before = withheld(db, destination, object)
    const found = new Map(
      wanted.filter(({ from, to }) => from < to && covers(before, from, to)).map((one) => [one.from, one]),
    )
    if (found.size === 0) continue
    const ranges = [...found.values()].map(range)
    db.run('DELETE FROM withheld WHERE destination = ? AND object = ?', destination, object)
    const left = removeRanges(before, ranges)
    const insert = 'INSERT INTO withheld (destination, object, ranges) VALUES (?, ?, ?)'
    if (left.length > 0) db.run(insert, destination, object, encodeRanges(left))
    makeDue(db, row, now)
    takeOut(db, row, ranges, ranges)
    db.run('UPDATE deliveries SET repair = ? WHERE object = ? AND destination = ?', repair, object, destination)
    released += found.size
  }
  return released
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
  for (const row of rows) {
    makeDue(db, row, now)
    takeOut(db, row, [range(entry)])
    tallyRow(db, row, { quarantined: -1 })
  }
  db.run('UPDATE quarantine SET replay = ?, recut = start WHERE id = ?', repair, id)
  return 'due'
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

export function kept(db: Connection, object: number): KeptRecord[] {
  const records = db.all<KeptRecord>(
    `SELECT object, start AS "from", stop AS "to", "offset", line, bytes FROM quarantine INDEXED BY replays
     WHERE object = ? AND replay IS NOT NULL AND provisional = 0 AND bytes IS NOT NULL ORDER BY start, stop DESC, id DESC`,
    object,
  )
  const places = new Map(records.map((record) => [record.from, record]))
  return [...places.values()]
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
  const entries = 'SELECT count(*) AS n FROM quarantine WHERE replay = ?'
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
