// What is shown of one destination fed by one receiver: from the ledger's account of the two, and from what the lane is doing
// where a forwarder runs. Pure.
import type { Account } from '../ledger/accounts.ts'
import type { LaneState } from '../telemetry/lanes.ts'
import { explain } from './explain.ts'
import { seconds, stamp, stampOf } from './stamps.ts'

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
  /** Of the newest object that was seen for it. */
  readonly lastObjectTime: string | null
  /** Of the newest event that it has; null before the first. */
  readonly lastEventTime: string | null
  /** The last delivery of events that the ledger knows; null before the first. */
  readonly lastDelivery: LastDelivered | null
  /** What is on its way; null where no running forwarder was asked. */
  readonly live: Live | null
  readonly stop: {
    readonly cause: 'credentials' | 'configuration'
    readonly reason: string
    readonly since: string
  } | null
}

export interface LastDelivered {
  readonly at: string
  /** The object that the last event was read from, and its time. */
  readonly key: string
  readonly objectTime: string
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

export function destinationStatus(account: Account, lane: LaneState | undefined, now: number): DestinationStatus {
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
    lastEventTime: stampOf(account.lastEvent),
    lastDelivery: lastDelivered(account),
    live: lane === undefined ? null : live(lane),
    stop: stop === undefined ? null : { cause: stop.cause, reason: stop.reason, since: stamp(stop.since) },
  }
}

function lastDelivered({ lastDelivery }: Account): LastDelivered | null {
  if (lastDelivery === undefined) return null
  const { at, key, time } = lastDelivery
  return { at: stamp(at), key, objectTime: stamp(time) }
}

export function oldestOf({ oldest }: Pick<Account, 'oldest'>, now: number): Oldest | null {
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
