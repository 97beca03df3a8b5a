// Which rows a table holds already, asked by what identifies them. The leading columns of the sorting key and the time
// are always part of the question, so that the server reads the granules of the batch's own minutes and nothing else, in
// a table of any size. An id alone is no identity: CircleCI may use it twice, at two times.
import type { Layout, Row } from './layout.ts'
import { literal, qualified, type Target } from './sql.ts'

/** Bytes of ids in one question, so that it stays far below what a server parses (`max_query_size`). */
const QUESTION_BYTES = 128 * 1024

/** The questions for these rows; each is answered with lists of id and time. */
export function questions(rows: readonly Row[], layout: Layout, target: Target): readonly string[] {
  return [...parts(rows)].map((part) => question(part, layout, target))
}

function* parts(rows: readonly Row[]): Generator<readonly Row[]> {
  let part: Row[] = []
  let bytes = 0
  // In order of time, so that each question is about a short while.
  for (const row of rows.toSorted((a, b) => a.time - b.time)) {
    const size = Buffer.byteLength(row.id) + 20
    if (bytes + size > QUESTION_BYTES && part.length > 0) {
      yield part
      part = []
      bytes = 0
    }
    part.push(row)
    bytes += size
  }
  if (part.length > 0) yield part
}

function question(rows: readonly Row[], { lookup }: Layout, target: Target): string {
  const { id, time, prefix } = lookup
  const among = prefix.map((column, index) => {
    const values = new Set(rows.map((row) => row.prefix[index] ?? ''))
    return `${column} IN (${[...values].map(literal).join(', ')})`
  })
  const pairs = rows.map((row) => `(${literal(row.id)}, ${row.time})`)
  const conditions = [
    ...among,
    `${time} BETWEEN ${rows[0]?.time ?? 0} AND ${rows.at(-1)?.time ?? 0}`,
    `(${id}, toUnixTimestamp(${time})) IN (${pairs.join(', ')})`,
  ]
  return `SELECT DISTINCT ${id}, toUnixTimestamp(${time}) FROM ${qualified(target)} WHERE ${conditions.join(' AND ')}`
}

/** A question that finds nothing: whether it may be asked. */
export function harmlessQuestion(layout: Layout, target: Target): string {
  const prefix = layout.lookup.prefix.map(() => '')
  return question([{ id: '', time: 0, prefix, partition: '', bytes: new Uint8Array() }], layout, target)
}

/** The right that asking takes, and nothing more. */
export function grant({ lookup }: Layout, target: Target, user: string): string {
  const columns = [...lookup.prefix, lookup.time, lookup.id.replace(/\[.*$/, '')]
  return `GRANT SELECT(${columns.join(', ')}) ON ${qualified(target)} TO ${user}`
}

/** What a row is recognised by. */
export function keyOf({ id, time }: Pick<Row, 'id' | 'time'>): string {
  return `${time} ${id}`
}
