import type { Belonging, BelongingLedger } from '../belongings.ts'
import type { Connection } from './connection.ts'

interface Stored {
  readonly receiver: string
  readonly found: string | null
  readonly expected: string | null
  readonly reason: string | null
  readonly since: number | null
}

export class SqliteBelongings implements BelongingLedger {
  readonly #db: Connection
  /** Makes a transaction of what it is given. */
  readonly #write: (body: () => void) => void

  constructor(db: Connection, write: (body: () => void) => void) {
    this.#db = db
    this.#write = write
  }

  all(): readonly Belonging[] {
    const sql = 'SELECT receiver, found, expected, reason, since FROM belongings ORDER BY receiver'
    return this.#db.all<Stored>(sql).map(({ receiver, found, expected, reason, since }) => ({
      receiver,
      found: found ?? undefined,
      stop: expected === null || reason === null || since === null ? undefined : { expected, reason, since },
    }))
  }

  note({ receiver, found, stop }: Belonging): void {
    const insert = 'INSERT OR REPLACE INTO belongings (receiver, found, expected, reason, since) VALUES (?, ?, ?, ?, ?)'
    const values = [receiver, found ?? null, stop?.expected ?? null, stop?.reason ?? null, stop?.since ?? null]
    this.#write(() => void this.#db.run(insert, ...values))
  }
}
