// Who has which event. A chunk's ids are looked up and claimed a few hundred at a time, because a statement's way
// through node:sqlite costs more than a B-tree's page, and in the order of their keys, because neighbours then share
// pages: one by one, a thousand claimants cost 6 ms, together and sorted 3.
import type { Claimant, Position } from '../duplicates.ts'
import { hourOf, idDigits, neighbourHour, sameEvent } from '../rules.ts'
import type { Connection } from './connection.ts'

export interface Claim extends Position {
  readonly at: number
}

/** What a claimant is: an owner's copy, the first of its id, or an id come again with another time. */
export type Verdict = { readonly kind: 'fresh' | 'reused' } | { readonly kind: 'copy'; readonly owner: Claim }

interface Asked {
  readonly hour: number
  readonly neighbour: number | undefined
  readonly digits: string
  readonly id: Uint8Array
}

const batchSizes = [256, 32, 4, 1]
type Row = readonly [hour: number, id: Uint8Array, at: number, object: number, start: number, stop: number]

const fresh: Verdict = { kind: 'fresh' }
const reused: Verdict = { kind: 'reused' }

/** Decides claimants in order and claims what is not a copy. */
export function claimAll(db: Connection, object: number, claimants: readonly Claimant[]): Verdict[] {
  const asked = prepare(claimants)
  const found = lookUp(db, asked)
  const here = new Map<string, Claim[]>()
  const inserts: Keyed<Row>[] = []
  const verdicts = claimants.map(({ from, to, at }, index) => {
    const { hour, neighbour, digits, id } = asked[index] as Asked
    const before = here.get(digits)
    const claims = found.get(index) ?? []
    const known = before === undefined ? claims : [...claims, ...before.filter(within(hour, neighbour))]
    const verdict = verdictOf(known, { object, from, at })
    if (verdict !== undefined) return verdict
    const mine = { at, object, from, to }
    if (before === undefined) here.set(digits, [mine])
    else before.push(mine)
    inserts.push({ hour, digits, value: [hour, id, at, object, from, to] })
    return known.length === 0 ? fresh : reused
  })
  insert(db, inserts)
  return verdicts
}

/** What a claimant is by the claims on its id; undefined if it is to claim it. */
function verdictOf(
  known: readonly Claim[],
  { object, from, at }: { readonly object: number; readonly from: number; readonly at: number },
): Verdict | undefined {
  const owner = known.length === 0 ? undefined : sameEvent(known, at)
  if (owner === undefined) return undefined
  if (owner.object !== object || owner.from !== from) return { kind: 'copy', owner }
  // An object that was sealed is decided once more, and may find its own claims.
  return known.length === 1 ? fresh : reused
}

function within(hour: number, neighbour: number | undefined): (claim: Claim) => boolean {
  return ({ at }) => hourOf(at) === hour || hourOf(at) === neighbour
}

function prepare(claimants: readonly Claimant[]): Asked[] {
  const ids = Buffer.allocUnsafe(claimants.length * 16)
  return claimants.map(({ id, at }, index) => {
    const digits = idDigits(id).toLowerCase()
    ids.write(digits, index * 16, 'hex')
    const bytes = ids.subarray(index * 16, index * 16 + 16)
    return { hour: hourOf(at), neighbour: neighbourHour(at), digits, id: bytes }
  })
}

/** Something with its place in the index. */
interface Keyed<T> {
  readonly hour: number
  readonly digits: string
  readonly value: T
}

function lookUp(db: Connection, asked: readonly Asked[]): Map<number, Claim[]> {
  const keys: Keyed<{ readonly index: number; readonly id: Uint8Array }>[] = []
  for (const [index, { hour, neighbour, digits, id }] of asked.entries()) {
    keys.push({ hour, digits, value: { index, id } })
    if (neighbour !== undefined) keys.push({ hour: neighbour, digits, value: { index, id } })
  }
  const found = new Map<number, Claim[]>()
  inBatches(keys.sort(byKey), (batch) => {
    const values: (number | Uint8Array)[] = []
    for (const { hour, value } of batch) values.push(hour, value.id)
    for (const { n, ...claim } of db.all<Claim & { n: number }>(lookUpSql(batch.length), ...values)) {
      const index = batch[n]?.value.index ?? -1
      found.set(index, [...(found.get(index) ?? []), claim])
    }
  })
  return found
}

function insert(db: Connection, rows: Keyed<Row>[]): void {
  inBatches(rows.sort(byKey), (batch) => {
    const values: (number | Uint8Array)[] = []
    for (const { value } of batch) values.push(...value)
    db.run(insertSql(batch.length), ...values)
  })
}

function byKey(a: Keyed<unknown>, b: Keyed<unknown>): number {
  if (a.hour !== b.hour) return a.hour - b.hour
  return a.digits < b.digits ? -1 : 1
}

function inBatches<T>(items: readonly T[], use: (batch: readonly T[]) => void): void {
  let at = 0
  for (const size of batchSizes) {
    for (; items.length - at >= size; at += size) use(items.slice(at, at + size))
  }
}

const lookUps = new Map<number, string>()
const inserts = new Map<number, string>()

function lookUpSql(size: number): string {
  return remembered(lookUps, size, () => {
    const values = Array.from({ length: size }, (_, n) => `(${n}, ?, ?)`).join(', ')
    return `WITH asked (n, hour, id) AS (VALUES ${values})
      SELECT asked.n, c.at, c.object, c.start AS "from", c.stop AS "to"
      FROM asked CROSS JOIN claims c ON c.hour = asked.hour AND c.id = asked.id`
  })
}

function insertSql(size: number): string {
  return remembered(inserts, size, () => {
    const values = Array.from({ length: size }, () => '(?, ?, ?, ?, ?, ?)').join(', ')
    return `INSERT INTO claims (hour, id, at, object, start, stop) VALUES ${values}`
  })
}

function remembered(texts: Map<number, string>, size: number, write: () => string): string {
  const known = texts.get(size)
  if (known !== undefined) return known
  const text = write()
  texts.set(size, text)
  return text
}
