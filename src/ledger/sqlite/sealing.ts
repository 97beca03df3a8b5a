// How objects become a seal. First it is looked which of them can be sealed, then all of those are: what one of them
// skipped may be another's, and both are settled before and after.
import { partitionTime } from '../../domain/objects.ts'
import type { Sealing, SealQuery } from '../seals.ts'
import type { Connection } from './connection.ts'
import { markOf } from './marks.ts'
import { addNumbers } from './numbers.ts'
import { numbers, oldObjects, type Sealable, sealable } from './sealable.ts'
import { addMarks, isSealed, Seals } from './seals.ts'
import { type Shelved, shelve } from './shelves.ts'
import { sealWithheld } from './withheld.ts'

export function seal(db: Connection, query: SealQuery): Sealing {
  const old = oldObjects(db, { ...query, limit: query.limit + 1 })
  const looked = old.slice(0, query.limit)
  const ready = sealable(
    db,
    looked.filter(({ ref }) => query.except?.has(ref) !== true),
  )
  if (ready.length > 0) sealAll(db, ready)
  const last = looked.at(-1)
  const next = last !== undefined && old.length > query.limit ? { time: last.time, object: last.ref } : undefined
  return { sealed: ready.length, next }
}

function sealAll(db: Connection, ready: readonly Sealable[]): void {
  const all = withEarlier(db, ready)
  const shelf = shelve(db, all)
  const marks = ready.map(({ object, hour }) => ({ mark: markOf(object.store, object), ref: object.ref, shelf, hour }))
  const byHour = Map.groupBy(marks, ({ hour }) => hour)
  addMarks(db, byHour)
  const rows = ready.flatMap(({ object: { ref }, rows }) => rows.map(({ destination }) => ({ destination, ref })))
  for (const [destination, theirs] of Map.groupBy(rows, (row) => row.destination)) {
    const refs = theirs.map(({ ref }) => ref)
    sealRows(db, destination, refs, shelf)
  }
  for (const receiver of new Set(all.flatMap(({ receivers }) => receivers))) {
    const theirs = all.filter(({ receivers }) => receivers.includes(receiver))
    const refs = theirs.map(({ object }) => object.ref)
    addNumbers(db, 'forgotten', receiver, refs)
  }
  const lags = ready.map(({ object: { key, time } }) => time - (partitionTime(key) ?? time))
  db.run('UPDATE totals SET lag = max(lag, ?)', Math.max(...lags))
  for (const route of awayRoutes(db)) for (const one of all) lookAgain(db, route, one)
  forget(db, all)
}

/** With what an earlier seal says, where the object was known again meanwhile. */
function withEarlier(db: Connection, ready: readonly Sealable[]): Shelved[] {
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

function sealRows(db: Connection, destination: string, refs: readonly number[], shelf: number): void {
  const listed = JSON.stringify(refs)
  sealWithheld(db, destination, listed, shelf)
  addNumbers(db, 'sealed', destination, refs)
}

interface Away {
  readonly id: number
  readonly destination: string
  readonly receiver: string
  readonly startAt: number
}

function awayRoutes(db: Connection): Away[] {
  return db.all<Away>(
    `SELECT id, destination, receiver, start_at AS startAt FROM routes WHERE active = 0 AND retired_at IS NOT NULL`,
  )
}

/** A route that is away and never had the object must have it listed again when it is back. */
function lookAgain(db: Connection, route: Away, { object: { ref, time }, receivers }: Shelved): void {
  if (!receivers.includes(route.receiver) || time < route.startAt || isSealed(db, route.destination, ref)) return
  db.run('UPDATE routes SET retired_at = min(retired_at, ?) WHERE id = ?', time, route.id)
}

/** Everything by the objects' numbers but what points to them from elsewhere, and whose copies are in them. */
function forget(db: Connection, sealed: readonly Shelved[]): void {
  const refs = JSON.stringify(sealed.map(({ object }) => object.ref))
  for (const table of ['deliveries', 'reused'] as const) {
    db.run(`DELETE FROM ${table} WHERE object IN ${numbers}`, refs)
  }
  for (const receiver of new Set(sealed.flatMap(({ receivers }) => receivers))) {
    db.run(`DELETE FROM also_seen WHERE receiver = ?2 AND object IN ${numbers}`, refs, receiver)
  }
  db.run(`DELETE FROM objects WHERE ref IN ${numbers}`, refs)
}
