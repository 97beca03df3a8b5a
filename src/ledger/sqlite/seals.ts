// Seals on disk: per hour of their keys one list of marks, whoever the objects went to, and per destination the numbers
// of those it had, as ranges. Numbers are given in the order of discovery, so a year's objects are a few ranges, and one
// more destination costs next to nothing. By the hour and not by the day, so that an object that comes late has a few
// kilobytes written anew. Rejected: a row per mark, which is twice as large; a list per destination, which says the same
// as often as there are destinations.
import assert from 'node:assert/strict'
import { keyTime } from '../../domain/objects.ts'
import { hourOf } from '../rules.ts'
import { encodeRanges } from './codec.ts'
import type { Connection } from './connection.ts'
import { beginning, type Entry, find, keyMark, type Marked, markOf, merged, type Named } from './marks.ts'
import { holdsNumber, removeNumber } from './numbers.ts'
import { type Shelved, type ShelvedRow, Shelves } from './shelves.ts'
import { unsealWithheld } from './withheld.ts'

/** The seals of a store, as one call asks them: every list is read once. */
export class Seals {
  readonly #db: Connection
  readonly #store: string
  readonly #lists = new Map<number, Buffer>()
  readonly #shelves: Shelves

  constructor(db: Connection, store: string) {
    this.#db = db
    this.#store = store
    this.#shelves = new Shelves(db)
  }

  find(object: Named): Entry | undefined {
    const list = this.#listOf(object.key)
    return list.length === 0 ? undefined : find(list, markOf(this.#store, object))
  }

  shelved({ ref, shelf }: Entry): Shelved {
    const found = this.#shelves.get(shelf, ref)
    assert(found !== undefined, `sealed object ${ref} is not on shelf ${shelf}`)
    return found
  }

  /** The last object under this key with a number below; undefined if none is sealed. */
  before(key: string, ref: number): Shelved['object'] | undefined {
    const list = this.#listOf(key)
    const entries = list.length === 0 ? [] : beginning(list, keyMark(this.#store, key))
    const [last] = entries.filter((entry) => entry.ref < ref).sort((a, b) => b.ref - a.ref)
    return last && this.shelved(last).object
  }

  #listOf(key: string): Buffer {
    const time = keyTime(key)
    if (time === undefined) return nothing
    const hour = hourOf(time)
    const list = this.#lists.get(hour) ?? listOf(this.#db, hour)
    this.#lists.set(hour, list)
    return list
  }
}

const nothing = Buffer.alloc(0)

function listOf(db: Connection, hour: number): Buffer {
  const row = db.get<{ marks: Uint8Array }>('SELECT marks FROM seals WHERE hour = ?', hour)
  return row === undefined ? nothing : Buffer.from(row.marks.buffer, row.marks.byteOffset, row.marks.byteLength)
}

/** Puts marks into their hours' lists. */
export function addMarks(db: Connection, marks: ReadonlyMap<number, readonly Marked[]>): void {
  for (const [hour, more] of marks) {
    db.run('INSERT OR REPLACE INTO seals (hour, marks) VALUES (?, ?)', hour, merged(listOf(db, hour), more))
  }
}

/** Whether the destination had a row for the object, and all of it is settled for good. */
export function isSealed(db: Connection, destination: string, object: number): boolean {
  return holdsNumber(db, 'sealed', destination, object)
}

/** A sealed object is known again, to this receiver, and decided anew; but what was a copy stays one. */
export function restore(db: Connection, { object, events, bad, firstId, lastId }: Shelved, receiver: string): void {
  db.run(
    `INSERT INTO objects
       (ref, receiver, store, key, version, size, modified, time, seen_at, how, length, events, bad, first_id, last_id)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'sealed', ?, ?, ?, ?, ?)`,
    object.ref,
    receiver,
    object.store,
    object.key,
    object.version,
    object.size,
    object.modified,
    object.time,
    object.seenAt,
    object.length,
    events,
    bad,
    firstId,
    lastId,
  )
}

interface FoundRow extends ShelvedRow {
  readonly receiver: string
  /** 1 if its route is one of today's. */
  readonly active: number
}

/** What is left of the destination's row; undefined if it had none. */
export function sealedRow(db: Connection, destination: string, { rows }: Shelved): FoundRow | undefined {
  for (const row of rows) {
    const sql = 'SELECT receiver, active FROM routes WHERE id = ? AND destination = ?'
    const found = db.get<{ receiver: string; active: number }>(sql, row.route, destination)
    if (found !== undefined) return { ...row, ...found }
  }
  return undefined
}

/** A row that is sealed is one again, wholly settled. */
export function restoreRow(db: Connection, destination: string, shelved: Shelved): void {
  const row = sealedRow(db, destination, shelved)
  assert(row !== undefined, `${destination} has no seal of object ${shelved.object.ref}`)
  const { ref, time, length, seenAt } = shelved.object
  if (db.get('SELECT 1 FROM objects WHERE ref = ?', ref) === undefined) restore(db, shelved, row.receiver)
  removeNumber(db, 'sealed', destination, ref)
  unsealWithheld(db, { destination, object: ref })
  const { delivered, filtered, duplicates, quarantined } = row.tally
  db.run(
    `INSERT INTO deliveries (object, destination, route, time, state, settled, due_at, late, generation, delivered,
       filtered, duplicates, quarantined) VALUES (?, ?, ?, ?, 1, ?, ?, 0, ?, ?, ?, ?, ?)`,
    ref,
    destination,
    row.route,
    time,
    encodeRanges(length === 0 ? [] : [[0, length]]),
    seenAt,
    row.generation,
    delivered,
    filtered,
    duplicates,
    quarantined,
  )
}
