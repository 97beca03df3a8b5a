// What `status`, the admin API and the page show: one document, made by pure arithmetic from the ledger's accounts and,
// where a forwarder runs, from what its lanes are doing. Times are RFC 3339, ages and durations seconds, unknown is
// null and never 0: before the first complete sweep there is no watermark, and nothing is proven.
import type { Account } from '../ledger/accounts.ts'
import type { Belonging } from '../ledger/belongings.ts'
import type { Retired } from '../ledger/names.ts'
import type { LedgerTotals } from '../ledger/totals.ts'
import type { LaneState } from '../telemetry/lanes.ts'
import { type DestinationStatus, destinationStatus, type Oldest, oldestOf } from './destination-status.ts'
import type { GapStatus } from './gaps.ts'
import { type ReplicaSource, type ReplicaStatus, replicaStatus } from './replica.ts'
import { seconds, stamp, stampOf } from './stamps.ts'

export interface StatusDocument {
  readonly at: string
  /** Null when the document was read from the ledger while nothing may be running. */
  readonly forwarder: ForwarderStatus | null
  /** Which of several replicas this is; null without `service.checkpoint`, and where the document was read from the ledger. */
  readonly replica: ReplicaStatus | null
  readonly receivers: readonly ReceiverStatus[]
  readonly destinations: readonly DestinationStatus[]
  /** What is left of those that are no longer configured. They take no part in the totals. */
  readonly retired: readonly RetiredStatus[]
  /** What is missing, or may be, and what was lately; worst first. */
  readonly gaps: readonly GapStatus[]
  readonly totals: Totals
}

export interface ForwarderStatus {
  readonly version: string
  readonly startedAt: string
  readonly uptimeSeconds: number
}

export interface ReceiverStatus {
  readonly id: string
  /** Start of the last sweep that listed everything. */
  readonly sweptTo: string | null
  readonly lastObjectTime: string | null
  /**
   * The shortest silence that is told, in seconds, by hour of the week from Monday, 00:00 UTC; null where a day of
   * silence proves nothing. Empty while the stream's rhythm is not known: then no silence is told.
   */
  readonly floors: readonly (number | null)[]
  /** Nothing of it is taken before an event of the expected organisation is found. */
  readonly stop: { readonly reason: string; readonly since: string } | null
}

/** A destination that a receiver fed in earlier configurations. */
export interface RetiredStatus {
  readonly id: string
  readonly receiver: string
  /** Null where an older version retired it. */
  readonly retiredAt: string | null
  readonly watermark: string | null
  readonly undelivered: { readonly objects: number; readonly oldest: Oldest | null }
  /** Records, while it was configured. */
  readonly delivered: number
}

export interface Totals {
  readonly objects: number
  readonly events: number
  readonly bad: number
  /** Objects that changed after CircleCI wrote them: each is one to look into. */
  readonly altered: number
  readonly outstanding: number
  readonly delivered: number
  readonly filtered: number
  readonly duplicates: number
  readonly quarantined: number
  readonly lostObjects: number
  readonly stopped: number
}

export interface StatusSources {
  readonly accounts: readonly Account[]
  readonly retired: readonly Retired[]
  /** Of the receivers, as far as something is known. */
  readonly belongings?: readonly Belonging[]
  readonly gaps?: readonly GapStatus[]
  /** The shortest silence that is told of a receiver, in minutes, by hour of the week from Monday, 00:00 UTC. */
  readonly floors?: (receiver: string) => readonly (number | undefined)[]
  readonly totals: LedgerTotals
  /** Ids of the configured receivers; those of the accounts are added. */
  readonly receivers: readonly string[]
  readonly now: number
  readonly running?: {
    readonly version: string
    readonly startedAt: number
    readonly lane: (destination: string) => LaneState | undefined
  }
  readonly replica?: ReplicaSource
}

export function statusDocument(sources: StatusSources): StatusDocument {
  const { accounts, now, running } = sources
  const destinations = accounts.map((account) => destinationStatus(account, running?.lane(account.destination), now))
  return {
    at: stamp(now),
    forwarder:
      running === undefined
        ? null
        : {
            version: running.version,
            startedAt: stamp(running.startedAt),
            uptimeSeconds: seconds(now - running.startedAt),
          },
    replica: sources.replica === undefined ? null : replicaStatus(sources.replica),
    receivers: receiverStatuses(sources),
    destinations,
    retired: sources.retired.map((route) => retiredStatus(route, now)),
    gaps: sources.gaps ?? [],
    totals: { ...sources.totals, ...sums(destinations) },
  }
}

function receiverStatuses({ receivers, accounts, floors, belongings = [] }: StatusSources): readonly ReceiverStatus[] {
  const ids = new Set([...receivers, ...accounts.map(({ receiver }) => receiver)])
  return [...ids].map((id) => {
    const of = accounts.filter(({ receiver }) => receiver === id)
    const stop = belongings.find(({ receiver }) => receiver === id)?.stop
    return {
      id,
      sweptTo: stampOf(least(of.flatMap(({ sweptTo }) => sweptTo ?? []))),
      lastObjectTime: stampOf(greatest(of.flatMap(({ lastObjectTime }) => lastObjectTime ?? []))),
      floors: (floors?.(id) ?? []).map((minutes) => (minutes === undefined ? null : minutes * 60)),
      stop: stop === undefined ? null : { reason: stop.reason, since: stamp(stop.since) },
    }
  })
}

function retiredStatus(route: Retired, now: number): RetiredStatus {
  return {
    id: route.destination,
    receiver: route.receiver,
    retiredAt: stampOf(route.retiredAt),
    watermark: stampOf(route.watermark),
    undelivered: { objects: route.outstanding, oldest: oldestOf(route, now) },
    delivered: route.delivered,
  }
}

function sums(destinations: readonly DestinationStatus[]): Omit<Totals, keyof LedgerTotals> {
  const sum = (of: (destination: DestinationStatus) => number) =>
    destinations.reduce((total, one) => total + of(one), 0)
  return {
    outstanding: sum(({ outstanding }) => outstanding.objects),
    delivered: sum(({ delivered }) => delivered),
    filtered: sum(({ filtered }) => filtered),
    duplicates: sum(({ duplicates }) => duplicates),
    quarantined: sum(({ quarantined }) => quarantined),
    lostObjects: sum(({ lost }) => lost.objects),
    stopped: new Set(destinations.filter(({ state }) => state === 'stopped').map(({ id }) => id)).size,
  }
}

function least(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : Math.min(...times)
}

function greatest(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : Math.max(...times)
}
