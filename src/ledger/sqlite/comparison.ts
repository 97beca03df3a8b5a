import { rmSync } from 'node:fs'
import type { Comparison, Sided, Tallied, Witnessed } from '../comparison.ts'
import { idDigits } from '../rules.ts'
import { Connection } from './connection.ts'

const page = 1_000

/** Opens an empty comparison in this file, which is removed when it is closed. */
export function openComparison(path: string): Comparison {
  rmSync(path, { force: true })
  return new SqliteComparison(path)
}

class SqliteComparison implements Comparison {
  readonly #path: string
  readonly #db: Connection

  constructor(path: string) {
    this.#path = path
    this.#db = new Connection(path, { readOnly: false })
    // Nothing of it is worth being saved from a crash.
    this.#db.exec('PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16384')
    this.#db.exec(`
      CREATE TABLE events (id BLOB PRIMARY KEY, at INTEGER, file INTEGER NOT NULL, stream INTEGER NOT NULL,
        held INTEGER NOT NULL) WITHOUT ROWID;
      CREATE INDEX by_time ON events (at, id);
    `)
  }

  file(events: readonly Witnessed[]): void {
    this.#together(() => {
      const sql = `INSERT INTO events VALUES (?, ?, 1, 0, 0) ON CONFLICT (id) DO UPDATE SET file = file + 1`
      for (const { id, at } of events) this.#db.run(sql, bytesOf(id), at ?? null)
    })
  }

  stream(events: readonly (Witnessed & { readonly held: number })[], span: { from: number; to: number }): void {
    this.#together(() => {
      const insert = `INSERT INTO events VALUES (?, ?, 0, 1, ?)
        ON CONFLICT (id) DO UPDATE SET stream = stream + 1, held = held | excluded.held`
      const update = 'UPDATE events SET stream = stream + 1, held = held | ? WHERE id = ?'
      for (const { id, at, held } of events) {
        const isWithin = at !== undefined && at >= span.from && at <= span.to
        if (isWithin) this.#db.run(insert, bytesOf(id), at, held)
        else this.#db.run(update, held, bytesOf(id))
      }
    })
  }

  tally(): Tallied {
    const row = this.#db.get<Tallied>(`
      SELECT count(*) FILTER (WHERE file > 0) AS file, ifnull(sum(file - 1) FILTER (WHERE file > 0), 0) AS repeated,
        count(*) FILTER (WHERE stream > 0) AS stream, count(*) FILTER (WHERE file > 0 AND stream > 0) AS both
      FROM events`)
    return row === undefined ? { file: 0, repeated: 0, stream: 0, both: 0 } : { ...row }
  }

  held(bit: number): number {
    const sql = 'SELECT count(*) AS n FROM events WHERE file > 0 AND (held >> ?) & 1'
    return this.#db.get<{ n: number }>(sql, bit)?.n ?? 0
  }

  *inOrder(): Generator<readonly Sided[]> {
    let [at, id] = [Number.MIN_SAFE_INTEGER, new Uint8Array()]
    for (;;) {
      const rows = this.#db.all<{ id: Uint8Array; at: number; file: number; stream: number }>(
        `SELECT id, at, file, stream FROM events WHERE (at, id) > (?, ?) ORDER BY at, id LIMIT ${page}`,
        at,
        id,
      )
      const last = rows.at(-1)
      if (last === undefined) return
      at = last.at
      id = Uint8Array.from(last.id)
      yield rows.map(({ at, file, stream }) => ({
        at,
        who: file > 0 && stream > 0 ? 'both' : file > 0 ? 'file' : 'stream',
      }))
    }
  }

  close(): void {
    this.#db.close()
    rmSync(this.#path, { force: true })
  }

  #together(body: () => void): void {
    this.#db.exec('BEGIN')
    try {
      body()
    } finally {
      this.#db.exec('COMMIT')
    }
  }
}

function bytesOf(id: string): Uint8Array {
  return Buffer.from(idDigits(id), 'hex')
}
