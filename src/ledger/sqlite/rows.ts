// The rows and the counters kept with them: whoever changes a row's state here changes its route's counts in the same
// transaction, so that the accounts never need a scan.
import assert from 'node:assert/strict'
import { covers, type Ranges } from '../../domain/ranges.ts'
import { extend, totalBytes } from '../rules.ts'
import { decodeRanges, encodeRanges } from './codec.ts'
import type { Connection } from './connection.ts'

export const outstanding = 0
export const settled = 1
export const lost = 2

export interface Delivery {
  readonly object: number
  readonly destination: string
  readonly route: number
  /** Whether its route is one of today's. */
  readonly active: boolean
  readonly state: number
  readonly settled: Ranges
  readonly late: number
  readonly lostBytes: number
  readonly length: number | undefined
  readonly size: number
}

type Stored = Omit<Delivery, 'active' | 'settled' | 'length'> & {
  active: number
  settled: Uint8Array
  length: number | null
}

export function delivery(db: Connection, destination: string, object: number): Delivery | undefined {
  const row = db.get<Stored>(
    `SELECT d.object, d.destination, d.route, r.active, d.state, d.settled, d.late, d.lost_bytes AS lostBytes,
       o.length, o.size
     FROM deliveries d JOIN routes r ON r.id = d.route JOIN objects o ON o.ref = d.object
     WHERE d.object = ? AND d.destination = ?`,
    object,
    destination,
  )
  if (row === undefined) return undefined
  return { ...row, active: row.active === 1, settled: decodeRanges(row.settled), length: row.length ?? undefined }
}

export function existing(db: Connection, destination: string, object: number): Delivery {
  const row = delivery(db, destination, object)
  assert(row !== undefined, `${destination} has no row for object ${object}`)
  return row
}

/** Whether a position is settled in a destination, or will be. */
export function holds(row: Delivery | undefined, from: number): boolean {
  if (row === undefined) return false
  return (row.state === outstanding && row.active) || covers(row.settled, from, from + 1)
}

export interface Counts {
  readonly delivered?: number
  readonly filtered?: number
  readonly duplicates?: number
  readonly quarantined?: number
  readonly outstanding?: number
  readonly late?: number
  readonly lateTotal?: number
  readonly lostObjects?: number
  readonly lostBytes?: number
  readonly possibleDuplicates?: number
  readonly adopted?: number
  readonly provisional?: number
}

/** Adds to a route's counters. A copy taken back may have been counted under a route that is retired. */
export function count(db: Connection, route: number, by: Counts): void {
  db.run(
    `UPDATE routes SET delivered = delivered + ?, filtered = filtered + ?, duplicates = max(0, duplicates + ?),
       quarantined = quarantined + ?, outstanding = outstanding + ?, late = late + ?, late_total = late_total + ?,
       lost_objects = lost_objects + ?, lost_bytes = lost_bytes + ?, possible_duplicates = possible_duplicates + ?,
       adopted = adopted + ?, provisional = provisional + ? WHERE id = ?`,
    by.delivered ?? 0,
    by.filtered ?? 0,
    by.duplicates ?? 0,
    by.quarantined ?? 0,
    by.outstanding ?? 0,
    by.late ?? 0,
    by.lateTotal ?? 0,
    by.lostObjects ?? 0,
    by.lostBytes ?? 0,
    by.possibleDuplicates ?? 0,
    by.adopted ?? 0,
    by.provisional ?? 0,
    route,
  )
}

/** Adds ranges to a row, also to a lost one: a batch that was on its way may still arrive. */
export function settleRanges(db: Connection, row: Delivery, ranges: Ranges, tally: Counts): void {
  const now = extend(row.settled, ranges, `object ${row.object} in ${row.destination}`)
  const { length } = row
  if (length !== undefined && covers(now, 0, length)) complete(db, row, now, tally)
  else {
    const lostBytes = Math.max(0, row.lostBytes - (totalBytes(now) - totalBytes(row.settled)))
    db.run(
      'UPDATE deliveries SET settled = ?, lost_bytes = ? WHERE object = ? AND destination = ?',
      encodeRanges(now),
      lostBytes,
      row.object,
      row.destination,
    )
    count(db, row.route, { ...tally, lostBytes: lostBytes - row.lostBytes })
  }
}

/** Settles a row whose ranges cover its object. */
export function complete(db: Connection, row: Delivery, ranges: Ranges, tally: Counts): void {
  if (row.state === settled) {
    count(db, row.route, tally)
    return
  }
  db.run(
    `UPDATE deliveries SET settled = ?, state = ${settled}, lost_bytes = 0, reason = NULL
     WHERE object = ? AND destination = ?`,
    encodeRanges(ranges),
    row.object,
    row.destination,
  )
  const left: Counts =
    row.state === lost ? { lostObjects: -1, lostBytes: -row.lostBytes } : { outstanding: -1, late: -row.late }
  count(db, row.route, { ...tally, ...left })
}
