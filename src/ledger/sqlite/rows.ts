// The rows and the counters kept with them: whoever changes a row's state here changes its route's counts in the same
// transaction, so that the accounts never need a scan.
import assert from 'node:assert/strict'
import { covers, type Ranges, removeRanges } from '../../domain/ranges.ts'
import { hourOf } from '../hours.ts'
import { extend, totalBytes } from '../rules.ts'
import { decodeRanges, encodeRanges } from './codec.ts'
import type { Connection } from './connection.ts'
import { isSealed } from './seals.ts'

export const outstanding = 0
export const settled = 1
export const lost = 2

/** Counted and not taken from the table: a number whose object is forgotten is never another's. */
export function nextNumber(db: Connection): number {
  const counted = db.get<{ numbers: number }>('UPDATE totals SET numbers = numbers + 1 RETURNING numbers')
  assert(counted !== undefined)
  return counted.numbers
}

export interface Delivery {
  readonly object: number
  readonly destination: string
  readonly route: number
  /** Whether its route is one of today's. */
  readonly active: boolean
  readonly state: number
  /** Object time. */
  readonly time: number
  readonly settled: Ranges
  readonly late: number
  readonly lostBytes: number
  readonly length: number | undefined
  readonly size: number
  readonly generation: number
  /** The repair that took it last, until it is settled and due again for another reason. */
  readonly repair: number | undefined
  /** Not settled now, but settled once: it goes back there where it is not to be had. */
  readonly again: Ranges
  readonly released: Ranges
  /** Whether entries of its object's quarantine are on their way. */
  readonly replays: boolean
}

type Plain = Omit<Delivery, 'active' | 'settled' | 'length' | 'repair' | 'again' | 'released' | 'replays'>
interface Stored extends Plain {
  readonly active: number
  readonly settled: Uint8Array
  readonly length: number | null
  readonly repair: number | null
  readonly again: Uint8Array | null
  readonly released: Uint8Array | null
  readonly replays: number
}

const nothing: Ranges = []

export function delivery(db: Connection, destination: string, object: number): Delivery | undefined {
  const row = db.get<Stored>(
    `SELECT d.object, d.destination, d.route, r.active, d.state, d.time, d.settled, d.late, d.lost_bytes AS lostBytes,
       o.length, o.size, d.generation, d.repair, d.again, d.released,
       EXISTS (SELECT 1 FROM quarantine q INDEXED BY replays WHERE q.object = d.object AND q.replay IS NOT NULL) AS replays
     FROM deliveries d JOIN routes r ON r.id = d.route JOIN objects o ON o.ref = d.object
     WHERE d.object = ? AND d.destination = ?`,
    object,
    destination,
  )
  if (row === undefined) return undefined
  return {
    ...row,
    active: row.active === 1,
    settled: decodeRanges(row.settled),
    length: row.length ?? undefined,
    repair: row.repair ?? undefined,
    again: row.again === null ? nothing : decodeRanges(row.again),
    released: row.released === null ? nothing : decodeRanges(row.released),
    replays: row.replays === 1,
  }
}

export function existing(db: Connection, destination: string, object: number): Delivery {
  const row = delivery(db, destination, object)
  assert(row !== undefined, `${destination} has no row for object ${object}`)
  return row
}

/** Whether a position is settled in a destination, or will be. */
export function holds(row: Delivery, from: number): boolean {
  return (row.state === outstanding && row.active) || covers(row.settled, from, from + 1)
}

/** The same, also where only a seal is left. */
export function holdsAt(db: Connection, destination: string, object: number, from: number): boolean {
  const row = delivery(db, destination, object)
  return row === undefined ? isSealed(db, destination, object) : holds(row, from)
}

/** Whether a position is settled in a destination. */
export function isSettledAt(db: Connection, destination: string, object: number, from: number): boolean {
  const row = delivery(db, destination, object)
  return row === undefined ? isSealed(db, destination, object) : covers(row.settled, from, from + 1)
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
  /** What was delivered is the last that was. */
  readonly last?: Last
}

/** A delivery: when, of which object, and the time of its newest event. */
export interface Last {
  readonly at: number
  readonly object: number
  readonly time: number
  readonly event: number | undefined
}

const naming = `, delivered_at = ?, delivered_key = (SELECT key FROM objects WHERE ref = ?), delivered_time = ?,
       last_event = coalesce(max(last_event, ?), ?, last_event)`

function named({ at, object, time, event }: Last) {
  return [at, object, time, event ?? null, event ?? null] as const
}

/** Adds to a route's counters. What is taken back may have been counted under a route that is retired. */
export function count(db: Connection, route: number, by: Counts): void {
  const { last } = by
  db.run(
    `UPDATE routes SET delivered = delivered + ?, filtered = filtered + ?, duplicates = max(0, duplicates + ?),
       quarantined = max(0, quarantined + ?), outstanding = outstanding + ?, late = late + ?, late_total = late_total + ?,
       lost_objects = lost_objects + ?, lost_bytes = lost_bytes + ?, possible_duplicates = possible_duplicates + ?,
       adopted = adopted + ?, provisional = provisional + ?${last === undefined ? '' : naming} WHERE id = ?`,
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
    ...(last === undefined ? [] : named(last)),
    route,
  )
}

/** Ranges as a column keeps them that is mostly empty. */
export function encodeSome(ranges: Ranges): Uint8Array | null {
  return ranges.length === 0 ? null : encodeRanges(ranges)
}

/** Adds ranges to a row, also to a lost one: a batch that was on its way may still arrive. */
export function settleRanges(db: Connection, row: Delivery, ranges: Ranges, tally: Counts): void {
  const now = extend(row.settled, ranges, `object ${row.object} in ${row.destination}`)
  const { length } = row
  if (length !== undefined && covers(now, 0, length)) complete(db, row, now, tally)
  else {
    const lostBytes = Math.max(0, row.lostBytes - (totalBytes(now) - totalBytes(row.settled)))
    db.run(
      `UPDATE deliveries SET settled = ?, lost_bytes = ?, ${adding}`,
      encodeRanges(now),
      lostBytes,
      ...added(row, tally),
    )
    count(db, row.route, { ...tally, lostBytes: lostBytes - row.lostBytes })
    if (row.state !== outstanding) touchHour(db, row)
    if (row.again.length > 0) setAgain(db, row, removeRanges(row.again, ranges), removeRanges(row.released, ranges))
  }
}

function setAgain(db: Connection, { object, destination }: Delivery, again: Ranges, released: Ranges): void {
  const sql = 'UPDATE deliveries SET again = ?, released = ? WHERE object = ? AND destination = ?'
  db.run(sql, encodeSome(again), encodeSome(released), object, destination)
}

/** Adds a tally to a row's own. */
const adding = `delivered = delivered + ?, filtered = filtered + ?, duplicates = duplicates + ?,
  quarantined = quarantined + ? WHERE object = ? AND destination = ?`

function added({ object, destination }: Delivery, { delivered, filtered, duplicates, quarantined }: Counts) {
  return [delivered ?? 0, filtered ?? 0, duplicates ?? 0, quarantined ?? 0, object, destination] as const
}

/** Counts how records of a row ended, or that they have not: with the row, and with its route. */
export function tallyRow(db: Connection, row: Delivery, tally: Counts): void {
  db.run(`UPDATE deliveries SET ${adding}`, ...added(row, tally))
  count(db, row.route, tally)
}

/**
 * Something has changed in an hour that may be accounted for: it is to be once more. Not asked for rows that are
 * outstanding, since no hour is accounted for that has any.
 */
export function touchHour(db: Connection, { route, time }: { readonly route: number; readonly time: number }): void {
  db.run(
    `INSERT INTO closings (route, hour, revision, open) SELECT id, ?2, 0, 1 FROM routes WHERE id = ?1 AND passed > ?2
     ON CONFLICT (route, hour) DO UPDATE SET open = 1`,
    route,
    hourOf(time),
  )
}

/** Settles a row whose ranges cover its object. */
export function complete(db: Connection, row: Delivery, ranges: Ranges, tally: Counts): void {
  if (row.state !== outstanding) touchHour(db, row)
  if (row.state === settled) {
    tallyRow(db, row, tally)
    return
  }
  db.run(
    `UPDATE deliveries SET settled = ?, state = ${settled}, lost_bytes = 0, reason = NULL, again = NULL,
       released = NULL, ${adding}`,
    encodeRanges(ranges),
    ...added(row, tally),
  )
  const left: Counts =
    row.state === lost ? { lostObjects: -1, lostBytes: -row.lostBytes } : { outstanding: -1, late: -row.late }
  count(db, row.route, { ...tally, ...left })
}
