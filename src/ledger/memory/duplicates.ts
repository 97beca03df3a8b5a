import assert from 'node:assert/strict'
import { addRanges, covers, meets, removeRanges } from '../../domain/ranges.ts'
import type { BadBytes, Claimant, Copy, Decision, Position, Undecided } from '../duplicates.ts'
import { hourOf, idDigits, neighbourHour, reopenedReason, retiredReason, sameEvent } from '../rules.ts'
import { heldRanges } from './endings.ts'
import { entriesOf, keep } from './quarantine.ts'
import type { EntryState, ObjectState, RowState, State } from './state.ts'

export interface CopyState {
  readonly object: number
  readonly from: number
  readonly to: number
  readonly owner: Position
}

export interface Claim extends Position {
  readonly at: number
}

export interface Adoption {
  readonly destination: string
  readonly owner: Position
  readonly object: number
  readonly from: number
  /** Object time of the copy. */
  readonly time: number
}

export function decide(state: State, chunk: Undecided, now: number): Decision {
  const known = state.object(chunk.object)
  assert(chunk.from <= known.decided, `object ${chunk.object}: chunk at ${chunk.from}, decided to ${known.decided}`)
  const copies = [...known.copies]
  const reused = [...known.reused]
  const anew = recut(state, chunk, known.decided)
  const isUndecided = ({ from }: { readonly from: number }) => {
    return from >= known.decided || anew.some((one) => one.dealt === undefined && one.recut <= from && from < one.to)
  }
  const undecided = chunk.claimants.filter(isUndecided)
  // A copy that was sealed stays one: whose it is nobody else may remember.
  const wasCopy = new Set(known.copies.map(({ from }) => from).filter((from) => from >= known.decided))
  for (const claimant of undecided.filter(({ from }) => !wasCopy.has(from))) {
    const verdict = claim(state, chunk.object, claimant)
    // What was bad in between may have been decided before.
    if (verdict === 'reused') put(reused, [claimant.from, claimant.to], ([from]) => from === claimant.from)
    else if (verdict !== 'fresh') put(copies, verdict, ({ from }) => from === claimant.from)
  }
  // One that was sealed is decided once more, and counted already.
  const counted = undecided.filter(({ from }) => known.object.length === undefined || from < known.decided)
  if (counted.length > 0) state.next('events', counted.length)
  const isKept = ({ from }: BadBytes) => entriesOf(state, chunk.object, undefined).some((entry) => entry.from === from)
  const bad = chunk.bad.filter((stretch) => isUndecided(stretch) || !isKept(stretch))
  for (const stretch of bad) keepBad(state, chunk.object, stretch, now, !isUndecided(stretch))
  for (const entry of anew) state.entries.set(entry.id, { ...entry, recut: Math.min(entry.to, chunk.to) })
  const found = tallied({ ...known, copies, reused }, counted, bad.length)
  if (anew.length + undecided.length + bad.length > 0) state.objects.set(chunk.object, found)
  if (counted.length + bad.length > 0) touchHours(state, chunk.object)
  if (chunk.to > known.decided || chunk.end) advance(state, chunk, found)
  const within = (from: number) => chunk.from <= from && from < chunk.to
  return {
    copies: copies
      .filter(({ from }) => within(from))
      .sort((a, b) => a.from - b.from)
      .map(publicCopy),
    reused: reused.filter(([from]) => within(from)).sort((a, b) => a[0] - b[0]),
  }
}

/** What has been found in the object. */
function tallied(known: ObjectState, events: readonly Claimant[], bad: number): ObjectState {
  return {
    ...known,
    events: known.events + events.length,
    bad: known.bad + bad,
    firstId: known.firstId ?? events[0]?.id,
    lastId: events[events.length - 1]?.id ?? known.lastId,
  }
}

/** For routes that are done with the object, what is found in it is news. */
function touchHours(state: State, object: number): void {
  const done = state.rows.values().filter((row) => row.object === object && row.state !== 'outstanding')
  for (const row of done) state.touchHour(row)
}

function put<T>(list: T[], item: T, isSame: (other: T) => boolean): void {
  const at = list.findIndex(isSame)
  list.splice(at < 0 ? list.length : at, at < 0 ? 0 : 1, item)
}

/** Stretches on their way again that the chunk shows to be something else than they were taken for. */
function recut(state: State, { object, from, to, bad }: Undecided, decided: number): EntryState[] {
  return entriesOf(state, object, undefined).filter((entry) => {
    if (entry.replay === undefined || entry.from >= decided || !meets([[from, to]], entry.recut, entry.to)) return false
    return !bad.some((stretch) => stretch.from === entry.from && stretch.to === entry.to)
  })
}

function publicCopy({ from, to, owner }: CopyState): Copy {
  return { from, to, owner: { object: owner.object, from: owner.from } }
}

/** How far the object is decided now; at its end, rows that have everything else are settled. */
function advance(state: State, chunk: Undecided, known: ObjectState): void {
  const { length } = known.object
  assert(!chunk.end || length === undefined || length === chunk.to, `object ${chunk.object} ends at ${length}`)
  const object = chunk.end ? { ...known.object, length: chunk.to } : known.object
  state.objects.set(chunk.object, { ...known, object, decided: Math.max(known.decided, chunk.to) })
  if (!chunk.end) return
  for (const row of state.rows.values()) if (row.object === chunk.object) state.complete(row.destination, row.object)
}

export function claim(state: State, object: number, { from, to, id, at }: Claimant): 'fresh' | 'reused' | CopyState {
  const key = (hour: number) => `${hour} ${idDigits(id).toLowerCase()}`
  const hours = [hourOf(at), neighbourHour(at)].filter((hour) => hour !== undefined)
  const claims = hours.flatMap((hour) => state.claims.get(key(hour)) ?? [])
  const owner = sameEvent(claims, at)
  // Its own claim, of when it was decided before.
  if (owner?.object === object && owner.from === from) return claims.length === 1 ? 'fresh' : 'reused'
  if (owner !== undefined) {
    return { object, from, to, owner: { object: owner.object, from: owner.from, to: owner.to } }
  }
  const mine: Claim = { at, object, from, to }
  state.claims.set(key(hourOf(at)), [...(state.claims.get(key(hourOf(at))) ?? []), mine])
  return claims.length === 0 ? 'fresh' : 'reused'
}

function keepBad(state: State, object: number, bad: BadBytes, now: number, wasDecided: boolean): void {
  state.next('bad')
  const dealt = wasDecided ? dealtWith(state, object, bad) : undefined
  keep(state, { ...bad, destination: undefined, receiver: undefined, object, provisional: false, at: now }, dealt)
}

/** Destinations that have settled the stretch, or have it on its way. */
function dealtWith(state: State, object: number, { from, to }: BadBytes): readonly string[] {
  const rows = state.rows.values().filter((row) => row.object === object)
  const dealt = rows.filter(({ destination, settled }) => {
    return meets(addRanges(settled, heldRanges(state, destination, object)), from, to)
  })
  return dealt.map(({ destination }) => destination).sort()
}

export function judge(state: State, destination: string, object: number, copies: readonly Copy[]): boolean[] {
  return copies.map((copy) => {
    const key = adoptionKey(destination, copy.owner)
    const adoption = state.adoptions.get(key)
    if (adoption?.object === object && adoption.from === copy.from) return false
    if (adoption !== undefined && state.holds(destination, adoption.object, adoption.from)) return true
    if (state.holds(destination, copy.owner.object, copy.owner.from)) return true
    const stored = state.object(object).copies.find(({ from }) => from === copy.from)
    assert(stored !== undefined, `object ${object} has no copy at ${copy.from}`)
    adopt(state, destination, stored)
    return false
  })
}

export function adopted(state: State, destination: string, object: number): ReadonlySet<number> {
  const live = state.adoptions.values().filter((adoption) => {
    if (adoption.destination !== destination || adoption.owner.object !== object) return false
    return state.holds(destination, adoption.object, adoption.from)
  })
  return new Set(live.map(({ owner }) => owner.from))
}

export function adoptionKey(destination: string, owner: { readonly object: number; readonly from: number }): string {
  return `${owner.object} ${owner.from} ${destination}`
}

function adopt(state: State, destination: string, copy: CopyState): void {
  const { owner, object, from } = copy
  const { time } = state.object(object).object
  state.adoptions.set(adoptionKey(destination, owner), { destination, owner, object, from, time })
  const row = state.row(destination, object)
  assert(row !== undefined, `${destination} has no row for object ${object}`)
  const route = state.route(row.route)
  state.routes.set(route.id, { ...route, adopted: route.adopted + 1 })
}

/** Events that were left to this row, and that it will not deliver, become somebody else's. */
export function rescueRow(state: State, row: RowState, reason: string, now: number): number[] {
  const { destination, object } = row
  const abandoned = (from: number) => !covers(row.settled, from, from + 1)
  const copies = allCopies(state)
  const owned = copies.filter(({ owner }) => owner.object === object && abandoned(owner.from)).map(({ owner }) => owner)
  const adoptions = state.adoptions.values().filter((adoption) => {
    return adoption.destination === destination && adoption.object === object && abandoned(adoption.from)
  })
  const owners = new Map([...owned, ...adoptions.map(({ owner }) => owner)].map((owner) => [ownerKey(owner), owner]))
  const again = new Set<number>()
  for (const owner of [...owners.values()].sort((a, b) => a.object - b.object || a.from - b.from)) {
    const heir = rescue(state, destination, owner, object, copies, reason, now)
    if (heir !== undefined) again.add(heir)
  }
  return [...again].sort((a, b) => a - b)
}

/** Takes back what an active row skipped in favour of a row that is retired now. */
export function repair(state: State, destination: string, object: number, now: number): void {
  if (!usable(state, destination, object)) return
  const skipped = ({ from, to }: Position) => covers(state.row(destination, object)?.settled ?? [], from, to)
  const live = (at: { object: number; from: number }) => state.holds(destination, at.object, at.from)
  for (const copy of state.object(object).copies.filter(skipped)) {
    const adoption = state.adoptions.get(adoptionKey(destination, copy.owner))
    if (adoption?.object === object && adoption.from === copy.from) continue
    if ((adoption !== undefined && live(adoption)) || live(copy.owner)) continue
    adopt(state, destination, copy)
    reopen(state, destination, copy, retiredReason, now)
  }
  repairOwned(state, destination, object, now)
}

/** The same for positions skipped because a copy elsewhere was adopted for them. */
function repairOwned(state: State, destination: string, object: number, now: number): void {
  for (const adoption of state.adoptions.values()) {
    const { owner } = adoption
    if (adoption.destination !== destination || owner.object !== object) continue
    if (state.holds(destination, adoption.object, adoption.from)) continue
    if (!covers(state.row(destination, object)?.settled ?? [], owner.from, owner.to)) continue
    reopen(state, destination, owner, retiredReason, now)
    state.adoptions.delete(adoptionKey(destination, owner))
  }
}

export function ownerKey(owner: Position): string {
  return `${owner.object} ${owner.from}`
}

export function allCopies(state: State): CopyState[] {
  const copies = state.objects.values().flatMap((object) => object.copies)
  return copies.sort((a, b) => a.object - b.object || a.from - b.from)
}

/** Finds the object that delivers the owner's event now, and makes it due. */
function rescue(
  state: State,
  destination: string,
  owner: Position,
  gone: number,
  copies: readonly CopyState[],
  reason: string,
  now: number,
): number | undefined {
  const adoption = state.adoptions.get(adoptionKey(destination, owner))
  if (adoption !== undefined && state.holds(destination, adoption.object, adoption.from)) return undefined
  if (owner.object !== gone && usable(state, destination, owner.object)) {
    state.adoptions.delete(adoptionKey(destination, owner))
    reopen(state, destination, owner, reason, now)
    return owner.object
  }
  if (owner.object !== gone && state.holds(destination, owner.object, owner.from)) return undefined
  const candidates = copies.filter((copy) => {
    if (ownerKey(copy.owner) !== ownerKey(owner) || copy.object === gone) return false
    return usable(state, destination, copy.object)
  })
  const isSettled = ({ object, from, to }: Position) => covers(state.row(destination, object)?.settled ?? [], from, to)
  const heir = candidates.find(isSettled) ?? candidates[0]
  if (heir === undefined) return undefined
  adopt(state, destination, heir)
  reopen(state, destination, heir, reason, now)
  return heir.object
}

function usable(state: State, destination: string, object: number): boolean {
  const row = state.row(destination, object)
  return row !== undefined && row.state !== 'lost' && state.route(row.route).active
}

function reopen(state: State, destination: string, position: Position, reason: string, now: number): void {
  const { object, from, to } = position
  const row = state.row(destination, object)
  if (row === undefined || !covers(row.settled, from, to)) return
  const settled = removeRanges(row.settled, [[from, to]])
  if (row.state === 'outstanding') state.setRow({ ...row, settled })
  else {
    const due = { attempts: 0, dueAt: now, reason: reopenedReason(reason), repair: undefined }
    state.setRow({ ...row, ...due, settled, state: 'outstanding' })
  }
  state.addTally(row, { duplicates: -1 })
  if (row.state !== 'outstanding') state.touchHour(row)
}
