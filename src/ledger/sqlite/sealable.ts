// Which objects can be sealed, asked of all of a walk's step at once: what costs in SQLite is the statement, not the row.
import { importStores } from '../../domain/imports.ts'
import { keyTime } from '../../domain/objects.ts'
import { ownStore } from '../../domain/own-records.ts'
import type { Tally } from '../progress.ts'
import { hourOf } from '../rules.ts'
import type { SealQuery } from '../seals.ts'
import type { Connection } from './connection.ts'
import { adoptionsOf, copiesOf, deliverer } from './rescue.ts'
import { isSettledAt, settled } from './rows.ts'
import type { Shelved, ShelvedRow } from './shelves.ts'

type Row = ShelvedRow & { readonly destination: string }

/** An object that can be sealed, and its rows. */
export interface Sealable extends Shelved {
  readonly hour: number
  readonly rows: readonly Row[]
}

/** An object old enough; `open` if something keeps it from being sealed that a look at it shows. */
interface Old extends Omit<Shelved['object'], 'length'> {
  readonly receiver: string
  readonly length: number | null
  readonly events: number
  readonly bad: number
  readonly firstId: string | null
  readonly lastId: string | null
  readonly open: number
}

/** For `WHERE … IN numbers`, with the numbers as JSON in the statement's first place. */
export const numbers = '(SELECT value FROM json_each(?1))'

/** A row of a repair is open until its request is answered: it may be done again, and must not take the row twice. */
const isOpen = `(d.state <> ${settled} OR EXISTS (SELECT 1 FROM requests WHERE id = d.repair AND answer IS NULL))`

/** Objects in the order of their time, from the cursor on. */
export function oldObjects(db: Connection, { before, after, limit }: SealQuery): Old[] {
  return db.all<Old>(
    `SELECT ref, receiver, store, key, version, size, modified, time, seen_at AS seenAt, length, events, bad,
       first_id AS firstId, last_id AS lastId,
       length IS NULL OR EXISTS (SELECT 1 FROM deliveries d WHERE d.object = ref AND ${isOpen})
         OR EXISTS (SELECT 1 FROM quarantine WHERE object = ref) AS open
     FROM objects WHERE time >= ?1 AND time < ?2 AND (time > ?1 OR ref > ?3)
       AND store <> ?5 AND (store < ?6 OR store >= ?7) ORDER BY time, ref LIMIT ?4`,
    after?.time ?? Number.MIN_SAFE_INTEGER,
    before,
    after?.object ?? 0,
    limit,
    ownStore,
    ...importStores,
  )
}

export function sealable(db: Connection, looked: readonly Old[]): Sealable[] {
  const settledOnes = looked.filter(({ key, open }) => open === 0 && keyTime(key) !== undefined)
  const refs = JSON.stringify(settledOnes.map(({ ref }) => ref))
  const rows = rowsOf(db, refs)
  const leaning = leaningOn(db, refs, rows)
  const others = otherReceivers(db, refs)
  return settledOnes.flatMap((old): Sealable[] => {
    const { ref, receiver, length, events, bad, firstId, lastId, open: _, ...object } = old
    const mine = rows.get(ref) ?? []
    if (leaning.has(ref) && !mine.every(({ destination }) => isFinal(db, destination, ref))) return []
    const receivers = [receiver, ...(others.get(ref) ?? []).filter((other) => other !== receiver)]
    const found = { receivers, events, bad, firstId, lastId }
    return [
      { object: { ref, ...object, length: length ?? 0 }, ...found, rows: mine, hour: hourOf(keyTime(old.key) ?? 0) },
    ]
  })
}

function rowsOf(db: Connection, refs: string): ReadonlyMap<number, readonly Row[]> {
  const rows = db.all<Tally & Omit<Row, 'tally'> & { object: number }>(
    `SELECT object, destination, route, generation, delivered, filtered, duplicates, quarantined
     FROM deliveries WHERE object IN ${numbers}`,
    refs,
  )
  const all = rows.map(({ object, destination, route, generation, ...tally }) => {
    return { object, row: { destination, route, generation, tally } }
  })
  const grouped = Map.groupBy(all, ({ object }) => object)
  return new Map([...grouped].map(([object, theirs]) => [object, theirs.map(({ row }) => row)]))
}

/** Objects in which something may have been skipped: few. */
function leaningOn(db: Connection, refs: string, rows: ReadonlyMap<number, readonly Row[]>): ReadonlySet<number> {
  const copied = db.all<{ ref: number }>(`SELECT DISTINCT object AS ref FROM copies WHERE object IN ${numbers}`, refs)
  const destinations = new Set([...rows.values()].flat().map(({ destination }) => destination))
  const adopted = [...destinations].flatMap((destination) => {
    const sql = `SELECT DISTINCT owner AS ref FROM adoptions WHERE destination = ?2 AND owner IN ${numbers}`
    return db.all<{ ref: number }>(sql, refs, destination)
  })
  return new Set([...copied, ...adopted].map(({ ref }) => ref))
}

/** Receivers that saw an object after another had. */
function otherReceivers(db: Connection, refs: string): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>()
  for (const { receiver } of db.all<{ receiver: string }>('SELECT DISTINCT receiver FROM routes')) {
    const sql = `SELECT object FROM also_seen WHERE receiver = ?2 AND object IN ${numbers}`
    for (const { object } of db.all<{ object: number }>(sql, refs, receiver)) {
      found.set(object, [...(found.get(object) ?? []), receiver])
    }
  }
  return found
}

/** Nothing that the row skipped can come back to it: who delivers it elsewhere has done so. */
function isFinal(db: Connection, destination: string, object: number): boolean {
  const skipped = copiesOf(db, object).every((copy) => {
    const at = deliverer(db, destination, copy)
    return (at.object === object && at.from === copy.from) || isSettledAt(db, destination, at.object, at.from)
  })
  return skipped && adoptionsOf(db, destination, object).every((at) => isSettledAt(db, destination, at.object, at.from))
}
