// Fills one lane with encoded records: takes due rows, reads their objects through the shared readings, settles what
// ends here and hands the rest to the batcher. A lane has two feeds, live and backlog, so that today's events never
// queue behind last week's; each has its own batcher and half of the lane's slots. A feed stops reading while the
// lane's buffer is full, and after a while closes its reader: a stalled destination holds neither memory nor sockets.
import type { Encoded, LogRecord } from '@circleci-audit-forwarder/contract'
import { backoff } from '../domain/backoff.ts'
import { ReadFailure } from '../domain/failures.ts'
import type { Row, Settlement } from '../ledger/progress.ts'
import { QuarantineFull } from '../ledger/quarantine.ts'
import type { Batcher } from './batcher.ts'
import { Bell } from './bell.ts'
import type { Buffer } from './buffer.ts'
import { candidate, largestRecord } from './candidate.ts'
import { weightOf } from './flight.ts'
import type { Hand } from './hand.ts'
import { LIVE_MS, longestWait, READINGS_TO_LOSE, RECHECK_MS } from './options.ts'
import type { LaneParts } from './parts.ts'
import type { DecidedChunk } from './pass.ts'
import { sift } from './sift.ts'
import { late, Upcoming } from './upcoming.ts'

export interface FeedParts extends LaneParts {
  readonly hand: Hand
  readonly buffer: Buffer
  /** How often in this run each object was found gone since it was last read. */
  readonly gone: Map<number, number>
  /** What the feed asks of, and tells, its lane. */
  readonly lane: {
    /** There is something to send, or nothing more to come for now. */
    stirred(): void
    /** Writes what both feeds have gathered. */
    flush(): void
    /** What lies in an object after a position does not fit into quarantine. */
    stuck(error: QuarantineFull, object: number, position: number): void
    /** An object was read, and what is in it kept, up to here. */
    passed(object: number, position: number): void
  }
}

/** Objects opened ahead of the one being consumed. */
const READ_AHEAD = 32
/** Objects set aside at most; with so many silent the feed waits for the next. */
const ASIDE = 16
/** Settlements gathered into one commit. */
const GATHERED = 256
/** How long a feed waits for room before it closes its reader, and how long it sleeps at most, in milliseconds. */
const STALL_MS = 5_000
const NAP_MS = 30_000

export class Feed {
  readonly batcher: Batcher
  readonly #parts: FeedParts
  readonly #live: boolean
  readonly #bell: Bell
  #upcoming: Upcoming[] = []
  readonly #aside = new Set<Upcoming>()
  #settlements: Settlement[] = []
  #filtered = 0
  #idle = false

  constructor(parts: FeedParts, batcher: Batcher, live: boolean) {
    this.#parts = parts
    this.#live = live
    this.batcher = batcher
    this.#bell = new Bell(parts.clock)
  }

  /** Nothing due and nothing gathered. Something may still be in the batcher. */
  get idle(): boolean {
    return this.#idle
  }

  /** New rows, or room in the buffer. */
  wake(): void {
    this.#idle = false
    this.#bell.ring()
  }

  /** Runs until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#step(signal)
      } catch (error) {
        this.#parts.tell({ type: 'bug', where: `feed of ${this.#parts.destination}`, error })
        await this.#parts.clock.sleep(RECHECK_MS, signal)
      }
    }
    this.#putBack()
  }

  /** Writes the settlements gathered so far, in one commit. */
  flush(): void {
    const { ledger, destination, hand, tell } = this.#parts
    const settlements = this.#settlements
    if (settlements.length === 0) return
    ledger.settle(destination, settlements)
    this.#settlements = []
    for (const { object } of settlements) hand.release(object)
    if (this.#filtered > 0) tell({ type: 'records_filtered', destination, records: this.#filtered })
    this.#filtered = 0
  }

  async #step(signal: AbortSignal): Promise<void> {
    this.#topUp()
    const next = this.#upcoming.shift()
    if (next === undefined) return this.#rest(signal)
    this.#idle = false
    let isLate = false
    try {
      isLate = (await this.#consume(next, signal)) === late
    } catch (error) {
      if (!signal.aborted) this.#failed(next, error)
    } finally {
      if (isLate) this.#setAside(next)
      else this.#leave(next)
    }
  }

  /** It comes first again when its chunk has come, or failed to. */
  #setAside(upcoming: Upcoming): void {
    this.#aside.add(upcoming)
    upcoming.answered(() => {
      if (!this.#aside.delete(upcoming)) return
      this.#upcoming.unshift(upcoming)
      this.#bell.ring()
    })
  }

  #leave(upcoming: Upcoming): void {
    upcoming.close()
    this.#parts.hand.release(upcoming.row.object.ref)
  }

  /** Takes more due rows before the last ones are consumed, so that their first bytes are already on the way. */
  #topUp(): void {
    if (this.#upcoming.length > READ_AHEAD / 2) return
    for (const row of this.#due()) {
      this.#parts.hand.hold(row.object.ref)
      this.#upcoming.push(new Upcoming(row))
    }
    if (!this.#parts.buffer.roomy) return
    for (const upcoming of this.#upcoming) upcoming.prefetch(this.#parts.readings)
  }

  #due(): readonly Row[] {
    const { ledger, destination, clock, hand, options } = this.#parts
    const now = clock.now()
    const limit = READ_AHEAD - this.#upcoming.length
    const since = this.#live ? now - LIVE_MS : undefined
    const query = { now, limit, newest: this.#live, since, except: hand.objects, maxDelay: longestWait(options) }
    const rows = ledger.due(destination, query)
    return this.#live ? rows.toReversed() : rows
  }

  async #rest(signal: AbortSignal): Promise<void> {
    this.flush()
    this.#idle = this.#aside.size === 0
    this.#parts.lane.stirred()
    const { ledger, destination, clock, hand, options } = this.#parts
    const next = ledger.nextDue(destination, hand.objects) ?? Number.POSITIVE_INFINITY
    const wait = Math.min(next - clock.now(), options.retry.maxMs, NAP_MS)
    await this.#bell.wait(Math.max(wait, this.#live ? 1_000 : 1), signal)
  }

  /** Reads it to its end, or until its store falls silent. */
  async #consume(upcoming: Upcoming, signal: AbortSignal): Promise<typeof late | undefined> {
    const { readings, gone, lane, clock } = this.#parts
    const object = upcoming.row.object
    const abort = (): void => upcoming.close()
    signal.addEventListener('abort', abort, { once: true })
    try {
      while (!signal.aborted) {
        await this.#room(upcoming, signal)
        if (signal.aborted) return undefined
        const chunk = await upcoming.next(readings, this.#aside.size < ASIDE ? clock : undefined)
        if (chunk === late) return late
        if (chunk === undefined || signal.aborted) return undefined
        gone.delete(object.ref)
        upcoming.position = chunk.to
        lane.passed(object.ref, chunk.to)
        this.#take(chunk, upcoming.row)
      }
      return undefined
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  #take(chunk: DecidedChunk, row: Row): void {
    const { destination, ledger, exporter, clock, hand, buffer, lane } = this.#parts
    const processing = this.#parts.processing(row.receiver)
    // Asked for every chunk: while one is awaited, the other feed may lose the object that was to deliver the event.
    const adopted = ledger.adopted(destination, row.object.ref)
    const { wanted, settlement } = sift(chunk, row, { destination, ledger, processing, adopted })
    if (settlement !== undefined) this.#gather(settlement)
    const now = clock.now()
    let weight = 0
    const encode = (record: LogRecord): Encoded => chunk.encodings.encode(exporter, record)
    for (const { piece, record } of wanted) {
      const one = candidate(row, piece, record, encode, largestRecord(exporter))
      weight += weightOf(one)
      this.batcher.add(one, now)
    }
    if (wanted.length > 0) hand.hold(row.object.ref, wanted.length)
    buffer.take(weight)
    if (wanted.length > 0) lane.stirred()
  }

  #gather(settlement: Settlement): void {
    this.#settlements.push(settlement)
    this.#filtered += settlement.tally.filtered
    this.#parts.hand.hold(settlement.object)
    if (this.#settlements.length >= GATHERED) this.flush()
  }

  /** Waits while the lane's buffer is full; if that lasts, gives the readers back meanwhile. */
  async #room(current: Upcoming, signal: AbortSignal): Promise<void> {
    const { buffer, clock } = this.#parts
    const since = clock.now()
    for (let stalled = false; !buffer.roomy && !signal.aborted; ) {
      this.flush()
      await this.#bell.wait(stalled ? NAP_MS : STALL_MS, signal)
      // Woken without room: as long as batches come and go the reader is worth keeping, for a new one begins anew.
      if (stalled || buffer.roomy || Math.abs(clock.now() - since) < STALL_MS) continue
      this.#stall(current)
      stalled = true
    }
  }

  #stall(current: Upcoming): void {
    for (const upcoming of [current, ...this.#upcoming, ...this.#aside]) upcoming.close()
  }

  /** Gives back what was taken but not begun. */
  #putBack(): void {
    for (const upcoming of [...this.#upcoming, ...this.#aside]) this.#leave(upcoming)
    this.#upcoming = []
    this.#aside.clear()
  }

  #failed({ row, position }: Upcoming, error: unknown): void {
    const { ledger, destination, clock, random, options, tell, lane } = this.#parts
    const { ref, key } = row.object
    const now = clock.now()
    if (error instanceof QuarantineFull) lane.stuck(error, ref, position)
    const failure = error instanceof ReadFailure ? error : undefined
    if (failure?.kind === 'gone' && this.#isLost(ref)) {
      this.#lose(row, failure, now)
      return
    }
    if (failure === undefined && !(error instanceof QuarantineFull)) {
      tell({ type: 'bug', where: `reading ${key} for ${destination}`, error })
    }
    const slow = failure === undefined || failure.kind === 'gone'
    const retryInMs = slow ? RECHECK_MS : backoff(row.attempts + 1, options.retry, random)
    const reason = error instanceof Error ? error.message : String(error)
    ledger.postpone(destination, ref, now + retryInMs, reason)
    tell({
      type: 'read_failed',
      receiver: row.receiver,
      destination,
      key,
      kind: failure?.absence ?? failure?.kind ?? 'bug',
      reason,
      hint: failure?.hint,
      retryInMs,
    })
  }

  /**
   * Found gone often enough, and nothing of it on its way: what is may still arrive, and a copy must not be sent too.
   * Other failures say nothing about whether it is there. After a restart the count begins anew.
   */
  #isLost(object: number): boolean {
    const { gone, hand, lane } = this.#parts
    const times = (gone.get(object) ?? 0) + 1
    gone.set(object, times)
    // Copies skipped in favour of this object are due again only where the ledger knows that they were skipped.
    lane.flush()
    return times >= READINGS_TO_LOSE && hand.holds(object) === 1
  }

  #lose(row: Row, { message: reason, absence = 'vanished' }: ReadFailure, now: number): void {
    const { ledger, destination, gone, tell, lane } = this.#parts
    const { key, time } = row.object
    const kind = absence === 'expired' ? 'object_expired' : 'object_vanished'
    const reopened = ledger.together(() => {
      const { receiver } = row
      ledger.watch.note({ what: 'lost', kind, receiver, destination, key, time, reason, at: now })
      return ledger.lose(destination, row.object.ref, reason, now)
    })
    gone.delete(row.object.ref)
    lane.passed(row.object.ref, Number.POSITIVE_INFINITY)
    tell({ type: 'object_lost', destination, key, absence, reason, reopened: reopened.length })
  }
}
