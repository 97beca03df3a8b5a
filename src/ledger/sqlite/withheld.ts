// What filters withheld of each row, one line for each settlement: one that grew would be written again and again. A filter
// may withhold something of every object there is, so what it withheld of sealed rows lies together, as one text for each
// shelf and destination: a fifth of what lines of their own would take. A row that is none of the sealed any more has its
// lines back.
import { addRanges, meets, type Ranges, removeRanges } from '../../domain/ranges.ts'
import { decodeRanges, encodeRanges } from './codec.ts'
import type { Connection } from './connection.ts'

type Row = { readonly destination: string; readonly object: number }

/** Of one sealed row, its ranges as hexadecimal digits. */
type Line = readonly [object: number, ranges: string]

export function withheld(db: Connection, destination: string, object: number): Ranges {
  const sql = 'SELECT ranges FROM withheld WHERE destination = ? AND object = ?'
  const rows = db.all<{ ranges: Uint8Array }>(sql, destination, object).map(({ ranges }) => ranges)
  const sealed = textsWith(db, destination, object).flatMap(({ lines }) => rangesIn(lines, object))
  return addRanges([], [...rows, ...sealed].flatMap(decodeRanges))
}

export function withhold(db: Connection, { destination, object }: Row, ranges: Ranges): void {
  insert(db, { destination, object }, encodeRanges(ranges))
}

function insert(db: Connection, { destination, object }: Row, ranges: Uint8Array): void {
  db.run('INSERT INTO withheld (destination, object, ranges) VALUES (?, ?, ?)', destination, object, ranges)
}

/** These came to another end, or are about to. The row is not sealed. */
export function forgetWithheld(db: Connection, row: Row, ranges: Ranges): void {
  const before = withheld(db, row.destination, row.object)
  if (!ranges.some(([from, to]) => meets(before, from, to))) return
  db.run('DELETE FROM withheld WHERE destination = ? AND object = ?', row.destination, row.object)
  const left = removeRanges(before, ranges)
  if (left.length > 0) withhold(db, row, left)
}

/** What was withheld of these objects, as JSON in the text of their numbers, goes to the shelf on which they are now. */
export function sealWithheld(db: Connection, destination: string, numbers: string, shelf: number): void {
  const theirs = 'FROM withheld WHERE destination = ?2 AND object IN (SELECT value FROM json_each(?1))'
  const sealed = db.run(
    `INSERT INTO withheld_sealed (destination, shelf, first, last, lines)
     SELECT ?2, ?3, min(object), max(object), json_group_array(json_array(object, hex(ranges))) ${theirs}
     HAVING count(*) > 0`,
    numbers,
    destination,
    shelf,
  )
  if (sealed > 0) db.run(`DELETE ${theirs}`, numbers, destination)
}

/** The row is not sealed any more. */
export function unsealWithheld(db: Connection, { destination, object }: Row): void {
  for (const { id, lines } of textsWith(db, destination, object)) {
    const left = lines.filter(([ref]) => ref !== object)
    if (left.length === 0) db.run('DELETE FROM withheld_sealed WHERE id = ?', id)
    else db.run('UPDATE withheld_sealed SET lines = ? WHERE id = ?', JSON.stringify(left), id)
    for (const ranges of rangesIn(lines, object)) insert(db, { destination, object }, ranges)
  }
}

function rangesIn(lines: readonly Line[], object: number): Uint8Array[] {
  return lines.flatMap(([ref, ranges]) => (ref === object ? [Buffer.from(ranges, 'hex')] : []))
}

interface Text {
  readonly id: number
  readonly shelf: number
  readonly lines: readonly Line[]
}

function textsWith(db: Connection, destination: string, object: number): Text[] {
  const sql = 'SELECT id, shelf, lines FROM withheld_sealed WHERE destination = ?1 AND first <= ?2 AND last >= ?2'
  const texts = db.all<Omit<Text, 'lines'> & { lines: string }>(sql, destination, object)
  return texts.flatMap(({ lines: text, ...where }) => {
    const lines: Line[] = JSON.parse(text)
    return lines.some(([ref]) => ref === object) ? [{ ...where, lines }] : []
  })
}

/** The shelf that has the sealed row, if something was withheld of it. */
export function shelfOfWithheld(db: Connection, { destination, object }: Row): number | undefined {
  return textsWith(db, destination, object)[0]?.shelf
}

export interface SealedWithholding {
  /** The smallest of the numbers. */
  readonly first: number
  readonly shelf: number
  readonly objects: readonly number[]
}

/** Sealed rows of which something was withheld, shelf by shelf, in the order of their smallest number. */
export function* sealedWithholding(
  db: Connection,
  { destination, from, to, after }: { destination: string; from: number; to: number; after: number },
): Generator<SealedWithholding> {
  const sql = `SELECT w.first, w.shelf, w.lines FROM withheld_sealed w JOIN shelves s ON s.id = w.shelf
    WHERE w.destination = ? AND w.last > ? AND s.last >= ? AND s.first < ? ORDER BY w.first`
  const texts = db.each<{ first: number; shelf: number; lines: string }>(sql, destination, after, from, to)
  for (const { first, shelf, lines } of texts) {
    const objects = (JSON.parse(lines) as Line[]).map(([ref]) => ref).filter((ref) => ref > after)
    yield { first, shelf, objects: [...new Set(objects)] }
  }
}
