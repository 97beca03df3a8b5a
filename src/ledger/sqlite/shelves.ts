// What is to be known of sealed objects when somebody asks for one of them after all. Objects that were sealed together
// lie on one shelf, compressed: their keys are alike, and what differs are two hashes. A shelf is never changed; an
// object that was known again and is sealed once more lies on another one, and its mark says on which.
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { type AuditObject, objectTime } from '../../domain/objects.ts'
import type { Tally } from '../progress.ts'
import type { Connection } from './connection.ts'

/** A row that was settled, by its route and not by a destination's name: that can change. */
export interface ShelvedRow {
  readonly route: number
  readonly generation: number
  readonly tally: Tally
}

export interface Shelved {
  readonly object: AuditObject & { readonly length: number }
  readonly receivers: readonly string[]
  readonly events: number
  readonly bad: number
  readonly firstId: string | null
  readonly lastId: string | null
  readonly rows: readonly ShelvedRow[]
}

type Line = readonly [
  ...place: readonly [ref: number, store: string, key: string, version: string],
  ...facts: readonly [size: number, modified: number, seenAt: number, length: number, receivers: readonly string[]],
  ...found: readonly [events: number, bad: number, firstId: string | null, lastId: string | null],
  rows: readonly LineRow[],
]
type LineRow = readonly [
  ...place: readonly [route: number, generation: number],
  ...tally: readonly [delivered: number, filtered: number, duplicates: number, quarantined: number],
]

/** Puts objects on a new shelf. Returns its number. */
export function shelve(db: Connection, objects: readonly Shelved[]): number {
  const times = objects.map(({ object }) => object.time)
  return db.insert(
    'INSERT INTO shelves (first, last, objects) VALUES (?, ?, ?)',
    Math.min(...times),
    Math.max(...times),
    deflateRawSync(JSON.stringify(objects.map(lineOf))),
  )
}

function lineOf({ object, receivers, events, bad, firstId, lastId, rows }: Shelved): Line {
  const { ref, store, key, version, size, modified, seenAt, length } = object
  const written = rows.map(({ route, generation, tally }): LineRow => {
    return [route, generation, tally.delivered, tally.filtered, tally.duplicates, tally.quarantined]
  })
  const found = [events, bad, firstId, lastId] as const
  return [ref, store, key, version, size, modified, seenAt, length, receivers, ...found, written]
}

/** Of the shelves that somebody asks for in turn the last few, since what is asked for together was sealed together. */
export class Shelves {
  readonly #db: Connection
  readonly #open = new Map<number, ReadonlyMap<number, Shelved>>()

  constructor(db: Connection) {
    this.#db = db
  }

  get(shelf: number, ref: number): Shelved | undefined {
    return this.of(shelf).get(ref)
  }

  /** By number. */
  of(shelf: number): ReadonlyMap<number, Shelved> {
    const open = this.#open.get(shelf) ?? this.#read(shelf)
    this.#open.delete(shelf)
    this.#open.set(shelf, open)
    for (const oldest of this.#open.keys()) if (this.#open.size > shelvesOpen) this.#open.delete(oldest)
    return open
  }

  #read(shelf: number): ReadonlyMap<number, Shelved> {
    const row = this.#db.get<{ objects: Uint8Array }>('SELECT objects FROM shelves WHERE id = ?', shelf)
    const lines: Line[] = row === undefined ? [] : JSON.parse(inflateRawSync(row.objects).toString())
    return new Map(lines.map((line) => [line[0], shelved(line)]))
  }
}

const shelvesOpen = 4

function shelved(line: Line): Shelved {
  const [ref, store, key, version, size, modified, seenAt, length, receivers, ...rest] = line
  const [events, bad, firstId, lastId, rows] = rest
  const object = { ref, store, key, version, size, modified, time: objectTime({ key, modified }), seenAt, length }
  return { object, receivers, events, bad, firstId, lastId, rows: rows.map(rowOf) }
}

function rowOf([route, generation, delivered, filtered, duplicates, quarantined]: LineRow): ShelvedRow {
  return { route, generation, tally: { delivered, filtered, duplicates, quarantined } }
}
