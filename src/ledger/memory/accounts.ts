import { isImportReceiver } from '../../domain/imports.ts'
import { isOwnReceiver } from '../../domain/own-records.ts'
import type { Account, Stop, Watermark } from '../accounts.ts'
import type { Retired } from '../names.ts'
import { nextWatermark } from '../rules.ts'
import type { RouteState, RowState, State } from './state.ts'

export function advance(state: State): Watermark[] {
  for (const route of state.activeRoutes()) {
    const oldest = Math.min(...outstandingOf(state, route).map((row) => state.object(row.object).object.time))
    const watermark = nextWatermark(route.watermark, oldest, state.sweptTo.get(route.receiver))
    if (watermark !== route.watermark) state.routes.set(route.id, { ...route, watermark })
  }
  return state.activeRoutes().flatMap(({ destination, receiver, watermark }) => {
    return watermark === undefined ? [] : [{ destination, receiver, time: watermark }]
  })
}

function outstandingOf(state: State, route: RouteState): RowState[] {
  return state.rows.values().filter((row) => row.route === route.id && row.state === 'outstanding')
}

export function accounts(state: State): Account[] {
  return accountsOf(state, (receiver) => !isOwnReceiver(receiver) && !isImportReceiver(receiver))
}

export function accountsOf(state: State, wanted: (receiver: string) => boolean): Account[] {
  const routes = state.activeRoutes().filter(({ receiver }) => wanted(receiver))
  return routes.map((route) => {
    const rows = state.rows.values().filter((row) => row.route === route.id)
    const outstanding = rows.filter((row) => row.state === 'outstanding')
    const lost = rows.filter((row) => row.state === 'lost')
    return {
      destination: route.destination,
      receiver: route.receiver,
      startAt: route.startAt,
      watermark: route.watermark,
      sweptTo: state.sweptTo.get(route.receiver),
      ...route.tally,
      outstanding: outstanding.length,
      late: outstanding.filter((row) => row.late).length,
      lateTotal: rows.filter((row) => row.late).length + route.lateSealed,
      oldest: oldest(state, route.destination, outstanding),
      lostObjects: lost.length,
      lostBytes: lost.reduce((sum, row) => sum + row.lostBytes, 0),
      possibleDuplicates: route.possibleDuplicates,
      adopted: route.adopted,
      provisional: provisionalOf(state, route),
      lastObjectTime: route.lastObjectTime,
      lastEvent: route.lastEvent,
      lastDelivery: route.lastDelivery,
      stop: state.stops.get(route.destination),
    }
  })
}

export function retired(state: State): Retired[] {
  const gone = state.routes.values().filter((route) => {
    const { active, receiver } = route
    if (active || isOwnReceiver(receiver)) return false
    return !isImportReceiver(receiver) || outstandingOf(state, route).length > 0
  })
  return gone
    .sort((a, b) => a.id - b.id)
    .map((route) => {
      const { destination, receiver, watermark, goneAt } = route
      const left = outstandingOf(state, route)
      return {
        destination,
        receiver,
        watermark,
        retiredAt: goneAt,
        delivered: route.tally.delivered,
        outstanding: left.length,
        oldest: oldest(state, destination, left),
      }
    })
}

function oldest(state: State, destination: string, outstanding: readonly RowState[]): Account['oldest'] {
  const [first] = outstanding
    .map(({ object, reason }) => ({ object: state.object(object).object, reason }))
    .sort((a, b) => a.object.time - b.object.time || a.object.ref - b.object.ref)
  const failed = state.intents
    .values()
    .filter((intent) => intent.destination === destination && intent.reason !== undefined)
  const [stuck] = failed.sort((a, b) => a.id - b.id)
  return first && { time: first.object.time, key: first.object.key, reason: first.reason ?? stuck?.reason }
}

function provisionalOf(state: State, route: RouteState): number {
  const { destination } = route
  return state.entries.values().filter((entry) => {
    if (!entry.provisional || entry.destination !== destination || entry.object === undefined) return false
    return state.row(destination, entry.object)?.route === route.id
  }).length
}

export function stop(state: State, destination: string, stopped: Stop | undefined): void {
  if (stopped === undefined) state.stops.delete(destination)
  else state.stops.set(destination, stopped)
}
