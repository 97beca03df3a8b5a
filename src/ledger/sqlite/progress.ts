import type { AuditObject } from '../../domain/objects.ts'
import type { DueQuery, Row, Settlement } from '../progress.ts'
import { decodeRanges } from './codec.ts'
import type { Connection } from './connection.ts'
import { countRepair, end, endRow } from './endings.ts'
import type { Held } from './held.ts'
import { rescueRow } from './rescue.ts'
import { delivery, existing, outstanding } from './rows.ts'

interface Due {
  readonly object: number
  readonly time: number
  readonly dueAt: number
}

export function due(db: Connection, destination: string, query: DueQuery): Row[] {
  const found = routesOf(db, destination).flatMap((route) => dueOf(db, route, query))
  found.sort((a, b) => a.time - b.time || a.object - b.object)
  if (query.newest) found.reverse()
  return found.slice(0, query.limit).flatMap(({ object }) => row(db, destination, object) ?? [])
}

function routesOf(db: Connection, destination: string): number[] {
  const sql = 'SELECT id FROM routes WHERE destination = ? AND active = 1 ORDER BY id'
  return db.all<{ id: number }>(sql, destination).map(({ id }) => id)
}

/** Walks the index in object time, and not at all when nothing is due. */
function dueOf(db: Connection, route: number, { now, limit, newest, since, except, maxDelay }: DueQuery): Due[] {
  const span = db.get<{ first: number | null; last: number | null }>(
    `SELECT (SELECT min(due_at) FROM deliveries INDEXED BY outstanding_by_due WHERE route = ?1 AND state = 0) AS first,
       (SELECT max(due_at) FROM deliveries INDEXED BY outstanding_by_due WHERE route = ?1 AND state = 0) AS last`,
    route,
  )
  if (span?.first == null || span.last == null || (span.first > now && span.last <= now + maxDelay)) return []
  const order = newest ? 'time DESC, object DESC' : 'time, object'
  const rows = db.each<Due>(
    `SELECT object, time, due_at AS dueAt FROM deliveries INDEXED BY outstanding_by_time
     WHERE route = ? AND state = 0 AND time >= ? AND (due_at <= ? OR due_at > ?) ORDER BY ${order}`,
    route,
    since ?? Number.MIN_SAFE_INTEGER,
    now,
    now + maxDelay,
  )
  const found: Due[] = []
  for (const candidate of rows) {
    if (found.length >= limit) break
    if (!except.has(candidate.object)) found.push(candidate)
  }
  return found
}

interface StoredRow extends Omit<AuditObject, 'length'> {
  readonly length: number | null
  readonly receiver: string
  readonly settled: Uint8Array
  readonly released: Uint8Array | null
  readonly generation: number
  readonly attempts: number
  readonly dueAt: number
  readonly late: number
  readonly reason: string | null
}

export function row(db: Connection, destination: string, object: number): Row | undefined {
  const found = db.get<StoredRow>(
    `SELECT o.ref, o.store, o.key, o.version, o.size, o.modified, o.time, o.seen_at AS seenAt, o.length,
       r.receiver, d.settled, d.released, d.generation, d.attempts, d.due_at AS dueAt, d.late, d.reason
     FROM deliveries d JOIN objects o ON o.ref = d.object JOIN routes r ON r.id = d.route
     WHERE d.object = ? AND d.destination = ? AND d.state = ${outstanding}`,
    object,
    destination,
  )
  if (found === undefined) return undefined
  const { receiver, settled, released, generation, attempts, dueAt, late, reason, ...known } = found
  return {
    object: { ...known, length: known.length ?? undefined },
    receiver,
    settled: decodeRanges(settled),
    released: released === null ? [] : decodeRanges(released),
    generation,
    attempts,
    dueAt,
    late: late === 1,
    reason: reason ?? undefined,
  }
}

export function nextDue(db: Connection, destination: string, except: ReadonlySet<number>): number | undefined {
  let earliest: number | undefined
  for (const route of routesOf(db, destination)) {
    const sql = `SELECT object, due_at AS dueAt FROM deliveries INDEXED BY outstanding_by_due
      WHERE route = ? AND state = 0 ORDER BY due_at, object`
    for (const { object, dueAt } of db.each<Due>(sql, route)) {
      if (except.has(object)) continue
      earliest = Math.min(earliest ?? dueAt, dueAt)
      break
    }
  }
  return earliest
}

export function settle(db: Connection, destination: string, settlements: readonly Settlement[]): void {
  for (const { object, ranges, tally, withheld } of settlements) {
    end(db, existing(db, destination, object), ranges, tally, withheld)
  }
}

export function postpone(db: Connection, destination: string, object: number, dueAt: number, reason: string): void {
  if (existing(db, destination, object).state !== outstanding) return
  db.run(
    'UPDATE deliveries SET attempts = attempts + 1, due_at = ?, reason = ? WHERE object = ? AND destination = ?',
    dueAt,
    reason,
    object,
    destination,
  )
}

export function lose(
  db: Connection,
  held: Held,
  destination: string,
  object: number,
  reason: string,
  now: number,
): number[] {
  const found = delivery(db, destination, object)
  if (found?.state !== outstanding) return []
  const left = endRow(db, held, found, reason)
  if (left === undefined) return []
  countRepair(db, left.repair, { lost: 1 })
  return rescueRow(db, left, reason, now)
}
