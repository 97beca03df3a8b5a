import assert from 'node:assert/strict'
import type { AuditObject, Sighting } from '../../domain/objects.ts'
import { addRanges, covers, meets, type Range, type Ranges, removeRanges } from '../../domain/ranges.ts'
import type { Alteration } from '../alterations.ts'
import type { Position } from '../duplicates.ts'
import type { KeptRecord, Refill, Refilled, Repair, Replay, WithheldQuery } from '../repairs.ts'
import { askedAgain, noRepair } from '../rules.ts'
import { noteVersion } from './alterations.ts'
import { giveRow, register, want } from './discovery.ts'
import { entriesOf } from './quarantine.ts'
import { type RouteState, type RowState, rowKey, type State } from './state.ts'

export function refill(
  state: State,
  place: { readonly receiver: string; readonly store: string },
  sightings: readonly Sighting[],
  how: Refill,
  now: number,
): Refilled & { readonly altered: readonly Alteration[] } {
  const count = { taken: 0, waiting: 0, settled: 0 }
  const altered: Alteration[] = []
  const routes = routesOf(state, place.receiver, how.destinations)
  for (const sighting of routes.length === 0 ? [] : sightings) {
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
    const ref = state.identities.get(JSON.stringify([place.store, key, version]))
    for (const { destination } of routesOf(state, place.receiver, how.destinations)) {
      count[standing(ref === undefined ? undefined : state.row(destination, ref), how)] += 1
    }
  }
  return count
}

/** What a repair makes of a row. */
function standing(row: RowState | undefined, { repair, force }: Refill): keyof Refilled {
  if (row === undefined || row.repair === repair || row.state === 'lost') return 'taken'
  if (force && row.generation < repair && row.settled.length > 0) return 'taken'
  return row.state === 'outstanding' ? 'waiting' : 'settled'
}

function take(state: State, { id }: RouteState, ref: number, how: Refill, now: number): keyof Refilled {
  const route = state.route(id)
  const standingNow = standing(state.row(route.destination, ref), how)
  giveRow(state, route, ref, now)
  const row = rowOf(state, route.destination, ref)
  if (standingNow !== 'taken' || row.repair === how.repair) return standingNow
  if (row.state !== 'outstanding') state.touchHour(row)
  const taken = { ...due(row, now), repair: how.repair }
  state.setRow(taken)
  if (how.force && row.generation < how.repair && row.settled.length > 0) sendAgain(state, taken, how.repair)
  return 'taken'
}

function rowOf(state: State, destination: string, object: number): RowState {
  const row = state.row(destination, object)
  assert(row !== undefined, `${destination} has no row for object ${object}`)
  return row
}

/** The row, outstanding whatever it was. */
function due(row: RowState, now: number): RowState {
  if (row.state === 'outstanding') return row
  return { ...row, state: 'outstanding', attempts: 0, dueAt: now, reason: askedAgain, lostBytes: 0, repair: undefined }
}

/** All that was settled but what is no event is due in a new generation, and what was refused with it. */
function sendAgain(state: State, row: RowState, repair: number): void {
  const { destination, object } = row
  const bad = entriesOf(state, object, undefined).map(({ from, to }): Range => [from, to])
  const ranges = removeRanges(row.settled, bad)
  state.setRow({ ...takenOut(row, ranges), generation: repair })
  state.withheld.delete(rowKey(destination, object))
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

function takenOut(row: RowState, ranges: Ranges): RowState {
  return { ...row, settled: removeRanges(row.settled, ranges), again: addRanges(row.again, ranges) }
}

export function withholding(state: State, query: WithheldQuery): AuditObject[] {
  const { destination, receiver, from, to, after, limit } = query
  const objects = state.withheld.values().flatMap((withheld) => {
    const row = state.row(withheld.destination, withheld.object)
    const { object } = state.object(withheld.object)
    if (withheld.destination !== destination || row === undefined || !isUsable(state, row)) return []
    if (receiver !== undefined && state.route(row.route).receiver !== receiver) return []
    return object.time >= from && object.time < to && object.ref > after ? [object] : []
  })
  return objects.sort((a, b) => a.ref - b.ref).slice(0, limit)
}

/** Whether one of today's routes would deliver it. */
function isUsable(state: State, row: RowState): boolean {
  return state.route(row.route).active
}

export function withheld(state: State, destination: string, object: number): Ranges {
  return state.withheld.get(rowKey(destination, object))?.ranges ?? []
}

export function release(
  state: State,
  destination: string,
  positions: readonly Position[],
  repair: number,
  now: number,
): number {
  let released = 0
  for (const { object, from, to } of positions) {
    const key = rowKey(destination, object)
    const held = withheld(state, destination, object)
    const row = state.row(destination, object)
    if (row === undefined || row.state === 'lost' || !isUsable(state, row) || !covers(held, from, to)) continue
    const left = removeRanges(held, [[from, to]])
    if (left.length === 0) state.withheld.delete(key)
    else state.withheld.set(key, { destination, object, ranges: left })
    if (row.state !== 'outstanding') state.touchHour(row)
    const open = takenOut(due(row, now), [[from, to]])
    state.setRow({ ...open, repair, released: addRanges(open.released, [[from, to]]) })
    released += 1
  }
  return released
}

export function replay(state: State, id: number, repair: number, now: number): Replay {
  const entry = state.entries.get(id)
  if (entry === undefined) return 'no entry'
  if (entry.object === undefined) return 'message'
  if (entry.replay !== undefined) return entry.replay === repair ? 'due' : 'under way'
  if (entry.provisional) return 'provisional'
  const rows = state.rows.values().filter((row) => {
    const concerned = entry.destination === undefined || entry.destination === row.destination
    return concerned && row.object === entry.object && isUsable(state, row) && covers(row.settled, entry.from, entry.to)
  })
  if (rows.length === 0) return 'retired'
  for (const row of rows) {
    if (row.state !== 'outstanding') state.touchHour(row)
    state.setRow(takenOut(due(row, now), [[entry.from, entry.to]]))
    state.addTally(row, { quarantined: -1 })
  }
  state.entries.set(id, { ...entry, replay: repair, recut: entry.from })
  return 'due'
}

export function kept(state: State, object: number): KeptRecord[] {
  const entries = state.entries.values().filter((entry) => entry.object === object && entry.replay !== undefined)
  // Of several at one place the smallest, then the first.
  const sorted = entries.sort((a, b) => b.to - a.to || b.id - a.id)
  const records = sorted.flatMap(({ provisional, from, to, offset, line, bytes }) => {
    return provisional || bytes === undefined ? [] : [{ object, from, to, offset, line, bytes }]
  })
  const places = new Map(records.map((record) => [record.from, record]))
  return [...places.values()].sort((a, b) => a.from - b.from)
}

export function remark(state: State, id: number, reason: string): void {
  const entry = state.entries.get(id)
  if (entry !== undefined) state.entries.set(id, { ...entry, reason })
}

export function understood(state: State, id: number): void {
  if (state.entries.get(id)?.object === undefined) state.entries.delete(id)
}

export function repairOf(state: State, id: number): Repair {
  const taken = state.rows.values().filter((row) => row.repair === id && row.state === 'outstanding')
  const rows = taken.filter((row) => isUsable(state, row)).length
  const entries = state.entries.values().filter((entry) => entry.replay === id).length
  return { rows, entries, ...(state.repairs.get(id) ?? noRepair) }
}
