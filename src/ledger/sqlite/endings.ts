// What hangs on a stretch that comes to its end: the row's progress, the counts of its route and its repair, what filters
// withheld of it, and entries of the quarantine that were on their way. Without repairs nothing but the first two costs
// a statement.
import { addRanges, covers, meets, type Range, type Ranges, removeRanges } from '../../domain/ranges.ts'
import type { Tally } from '../progress.ts'
import type { Repair } from '../repairs.ts'
import { unsettledBytes } from '../rules.ts'
import { encodeRanges } from './codec.ts'
import type { Connection } from './connection.ts'
import type { Held } from './held.ts'
import { discard } from './quarantine.ts'
import {
  type Counts,
  complete,
  count,
  type Delivery,
  delivery,
  encodeSome,
  lost,
  outstanding,
  settleRanges,
  tallyRow,
} from './rows.ts'
import { forgetWithheld, withhold } from './withheld.ts'

/** Settles ranges of a row. */
export function end(db: Connection, row: Delivery, ranges: Ranges, tally: Counts, withheld: Ranges = []): void {
  settleRanges(db, row, ranges, tally)
  countRepair(db, row.repair, tally)
  // What is decided anew may end otherwise than it did.
  if (row.again.length > 0) forgetWithheld(db, row, ranges)
  if (withheld.length > 0) withhold(db, row, withheld)
  if (!row.replays) return
  const settled = addRanges(row.settled, ranges)
  for (const entry of underWay(db, row)) {
    if (entry.destination === null) settleShared(db, entry)
    else if (covers(settled, entry.from, entry.to)) {
      discard(db, entry.id)
      const how = (tally.delivered ?? 0) > 0 ? 'delivered' : endingOf(db, entry, withheld)
      if (entry.replay !== row.repair) countRepair(db, entry.replay, { [how]: 1 })
    }
  }
}

interface Entry {
  readonly id: number
  readonly destination: string | null
  readonly object: number
  readonly from: number
  readonly to: number
  readonly replay: number
  readonly recut: number
}

/** Entries on their way that the row has to do with: its destination's, then those of all. */
function underWay(db: Connection, { object, destination }: Delivery): Entry[] {
  return db.all<Entry>(
    `SELECT id, destination, object, start AS "from", stop AS "to", replay, ifnull(recut, start) AS recut
     FROM quarantine INDEXED BY replays
     WHERE object = ? AND replay IS NOT NULL AND provisional = 0 AND (destination = ? OR destination IS NULL)
     ORDER BY destination IS NULL, id`,
    object,
    destination,
  )
}

function endingOf(db: Connection, { object, from, to }: Entry, withheld: Ranges): keyof Tally {
  if (meets(withheld, from, to)) return 'filtered'
  const sql = 'SELECT 1 FROM quarantine WHERE object = ? AND destination IS NULL AND start < ? AND stop > ?'
  return db.get(sql, object, to, from) === undefined ? 'duplicates' : 'quarantined'
}

/** A stretch kept on behalf of all is done with when every destination is; it stays if it turned out as bad as before. */
function settleShared(db: Connection, { id, object, from, to, replay, recut }: Entry): void {
  const destinations = db.all<{ destination: string }>('SELECT destination FROM deliveries WHERE object = ?', object)
  for (const { destination } of destinations) {
    const row = delivery(db, destination, object)
    if (row?.active === true && row.state !== lost && !covers(row.settled, from, to)) return
  }
  countRepair(db, replay, { [recut > from ? 'delivered' : 'quarantined']: 1 })
  if (recut > from) discard(db, id)
  else db.run('UPDATE quarantine SET replay = NULL WHERE id = ?', id)
}

export function countRepair(db: Connection, id: number | undefined, by: Partial<Repair>): void {
  if (id === undefined) return
  const { delivered = 0, filtered = 0, duplicates = 0, quarantined = 0, lost = 0 } = by
  db.run(
    `INSERT INTO repairs (id, delivered, filtered, duplicates, quarantined, lost) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET delivered = delivered + ?2,
       filtered = filtered + ?3, duplicates = duplicates + ?4, quarantined = quarantined + ?5, lost = lost + ?6`,
    id,
    delivered,
    filtered,
    duplicates,
    quarantined,
    lost,
  )
}

/**
 * The row's object is gone: what is free of what was settled once goes back, and what is left is lost. Returns the row as
 * it is then; undefined if nothing was left.
 */
export function endRow(db: Connection, held: Held, row: Delivery, reason: string | null): Delivery | undefined {
  const back = removeRanges(row.again, heldRanges(db, held, row))
  const settled = addRanges(row.settled, back)
  const released = removeRanges(row.released, removeRanges(row.released, back))
  if (released.length > 0) withhold(db, row, released)
  for (const entry of row.replays ? underWay(db, row) : []) {
    if (!covers(back, entry.from, entry.to)) continue
    db.run('UPDATE quarantine SET replay = NULL WHERE id = ?', entry.id)
    tallyRow(db, row, { quarantined: 1 })
    if (entry.replay !== row.repair) countRepair(db, entry.replay, { lost: 1 })
  }
  const left = { again: removeRanges(row.again, back), released: removeRanges(row.released, back) }
  return setLost(db, { ...row, ...left, settled }, reason)
}

function setLost(db: Connection, row: Delivery, reason: string | null): Delivery | undefined {
  const { settled, again, released, object, destination, length } = row
  if (length !== undefined && covers(settled, 0, length)) {
    complete(db, row, settled, {})
    return undefined
  }
  const lostBytes = unsettledBytes(settled, row)
  db.run(
    `UPDATE deliveries SET settled = ?, again = ?, released = ?, state = ${lost}, reason = ?, lost_bytes = ?
     WHERE object = ? AND destination = ?`,
    encodeRanges(settled),
    encodeSome(again),
    encodeSome(released),
    reason,
    lostBytes,
    object,
    destination,
  )
  const ended = row.state === outstanding ? { outstanding: -1, late: -row.late, lostObjects: 1 } : {}
  count(db, row.route, { ...ended, lostBytes: lostBytes - row.lostBytes })
  return { ...row, state: lost, lostBytes }
}

/** What lies in open intents and in verdicts that are not final. */
export function heldRanges(db: Connection, held: Held, { destination, object }: Delivery): Ranges {
  const sql = 'SELECT start, stop FROM quarantine WHERE object = ? AND destination = ? AND provisional = 1'
  const verdicts = db.all<{ start: number; stop: number }>(sql, object, destination)
  return addRanges(
    held.ranges(destination, object),
    verdicts.map(({ start, stop }): Range => [start, stop]),
  )
}
