// What need not be known any more. Hour by hour, a few hours in one transaction: an import keeps its claims for a year, so
// that what may go must be looked for among what stays, and each step goes on behind the last one.
import { importStores } from '../../domain/imports.ts'
import type { Pruned } from '../duplicates.ts'
import { hourOf, importMemoryMs, pruneHours } from '../rules.ts'
import type { Connection } from './connection.ts'
import { outstanding } from './rows.ts'

/** Claims are dropped by whole hours, measured from what is still to be decided and never from the wall clock. */
export function prune(db: Connection, window: number, needed = Number.POSITIVE_INFINITY, after?: number): Pruned {
  const border = oldestUndecided(db) ?? newest(db)
  if (border === undefined) return { dropped: 0, next: undefined }
  const before = Math.min(border - window, needed)
  if (after === undefined) pruneAdoptions(db, before)
  let dropped = 0
  let hour = nextHour(db, after, hourOf(before))
  for (let hours = 1; hour !== undefined && hours <= pruneHours; hours += 1) {
    dropped += pruneHour(db, hour, hourOf(border - importMemoryMs))
    const next = nextHour(db, hour, hourOf(before))
    if (next === undefined || hours === pruneHours) return { dropped, next: next === undefined ? undefined : hour }
    hour = next
  }
  return { dropped, next: undefined }
}

function nextHour(db: Connection, after: number | undefined, before: number): number | undefined {
  const sql = 'SELECT min(hour) AS hour FROM claims WHERE hour > ? AND hour < ?'
  return db.get<{ hour: number | null }>(sql, after ?? Number.MIN_SAFE_INTEGER, before)?.hour ?? undefined
}

function pruneHour(db: Connection, hour: number, firstImported: number): number {
  const [first, last] = importStores
  return db.run(
    `DELETE FROM claims WHERE hour = ?
       AND (hour < ? OR object NOT IN (SELECT ref FROM objects WHERE store >= ? AND store < ?))`,
    hour,
    firstImported,
    first,
    last,
  )
}

/** What nobody can ask for any more: neither object is known, no copy points there, and no claim can make another. */
function pruneAdoptions(db: Connection, before: number): void {
  db.run(
    `DELETE FROM adoptions WHERE time < ? AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.ref IN (object, owner))
       AND NOT EXISTS (SELECT 1 FROM copies c WHERE c.owner = adoptions.owner AND c.owner_start = adoptions.owner_start)`,
    before,
  )
}

/** Objects that were never read to the end, and those that were sealed and are to be read once more. */
function oldestUndecided(db: Connection): number | undefined {
  const times = ['o.length IS NULL', 'o.decided < o.length'].flatMap((isUndecided) => {
    const oldest = db.get<{ time: number }>(
      `SELECT o.time FROM objects o WHERE ${isUndecided} AND EXISTS (
         SELECT 1 FROM deliveries d JOIN routes r ON r.id = d.route
         WHERE d.object = o.ref AND d.state = ${outstanding} AND r.active = 1)
       ORDER BY o.time LIMIT 1`,
    )
    return oldest === undefined ? [] : [oldest.time]
  })
  return times.length === 0 ? undefined : Math.min(...times)
}

/** With nothing undecided, the newest object; but no object's time is believed past the moment it was seen. */
function newest(db: Connection): number | undefined {
  const ever = db.get<{ seen: number | null; time: number | null }>('SELECT seen_at AS seen, time FROM totals')
  return ever?.seen == null ? undefined : Math.min(ever.seen, ever.time ?? ever.seen)
}
