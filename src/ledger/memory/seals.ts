import assert from 'node:assert/strict'
import { keyTime, partitionTime } from '../../domain/objects.ts'
import { isSealable } from '../rules.ts'
import type { Sealing, SealQuery } from '../seals.ts'
import { adoptionKey } from './duplicates.ts'
import { freshRow, identityOf, type ObjectState, type RowState, rowKey, type State } from './state.ts'

/** What is left of an object when it is sealed. */
export type SealState = Omit<ObjectState, 'decided' | 'reused'>

/** What is left of a row. */
export type SealedRow = Pick<RowState, 'destination' | 'object' | 'route' | 'generation' | 'tally'>

/** Of objects ever seen: first sight of the newest, the latest time, and how far a partition lay before its object's. */
export type Extreme = 'seenAt' | 'time' | 'lag'

export function seal(state: State, { before, after, limit, except }: SealQuery): Sealing {
  const old = state.objects
    .values()
    .filter(
      ({ object }) => isSealable(object) && object.time < before && (after === undefined || isBeyond(object, after)),
    )
    .sort((a, b) => a.object.time - b.object.time || a.object.ref - b.object.ref)
  const looked = old.slice(0, limit)
  const ready = looked.filter((known) => except?.has(known.object.ref) !== true && isReady(state, known))
  for (const known of ready) sealOne(state, known)
  const last = looked.at(-1)?.object
  return { sealed: ready.length, next: last && old.length > limit ? { time: last.time, object: last.ref } : undefined }
}

function isBeyond({ time, ref }: ObjectState['object'], after: { readonly time: number; readonly object: number }) {
  return time > after.time || (time === after.time && ref > after.object)
}

function isReady(state: State, { object: { ref, key, length } }: ObjectState): boolean {
  if (keyTime(key) === undefined || length === undefined) return false
  if (state.entries.values().some((entry) => entry.object === ref)) return false
  return rowsOf(state, ref).every((row) => row.state === 'settled' && !isAskedFor(state, row) && isFinal(state, row))
}

function rowsOf(state: State, ref: number): RowState[] {
  return state.rows.values().filter((row) => row.object === ref)
}

/** A request that is not answered yet may be done again, and must not take the row twice. */
function isAskedFor(state: State, { repair }: RowState): boolean {
  const request = repair === undefined ? undefined : state.requests.get(repair)
  return request !== undefined && request.answer === undefined
}

/** Nothing that the row skipped can come back to it: who delivers it elsewhere has done so. */
function isFinal(state: State, { destination, object }: RowState): boolean {
  const isDone = (at: { readonly object: number; readonly from: number }) => {
    return state.isSettledAt(destination, at.object, at.from)
  }
  const skipped = state.object(object).copies.every(({ from, owner }) => {
    const adoption = state.adoptions.get(adoptionKey(destination, owner))
    return (adoption?.object === object && adoption.from === from) || isDone(adoption ?? owner)
  })
  const adopted = state.adoptions.values().filter((adoption) => {
    return adoption.destination === destination && adoption.owner.object === object
  })
  return skipped && adopted.every(isDone)
}

function sealOne(state: State, known: ObjectState): void {
  const { object, events, bad, firstId, lastId, copies } = known
  const { ref, store, key, time } = object
  for (const row of rowsOf(state, ref)) sealRow(state, row)
  const identity = identityOf(store, object)
  const receivers = [...new Set([...(state.seals.get(identity)?.receivers ?? []), ...known.receivers])]
  state.objects.delete(ref)
  state.identities.delete(identity)
  state.seals.set(identity, { object, receivers, events, bad, firstId, lastId, copies })
  const lag = time - (partitionTime(key) ?? time)
  state.extremes.set('lag', Math.max(state.extremes.get('lag') ?? 0, lag))
  for (const route of state.routes.values()) {
    // A route that is away and never had it must have it listed again when it is back.
    if (route.active || route.retiredAt === undefined || !receivers.includes(route.receiver)) continue
    if (time < route.startAt || state.isSealed(route.destination, ref)) continue
    state.routes.set(route.id, { ...route, retiredAt: Math.min(route.retiredAt, time) })
  }
}

function sealRow(state: State, row: RowState): void {
  const { destination, object, generation, tally } = row
  state.rows.delete(rowKey(destination, object))
  state.sealedRows.set(rowKey(destination, object), { destination, object, route: row.route, generation, tally })
  const route = state.route(row.route)
  state.routes.set(route.id, { ...route, lateSealed: route.lateSealed + (row.late ? 1 : 0) })
}

/** A sealed object is known again, to this receiver, and decided anew; but what was a copy stays one. */
export function restore(state: State, identity: string, seal: SealState, receiver: string): void {
  const { ref } = seal.object
  state.identities.set(identity, ref)
  state.objects.set(ref, { ...seal, receivers: [receiver], decided: 0, reused: [] })
}

/** A row that is sealed is one again, wholly settled. */
export function restoreRow(state: State, destination: string, ref: number): RowState {
  const sealed = state.sealedRows.get(rowKey(destination, ref))
  const seal = sealOf(state, ref)
  assert(sealed !== undefined && seal?.object.length !== undefined)
  const { store, length, seenAt } = seal.object
  const identity = identityOf(store, seal.object)
  if (state.identities.get(identity) === undefined) {
    restore(state, identity, seal, state.route(sealed.route).receiver)
  }
  const settled = length === 0 ? [] : [[0, length] as const]
  const row: RowState = { ...freshRow, ...sealed, state: 'settled', settled, dueAt: seenAt, late: false }
  state.sealedRows.delete(rowKey(destination, ref))
  state.setRow(row)
  return row
}

export function sealOf(state: State, ref: number): SealState | undefined {
  return state.seals.values().find(({ object }) => object.ref === ref)
}
