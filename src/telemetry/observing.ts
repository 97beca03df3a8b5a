// What a scrape finds: pure functions from the state of routes and lanes to numbers.
import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import { type GapKind, type GapSeverity, gapKinds } from '../domain/gaps.ts'
import type { Labels } from './counting.ts'
import type { GaugeName, LedgerCounterName } from './instruments.ts'
import type { LaneState } from './lanes.ts'

/** What the metrics need of the ledger's account of one route. Times in milliseconds since 1970. */
export interface Standing {
  readonly destination: string
  readonly receiver: string
  readonly watermark: number | undefined
  readonly sweptTo: number | undefined
  readonly outstanding: number
  readonly late: number
  readonly oldest: { readonly time: number } | undefined
  readonly lastObjectTime: number | undefined
  readonly lastEvent: number | undefined
  readonly lastDelivery: { readonly at: number } | undefined
  readonly duplicates: number
  readonly possibleDuplicates: number
  readonly adopted: number
  readonly quarantined: number
  readonly provisional: number
  readonly lostObjects: number
  readonly lostBytes: number
  readonly stop: { readonly cause: 'credentials' | 'configuration' } | undefined
}

/** A certificate or signature: whose, under which setting, and when it ends, in milliseconds since 1970. */
export interface Expiring {
  readonly component: string
  readonly setting: string
  readonly at: number
}

/** What the metrics need of a gap that is open. */
export interface OpenGap {
  readonly kind: GapKind
  readonly severity: GapSeverity
}

/** How much is in a receiver's queues, as far as somebody says it. */
export interface Depth {
  readonly waiting: number | undefined
  readonly inFlight: number | undefined
}

type ProcessMetric = 'process_resident_memory_bytes' | 'process_start_time_seconds' | 'process_cpu_seconds_total'
export type Observe = (name: GaugeName | LedgerCounterName | ProcessMetric, value: number, labels?: Labels) => void

export function observeExpiries(expiring: readonly Expiring[], observe: Observe): void {
  for (const { component, setting, at } of expiring) {
    observe('credential_expiry_timestamp_seconds', at / 1000, { component, setting })
  }
}

export function observeDepth(receiver: string, { waiting, inFlight }: Depth, observe: Observe): void {
  if (waiting !== undefined) observe('messages_waiting', waiting, { receiver })
  if (inFlight !== undefined) observe('messages_in_flight', inFlight, { receiver })
}

/** What lanes say of themselves, and the ledger where it says it of them. */
export type Lanes = ReadonlyMap<string, LaneState>

/** All that the ledger is asked for. One that cannot be read says so, and costs its own numbers only. */
export function observeLedger(ask: () => void, observe: Observe): void {
  try {
    ask()
    observe('ledger_readable', 1)
  } catch {
    observe('ledger_readable', 0)
  }
}

export function observeStandings(standings: readonly Standing[], lanes: Lanes, now: number, observe: Observe): void {
  for (const standing of standings) {
    observeProgress(standing, now, observe)
    observeTotals(standing, observe)
  }
  observeStops(standings, lanes, observe)
  observeReceivers(standings, observe)
}

function observeProgress(standing: Standing, now: number, observe: Observe): void {
  const labels = { destination: standing.destination, receiver: standing.receiver }
  if (standing.watermark !== undefined) {
    observe('watermark_timestamp_seconds', standing.watermark / 1000, labels)
    observe('watermark_age_seconds', (now - standing.watermark) / 1000, labels)
  }
  const { lastEvent, lastDelivery } = standing
  if (lastEvent !== undefined) observe('last_event_timestamp_seconds', lastEvent / 1000, labels)
  if (lastDelivery !== undefined) observe('last_delivery_timestamp_seconds', lastDelivery.at / 1000, labels)
  const age = standing.oldest === undefined ? 0 : Math.max(0, now - standing.oldest.time)
  observe('outstanding_objects', standing.outstanding, labels)
  observe('outstanding_late_objects', standing.late, labels)
  observe('oldest_outstanding_age_seconds', age / 1000, labels)
  observe('quarantined_records', standing.quarantined, labels)
  observe('provisional_records', standing.provisional, labels)
}

function observeTotals(standing: Standing, observe: Observe): void {
  const labels = { destination: standing.destination, receiver: standing.receiver }
  observe('duplicates_skipped_total', standing.duplicates, labels)
  observe('possible_duplicates_total', standing.possibleDuplicates, labels)
  observe('copies_adopted_total', standing.adopted, labels)
  observe('lost_objects_total', standing.lostObjects, labels)
  observe('lost_bytes_total', standing.lostBytes, labels)
}

/** Every kind, so that a series goes to 0 instead of away. */
export function observeGaps(open: readonly OpenGap[], observe: Observe): void {
  for (const kind of gapKinds) {
    for (const severity of ['warning', 'critical'] as const) {
      const gaps = open.filter((gap) => gap.kind === kind && gap.severity === severity)
      observe('gaps_open', gaps.length, { kind, severity })
    }
  }
}

/**
 * Both causes of every destination, so that a series goes to 0 instead of away. A destination without a standing (no
 * receiver feeds it) is known by its lane alone.
 */
function observeStops(standings: readonly Standing[], lanes: Lanes, observe: Observe): void {
  const known = new Map([...lanes].map(([destination, { stopped }]) => [destination, stopped]))
  const stops = new Map([...known, ...standings.map(({ destination, stop }) => [destination, stop?.cause] as const)])
  for (const [destination, stopped] of stops) {
    for (const cause of ['credentials', 'configuration']) {
      observe('destination_stopped', stopped === cause ? 1 : 0, { destination, cause })
    }
  }
}

function observeReceivers(standings: readonly Standing[], observe: Observe): void {
  for (const receiver of new Set(standings.map((standing) => standing.receiver))) {
    const of = standings.filter((standing) => standing.receiver === receiver)
    const newest = of.flatMap(({ lastObjectTime }) => lastObjectTime ?? [])
    const swept = of.flatMap(({ sweptTo }) => sweptTo ?? [])
    if (newest.length > 0) observe('last_object_timestamp_seconds', Math.max(...newest) / 1000, { receiver })
    if (swept.length > 0) observe('swept_to_timestamp_seconds', Math.min(...swept) / 1000, { receiver })
  }
}

export function observeLane(destination: string, lane: LaneState, observe: Observe): void {
  observe('in_flight_requests', lane.inFlight, { destination })
  observe('buffered_bytes', lane.bufferedBytes, { destination })
  if (lane.bufferCapacity !== undefined) observe('buffer_capacity_bytes', lane.bufferCapacity, { destination })
  if (lane.concurrency !== undefined) observe('concurrency_limit', lane.concurrency, { destination })
  if (lane.concurrencyMax !== undefined) observe('concurrency_max', lane.concurrencyMax, { destination })
  const told = lane.lastOwnDeliveryAt ?? performance.timeOrigin
  observe('own_record_delivered_timestamp_seconds', told / 1000, { destination })
}

export function observeProcess(observe: Observe): void {
  const { user, system } = process.cpuUsage()
  observe('process_resident_memory_bytes', process.memoryUsage.rss())
  observe('process_start_time_seconds', performance.timeOrigin / 1000)
  observe('process_cpu_seconds_total', (user + system) / 1e6)
  const heap = getHeapStatistics()
  observe('heap_bytes', heap.used_heap_size)
  observe('heap_capacity_bytes', heap.heap_size_limit)
  observe('memory_capacity_bytes', memoryBound(process.constrainedMemory(), totalmem()))
}

/** Where nothing bounds the process, its bound is 0 or beyond what the machine has. */
export function memoryBound(bound: number, machine: number): number {
  return bound > 0 ? Math.min(bound, machine) : machine
}
