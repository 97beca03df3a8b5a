// What `status`, the admin API and the page show: one document, made by pure arithmetic from the ledger's accounts and,
// where a forwarder runs, from what its lanes are doing. Times are RFC 3339, ages and durations seconds, unknown is
// null and never 0: before the first complete sweep there is no watermark, and nothing is proven.
import type { Account } from '../ledger/accounts.ts'
import type { Belonging } from '../ledger/belongings.ts'
import type { Retired } from '../ledger/names.ts'
import type { LedgerTotals } from '../ledger/totals.ts'
import type { LaneState } from '../telemetry/lanes.ts'
import { explain } from './explain.ts'
import type { GapStatus } from './gaps.ts'
import { type ReplicaSource, type ReplicaStatus, replicaStatus } from './replica.ts'

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

/**
 * - `stopped`: lets nothing through until someone mends it; nothing is dropped, it is probed.
 * - `retrying`: the last attempt failed and something is outstanding.
 * - `delivering`: something is outstanding and nothing is known to be wrong.
 * - `idle`: everything known is settled.
 */
export type DestinationState = 'delivering' | 'retrying' | 'stopped' | 'idle'

/** One destination fed by one receiver. Counts are of records unless they say objects; since the ledger began. */
export interface DestinationStatus {
  readonly id: string
  readonly receiver: string
  readonly state: DestinationState
  /** The state in a sentence. */
  readonly explanation: string
  readonly startAt: string
  /** Everything up to this object time is settled and named. */
  readonly watermark: string | null
  readonly watermarkAgeSeconds: number | null
  readonly outstanding: { readonly objects: number; readonly late: number; readonly oldest: Oldest | null }
  readonly delivered: number
  readonly filtered: number
  readonly duplicates: number
  readonly quarantined: number
  readonly lost: { readonly objects: number; readonly bytes: number }
  readonly possibleDuplicates: number
  readonly adopted: number
  readonly provisional: number
  /** Late objects ever. */
  readonly lateTotal: number
  readonly lastObjectTime: string | null
  /** What is on its way; null where no running forwarder was asked. */
  readonly live: Live | null
  readonly stop: {
    readonly cause: 'credentials' | 'configuration'
    readonly reason: string
    readonly since: string
  } | null
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

export interface Oldest {
  readonly time: string
  readonly ageSeconds: number
  readonly key: string
  readonly reason: string | null
}

export interface Live {
  readonly inFlight: number
  readonly concurrency: number | null
  readonly concurrencyMax: number | null
  readonly lastError: { readonly reason: string; readonly at: string } | null
  /** Records delivered otherwise than they are, since the process began: `late` and `early` ones under another time. */
  readonly changed: { readonly late: number; readonly early: number; readonly trimmed: number }
  /** What the destination last said beside a yes, since the process began. */
  readonly lastNotice: { readonly notice: string; readonly at: string } | null
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

function destinationStatus(account: Account, lane: LaneState | undefined, now: number): DestinationStatus {
  const { stop, watermark } = account
  const state = stateOf(account, lane)
  return {
    id: account.destination,
    receiver: account.receiver,
    state,
    explanation: explain(account, state, lane, now),
    startAt: stamp(account.startAt),
    watermark: stampOf(watermark),
    watermarkAgeSeconds: watermark === undefined ? null : seconds(now - watermark),
    outstanding: {
      objects: account.outstanding,
      late: account.late,
      oldest: oldestOf(account, now),
    },
    delivered: account.delivered,
    filtered: account.filtered,
    duplicates: account.duplicates,
    quarantined: account.quarantined,
    lost: { objects: account.lostObjects, bytes: account.lostBytes },
    possibleDuplicates: account.possibleDuplicates,
    adopted: account.adopted,
    provisional: account.provisional,
    lateTotal: account.lateTotal,
    lastObjectTime: stampOf(account.lastObjectTime),
    live: lane === undefined ? null : live(lane),
    stop: stop === undefined ? null : { cause: stop.cause, reason: stop.reason, since: stamp(stop.since) },
  }
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

function oldestOf({ oldest }: Pick<Account, 'oldest'>, now: number): Oldest | null {
  if (oldest === undefined) return null
  const { time, key, reason } = oldest
  return { time: stamp(time), ageSeconds: seconds(now - time), key, reason: reason ?? null }
}

function stateOf(account: Account, lane: LaneState | undefined): DestinationState {
  if (account.stop !== undefined) return 'stopped'
  if (account.outstanding === 0) return 'idle'
  return failing(account, lane) ? 'retrying' : 'delivering'
}

/** With a lane to ask, an error counts until the next delivery; without, what the ledger holds against the oldest row. */
function failing(account: Account, lane: LaneState | undefined): boolean {
  if (lane === undefined) return account.oldest?.reason !== undefined
  return lane.lastError !== undefined && lane.lastError.at >= (lane.lastDeliveryAt ?? 0)
}

function live(lane: LaneState): Live {
  const { lastError, lastNotice, changed } = lane
  return {
    inFlight: lane.inFlight,
    concurrency: lane.concurrency ?? null,
    concurrencyMax: lane.concurrencyMax ?? null,
    lastError: lastError === undefined ? null : { reason: lastError.reason, at: stamp(lastError.at) },
    changed,
    lastNotice: lastNotice === undefined ? null : { notice: lastNotice.notice, at: stamp(lastNotice.at) },
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

function stamp(time: number): string {
  return new Date(time).toISOString()
}

function stampOf(time: number | undefined): string | null {
  return time === undefined ? null : stamp(time)
}

function seconds(ms: number): number {
  return Math.round(ms / 1000)
}
