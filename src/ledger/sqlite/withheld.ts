// What filters withheld of each row, one line for each settlement: one that grew would be written again and again.
import { addRanges, meets, type Ranges, removeRanges } from '../../domain/ranges.ts'
import { decodeRanges, encodeRanges } from './codec.ts'
import type { Connection } from './connection.ts'

type Row = { readonly destination: string; readonly object: number }

export function withheld(db: Connection, destination: string, object: number): Ranges {
  const sql = 'SELECT ranges FROM withheld WHERE destination = ? AND object = ?'
  const rows = db.all<{ ranges: Uint8Array }>(sql, destination, object)
  return addRanges(
    [],
    rows.flatMap(({ ranges }) => decodeRanges(ranges)),
  )
}

export function withhold(db: Connection, { destination, object }: Row, ranges: Ranges): void {
  const sql = 'INSERT INTO withheld (destination, object, ranges) VALUES (?, ?, ?)'
  db.run(sql, destination, object, encodeRanges(ranges))
}

/** These came to another end, or are about to. */
export function forgetWithheld(db: Connection, row: Row, ranges: Ranges): void {
  const before = withheld(db, row.destination, row.object)
  if (!ranges.some(([from, to]) => meets(before, from, to))) return
  db.run('DELETE FROM withheld WHERE destination = ? AND object = ?', row.destination, row.object)
  const left = removeRanges(before, ranges)
  if (left.length > 0) withhold(db, row, left)
}
