// Which lane delivers an event that lies in several objects, and who takes over when that one never will. An adoption
// names the position that delivers in the owner's place; it stands as long as that position is settled or outstanding.
import assert from 'node:assert/strict'
import { covers, removeRanges } from '../../domain/ranges.ts'
import type { Copy, Position } from '../duplicates.ts'
import { reopenedReason, retiredReason } from '../rules.ts'
import { encodeRanges } from './codec.ts'
import type { Connection } from './connection.ts'
import {
  count,
  type Delivery,
  delivery,
  existing,
  holds,
  holdsAt,
  lost,
  outstanding,
  tallyRow,
  touchHour,
} from './rows.ts'
import { isSealed } from './seals.ts'

/** Where an event is: the owner's position and, for a copy, its own. */
interface StoredCopy extends Position {
  readonly owner: number
  readonly ownerFrom: number
  readonly ownerTo: number
}

interface Adopter {
  readonly object: number
  readonly from: number
}

const copyColumns = 'object, start AS "from", stop AS "to", owner, owner_start AS ownerFrom, owner_stop AS ownerTo'

export function judge(db: Connection, destination: string, object: number, copies: readonly Copy[]): boolean[] {
  const rows = new Map<number, Delivery | undefined>()
  const held = (at: Adopter) => {
    if (!rows.has(at.object)) rows.set(at.object, delivery(db, destination, at.object))
    const row = rows.get(at.object)
    return row === undefined ? isSealed(db, destination, at.object) : holds(row, at.from)
  }
  return copies.map(({ from, owner }) => {
    const adopter = adopterOf(db, destination, owner.object, owner.from)
    if (adopter?.object === object && adopter.from === from) return false
    if ((adopter !== undefined && held(adopter)) || held(owner)) return true
    const copy = db.get<StoredCopy>(`SELECT ${copyColumns} FROM copies WHERE object = ? AND start = ?`, object, from)
    assert(copy !== undefined, `object ${object} has no copy at ${from}`)
    adopt(db, destination, copy)
    return false
  })
}

function adopterOf(db: Connection, destination: string, owner: number, from: number): Adopter | undefined {
  const sql = 'SELECT object, start AS "from" FROM adoptions WHERE destination = ? AND owner = ? AND owner_start = ?'
  return db.get<Adopter>(sql, destination, owner, from)
}

function adopt(db: Connection, destination: string, { object, from, owner, ownerFrom, ownerTo }: StoredCopy): void {
  const sql = `INSERT OR REPLACE INTO adoptions (destination, owner, owner_start, owner_stop, object, start, time)
    SELECT ?, ?, ?, ?, ref, ?, time FROM objects WHERE ref = ?`
  db.run(sql, destination, owner, ownerFrom, ownerTo, from, object)
  count(db, existing(db, destination, object).route, { adopted: 1 })
}

/** What of the object is known from elsewhere. */
export function copiesOf(db: Connection, object: number): StoredCopy[] {
  return db.all<StoredCopy>(`SELECT ${copyColumns} FROM copies WHERE object = ? ORDER BY start`, object)
}

/** Who delivers the copy's event to the destination. */
export function deliverer(db: Connection, destination: string, { owner, ownerFrom }: StoredCopy): Adopter {
  return adopterOf(db, destination, owner, ownerFrom) ?? { object: owner, from: ownerFrom }
}

export function adopted(db: Connection, destination: string, object: number): ReadonlySet<number> {
  const live = adoptionsOf(db, destination, object).filter((adopter) => {
    return holdsAt(db, destination, adopter.object, adopter.from)
  })
  return new Set(live.map(({ ownerFrom }) => ownerFrom))
}

interface Adoption extends Adopter {
  readonly ownerFrom: number
  readonly ownerTo: number
}

export function adoptionsOf(db: Connection, destination: string, owner: number): Adoption[] {
  return db.all<Adoption>(
    `SELECT object, start AS "from", owner_start AS ownerFrom, owner_stop AS ownerTo FROM adoptions
     WHERE destination = ? AND owner = ? ORDER BY owner_start`,
    destination,
    owner,
  )
}

/** Events that were left to this row, and that it will not deliver, become somebody else's. */
export function rescueRow(db: Connection, row: Delivery, reason: string, now: number): number[] {
  const again = new Set<number>()
  for (const owner of abandoned(db, row)) {
    const heir = rescue(db, row, owner, reason, now)
    if (heir !== undefined) again.add(heir)
  }
  return [...again].sort((a, b) => a - b)
}

/** Takes back whatever the destination's active rows skipped in favour of rows that are retired now. */
export function repairAll(db: Connection, destination: string, now: number): void {
  const suspects = db.all<{ object: number }>(
    `SELECT d.object FROM deliveries d WHERE d.destination = ?1 AND (
       EXISTS (SELECT 1 FROM copies c WHERE c.object = d.object) OR
       EXISTS (SELECT 1 FROM adoptions a WHERE a.destination = ?1 AND a.owner = d.object)) ORDER BY d.object`,
    destination,
  )
  for (const { object } of suspects) repair(db, destination, object, now)
}

/** Takes back what an active row skipped in favour of a row that is retired now. */
export function repair(db: Connection, destination: string, object: number, now: number): void {
  const first = delivery(db, destination, object)
  if (first === undefined || !usable(first)) return
  const live = (at: Adopter) => holdsAt(db, destination, at.object, at.from)
  for (const copy of copiesOf(db, object).filter(({ from, to }) => covers(first.settled, from, to))) {
    const adopter = adopterOf(db, destination, copy.owner, copy.ownerFrom)
    if (adopter?.object === object && adopter.from === copy.from) continue
    if ((adopter !== undefined && live(adopter)) || live({ object: copy.owner, from: copy.ownerFrom })) continue
    adopt(db, destination, copy)
    reopen(db, existing(db, destination, object), copy, retiredReason, now)
  }
  repairOwned(db, destination, object, now)
}

/** The same for positions skipped because a copy elsewhere was adopted for them. */
function repairOwned(db: Connection, destination: string, object: number, now: number): void {
  for (const adoption of adoptionsOf(db, destination, object)) {
    const owner = { object, from: adoption.ownerFrom, to: adoption.ownerTo }
    const row = existing(db, destination, object)
    if (holdsAt(db, destination, adoption.object, adoption.from)) continue
    if (!covers(row.settled, owner.from, owner.to)) continue
    reopen(db, row, owner, retiredReason, now)
    forget(db, destination, owner)
  }
}

function forget(db: Connection, destination: string, owner: Position): void {
  const sql = 'DELETE FROM adoptions WHERE destination = ? AND owner = ? AND owner_start = ?'
  db.run(sql, destination, owner.object, owner.from)
}

/** Owners of the events that lie, unsettled, in this row: its own that have copies, and those it adopted. */
function abandoned(db: Connection, { destination, object, settled }: Delivery): Position[] {
  const unsettled = ({ at }: { at: number }) => !covers(settled, at, at + 1)
  const owned = db.all<Position & { at: number }>(
    `SELECT DISTINCT owner AS object, owner_start AS "from", owner_stop AS "to", owner_start AS at
     FROM copies WHERE owner = ?`,
    object,
  )
  const taken = db.all<Position & { at: number }>(
    `SELECT owner AS object, owner_start AS "from", owner_stop AS "to", start AS at
     FROM adoptions WHERE destination = ? AND object = ?`,
    destination,
    object,
  )
  return [...owned, ...taken].filter(unsettled).sort((a, b) => a.object - b.object || a.from - b.from)
}

/** Finds the object that delivers the owner's event now, and makes it due. */
function rescue(db: Connection, gone: Delivery, owner: Position, reason: string, now: number): number | undefined {
  const { destination } = gone
  const adopter = adopterOf(db, destination, owner.object, owner.from)
  if (adopter !== undefined && holdsAt(db, destination, adopter.object, adopter.from)) return undefined
  if (owner.object !== gone.object) {
    const row = delivery(db, destination, owner.object)
    if (row !== undefined && usable(row)) {
      forget(db, destination, owner)
      reopen(db, row, owner, reason, now)
      return owner.object
    }
    if (holdsAt(db, destination, owner.object, owner.from)) return undefined
  }
  const heir = findHeir(db, gone, owner)
  if (heir === undefined) return undefined
  adopt(db, destination, heir.copy)
  reopen(db, heir.row, heir.copy, reason, now)
  return heir.copy.object
}

interface Heir {
  readonly copy: StoredCopy
  readonly row: Delivery
}

/** A copy that was skipped is preferred to one that nobody has read: then every other skip stays right. */
function findHeir(db: Connection, gone: Delivery, owner: Position): Heir | undefined {
  const copies = db.all<StoredCopy>(
    `SELECT ${copyColumns} FROM copies WHERE owner = ? AND owner_start = ? AND object <> ? ORDER BY object, start`,
    owner.object,
    owner.from,
    gone.object,
  )
  const candidates = copies.flatMap((copy): Heir[] => {
    const row = delivery(db, gone.destination, copy.object)
    return row !== undefined && usable(row) ? [{ copy, row }] : []
  })
  return candidates.find(({ copy, row }) => covers(row.settled, copy.from, copy.to)) ?? candidates[0]
}

function usable(row: Delivery): boolean {
  return row.active && row.state !== lost
}

/** Takes a skipped copy back: it is due again. */
function reopen(db: Connection, row: Delivery, { from, to }: Position, reason: string, now: number): void {
  const { object, destination, late } = row
  if (!covers(row.settled, from, to)) return
  const settled = encodeRanges(removeRanges(row.settled, [[from, to]]))
  if (row.state === outstanding) {
    db.run('UPDATE deliveries SET settled = ? WHERE object = ? AND destination = ?', settled, object, destination)
    tallyRow(db, row, { duplicates: -1 })
    return
  }
  db.run(
    `UPDATE deliveries SET settled = ?, state = ${outstanding}, attempts = 0, due_at = ?, reason = ?, repair = NULL
     WHERE object = ? AND destination = ?`,
    settled,
    now,
    reopenedReason(reason),
    object,
    destination,
  )
  tallyRow(db, row, { duplicates: -1, outstanding: 1, late })
  touchHour(db, row)
}
