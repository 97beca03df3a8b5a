// The loop that looks: the truth about what the bucket holds, whatever was announced.
//
// Every sweep lists the recent hours. An older partition of the span is listed again once its last listing is an hour old.
// A sweep that, when it ends, leaves every partition of the span listed within the last hour (by itself or by an earlier
// sweep of this process) advances `sweptTo` to its own start, on the store's clock; so the first sweep of a process lists
// everything, and later ones may advance between the hourly listings. This claims no more than it should: the territory
// between two values of `sweptTo` lies in the recent hours, or in partitions listed since; what appears later in an older
// partition is late by more than an hour, is found by the next listing of the look-back, and counts as late either way.
// A failed listing advances nothing, but the partitions listed before it need not be listed again for an hour: an outage
// in the middle of a long catch-up does not start it over.
//
// No order of a listing is relied on: unpadded hours do not sort by time. Hence no cursor, and nothing is remembered per
// object here; the ledger knows which are new.

import { setImmediate as others } from 'node:timers/promises'
import { backoff } from '../domain/backoff.ts'
import { isAuditKey, isProbe, type Sighting } from '../domain/objects.ts'
import { toldSeen } from './discoveries.ts'
import type { ReceiverParts } from './parts.ts'
import type { Page } from './store.ts'
import { planSweep, type SweepPlan } from './sweep.ts'

const RELIST_MS = 3_600_000
/** Longest first pause after a failed sweep; the longest of all is the interval. */
const RETRY_MS = 5000
/** A message may take this long before an object found without it counts as missed. */
const GRACE_MS = 60_000

/** Handed over in one call, which is one transaction: some 20 ms of nothing else, where a page of new objects were 80. */
const SEEN_AT_ONCE = 250

/** One sweep's counts, and the store's clock at its first page. */
interface Tally {
  listed: number
  missed: number
  foreign: number
  example: string
  date: number | undefined
}

type Ending = 'complete' | 'failed' | 'misjudged'

export class Sweeper {
  readonly #parts: ReceiverParts
  /** Older partition → our clock when its last complete listing began. */
  readonly #listed = new Map<string, number>()
  /** The store's clock minus ours. */
  #skewMs = 0
  #failures = 0
  #retryInMs = 0
  #listeningSince = Number.POSITIVE_INFINITY

  constructor(parts: ReceiverParts) {
    this.#parts = parts
  }

  /** Sweeps at once and then at every interval until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, options, notifications } = this.#parts
    if (notifications.length > 0) this.#listeningSince = clock.now()
    while (!signal.aborted) {
      const done = await this.once(signal)
      if (signal.aborted) return
      await clock.sleep(done ? options.sweepIntervalMs : this.#retryInMs, signal)
    }
  }

  /** One sweep. False if it failed or was aborted, which advances nothing. Never rejects. */
  async once(signal: AbortSignal): Promise<boolean> {
    let ending = await this.#sweep(signal)
    // The store's clock is known only now, and it was not where the plan took it to be.
    if (ending === 'misjudged') ending = await this.#sweep(signal)
    if (ending === 'misjudged') this.#fail(new Error("the store's clock does not stay near ours; check both"))
    return ending === 'complete'
  }

  async #sweep(signal: AbortSignal): Promise<Ending> {
    const begun = this.#parts.clock.now()
    const tally: Tally = { listed: 0, missed: 0, foreign: 0, example: '', date: undefined }
    try {
      const plan = this.#plan(begun)
      const due = plan.older.filter((partition) => this.#isDue(partition, begun))
      for (const partition of [...plan.recent, ...due]) await this.#list(partition, tally, signal)
      return this.#complete(plan, tally, begun, due.length === plan.older.length)
    } catch (error) {
      if (!signal.aborted) this.#fail(error)
      return 'failed'
    } finally {
      this.#tellForeign(tally)
    }
  }

  #plan(begun: number): SweepPlan {
    const { sink, options } = this.#parts
    const plan = planSweep(begun + this.#skewMs, sink.sweptTo() ?? options.startAt, options.lookbackMs)
    const wanted = new Set(plan.older)
    for (const partition of this.#listed.keys()) if (!wanted.has(partition)) this.#listed.delete(partition)
    return plan
  }

  // A listing in the future means that our clock was set back: then nobody knows how old it is.
  #isDue(partition: string, now: number): boolean {
    const listed = this.#listed.get(partition)
    return listed === undefined || listed > now || now - listed >= RELIST_MS
  }

  async #list(partition: string, tally: Tally, signal: AbortSignal): Promise<void> {
    const begun = this.#parts.clock.now()
    for await (const page of this.#parts.store.list(partition, signal)) await this.#take(page, tally, signal)
    signal.throwIfAborted()
    this.#listed.set(partition, begun)
  }

  async #take(page: Page, tally: Tally, signal: AbortSignal): Promise<void> {
    this.#keepTime(page, tally)
    tally.listed += page.objects.length
    const held = page.objects.filter((object) => !isProbe(object) && !this.#isImport(object.key))
    const ours = held.filter((object) => isAuditKey(object.key))
    const foreign = held.find((object) => !isAuditKey(object.key))
    tally.foreign += held.length - ours.length
    if (tally.example === '') tally.example = foreign?.key ?? ''
    for (let from = 0; from < ours.length; from += SEEN_AT_ONCE) {
      if (from > 0) await others(undefined, { signal })
      this.#see(ours.slice(from, from + SEEN_AT_ONCE), tally)
    }
  }

  #isImport(key: string): boolean {
    const { importsPrefix } = this.#parts
    return importsPrefix !== undefined && key.startsWith(`${importsPrefix}/`)
  }

  #keepTime({ date }: Page, tally: Tally): void {
    if (date === undefined || tally.date !== undefined) return
    const now = this.#parts.clock.now()
    tally.date = date
    this.#skewMs = date - now
    this.#parts.sink.storeTime(date, now)
  }

  // Objects whose message should have come by now are handed over apart, so that those found new can be counted as missed.
  #see(objects: readonly Sighting[], tally: Tally): void {
    const { id, sink, clock, tell } = this.#parts
    const { overdue = [], other = [] } = Object.groupBy(objects, (object) =>
      this.#isOverdue(object) ? 'overdue' : 'other',
    )
    for (const sightings of [overdue, other]) {
      if (sightings.length === 0) continue
      const seen = sink.see(sightings, 'swept')
      if (sightings === overdue) tally.missed += seen.fresh
      if (seen.fresh > 0) tell(toldSeen(id, 'swept', sightings, seen, clock.now()))
    }
  }

  // Written since we listen, and long enough ago. Half an interval at most, or short intervals would never miss anything.
  #isOverdue({ modified }: Sighting): boolean {
    const grace = Math.min(GRACE_MS, this.#parts.options.sweepIntervalMs / 2)
    const written = modified - this.#skewMs
    return written >= this.#listeningSince && this.#parts.clock.now() - written >= grace
  }

  #complete(plan: SweepPlan, tally: Tally, begun: number, full: boolean): Ending {
    const { id, sink, clock, tell } = this.#parts
    const startedAt = tally.date ?? begun
    if (startedAt < plan.recentSpan.from || startedAt > plan.recentSpan.to) return 'misjudged'
    sink.swept(startedAt)
    this.#failures = 0
    const durationMs = clock.now() - begun
    tell({ type: 'sweep_completed', receiver: id, full, listed: tally.listed, missed: tally.missed, durationMs })
    return 'complete'
  }

  // Which partitions of a failed sweep were listed is kept: see above.
  #fail(error: unknown): void {
    const { id, random, tell, options } = this.#parts
    this.#failures += 1
    const patience = { initialMs: RETRY_MS, maxMs: Math.max(RETRY_MS, options.sweepIntervalMs) }
    this.#retryInMs = backoff(this.#failures, patience, random)
    const { message, hint } = error as { message?: string; hint?: string }
    tell({ type: 'sweep_failed', receiver: id, reason: message ?? String(error), hint, retryInMs: this.#retryInMs })
  }

  #tellForeign({ foreign: count, example: key }: Tally): void {
    const reason = "not in CircleCI's layout"
    if (count > 0) this.#parts.tell({ type: 'objects_ignored', receiver: this.#parts.id, count, reason, key })
  }
}
