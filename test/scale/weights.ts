// What the bytes of a ledger's file are: pages by table and index, as SQLite's own `dbstat` counts them. Only some of them
// are there because objects were sealed; the others come and go with what is under way, and are told apart.
import { DatabaseSync } from 'node:sqlite'

export interface Weights {
  readonly file: number
  /** Pages that nothing lies on; the file keeps some for what comes next. */
  readonly free: number
  /** Event ids within the window of deduplication. */
  readonly claims: number
  /** Objects that are rows still, with their rows per destination and the indexes of both. */
  readonly rows: number
  /** All the rest: what a sealed object leaves behind for ever. */
  readonly sealed: number
  /** The largest parts of that. */
  readonly parts: ReadonlyMap<string, number>
}

const rowTables: ReadonlySet<string> = new Set(['objects', 'deliveries', 'reused', 'also_seen', 'withheld'])

/** Weighs a ledger that nobody writes at the moment. */
export function weigh(path: string): Weights {
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    const pageSize = number(db, 'PRAGMA page_size')
    const [file, free] = [pageSize * number(db, 'PRAGMA page_count'), pageSize * number(db, 'PRAGMA freelist_count')]
    const tables = byTable(db)
    const sum = (which: (table: string) => boolean) => {
      return [...tables].reduce((bytes, [table, weight]) => bytes + (which(table) ? weight : 0), 0)
    }
    const [claims, rows] = [sum((table) => table === 'claims'), sum((table) => rowTables.has(table))]
    const others = [...tables].filter(([table]) => table !== 'claims' && !rowTables.has(table))
    const parts = new Map(others.sort(([, a], [, b]) => b - a).slice(0, 4))
    return { file, free, claims, rows, sealed: file - free - claims - rows, parts }
  } finally {
    db.close()
  }
}

/** Bytes of every table with its indexes. */
function byTable(db: DatabaseSync): ReadonlyMap<string, number> {
  const sql = `SELECT ifnull(m.tbl_name, s.name) AS name, sum(s.pgsize) AS bytes
    FROM dbstat s LEFT JOIN sqlite_schema m ON m.name = s.name WHERE s.aggregate = TRUE GROUP BY 1`
  const rows = db.prepare(sql).all() as { name: string; bytes: number }[]
  return new Map(rows.map(({ name, bytes }) => [name, bytes]))
}

function number(db: DatabaseSync, pragma: string): number {
  return Number(Object.values(db.prepare(pragma).get() ?? {})[0])
}
