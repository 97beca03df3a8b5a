import { isImportReceiver } from '../../domain/imports.ts'
import { objectTime, type Sighting } from '../../domain/objects.ts'
import { isOwnReceiver } from '../../domain/own-records.ts'
import type { Route, Seen } from '../discovery.ts'
import { noteVersion } from './alterations.ts'
import { repair } from './duplicates.ts'
import { countHour } from './hours.ts'
import { restore } from './seals.ts'
import { freshRow, identityOf, noTally, nothingFound, type RouteState, type State } from './state.ts'

export function enrol(state: State, routes: readonly Route[], now: number): void {
  const gone = state.activeRoutes().filter((route) => !routes.some((wanted) => sameRoute(wanted, route)))
  for (const route of gone) {
    const retiredAt = state.sweptTo.get(route.receiver)
    state.routes.set(route.id, { ...route, active: false, retiredAt, goneAt: now })
  }
  const come = routes.filter((route) => enlist(state, route))
  const changed = new Set([...gone, ...come].filter(isAudit).map(({ destination }) => destination))
  for (const destination of changed) reconcile(state, destination, now)
}

/** True if the route is new, or was retired. */
function enlist(state: State, route: Route): boolean {
  const known = state.routes.values().find((existing) => sameRoute(existing, route))
  if (known?.active) return false
  // While a route is retired, objects that nobody else wants go by unregistered.
  const since = known === undefined ? route.startAt : Math.max(known.startAt, known.retiredAt ?? known.startAt)
  const from = since - (state.extremes.get('lag') ?? 0)
  const swept = state.sweptTo.get(route.receiver)
  if (swept !== undefined && from < swept) state.sweptTo.set(route.receiver, from)
  if (known === undefined) addRoute(state, route)
  else state.routes.set(known.id, { ...known, active: true, retiredAt: undefined, goneAt: undefined })
  return true
}

function isAudit({ receiver }: Route): boolean {
  return !isOwnReceiver(receiver) && !isImportReceiver(receiver)
}

function sameRoute(a: Route, b: Route): boolean {
  return a.destination === b.destination && a.receiver === b.receiver
}

function addRoute(state: State, { destination, receiver, startAt }: Route): void {
  const id = state.next('route')
  state.routes.set(id, {
    id,
    destination,
    receiver,
    startAt,
    active: true,
    watermark: undefined,
    retiredAt: undefined,
    goneAt: undefined,
    tally: noTally,
    possibleDuplicates: 0,
    adopted: 0,
    lastObjectTime: undefined,
    lastEvent: undefined,
    lastDelivery: undefined,
    lateSealed: 0,
    passed: undefined,
    everyHourFrom: undefined,
  })
}

/**
 * Every known object a destination's routes want has a row there, and skips nothing in favour of a retired row. Own
 * records are for whom they were meant when they were kept, and so are imports.
 */
function reconcile(state: State, destination: string, now: number): void {
  const routes = state.activeRoutes().filter((route) => route.destination === destination && isAudit(route))
  const objects = state.objects.values().sort((a, b) => a.object.ref - b.object.ref)
  for (const route of routes) {
    for (const { object, receivers } of objects) {
      if (receivers.includes(route.receiver)) want(state, route.id, object.ref, now)
    }
  }
  for (const { object } of objects) repair(state, destination, object.ref, now)
}

/** Gives the route a row for the object, or the one a retired route left. True if something is due that was not. */
export function want(state: State, routeId: number, ref: number, now: number): boolean {
  const route = state.route(routeId)
  if (state.object(ref).object.time < route.startAt) return false
  const row = state.row(route.destination, ref)
  if (row === undefined && state.isSealed(route.destination, ref)) return false
  if (row !== undefined && (row.state === 'lost' || state.route(row.route).active)) return false
  giveRow(state, route, ref, now)
  return state.row(route.destination, ref)?.state === 'outstanding'
}

/** Gives the route a row for the object, or one that a retired route left, unless the destination has one. */
export function giveRow(state: State, route: RouteState, ref: number, now: number): void {
  const row = state.row(route.destination, ref)
  if (row !== undefined && state.route(row.route).active) return
  if (row === undefined) addRow(state, route, ref, now)
  else {
    state.setRow({ ...row, route: route.id })
    state.touchHour(row)
  }
  state.touchHour({ route: route.id, object: ref })
  const { time } = state.object(ref).object
  state.routes.set(route.id, { ...route, lastObjectTime: Math.max(route.lastObjectTime ?? time, time) })
  if (row !== undefined) repair(state, route.destination, ref, now)
}

function addRow(state: State, route: RouteState, ref: number, now: number): void {
  const { destination, id } = route
  const late = isLate(route, state.object(ref).object.time)
  state.setRow({ ...freshRow, destination, route: id, object: ref, dueAt: now, late })
}

function isLate(route: RouteState, time: number): boolean {
  return route.watermark !== undefined && time < route.watermark
}

export function see(state: State, receiver: string, store: string, sightings: readonly Sighting[], now: number): Seen {
  const routes = state.activeRoutes().filter((route) => route.receiver === receiver)
  const none = { fresh: [], late: [], altered: [], known: 0 }
  const seen: { -readonly [K in keyof Seen]: Seen[K] extends readonly (infer T)[] ? T[] : Seen[K] } = none
  for (const sighting of sightings) {
    const time = objectTime(sighting)
    const wanting = routes.filter((route) => time >= route.startAt)
    const done = isDone(state, { receiver, store }, sighting, wanting)
    const found = wanting.length === 0 || done ? undefined : register(state, receiver, store, sighting, now)
    const alteration = found?.isNew ? noteVersion(state, found.ref, now) : undefined
    if (alteration !== undefined) seen.altered.push(alteration)
    const got = found?.isNews ? wanting.filter((route) => want(state, route.id, found.ref, now)) : []
    if (found === undefined || got.length === 0) {
      seen.known += 1
      continue
    }
    const { object } = state.object(found.ref)
    seen.fresh.push(object)
    if (got.some((route) => isLate(route, time))) seen.late.push(object)
  }
  return seen
}

export interface Registered {
  readonly ref: number
  /** Nobody knew it. */
  readonly isNew: boolean
  /** This receiver did not know it. */
  readonly isNews: boolean
}

export function register(state: State, receiver: string, store: string, sighting: Sighting, now: number): Registered {
  const { key, version, size, modified } = sighting
  const identity = identityOf(store, sighting)
  const seal = state.seals.get(identity)
  const isCounted = seal?.receivers.includes(receiver) ?? false
  const ref = state.identities.get(identity)
  if (ref !== undefined) {
    const known = state.object(ref)
    if (known.receivers.includes(receiver)) return { ref, isNew: false, isNews: false }
    state.objects.set(ref, { ...known, receivers: [...known.receivers, receiver] })
    if (!isCounted) countHour(state, receiver, known.object.time)
    return { ref, isNew: false, isNews: true }
  }
  if (seal !== undefined) {
    restore(state, identity, seal, receiver)
    if (!isCounted) countHour(state, receiver, seal.object.time)
    return { ref: seal.object.ref, isNew: false, isNews: true }
  }
  const fresh = state.next('object')
  state.next('seen')
  const object = {
    ref: fresh,
    store,
    key,
    version,
    size,
    modified,
    time: objectTime(sighting),
    seenAt: now,
    length: undefined,
  }
  state.identities.set(identity, fresh)
  countHour(state, receiver, object.time)
  state.objects.set(fresh, { object, receivers: [receiver], decided: 0, ...nothingFound })
  state.extremes.set('seenAt', now)
  state.extremes.set('time', Math.max(state.extremes.get('time') ?? object.time, object.time))
  return { ref: fresh, isNew: true, isNews: true }
}

/**
 * Whether of the object nothing is left but a seal, and all of these routes have had it. One that this receiver did not
 * know is known again, so that its routes which are away are as sure to get it as if it had never been sealed.
 */
export function isDone(
  state: State,
  { receiver, store }: { readonly receiver: string; readonly store: string },
  sighting: Sighting,
  routes: readonly RouteState[],
): boolean {
  const identity = identityOf(store, sighting)
  const seal = state.identities.get(identity) === undefined ? state.seals.get(identity) : undefined
  if (seal === undefined || !seal.receivers.includes(receiver)) return false
  return routes.every(({ destination }) => state.isSealed(destination, seal.object.ref))
}
