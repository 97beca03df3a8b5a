import { isImportReceiver } from '../../domain/imports.ts'
import type { Sighting } from '../../domain/objects.ts'
import type { Account } from '../accounts.ts'
import type { Claimant } from '../duplicates.ts'
import type { ImportLedger, Place, Span } from '../imports.ts'
import { accountsOf } from './accounts.ts'
import { claimAll } from './claims.ts'
import type { Connection } from './connection.ts'
import { delivery, holds } from './rows.ts'

export class SqliteImports implements ImportLedger {
  readonly #db: Connection
  /** Makes a transaction of what it is given. */
  readonly #write: <T>(body: () => T) => T

  constructor(db: Connection, write: <T>(body: () => T) => T) {
    this.#db = db
    this.#write = write
  }

  numbers(store: string, sightings: readonly Pick<Sighting, 'key' | 'version'>[]): readonly (number | undefined)[] {
    const sql = 'SELECT ref FROM objects WHERE store = ? AND key = ? AND version = ?'
    return sightings.map(({ key, version }) => this.#db.get<{ ref: number }>(sql, store, key, version)?.ref)
  }

  unlisted({ receiver, store, places }: Place, { from, to }: Span, listed: ReadonlySet<number>): number | undefined {
    const rows = this.#db.each<{ ref: number; key: string; mine: number }>(
      `SELECT ref, key,
         receiver = ?1 OR EXISTS (SELECT 1 FROM also_seen s WHERE s.receiver = ?1 AND s.object = ref) AS mine
       FROM objects WHERE time >= ?2 AND time < ?3 AND store = ?4`,
      receiver,
      from,
      to,
      store,
    )
    let count = 0
    for (const { ref, key, mine } of rows)
      if (!listed.has(ref) && (mine === 1 || places.some((place) => key.startsWith(place)))) count += 1
    return count
  }

  remember(object: number, claimants: readonly Claimant[]): void {
    this.#write(() => void claimAll(this.#db, object, claimants))
  }

  has(destination: string, object: number, positions: readonly number[]): readonly boolean[] {
    const row = delivery(this.#db, destination, object)
    return positions.map((position) => holds(row, position))
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
    return this.#write(() => {
      const copies = this.#db.run(sql, object, object, limit)
      if (copies < limit) this.#db.run('DELETE FROM reused WHERE object = ?', object)
      return copies
    })
  }
}
