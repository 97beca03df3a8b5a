import { isImportReceiver } from '../../domain/imports.ts'
import type { Sighting } from '../../domain/objects.ts'
import type { Account } from '../accounts.ts'
import type { Claimant, Position } from '../duplicates.ts'
import type { ImportLedger, Place, Span } from '../imports.ts'
import { accountsOf } from './accounts.ts'
import { claimAll } from './claims.ts'
import type { Connection, Durability } from './connection.ts'
import { delivery, holds } from './rows.ts'
import { isSealed, Seals } from './seals.ts'
import { Shelves } from './shelves.ts'

interface Seen {
  readonly ref: number
  readonly key: string
  /** 1 if the receiver has seen it. */
  readonly mine: number
}

export class SqliteImports implements ImportLedger {
  readonly #db: Connection
  /** Makes a transaction of what it is given. */
  readonly #write: <T>(durability: Durability, body: () => T) => T

  constructor(db: Connection, write: <T>(durability: Durability, body: () => T) => T) {
    this.#db = db
    this.#write = write
  }

  numbers(store: string, sightings: readonly Pick<Sighting, 'key' | 'version'>[]): readonly (number | undefined)[] {
    const sql = 'SELECT ref FROM objects WHERE store = ? AND key = ? AND version = ?'
    const seals = new Seals(this.#db, store)
    return sightings.map((named) => {
      return this.#db.get<{ ref: number }>(sql, store, named.key, named.version)?.ref ?? seals.find(named)?.ref
    })
  }

  latest(): number {
    return this.#db.get<{ numbers: number }>('SELECT numbers FROM totals')?.numbers ?? 0
  }

  unlisted({ receiver, store, places }: Place, span: Span, listed: ReadonlySet<number>): readonly number[] {
    const known = this.#db.each<Seen>(
      `SELECT ref, key,
         receiver = ?1 OR EXISTS (SELECT 1 FROM also_seen s WHERE s.receiver = ?1 AND s.object = ref) AS mine
       FROM objects WHERE time >= ?2 AND time < ?3 AND store = ?4`,
      receiver,
      span.from,
      span.to,
      store,
    )
    const isMissing = ({ ref, key, mine }: Seen) => {
      return !listed.has(ref) && (mine === 1 || places.some((place) => key.startsWith(place)))
    }
    const missing = new Set<number>()
    for (const one of known) if (isMissing(one)) missing.add(one.ref)
    for (const one of this.#sealed(receiver, store, span)) if (isMissing(one)) missing.add(one.ref)
    return [...missing]
  }

  *#sealed(receiver: string, store: string, { from, to }: Span): Generator<Seen> {
    const shelves = new Shelves(this.#db)
    const sql = 'SELECT id FROM shelves WHERE last >= ? AND first < ?'
    for (const { id } of this.#db.all<{ id: number }>(sql, from, to)) {
      for (const { object, receivers } of shelves.of(id).values()) {
        const { ref, key, time } = object
        const mine = receivers.includes(receiver) ? 1 : 0
        if (object.store === store && time >= from && time < to) yield { ref, key, mine }
      }
    }
  }

  remember(object: number, claimants: readonly Claimant[]): void {
    const owners = this.#owners(object)
    const mine = claimants.filter(({ from }) => !owners.has(from))
    this.#write('volatile', () => {
      claimAll(this.#db, object, mine)
      for (const claimant of claimants) {
        const owner = owners.get(claimant.from)
        if (owner !== undefined) claimAll(this.#db, owner.object, [{ ...claimant, from: owner.from, to: owner.to }])
      }
    })
  }

  /** Who has what the object left to others, by position. */
  #owners(object: number): ReadonlyMap<number, Position> {
    const sql = `SELECT start, owner AS object, owner_start AS "from", owner_stop AS "to" FROM copies WHERE object = ?`
    const rows = this.#db.all<Position & { readonly start: number }>(sql, object)
    return new Map(rows.map(({ start, ...owner }) => [start, owner]))
  }

  /** Commits become durable in their order. One that changes nothing would not be written at all. */
  secure(): void {
    const sql = `INSERT INTO memories (name, body) VALUES ('secured', '1') ON CONFLICT (name) DO UPDATE SET body = body + 1`
    this.#write('durable', () => void this.#db.run(sql))
  }

  has(destination: string, object: number, positions: readonly number[]): readonly boolean[] {
    const row = delivery(this.#db, destination, object)
    const isDone = row === undefined && isSealed(this.#db, destination, object)
    return positions.map((position) => (row === undefined ? isDone : holds(row, position)))
  }

  /** Outstanding rows are few, or it is no time to hurry; a file's copies may be a million. */
  leansOn(destination: string, object: number): boolean {
    const sql = `SELECT 1 FROM routes r JOIN deliveries d INDEXED BY outstanding_by_time ON d.route = r.id AND d.state = 0
      WHERE r.destination = ?1 AND r.active = 1 AND d.object <> ?2 AND (
        EXISTS (SELECT 1 FROM copies c INDEXED BY copies_by_owner WHERE c.owner = d.object AND c.object = ?2) OR
        EXISTS (SELECT 1 FROM adoptions a JOIN copies c INDEXED BY copies_by_owner
          ON c.owner = a.owner AND c.owner_start = a.owner_start
          WHERE a.destination = ?1 AND a.object = d.object AND c.object = ?2)) LIMIT 1`
    return this.#db.get(sql, destination, object) !== undefined
  }

  isAsked(source: string): boolean {
    const sql = `SELECT 1 FROM requests WHERE kind = 'import' AND json_valid(body) AND json_extract(body, '$.source') = ?`
    return this.#db.get(sql, source) !== undefined
  }

  accounts(): readonly Account[] {
    return accountsOf(this.#db, isImportReceiver)
  }

  forgetCopies(object: number, limit: number): number {
    const sql = 'DELETE FROM copies WHERE object = ? AND start IN (SELECT start FROM copies WHERE object = ? LIMIT ?)'
    return this.#write('volatile', () => {
      const copies = this.#db.run(sql, object, object, limit)
      if (copies < limit) this.#db.run('DELETE FROM reused WHERE object = ?', object)
      return copies
    })
  }
}
