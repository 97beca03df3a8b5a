// How an object's rows become a seal. First it is looked which of the objects can be sealed, then all of them are: what
// one of them skipped may be another's, and both are settled before and after.
import { importStores } from '../../domain/imports.ts'
import { keyTime, partitionTime } from '../../domain/objects.ts'
import { ownStore } from '../../domain/own-records.ts'
import type { Tally } from '../progress.ts'
import { hourOf } from '../rules.ts'
import type { Sealing, SealQuery } from '../seals.ts'
import type { Connection } from './connection.ts'
import { markOf } from './marks.ts'
import { addNumbers } from './numbers.ts'
import { adoptionsOf, copiesOf, deliverer } from './rescue.ts'
import { isSettledAt, settled } from './rows.ts'
import { addMarks, isSealed, Seals } from './seals.ts'
import { type Shelved, type ShelvedRow, shelve } from './shelves.ts'

interface Old {
  readonly ref: number
  readonly receiver: string
  readonly store: string
  readonly key: string
  readonly version: string
  readonly size: number
  readonly modified: number
  readonly time: number
  readonly seenAt: number
  readonly length: number | null
  readonly events: number
  readonly bad: number
  readonly firstId: string | null
  readonly lastId: string | null
  readonly unsettled: number
  readonly quarantined: number
}

type Row = ShelvedRow & { readonly destination: string }

/** An object that can be sealed, and its rows. */
interface Ready extends Shelved {
  readonly hour: number
  readonly rows: readonly Row[]
}

/** A row of a repair is open until its request is answered: it may be done again, and must not take the row twice. */
const isOpen = `(d.state <> ${settled} OR EXISTS (SELECT 1 FROM requests WHERE id = d.repair AND answer IS NULL))`

export function seal(db: Connection, { before, after, limit }: SealQuery): Sealing {
  const old = db.all<Old>(
    `SELECT ref, receiver, store, key, version, size, modified, time, seen_at AS seenAt, length, events, bad,
       first_id AS firstId, last_id AS lastId,
       EXISTS (SELECT 1 FROM deliveries d WHERE d.object = ref AND ${isOpen}) AS unsettled,
       EXISTS (SELECT 1 FROM quarantine WHERE object = ref) AS quarantined
     FROM objects WHERE time >= ?1 AND time < ?2 AND (time > ?1 OR ref > ?3)
       AND store <> ?5 AND (store < ?6 OR store >= ?7) ORDER BY time, ref LIMIT ?4`,
    after?.time ?? Number.MIN_SAFE_INTEGER,
    before,
    after?.object ?? 0,
    limit + 1,
    ownStore,
    ...importStores,
  )
  const looked = old.slice(0, limit)
  const receivers = db.all<{ receiver: string }>('SELECT DISTINCT receiver FROM routes').map(({ receiver }) => receiver)
  const ready = looked.flatMap((object) => readyOf(db, object, receivers) ?? [])
  if (ready.length > 0) sealAll(db, ready)
  const last = looked.at(-1)
  const next = last !== undefined && old.length > limit ? { time: last.time, object: last.ref } : undefined
  return { sealed: ready.length, next }
}

function readyOf(db: Connection, old: Old, receivers: readonly string[]): Ready | undefined {
  const { unsettled, quarantined, length, receiver, events, bad, firstId, lastId, ...object } = old
  const time = keyTime(object.key)
  if (time === undefined || length === null || unsettled === 1 || quarantined === 1) return undefined
  const rows = rowsOf(db, object.ref)
  if (!rows.every(({ destination }) => isFinal(db, destination, object.ref))) return undefined
  const others = receivers.filter((other) => {
    const sql = 'SELECT 1 FROM also_seen WHERE receiver = ? AND object = ?'
    return other !== receiver && db.get(sql, other, object.ref) !== undefined
  })
  const found = { receivers: [receiver, ...others], events, bad, firstId, lastId }
  return { object: { ...object, length }, ...found, hour: hourOf(time), rows }
}

function rowsOf(db: Connection, ref: number): Row[] {
  const rows = db.all<Tally & Omit<Row, 'tally'>>(
    `SELECT destination, route, generation, delivered, filtered, duplicates, quarantined
     FROM deliveries WHERE object = ?`,
    ref,
  )
  return rows.map(({ destination, route, generation, ...tally }) => ({ destination, route, generation, tally }))
}

/** Nothing that the row skipped can come back to it: who delivers it elsewhere has done so. */
function isFinal(db: Connection, destination: string, object: number): boolean {
  const skipped = copiesOf(db, object).every((copy) => {
    const at = deliverer(db, destination, copy)
    return (at.object === object && at.from === copy.from) || isSettledAt(db, destination, at.object, at.from)
  })
  return skipped && adoptionsOf(db, destination, object).every((at) => isSettledAt(db, destination, at.object, at.from))
}

function sealAll(db: Connection, ready: readonly Ready[]): void {
  const all = shelvedAll(db, ready)
  const shelf = shelve(db, all)
  const marks = ready.map(({ object, hour }) => ({ mark: markOf(object.store, object), ref: object.ref, shelf, hour }))
  addMarks(
    db,
    Map.groupBy(marks, ({ hour }) => hour),
  )
  const rows = ready.flatMap(({ object: { ref, time }, rows }) => rows.map((row) => ({ ...row, ref, time })))
  for (const { destination, ref, time } of rows) {
    db.run('DELETE FROM adoptions WHERE destination = ? AND owner = ?', destination, ref)
    db.run(
      'UPDATE withheld SET shelf = ?, time = ? WHERE destination = ? AND object = ?',
      shelf,
      time,
      destination,
      ref,
    )
  }
  for (const [destination, theirs] of Map.groupBy(rows, (row) => row.destination)) {
    addNumbers(
      db,
      'sealed',
      destination,
      theirs.map(({ ref }) => ref),
    )
  }
  for (const receiver of new Set(all.flatMap(({ receivers }) => receivers))) {
    const theirs = all.filter(({ receivers }) => receivers.includes(receiver))
    addNumbers(
      db,
      'forgotten',
      receiver,
      theirs.map(({ object }) => object.ref),
    )
  }
  const lags = ready.map(({ object: { key, time } }) => time - (partitionTime(key) ?? time))
  db.run('UPDATE totals SET lag = max(lag, ?)', Math.max(...lags))
  forgetAll(db, all)
}

/** With what an earlier seal says, where the object was known again meanwhile. */
function shelvedAll(db: Connection, ready: readonly Ready[]): Shelved[] {
  const routes = db.all<{ id: number; destination: string }>('SELECT id, destination FROM routes')
  const destinations = new Map(routes.map(({ id, destination }) => [id, destination]))
  const seals = new Map<string, Seals>()
  return ready.map((known) => {
    const { store } = known.object
    const asked = seals.get(store) ?? new Seals(db, store)
    seals.set(store, asked)
    const entry = asked.find(known.object)
    if (entry === undefined) return known
    const earlier = asked.shelved(entry)
    const still = earlier.rows.filter(({ route }) => {
      const destination = destinations.get(route)
      return destination !== undefined && known.rows.every((row) => row.destination !== destination)
    })
    const receivers = [...new Set([...earlier.receivers, ...known.receivers])]
    return { ...known, receivers, rows: [...still, ...known.rows] }
  })
}

interface Away {
  readonly id: number
  readonly destination: string
  readonly receiver: string
  readonly startAt: number
}

function forgetAll(db: Connection, sealed: readonly Shelved[]): void {
  const away = db.all<Away>(
    `SELECT id, destination, receiver, start_at AS startAt FROM routes WHERE active = 0 AND retired_at IS NOT NULL`,
  )
  for (const { object, receivers } of sealed) {
    forget(db, object.ref, receivers)
    for (const route of away) lookAgain(db, route, object, receivers)
  }
}

/** Everything by the object's number but what points to it from elsewhere. */
function forget(db: Connection, ref: number, receivers: readonly string[]): void {
  db.run('DELETE FROM deliveries WHERE object = ?', ref)
  db.run('DELETE FROM copies WHERE object = ?', ref)
  db.run('DELETE FROM reused WHERE object = ?', ref)
  db.run('DELETE FROM objects WHERE ref = ?', ref)
  for (const receiver of receivers) db.run('DELETE FROM also_seen WHERE receiver = ? AND object = ?', receiver, ref)
}

/** A route that is away and never had the object must have it listed again when it is back. */
function lookAgain(db: Connection, route: Away, { ref, time }: Shelved['object'], receivers: readonly string[]): void {
  if (!receivers.includes(route.receiver) || time < route.startAt || isSealed(db, route.destination, ref)) return
  db.run('UPDATE routes SET retired_at = min(retired_at, ?) WHERE id = ?', time, route.id)
}
