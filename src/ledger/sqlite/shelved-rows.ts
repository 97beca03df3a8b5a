// Accounts of hours ask for every row of an hour, also for those that are sealed. They lie on the few shelves whose times
// meet the hour; a line counts as long as its object's mark names this shelf, and the row is none again.
import type { Tally } from '../progress.ts'
import type { Connection } from './connection.ts'
import { Seals } from './seals.ts'
import { type Shelved, Shelves } from './shelves.ts'

interface Place {
  /** The route's number. */
  readonly id: number
  readonly destination: string
}

export interface ShelvedFound extends Pick<Shelved, 'events' | 'bad' | 'firstId' | 'lastId'> {
  readonly time: number
  readonly ref: number
  readonly tally: Tally
}

export class ShelvedRows {
  readonly #db: Connection
  readonly #shelves: Shelves
  readonly #seals = new Map<string, Seals>()

  constructor(db: Connection) {
    this.#db = db
    this.#shelves = new Shelves(db)
  }

  /** Rows of the route with object times in [from, to). */
  within(route: Place, from: number, to: number): ShelvedFound[] {
    const sql = 'SELECT id FROM shelves WHERE last >= ? AND first < ? ORDER BY id'
    return this.#db.all<{ id: number }>(sql, from, to).flatMap(({ id }) => this.#on(id, route, from, to))
  }

  /** Object time of the route's next row, from an instant on. */
  next(route: Place, from: number): number | undefined {
    let next: number | undefined
    const sql = 'SELECT id, first FROM shelves WHERE last >= ? ORDER BY first'
    for (const { id, first } of this.#db.each<{ id: number; first: number }>(sql, from)) {
      if (next !== undefined && first > next) break
      const times = this.#on(id, route, from, next ?? Number.POSITIVE_INFINITY).map(({ time }) => time)
      if (times.length > 0) next = Math.min(...times)
    }
    return next
  }

  #on(shelf: number, route: Place, from: number, to: number): ShelvedFound[] {
    return [...this.#shelves.of(shelf).values()].flatMap((line): ShelvedFound[] => {
      const { time, ref } = line.object
      const row = time >= from && time < to ? line.rows.find((one) => one.route === route.id) : undefined
      if (row === undefined || this.#isRow(route.destination, ref) || !this.#isOn(shelf, line)) return []
      const { events, bad, firstId, lastId } = this.#known(ref) ?? line
      return [{ time, ref, events, bad, firstId, lastId, tally: row.tally }]
    })
  }

  #isRow(destination: string, ref: number): boolean {
    return this.#db.get('SELECT 1 FROM deliveries WHERE object = ? AND destination = ?', ref, destination) !== undefined
  }

  #isOn(shelf: number, { object }: Shelved): boolean {
    const seals = this.#seals.get(object.store) ?? new Seals(this.#db, object.store)
    this.#seals.set(object.store, seals)
    return seals.find(object)?.shelf === shelf
  }

  /** What is known of an object that is known again. */
  #known(ref: number): Pick<Shelved, 'events' | 'bad' | 'firstId' | 'lastId'> | undefined {
    return this.#db.get('SELECT events, bad, first_id AS firstId, last_id AS lastId FROM objects WHERE ref = ?', ref)
  }
}
