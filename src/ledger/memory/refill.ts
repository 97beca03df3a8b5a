import assert from 'node:assert/strict'
import type { Sighting } from '../../domain/objects.ts'
import { meets, type Range, type Ranges, removeRanges } from '../../domain/ranges.ts'
import type { Alteration } from '../alterations.ts'
import type { Refill, Refilled } from '../repairs.ts'
import { noteVersion } from './alterations.ts'
import { giveRow, isDone, register, want } from './discovery.ts'
import { entriesOf } from './quarantine.ts'
import { due, takenOut } from './repairs.ts'
import { restoreRow, sealOf } from './seals.ts'
import { identityOf, type RouteState, type RowState, type State } from './state.ts'

export function refill(
  state: State,
  place: { readonly receiver: string; readonly store: string },
  sightings: readonly Sighting[],
  how: Refill,
  now: number,
): Refilled & { readonly altered: readonly Alteration[] } {
  const altered: Alteration[] = []
  const routes = routesOf(state, place.receiver, how.destinations)
  const open = sightings.filter((sighting) => how.force || !isDone(state, place, sighting, routes))
  const count = { taken: 0, waiting: 0, settled: (sightings.length - open.length) * routes.length }
  for (const sighting of routes.length === 0 ? [] : open) {
    const { ref, isNew, isNews } = register(state, place.receiver, place.store, sighting, now)
    const alteration = isNew ? noteVersion(state, ref, now) : undefined
    if (alteration !== undefined) altered.push(alteration)
    for (const route of routes) count[take(state, route, ref, how, now)] += 1
    // Whoever else wants it must have it now: it is known from here on.
    if (isNews) for (const route of routesOf(state, place.receiver)) want(state, route.id, ref, now)
  }
  return { ...count, altered }
}

function routesOf(state: State, receiver: string, destinations?: readonly string[]): RouteState[] {
  return state.activeRoutes().filter((route) => {
    return route.receiver === receiver && (destinations?.includes(route.destination) ?? true)
  })
}

export function survey(
  state: State,
  place: { readonly receiver: string; readonly store: string },
  sightings: readonly Sighting[],
  how: Refill,
): Refilled {
  const count = { taken: 0, waiting: 0, settled: 0 }
  for (const { key, version } of sightings) {
    const identity = identityOf(place.store, { key, version })
    const ref = state.identities.get(identity) ?? state.seals.get(identity)?.object.ref
    for (const { destination } of routesOf(state, place.receiver, how.destinations)) {
      count[ref === undefined ? 'taken' : standing(state, destination, ref, how)] += 1
    }
  }
  return count
}

/** What a repair makes of a row. */
function standing(state: State, destination: string, ref: number, { repair, force }: Refill): keyof Refilled {
  if (state.isSealed(destination, ref)) return force && isFilled(state, ref) ? 'taken' : 'settled'
  const row = state.row(destination, ref)
  if (row === undefined || row.repair === repair || row.state === 'lost') return 'taken'
  if (sentAgain(state, row, { repair, force }).length > 0) return 'taken'
  return row.state === 'outstanding' ? 'waiting' : 'settled'
}

/** What of a row is to be sent once more: all that is settled but what is no event. */
function sentAgain(
  state: State,
  { object, settled, generation }: RowState,
  { force, repair }: Pick<Refill, 'force' | 'repair'>,
): Ranges {
  if (!force || generation >= repair) return []
  const bad = entriesOf(state, object, undefined).map(({ from, to }): Range => [from, to])
  return removeRanges(settled, bad)
}

function isFilled(state: State, ref: number): boolean {
  return (sealOf(state, ref)?.object.length ?? 0) > 0
}

function take(state: State, { id }: RouteState, ref: number, how: Refill, now: number): keyof Refilled {
  const route = state.route(id)
  const standingNow = standing(state, route.destination, ref, how)
  if (state.isSealed(route.destination, ref)) {
    if (standingNow === 'settled') return 'settled'
    restoreRow(state, route.destination, ref)
  }
  giveRow(state, route, ref, now)
  const row = rowOf(state, route.destination, ref)
  if (standingNow !== 'taken' || row.repair === how.repair) return standingNow
  if (row.state !== 'outstanding') state.touchHour(row)
  const taken = { ...due(row, now), repair: how.repair }
  state.setRow(taken)
  const ranges = sentAgain(state, row, how)
  if (ranges.length > 0) sendAgain(state, taken, ranges, how.repair)
  return 'taken'
}

function rowOf(state: State, destination: string, object: number): RowState {
  const row = state.row(destination, object)
  assert(row !== undefined, `${destination} has no row for object ${object}`)
  return row
}

/** These are due in a new generation, and what was refused with them. */
function sendAgain(state: State, row: RowState, ranges: Ranges, repair: number): void {
  const { destination, object } = row
  state.setRow({ ...takenOut(row, ranges), generation: repair })
  for (const entry of entriesOf(state, object, destination)) {
    if (entry.provisional || entry.replay !== undefined || !meets(ranges, entry.from, entry.to)) continue
    state.entries.set(entry.id, { ...entry, replay: repair })
    state.addTally(row, { quarantined: -1 })
  }
  const route = state.route(row.route)
  const { time } = state.object(object).object
  if (route.watermark === undefined || route.watermark <= time) return
  state.routes.set(route.id, { ...route, watermark: time })
}
