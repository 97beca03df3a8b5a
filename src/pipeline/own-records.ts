// What the forwarder says of itself, and when. Everything is written into the ledger first and delivered from there like
// audit events, so a record that has been said is not lost with the process that said it. A destination that is down
// for weeks is not owed two thousand signs of life: those older than a day become one that says how many it stands for.
// What tells of data (controls, gaps, acts) is kept one by one, however long it takes; only to people, who are told of
// gaps alone, nothing is told that is older than a week.
import type { Clock } from '../domain/clock.ts'
import { control } from '../domain/control.ts'
import { gapState } from '../domain/gaps.ts'
import { collapsed, heartbeat } from '../domain/heartbeat.ts'
import type { OwnRecord } from '../domain/own-records.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Waiting } from '../ledger/own.ts'
import type { Tell } from '../telemetry/events.ts'
import type { DestinationSpec, OwnParts } from './parts.ts'

/** A heartbeat that waits for longer is collapsed, in milliseconds. */
const STALE_MS = 24 * 60 * 60_000
/** Heartbeats collapsed in one transaction. */
const COLLAPSED = 500
/** What people could not be told for so long is not told any more, in milliseconds. Nor so much at one time. */
const NEWS_MS = 7 * 24 * 60 * 60_000
const GIVEN_UP = 500
/** Hours accounted for in one transaction, and transactions at one time: a first start may bring years of them. */
const GROUP = 100
const GROUPS = 10
/** What a destination that is gone from the configuration was to be told waits so long for its return, in milliseconds. */
const RETIRED_MS = 7 * 24 * 60 * 60_000

/** What is asked of a lane. */
export interface OwnLane {
  readonly destination: string
  readonly inHand: ReadonlySet<number>
  forgo(objects: readonly number[]): void
  wake(): void
}

export interface OwnRecordsParts {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly own: OwnParts
  readonly receivers: readonly { readonly id: string }[]
  readonly lanes: readonly OwnLane[]
  readonly destinations: readonly Pick<DestinationSpec, 'id' | 'told'>[]
  readonly tell: Tell
}

export class OwnRecords {
  readonly #parts: OwnRecordsParts
  readonly #startedAt: number
  #beatAt = Number.NEGATIVE_INFINITY
  #beats = 0

  constructor(parts: OwnRecordsParts) {
    this.#parts = parts
    this.#startedAt = parts.clock.now()
  }

  /**
   * Says that the forwarder is alive, if that is due and there is reason to, which is asked then only. Also after the clock
   * was set back: nobody can tell when it was.
   */
  beat(hasReason: () => boolean = () => true): void {
    const { clock, own, ledger, lanes } = this.#parts
    const now = clock.now()
    if ((now >= this.#beatAt && now < this.#beatAt + own.heartbeatMs) || !hasReason()) return
    ledger.record([{ record: this.#heartbeat(now) }], now)
    this.#beatAt = now
    this.#beats += 1
    for (const lane of lanes) lane.wake()
  }

  #heartbeat(now: number): OwnRecord {
    const { own, ledger, receivers } = this.#parts
    const swept = receivers.map(({ id }) => ({ id, sweptTo: ledger.sweptTo(id) }))
    const destinations = ledger.accounts().map((account) => ({ ...account, stopped: account.stop !== undefined }))
    const { instance, version } = own
    const when = { startedAt: this.#startedAt, now, before: this.#beats }
    const standing = { instance, version, ...when, receivers: swept, destinations }
    const open = ledger.watch.gaps({ closed: 0 }).filter((gap) => gapState(gap) === 'open')
    return heartbeat({ ...standing, openGaps: open.length })
  }

  /** Accounts for hours that are over. Returns whether there were any. */
  account(): boolean {
    const { ledger, clock, own, lanes } = this.#parts
    const now = clock.now()
    let hours = 0
    for (let n = 0; n < GROUPS; n += 1) {
      const closed = ledger.closeHours(GROUP, (hour) => control(hour, own.instance, now), now)
      hours += closed
      if (closed < GROUP) break
    }
    if (hours > 0) for (const lane of lanes) lane.wake()
    return hours > 0
  }

  /** Collapses what waits for too long, and forgets what has arrived. */
  tidy(): void {
    const { ledger, clock, lanes } = this.#parts
    const now = clock.now()
    for (const lane of lanes) this.#tidyFor(lane, now)
    const inHand = new Set(lanes.flatMap((lane) => [...lane.inHand]))
    ledger.forget(inHand, now - RETIRED_MS)
  }

  #tidyFor(lane: OwnLane, now: number): void {
    const told = this.#parts.destinations.find(({ id }) => id === lane.destination)?.told
    if (told === 'gaps') this.#giveUp(lane, now)
    else this.#collapse(lane, now)
  }

  #collapse(lane: OwnLane, now: number): void {
    const { ledger } = this.#parts
    const { destination } = lane
    const stale = this.#stale(lane, 'heartbeat', now - STALE_MS, COLLAPSED)
    if (stale.length < 2) return
    const record = collapsed(
      destination,
      stale.map((one) => one.record),
    )
    ledger.together(() => {
      ledger.record([{ record, only: [destination] }], now)
      ledger.settle(destination, stale.map(withdrawn))
    })
    lane.forgo(stale.map(({ object }) => object))
  }

  /** People who could not be told for a week are told what is new. The destinations have all of it. */
  #giveUp(lane: OwnLane, now: number): void {
    const { ledger, tell } = this.#parts
    const { destination } = lane
    const kinds = ['gap.opened', 'gap.closed'] as const
    const stale = kinds.flatMap((kind) => this.#stale(lane, kind, now - NEWS_MS, GIVEN_UP))
    if (stale.length === 0) return
    ledger.settle(destination, stale.map(withdrawn))
    lane.forgo(stale.map(({ object }) => object))
    tell({ type: 'notices_given_up', destination, count: stale.length })
  }

  /** What has waited since before then and is not on its way. */
  #stale({ destination }: OwnLane, kind: OwnRecord['kind'], before: number, limit: number): readonly Waiting[] {
    const { ledger } = this.#parts
    const held = heldIn(ledger, destination)
    return ledger.waiting(destination, { kind, before, limit }).filter(({ object }) => !held.has(object))
  }
}

function withdrawn({ object, length }: Waiting) {
  const tally = { delivered: 0, filtered: 1, duplicates: 0, quarantined: 0 }
  return { object, ranges: [[0, length]] as const, tally }
}

/** Objects on their way to a destination, or refused by it for now. */
function heldIn(ledger: Ledger, destination: string): ReadonlySet<number> {
  const members = ledger.intents(destination).flatMap((intent) => intent.members)
  return new Set([...members, ...ledger.provisional(destination)].map(({ object }) => object))
}
