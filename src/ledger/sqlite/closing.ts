// Accounts of hours. A route remembers up to where it has passed hours, and the exceptions: hours it passed with something
// outstanding, and hours that have changed since. So accounting costs a look at the exceptions and at the one next hour,
// however long the history is.

import type { HourAccount } from '../../domain/control.ts'
import { isOwnReceiver, ownReceiver } from '../../domain/own-records.ts'
import type { ClosingLedger } from '../closing.ts'
import { HOUR_MS, hourOf } from '../hours.ts'
import { sweepMarginMs } from '../rules.ts'
import type { Connection } from './connection.ts'
import { record } from './own.ts'
import { lost, outstanding } from './rows.ts'
import { type ShelvedFound, ShelvedRows } from './shelved-rows.ts'

interface Route {
  readonly id: number
  readonly destination: string
  readonly receiver: string
  readonly startAt: number
  /** The hour up to which the receiver is swept. */
  readonly swept: number
  readonly passed: number | null
  /** From there on hours are accounted for that have no objects too. */
  readonly everyHourFrom: number | null
}

export function closeHours(
  db: Connection,
  limit: number,
  tell: Parameters<ClosingLedger['closeHours']>[1],
  now: number,
): number {
  let closed = 0
  const shelved = new ShelvedRows(db)
  for (const route of routes(db)) {
    if (closed < limit) pass(db, shelved, route, limit - closed)
    const hours = settledHours(db, route, Math.max(0, limit - closed))
    for (const hour of hours) {
      const account = accountOf(db, shelved, route, hour)
      db.run(
        'UPDATE closings SET open = 0, revision = ? WHERE route = ? AND hour = ?',
        account.revision,
        route.id,
        hour,
      )
      record(db, [{ record: tell(account), only: [route.destination] }], now)
    }
    closed += hours.length
  }
  return closed
}

/** Those of destinations that are told, whose receivers have been swept. */
function routes(db: Connection): Route[] {
  const told = `SELECT destination FROM routes WHERE active = 1 AND receiver = '${ownReceiver}'`
  const rows = db.all<Route & { sweptTo: number }>(
    `SELECT r.id, r.destination, r.receiver, r.start_at AS startAt, s.swept_to AS sweptTo, r.passed, r.every_hour_from AS everyHourFrom
     FROM routes r JOIN sweeps s ON s.receiver = r.receiver
     WHERE r.active = 1 AND r.destination IN (${told}) ORDER BY r.id`,
  )
  const audit = rows.filter(({ receiver }) => !isOwnReceiver(receiver))
  return audit.map(({ sweptTo, ...route }) => ({ ...route, swept: hourOf(sweptTo - sweepMarginMs) }))
}

/** Passes hours that the sweep has passed, in order: each is open until it is accounted for. */
function pass(db: Connection, shelved: ShelvedRows, route: Route, limit: number): void {
  const everyHourFrom = route.everyHourFrom ?? Math.max(route.swept, hourOf(route.startAt))
  let passed = route.passed ?? undefined
  for (let n = 0; n < limit; n += 1) {
    const next =
      passed !== undefined && passed >= everyHourFrom
        ? passed
        : Math.min(nextHour(db, shelved, route, passed), everyHourFrom)
    if (next >= route.swept) break
    db.run('INSERT OR IGNORE INTO closings (route, hour, revision, open) VALUES (?, ?, 0, 1)', route.id, next)
    passed = next + HOUR_MS
  }
  const sql = 'UPDATE routes SET passed = ?, every_hour_from = ? WHERE id = ?'
  if (passed !== (route.passed ?? undefined) || route.everyHourFrom === null)
    db.run(sql, passed ?? route.swept, everyHourFrom, route.id)
}

/** The next hour with an object of the route's, from an instant on. */
function nextHour(db: Connection, shelved: ShelvedRows, route: Route, from = Number.MIN_SAFE_INTEGER): number {
  const { id, destination } = route
  const next = db.get<{ time: number }>(
    `SELECT o.time FROM objects o INDEXED BY objects_by_time JOIN deliveries d ON d.object = o.ref AND d.destination = ?
     WHERE o.time >= ? AND d.route = ? ORDER BY o.time LIMIT 1`,
    destination,
    from,
    id,
  )
  const sealed = shelved.next(route, from)
  return hourOf(Math.min(next?.time ?? Number.POSITIVE_INFINITY, sealed ?? Number.POSITIVE_INFINITY))
}

/** Open hours that the sweep has passed and in which nothing is outstanding, oldest first. */
function settledHours(db: Connection, { id, swept }: Route, limit: number): number[] {
  const rows = db.all<{ hour: number }>(
    `SELECT h.hour FROM closings h INDEXED BY closings_open WHERE h.route = ?1 AND h.open = 1 AND h.hour < ?2
       AND NOT EXISTS (SELECT 1 FROM deliveries d INDEXED BY outstanding_by_time
         WHERE d.route = ?1 AND d.state = ${outstanding} AND d.time >= h.hour AND d.time < h.hour + ${HOUR_MS})
     ORDER BY h.hour LIMIT ?3`,
    id,
    swept,
    limit,
  )
  return rows.map(({ hour }) => hour)
}

type Sums = Omit<HourAccount, 'destination' | 'receiver' | 'hour' | 'firstId' | 'lastId'>

function accountOf(db: Connection, shelved: ShelvedRows, route: Route, hour: number): HourAccount {
  const { id, destination, receiver } = route
  const place = [destination, hour, hour + HOUR_MS, id] as const
  const sums = db.get<Sums>(
    `SELECT (SELECT revision + 1 FROM closings WHERE route = ?4 AND hour = ?2) AS revision, count(*) AS objects,
       total(d.state = ${lost}) AS lostObjects, total(o.events) AS events, total(o.bad) AS bad,
       total(d.delivered) AS delivered, total(d.filtered) AS filtered, total(d.duplicates) AS duplicates,
       total(d.quarantined) AS quarantined ${within}`,
    ...place,
  ) as Sums
  const sealed = shelved.within(route, hour, hour + HOUR_MS)
  const sum = (of: (row: ShelvedFound) => number): number => sealed.reduce((total, row) => total + of(row), 0)
  return {
    destination,
    receiver,
    hour,
    revision: sums.revision,
    objects: sums.objects + sealed.length,
    lostObjects: sums.lostObjects,
    events: sums.events + sum(({ events }) => events),
    bad: sums.bad + sum(({ bad }) => bad),
    delivered: sums.delivered + sum(({ tally }) => tally.delivered),
    filtered: sums.filtered + sum(({ tally }) => tally.filtered),
    duplicates: sums.duplicates + sum(({ tally }) => tally.duplicates),
    quarantined: sums.quarantined + sum(({ tally }) => tally.quarantined),
    ...idsOf(db, place, sealed),
  }
}

const within = `FROM objects o INDEXED BY objects_by_time JOIN deliveries d ON d.object = o.ref AND d.destination = ?1
  WHERE o.time >= ?2 AND o.time < ?3 AND d.route = ?4`

interface Placed {
  readonly time: number
  readonly ref: number
  readonly id: string | null
}

/** Ids of the first and the last event, in the order of objects. */
function idsOf(
  db: Connection,
  place: readonly [string, number, number, number],
  sealed: readonly ShelvedFound[],
): Pick<HourAccount, 'firstId' | 'lastId'> {
  const idOf = (column: string, order: string) =>
    db.get<Placed>(
      `SELECT o.time, o.ref, o.${column} AS id ${within} AND o.${column} IS NOT NULL ORDER BY ${order} LIMIT 1`,
      ...place,
    )
  const first = sealed.map(({ time, ref, firstId }): Placed => ({ time, ref, id: firstId }))
  const last = sealed.map(({ time, ref, lastId }): Placed => ({ time, ref, id: lastId }))
  return {
    firstId: inOrder(first, idOf('first_id', 'o.time, o.ref'))[0]?.id ?? undefined,
    lastId: inOrder(last, idOf('last_id', 'o.time DESC, o.ref DESC')).at(-1)?.id ?? undefined,
  }
}

function inOrder(sealed: readonly Placed[], known: Placed | undefined): Placed[] {
  const all = known === undefined ? sealed : [...sealed, known]
  return all.filter(({ id }) => id !== null).sort((a, b) => a.time - b.time || a.ref - b.ref)
}
