// Sets of objects' numbers by name, as ranges: `sealed` has those that a destination is done with, `forgotten` those that
// a receiver saw and of which only the seal is left (or was, at some time).
import type { Connection } from './connection.ts'

export type NumberSet = 'sealed' | 'forgotten'

const nameOf = { sealed: 'destination', forgotten: 'receiver' } as const

interface Span {
  readonly first: number
  readonly last: number
}

export function holdsNumber(db: Connection, set: NumberSet, name: string, object: number): boolean {
  const range = rangeAt(db, set, name, object)
  return range !== undefined && object <= range.last
}

function rangeAt(db: Connection, set: NumberSet, name: string, object: number): Span | undefined {
  const sql = `SELECT first, last FROM ${set} WHERE ${nameOf[set]} = ? AND first <= ? ORDER BY first DESC LIMIT 1`
  return db.get<Span>(sql, name, object)
}

export function addNumbers(db: Connection, set: NumberSet, name: string, objects: readonly number[]): void {
  const ascending = objects.toSorted((a, b) => a - b)
  for (let index = 0; index < ascending.length; ) {
    const first = ascending[index] as number
    let last = first
    for (index += 1; ascending[index] === last + 1; index += 1) last += 1
    addRange(db, set, name, { first, last })
  }
}

/** Ranges that overlap or touch become one. */
function addRange(db: Connection, set: NumberSet, name: string, { first, last }: Span): void {
  const left = rangeAt(db, set, name, first)
  const from = left !== undefined && left.last >= first - 1 ? left.first : first
  const within = `FROM ${set} WHERE ${nameOf[set]} = ? AND first >= ? AND first <= ?`
  const end = db.get<{ last: number | null }>(`SELECT max(last) AS last ${within}`, name, from, last + 1)?.last
  db.run(`DELETE ${within}`, name, from, last + 1)
  put(db, set, name, { first: from, last: Math.max(last, end ?? last) })
}

function put(db: Connection, set: NumberSet, name: string, { first, last }: Span): void {
  db.run(`INSERT INTO ${set} (${nameOf[set]}, first, last) VALUES (?, ?, ?)`, name, first, last)
}

export function removeNumber(db: Connection, set: NumberSet, name: string, object: number): void {
  const range = rangeAt(db, set, name, object)
  if (range === undefined || object > range.last) return
  db.run(`DELETE FROM ${set} WHERE ${nameOf[set]} = ? AND first = ?`, name, range.first)
  if (range.first < object) put(db, set, name, { first: range.first, last: object - 1 })
  if (object < range.last) put(db, set, name, { first: object + 1, last: range.last })
}
