import type { HourAccount } from '../../domain/control.ts'
import { isOwnReceiver, ownReceiver } from '../../domain/own-records.ts'
import type { ClosingLedger } from '../closing.ts'
import { HOUR_MS, hourOf } from '../hours.ts'
import { sweepMarginMs } from '../rules.ts'
import { record } from './own.ts'
import { type SealState, sealOf } from './seals.ts'
import { closingKey, type RouteState, type RowState, type State } from './state.ts'

export function closeHours(
  state: State,
  limit: number,
  tell: Parameters<ClosingLedger['closeHours']>[1],
  now: number,
): number {
  let closed = 0
  for (const route of accountable(state)) {
    if (closed < limit) pass(state, route, limit - closed)
    const hours = settledHours(state, route.id).slice(0, Math.max(0, limit - closed))
    for (const hour of hours) {
      const account = accountOf(state, route, hour)
      state.closings.set(closingKey(route.id, hour), { route: route.id, hour, revision: account.revision, open: false })
      record(state, [{ record: tell(account), only: [route.destination] }], now)
    }
    closed += hours.length
  }
  return closed
}

/** Routes of destinations that are told, whose receivers have been swept. */
function accountable(state: State): RouteState[] {
  const told = state.activeRoutes().filter(({ receiver }) => receiver === ownReceiver)
  return state.activeRoutes().filter(({ destination, receiver }) => {
    if (isOwnReceiver(receiver) || state.sweptTo.get(receiver) === undefined) return false
    return told.some((one) => one.destination === destination)
  })
}

/** The hour up to which the route's receiver is swept. */
function sweptHour(state: State, { receiver }: RouteState): number {
  return hourOf((state.sweptTo.get(receiver) ?? 0) - sweepMarginMs)
}

function pass(state: State, route: RouteState, limit: number): void {
  const swept = sweptHour(state, route)
  const everyHourFrom = route.everyHourFrom ?? Math.max(swept, hourOf(route.startAt))
  let { passed } = route
  for (let n = 0; n < limit; n += 1) {
    const next = Math.min(nextHour(state, route, passed), Math.max(passed ?? everyHourFrom, everyHourFrom))
    if (next >= swept) break
    const key = closingKey(route.id, next)
    if (state.closings.get(key) === undefined)
      state.closings.set(key, { route: route.id, hour: next, revision: 0, open: true })
    passed = next + HOUR_MS
  }
  state.routes.set(route.id, { ...state.route(route.id), passed: passed ?? swept, everyHourFrom })
}

function nextHour(state: State, route: RouteState, from = Number.NEGATIVE_INFINITY): number {
  const times = rowsOf(state, route.id).map(({ object }) => object.object.time)
  return hourOf(Math.min(...times.filter((time) => time >= from)))
}

interface Found {
  readonly row: Pick<RowState, 'object' | 'state' | 'tally'>
  readonly object: Omit<SealState, 'receivers'>
}

function rowsOf(state: State, route: number): Found[] {
  const rows = state.rows.values().filter((row) => row.route === route)
  const sealed = state.sealedRows.values().filter((row) => row.route === route)
  const found: Found[] = rows.map((row) => ({ row, object: state.object(row.object) }))
  for (const row of sealed) {
    const object = state.objects.get(row.object) ?? sealOf(state, row.object)
    if (object !== undefined) found.push({ row: { ...row, state: 'settled' }, object })
  }
  return found.sort((a, b) => a.object.object.time - b.object.object.time || a.row.object - b.row.object)
}

function within(hour: number): (found: Found) => boolean {
  return ({ object }) => hourOf(object.object.time) === hour
}

function settledHours(state: State, id: number): number[] {
  const swept = sweptHour(state, state.route(id))
  const open = state.closings.values().filter((hour) => hour.route === id && hour.open && hour.hour < swept)
  const isOutstanding = ({ row }: Found): boolean => row.state === 'outstanding'
  const busy = rowsOf(state, id).filter(isOutstanding)
  const settled = open.map(({ hour }) => hour).filter((hour) => !busy.some(within(hour)))
  return settled.sort((a, b) => a - b)
}

function accountOf(state: State, { id, destination, receiver }: RouteState, hour: number): HourAccount {
  const found = rowsOf(state, id).filter(within(hour))
  const sum = (of: (found: Found) => number): number => found.reduce((total, one) => total + of(one), 0)
  return {
    destination,
    receiver,
    hour,
    revision: (state.closings.get(closingKey(id, hour))?.revision ?? 0) + 1,
    objects: found.length,
    lostObjects: found.filter(({ row }) => row.state === 'lost').length,
    events: sum(({ object }) => object.events),
    bad: sum(({ object }) => object.bad),
    delivered: sum(({ row }) => row.tally.delivered),
    filtered: sum(({ row }) => row.tally.filtered),
    duplicates: sum(({ row }) => row.tally.duplicates),
    quarantined: sum(({ row }) => row.tally.quarantined),
    firstId: found.find(({ object }) => object.firstId !== undefined)?.object.firstId,
    lastId: found.findLast(({ object }) => object.lastId !== undefined)?.object.lastId,
  }
}
