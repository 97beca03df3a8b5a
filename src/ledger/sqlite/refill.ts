import assert from 'node:assert/strict'
import { objectTime, type Sighting } from '../../domain/objects.ts'
import { meets, type Ranges, removeRanges } from '../../domain/ranges.ts'
import type { Alteration } from '../alterations.ts'
import type { Refill, Refilled } from '../repairs.ts'
import { noteVersion } from './alterations.ts'
import type { Connection } from './connection.ts'
import { activeRoutes, giveRow, identified, isDone, register, type StoredRoute, want } from './discovery.ts'
import type { Named } from './marks.ts'
import { makeDue, type Place, places, range, takeOut } from './repairs.ts'
import { type Delivery, delivery, existing, lost, outstanding, tallyRow } from './rows.ts'
import { isSealed, restoreRow, Seals } from './seals.ts'
import type { Shelved } from './shelves.ts'

export function refill(
  db: Connection,
  place: { readonly receiver: string; readonly store: string },
  sightings: readonly Sighting[],
  how: Refill,
  now: number,
): Refilled & { readonly altered: readonly Alteration[] } {
  const altered: Alteration[] = []
  const routes = routesOf(db, place.receiver, how.destinations)
  const seals = new Seals(db, place.store)
  const open = sightings.filter((sighting) => how.force || !isSettled(db, seals, place, sighting, routes))
  const counts = { taken: 0, waiting: 0, settled: (sightings.length - open.length) * routes.length }
  for (const sighting of routes.length === 0 ? [] : open) {
    const time = objectTime(sighting)
    const { ref, isNew, isNews } = register(db, seals, { ...place, how: 'swept' }, { sighting, time }, now)
    const object = { ref, store: place.store, key: sighting.key }
    const alteration = isNew ? noteVersion(db, seals, object, now) : undefined
    if (alteration !== undefined) altered.push(alteration)
    for (const route of routes) counts[take(db, seals, route, { ...sighting, ref, time }, how, now)] += 1
    // Whoever else wants it must have it now: it is known from here on.
    const others = isNews ? routesOf(db, place.receiver).filter(({ startAt }) => time >= startAt) : []
    for (const route of others) want(db, route, ref, time, now)
  }
  return { ...counts, altered }
}

/** Whether of the object nothing is left but a seal, and all of these routes have had it. */
function isSettled(
  db: Connection,
  seals: Seals,
  { receiver, store }: { readonly receiver: string; readonly store: string },
  sighting: Sighting,
  routes: readonly StoredRoute[],
): boolean {
  return identified(db, store, sighting) === undefined && isDone(db, seals.find(sighting), receiver, routes)
}

function routesOf(db: Connection, receiver: string, destinations?: readonly string[]): StoredRoute[] {
  return activeRoutes(db).filter((route) => {
    return route.receiver === receiver && (destinations?.includes(route.destination) ?? true)
  })
}

export function survey(
  db: Connection,
  place: { readonly receiver: string; readonly store: string },
  sightings: readonly Sighting[],
  how: Refill,
): Refilled {
  const counts = { taken: 0, waiting: 0, settled: 0 }
  const routes = routesOf(db, place.receiver, how.destinations)
  const seals = new Seals(db, place.store)
  for (const sighting of sightings) {
    const known = identified(db, place.store, sighting) ?? seals.find(sighting)
    for (const { destination } of routes) {
      const object = known && { ...sighting, ref: known.ref }
      counts[object === undefined ? 'taken' : standing(db, seals, destination, object, how)] += 1
    }
  }
  return counts
}

type Numbered = Named & { readonly ref: number }

/** What a repair makes of a row. */
function standing(db: Connection, seals: Seals, destination: string, object: Numbered, how: Refill): keyof Refilled {
  if (isSealed(db, destination, object.ref)) {
    return how.force && shelved(seals, object).object.length > 0 ? 'taken' : 'settled'
  }
  const row = delivery(db, destination, object.ref)
  if (row === undefined || row.repair === how.repair || row.state === lost) return 'taken'
  if (sentAgain(db, row, how).length > 0) return 'taken'
  return row.state === outstanding ? 'waiting' : 'settled'
}

/** What of a row is to be sent once more: all that is settled but what is no event. */
function sentAgain(db: Connection, { object, settled, generation }: Delivery, { force, repair }: Refill): Ranges {
  if (!force || generation >= repair) return []
  const bad = db.all<Place>(`${places} WHERE object = ? AND destination IS NULL`, object)
  return removeRanges(settled, bad.map(range))
}

function shelved(seals: Seals, object: Named): Shelved {
  const entry = seals.find(object)
  assert(entry !== undefined, `no seal of ${object.key}`)
  return seals.shelved(entry)
}

function take(
  db: Connection,
  seals: Seals,
  route: StoredRoute,
  object: Numbered & { readonly time: number },
  how: Refill,
  now: number,
): keyof Refilled {
  const { ref, time } = object
  const standingNow = standing(db, seals, route.destination, object, how)
  if (isSealed(db, route.destination, ref)) {
    if (standingNow === 'settled') return 'settled'
    restoreRow(db, route.destination, shelved(seals, object))
  }
  giveRow(db, route, ref, time, now)
  const row = existing(db, route.destination, ref)
  if (standingNow !== 'taken' || row.repair === how.repair) return standingNow
  makeDue(db, row, now)
  db.run(
    'UPDATE deliveries SET repair = ? WHERE object = ? AND destination = ?',
    how.repair,
    row.object,
    row.destination,
  )
  const ranges = sentAgain(db, row, how)
  if (ranges.length > 0) sendAgain(db, row, ranges, time, how.repair)
  return 'taken'
}

/** These are due in a new generation, and what was refused with them. */
function sendAgain(db: Connection, row: Delivery, ranges: Ranges, time: number, repair: number): void {
  const { object, destination, route } = row
  takeOut(db, row, ranges)
  db.run('UPDATE deliveries SET generation = ? WHERE object = ? AND destination = ?', repair, object, destination)
  const sql = `${places} WHERE object = ? AND destination = ? AND provisional = 0 AND replay IS NULL`
  for (const { id, from, to } of db.all<Place>(sql, object, destination)) {
    if (!meets(ranges, from, to)) continue
    db.run('UPDATE quarantine SET replay = ? WHERE id = ?', repair, id)
    tallyRow(db, row, { quarantined: -1 })
  }
  db.run('UPDATE routes SET watermark = min(watermark, ?) WHERE id = ? AND watermark IS NOT NULL', time, route)
}
