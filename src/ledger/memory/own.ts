import { isOwnReceiver, type OwnRecord, ownReceiver, ownRecord, ownStore, ownText } from '../../domain/own-records.ts'
import type { OwnEntry, OwnLedger, OwnStanding, Waiting } from '../own.ts'
import { isFor, ownKey, ownVersion } from '../own-rules.ts'
import { intents } from './intents.ts'
import { outstanding } from './progress.ts'
import { freshRow, nothingFound, type RouteState, type RowState, rowKey, type State } from './state.ts'

export function record(state: State, entries: readonly OwnEntry[], now: number): void {
  for (const entry of entries) {
    const wanting = ownRoutes(state).filter((route) => isFor(entry, route))
    if (wanting.length === 0) continue
    const ref = register(state, entry.record, now)
    for (const route of wanting) if (state.row(route.destination, ref) === undefined) addRow(state, route, ref, now)
  }
}

function ownRoutes(state: State): RouteState[] {
  return state.activeRoutes().filter(({ receiver }) => isOwnReceiver(receiver))
}

/** The number of the record's object, which is decided from the beginning: nothing in it can be a copy. */
function register(state: State, said: OwnRecord, now: number): number {
  const key = ownKey(said)
  const identity = JSON.stringify([ownStore, key, ownVersion])
  const known = state.identities.get(identity)
  if (known !== undefined) return known
  const ref = state.next('object')
  const text = ownText(said)
  const size = Buffer.byteLength(text)
  const place = { ref, store: ownStore, key, version: ownVersion, size, modified: said.at }
  const object = { ...place, time: said.at, seenAt: now, length: size }
  state.identities.set(identity, ref)
  state.objects.set(ref, { object, receivers: [ownReceiver], decided: size, ...nothingFound })
  state.owns.set(ref, text)
  return ref
}

function addRow(state: State, { id: route, destination }: RouteState, object: number, now: number): void {
  state.setRow({ ...freshRow, destination, route, object, dueAt: now, late: false })
}

export function own(state: State, object: number): OwnRecord | undefined {
  const text = state.owns.get(object)
  return text === undefined ? undefined : ownRecord(text)
}

export function waiting(
  state: State,
  destination: string,
  { kind, before, limit }: Parameters<OwnLedger['waiting']>[1],
): Waiting[] {
  const found = outstanding(state, destination).flatMap(({ object }): Waiting[] => {
    const said = own(state, object)
    if (said === undefined || said.kind !== kind || said.at >= before) return []
    return [{ object, length: state.object(object).object.size, record: said }]
  })
  return found.sort((a, b) => a.record.at - b.record.at || a.object - b.object).slice(0, limit)
}

export function ownStandings(state: State): OwnStanding[] {
  return ownRoutes(state).map((route) => {
    const waits = state.rows.values().filter((row) => row.route === route.id && row.state === 'outstanding')
    const times = waits.map((row) => state.object(row.object).object.time)
    const oldest = times.length === 0 ? undefined : Math.min(...times)
    return { destination: route.destination, ...route.tally, outstanding: waits.length, oldest }
  })
}

export function forget(state: State, inHand: ReadonlySet<number>, retiredBefore: number): number {
  const kept = new Set([...inHand, state.count('object'), ...quarantined(state)])
  const waits = state.rows.values().filter((row) => isWaiting(state, row, retiredBefore))
  for (const { object } of waits) kept.add(object)
  const gone = state.owns.keys().filter((ref) => !kept.has(ref))
  for (const ref of gone) drop(state, ref)
  return gone.length
}

function quarantined(state: State): number[] {
  return state.entries.values().flatMap(({ object }) => object ?? [])
}

function isWaiting(state: State, { destination, object, route, state: now }: RowState, retiredBefore: number): boolean {
  if (now !== 'outstanding' || !state.owns.has(object)) return false
  const { active, goneAt } = state.route(route)
  if (active || goneAt === undefined || goneAt >= retiredBefore) return true
  return intents(state, destination).some(({ members }) => members.some((member) => member.object === object))
}

function drop(state: State, ref: number): void {
  const { key } = state.object(ref).object
  for (const row of state.rows.values()) if (row.object === ref) state.rows.delete(rowKey(row.destination, ref))
  state.identities.delete(JSON.stringify([ownStore, key, ownVersion]))
  state.objects.delete(ref)
  state.owns.delete(ref)
}
