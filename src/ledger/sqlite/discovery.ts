import assert from 'node:assert/strict'
import { isImportReceiver } from '../../domain/imports.ts'
import { type AuditObject, type Discovery, objectTime, type Sighting } from '../../domain/objects.ts'
import { isOwnReceiver } from '../../domain/own-records.ts'
import type { Alteration } from '../alterations.ts'
import type { Route, Seen } from '../discovery.ts'
import { noteVersion } from './alterations.ts'
import type { Connection } from './connection.ts'
import { countHour } from './hours.ts'
import type { Entry } from './marks.ts'
import { holdsNumber } from './numbers.ts'
import { repair, repairAll } from './rescue.ts'
import { count, type Delivery, delivery, lost, nextNumber, outstanding, touchHour } from './rows.ts'
import { isSealed, restore, Seals } from './seals.ts'

export interface StoredRoute extends Route {
  readonly id: number
  readonly active: number
  readonly watermark: number | null
  readonly retiredAt: number | null
}

const routeColumns = `id, destination, receiver, start_at AS startAt, active, watermark, retired_at AS retiredAt`

export function activeRoutes(db: Connection): StoredRoute[] {
  return db.all<StoredRoute>(`SELECT ${routeColumns} FROM routes WHERE active = 1 ORDER BY id`)
}

export function routes(db: Connection): Route[] {
  return activeRoutes(db).map(({ destination, receiver, startAt }) => ({ destination, receiver, startAt }))
}

export function enrol(db: Connection, wanted: readonly Route[], now: number): void {
  const gone = activeRoutes(db).filter((route) => !wanted.some((other) => sameRoute(other, route)))
  for (const { id, receiver } of gone) {
    const retire = 'UPDATE routes SET active = 0, retired_at = ?, gone_at = ? WHERE id = ?'
    db.run(retire, sweptTo(db, receiver) ?? null, now, id)
  }
  const come = wanted.filter((route) => enlist(db, route))
  const changed = new Set([...gone, ...come].filter(isAudit).map(({ destination }) => destination))
  for (const destination of changed) reconcile(db, destination, now)
}

function isAudit({ receiver }: Route): boolean {
  return !isOwnReceiver(receiver) && !isImportReceiver(receiver)
}

function sameRoute(a: Route, b: Route): boolean {
  return a.destination === b.destination && a.receiver === b.receiver
}

/** True if the route is new, or was retired. */
function enlist(db: Connection, { destination, receiver, startAt }: Route): boolean {
  const sql = `SELECT ${routeColumns} FROM routes WHERE destination = ? AND receiver = ?`
  const known = db.get<StoredRoute>(sql, destination, receiver)
  if (known?.active === 1) return false
  // While a route is retired, objects that nobody else wants go by unregistered.
  const from = known === undefined ? startAt : Math.max(known.startAt, known.retiredAt ?? known.startAt)
  const sweep = 'UPDATE sweeps SET swept_to = min(swept_to, ? - (SELECT lag FROM totals)) WHERE receiver = ?'
  db.run(sweep, from, receiver)
  if (known !== undefined)
    db.run('UPDATE routes SET active = 1, retired_at = NULL, gone_at = NULL WHERE id = ?', known.id)
  else {
    const insert = 'INSERT INTO routes (destination, receiver, start_at, active) VALUES (?, ?, ?, 1)'
    db.run(insert, destination, receiver, startAt)
  }
  return true
}

/**
 * Every known object a destination's routes want has a row there, and skips nothing in favour of a retired row. Own
 * records are for whom they were meant when they were kept, and so are imports.
 */
function reconcile(db: Connection, destination: string, now: number): void {
  const routes = activeRoutes(db).filter((one) => one.destination === destination && isAudit(one))
  for (const route of routes) {
    const objects = db.all<{ ref: number; time: number }>(
      `SELECT ref, time FROM objects WHERE time >= ? AND
         (receiver = ? OR EXISTS (SELECT 1 FROM also_seen s WHERE s.receiver = ? AND s.object = ref)) ORDER BY ref`,
      route.startAt,
      route.receiver,
      route.receiver,
    )
    for (const { ref, time } of objects) want(db, route, ref, time, now)
  }
  repairAll(db, destination, now)
}

/** Gives the route a row for the object, or the one a retired route left. True if something is due that was not. */
export function want(db: Connection, route: StoredRoute, ref: number, time: number, now: number): boolean {
  const row = delivery(db, route.destination, ref)
  if (row === undefined ? isSealed(db, route.destination, ref) : row.state === lost || row.active) return false
  giveRow(db, route, ref, time, now)
  return row === undefined || delivery(db, route.destination, ref)?.state === outstanding
}

/** Gives the route a row for the object, or one that a retired route left, unless the destination has one. */
export function giveRow(db: Connection, route: StoredRoute, ref: number, time: number, now: number): void {
  const row = delivery(db, route.destination, ref)
  if (row?.active === true) return
  if (row !== undefined) move(db, route, row)
  else addRow(db, route, ref, time, now)
  db.run('UPDATE routes SET last_object_time = max(ifnull(last_object_time, ?1), ?1) WHERE id = ?2', time, route.id)
  if (row !== undefined) repair(db, route.destination, ref, now)
}

function addRow(db: Connection, route: StoredRoute, ref: number, time: number, now: number): void {
  const late = isLate(route, time) ? 1 : 0
  db.run(
    `INSERT INTO deliveries (object, destination, route, time, settled, due_at, late) VALUES (?, ?, ?, ?, x'', ?, ?)`,
    ref,
    route.destination,
    route.id,
    time,
    now,
    late,
  )
  count(db, route.id, { outstanding: 1, late, lateTotal: late })
  touchHour(db, { route: route.id, time })
}

function move(db: Connection, route: StoredRoute, row: Delivery): void {
  const { destination, object } = row
  db.run('UPDATE deliveries SET route = ? WHERE object = ? AND destination = ?', route.id, object, destination)
  touchHour(db, row)
  touchHour(db, { route: route.id, time: row.time })
  const verdicts = db.get<{ n: number }>(
    'SELECT count(*) AS n FROM quarantine WHERE provisional = 1 AND destination = ? AND object = ?',
    destination,
    object,
  )
  const open = row.state === outstanding ? 1 : 0
  const late = row.late * open
  const gone = row.state === lost ? 1 : 0
  const losses = { lostObjects: gone, lostBytes: gone * row.lostBytes }
  const provisional = verdicts?.n ?? 0
  const away = { lostObjects: -losses.lostObjects, lostBytes: -losses.lostBytes }
  count(db, row.route, { outstanding: -open, late: -late, lateTotal: -row.late, provisional: -provisional, ...away })
  count(db, route.id, { outstanding: open, late, lateTotal: row.late, provisional, ...losses })
}

function isLate(route: StoredRoute, time: number): boolean {
  return route.watermark !== null && time < route.watermark
}

interface Arrival {
  readonly sighting: Sighting
  readonly time: number
  readonly wanting: readonly StoredRoute[]
}

/** Sightings that are not known to the receiver. Reads only: most sweeps find nothing new and need no transaction. */
export function arrivals(db: Connection, receiver: string, store: string, sightings: readonly Sighting[]): Arrival[] {
  const mine = activeRoutes(db).filter((route) => route.receiver === receiver)
  const seals = new Seals(db, store)
  return sightings.flatMap((sighting) => {
    const time = objectTime(sighting)
    const wanting = mine.filter((route) => time >= route.startAt)
    if (wanting.length === 0) return []
    const known = identified(db, store, sighting)
    const done = known === undefined ? isDone(db, seals.find(sighting), receiver, wanting) : knows(db, receiver, known)
    return done ? [] : [{ sighting, time, wanting }]
  })
}

/**
 * Whether an object of which only the seal is left has nothing to bring: these routes have had it. One that this receiver
 * did not know is known again, so that its routes which are away are as sure to get it as if it had never been sealed.
 */
export function isDone(
  db: Connection,
  entry: Entry | undefined,
  receiver: string,
  routes: readonly StoredRoute[],
): boolean {
  if (entry === undefined || !holdsNumber(db, 'forgotten', receiver, entry.ref)) return false
  return routes.every(({ destination }) => isSealed(db, destination, entry.ref))
}

interface Known {
  readonly ref: number
  readonly receiver: string
}

export function identified(db: Connection, store: string, { key, version }: Sighting): Known | undefined {
  const sql = 'SELECT ref, receiver FROM objects WHERE store = ? AND key = ? AND version = ?'
  return db.get<Known>(sql, store, key, version)
}

function knows(db: Connection, receiver: string, known: Known): boolean {
  if (known.receiver === receiver) return true
  return db.get('SELECT 1 FROM also_seen WHERE receiver = ? AND object = ?', receiver, known.ref) !== undefined
}

export function see(
  db: Connection,
  place: { readonly receiver: string; readonly store: string; readonly how: Discovery },
  arriving: readonly Arrival[],
  now: number,
): Pick<Seen, 'fresh' | 'late' | 'altered'> {
  const fresh: AuditObject[] = []
  const late: AuditObject[] = []
  const altered: Alteration[] = []
  const seals = new Seals(db, place.store)
  for (const arrival of arriving) {
    const { ref, isNew, isNews } = register(db, seals, place, arrival, now)
    if (!isNews) continue
    const { store } = place
    const alteration = isNew ? noteVersion(db, seals, { ref, store, key: arrival.sighting.key }, now) : undefined
    if (alteration !== undefined) altered.push(alteration)
    const got = arrival.wanting.filter((route) => want(db, route, ref, arrival.time, now))
    if (got.length === 0) continue
    const seen = object(db, ref)
    assert(seen !== undefined)
    fresh.push(seen)
    if (got.some((route) => isLate(route, arrival.time))) late.push(seen)
  }
  return { fresh, late, altered }
}

export interface Registered {
  readonly ref: number
  /** Nobody knew it. */
  readonly isNew: boolean
  /** This receiver did not know it. */
  readonly isNews: boolean
}

export function register(
  db: Connection,
  seals: Seals,
  { receiver, store, how }: { readonly receiver: string; readonly store: string; readonly how: Discovery },
  { sighting, time }: Pick<Arrival, 'sighting' | 'time'>,
  now: number,
): Registered {
  const known = identified(db, store, sighting)
  if (known !== undefined) {
    if (knows(db, receiver, known)) return { ref: known.ref, isNew: false, isNews: false }
    db.run('INSERT INTO also_seen (receiver, object) VALUES (?, ?)', receiver, known.ref)
    const seal = seals.find(sighting)
    if (seal === undefined || !seals.shelved(seal).receivers.includes(receiver)) countHour(db, receiver, time)
    return { ref: known.ref, isNew: false, isNews: true }
  }
  const seal = seals.find(sighting)
  if (seal !== undefined) {
    const shelved = seals.shelved(seal)
    restore(db, shelved, receiver)
    if (!shelved.receivers.includes(receiver)) countHour(db, receiver, shelved.object.time)
    return { ref: seal.ref, isNew: false, isNews: true }
  }
  const ref = nextNumber(db)
  db.run('UPDATE totals SET objects = objects + 1, seen_at = ?1, time = max(ifnull(time, ?2), ?2)', now, time)
  countHour(db, receiver, time)
  db.run(
    `INSERT INTO objects (ref, receiver, store, key, version, size, modified, time, seen_at, how)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ref,
    receiver,
    store,
    sighting.key,
    sighting.version,
    sighting.size,
    sighting.modified,
    time,
    now,
    how,
  )
  return { ref, isNew: true, isNews: true }
}

export function sweptTo(db: Connection, receiver: string): number | undefined {
  return db.get<{ swept_to: number }>('SELECT swept_to FROM sweeps WHERE receiver = ?', receiver)?.swept_to
}

export function swept(db: Connection, receiver: string, startedAt: number): void {
  db.run('INSERT OR REPLACE INTO sweeps (receiver, swept_to) VALUES (?, ?)', receiver, startedAt)
}

export function object(db: Connection, ref: number): AuditObject | undefined {
  const row = db.get<Omit<AuditObject, 'length'> & { length: number | null }>(
    'SELECT ref, store, key, version, size, modified, time, seen_at AS seenAt, length FROM objects WHERE ref = ?',
    ref,
  )
  return row && { ...row, length: row.length ?? undefined }
}
