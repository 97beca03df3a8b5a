import { importStoreOf } from '../../domain/imports.ts'
import type { Pruned } from '../duplicates.ts'
import { hourOf, importMemoryMs, pruneHours } from '../rules.ts'
import { allCopies, ownerKey } from './duplicates.ts'
import type { State } from './state.ts'

/** Claims are dropped by whole hours, measured from what is still to be decided and never from the wall clock. */
export function prune(state: State, window: number, needed = Number.POSITIVE_INFINITY, after?: number): Pruned {
  const border = oldestUndecided(state)
  if (border === undefined) return { dropped: 0, next: undefined }
  const before = Math.min(border - window, needed)
  if (after === undefined) pruneAdoptions(state, before)
  const known = state.claims.values().map((claims) => hourOf(claims[0]?.at ?? Number.POSITIVE_INFINITY))
  const hours = [...new Set(known)].filter(
    (hour) => hour > (after ?? Number.NEGATIVE_INFINITY) && hour < hourOf(before),
  )
  const step = hours.toSorted((a, b) => a - b).slice(0, pruneHours)
  const dropped = step.reduce((sum, hour) => sum + pruneHour(state, hour, hourOf(border - importMemoryMs)), 0)
  return { dropped, next: hours.length > step.length ? step.at(-1) : undefined }
}

function pruneHour(state: State, wanted: number, firstImported: number): number {
  let dropped = 0
  for (const [key, claims] of state.claims.entries()) {
    const hour = hourOf(claims[0]?.at ?? Number.POSITIVE_INFINITY)
    if (hour !== wanted) continue
    const kept = claims.filter(({ object }) => hour >= firstImported && isImported(state, object))
    if (kept.length === 0) state.claims.delete(key)
    else state.claims.set(key, kept)
    dropped += claims.length - kept.length
  }
  return dropped
}

function isImported(state: State, object: number): boolean {
  return importStoreOf(state.objects.get(object)?.object.store ?? '') !== undefined
}

/** What nobody can ask for any more: neither object is known, no copy points there, and no claim can make another. */
function pruneAdoptions(state: State, before: number): void {
  const sealed = state.seals.values().flatMap(({ copies }) => copies)
  const pointed = new Set([...allCopies(state), ...sealed].map(({ owner }) => ownerKey(owner)))
  for (const [name, { object, owner, time }] of state.adoptions.entries()) {
    const isKnown = [object, owner.object].some((ref) => state.objects.get(ref) !== undefined)
    if (time < before && !isKnown && !pointed.has(ownerKey(owner))) state.adoptions.delete(name)
  }
}

/** With nothing undecided, the newest object; but no object's time is believed past the moment it was seen. */
function oldestUndecided(state: State): number | undefined {
  const latest = state.extremes.get('seenAt')
  if (latest === undefined) return undefined
  const wanted = new Set(
    state.rows
      .values()
      .filter((row) => row.state === 'outstanding' && state.route(row.route).active)
      .map((row) => row.object),
  )
  const undecided = state.objects.values().filter(({ object, decided }) => {
    return (object.length === undefined || decided < object.length) && wanted.has(object.ref)
  })
  if (undecided.length > 0) return Math.min(...undecided.map(({ object }) => object.time))
  return Math.min(latest, state.extremes.get('time') ?? latest)
}
