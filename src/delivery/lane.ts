// One destination's lane: everything that is sent to it, and nothing else, happens here. Two feeds fill it (live and
// backlog); this loop records intents, sends them within the gate's limits, and carries out what the plan makes of
// each outcome. A retry is a flight with a due time, not a sleeping stack frame, so one loop sees all there is to do.
// Lanes share nothing but the readings, so none can wait for another. What a lane holds in memory is bounded by its
// buffer; what must survive is in the ledger, and a new lane over the same ledger goes on where this one was cut off.
import type { Outcome } from '@circleci-audit-forwarder/contract'
import { QuarantineFull } from '../ledger/quarantine.ts'
import { attempt } from './attempt.ts'
import { Batcher } from './batcher.ts'
import { Bell } from './bell.ts'
import { Buffer } from './buffer.ts'
import type { Candidate } from './candidate.ts'
import { Departures } from './departures.ts'
import { Feed } from './feed.ts'
import type { Flight } from './flight.ts'
import { Flights } from './flights.ts'
import { Gate } from './gate.ts'
import { Hand } from './hand.ts'
import { Landing } from './landing.ts'
import { longestWait, READINGS_TO_LOSE, RECHECK_MS } from './options.ts'
import type { LaneParts } from './parts.ts'
import { Receipts } from './receipts.ts'
import { type Lack, reform } from './reform.ts'

export interface LaneState {
  readonly destination: string
  readonly state: 'stopped' | 'retrying' | 'delivering' | 'idle'
  readonly inFlight: number
  readonly limit: number
  readonly max: number
  readonly bufferedBytes: number
  readonly bufferCapacity: number
  readonly lastError: string | undefined
  readonly stop: Gate['stop']
}

/** The loop looks at everything at least this often, in milliseconds. */
const NAP_MS = 30_000
/** A clock that goes back by more than this was set, in milliseconds. */
const CLOCK_MS = 1_000
/** How long an aborted attempt may take to end, in milliseconds. */
const GROUND_MS = 1_000

export class Lane {
  readonly destination: string
  readonly #parts: LaneParts
  readonly #hand = new Hand()
  readonly #buffer: Buffer
  readonly #gone = new Map<number, number>()
  readonly #gate: Gate
  readonly #flights: Flights
  readonly #receipts: Receipts
  readonly #landing: Landing
  readonly #departures: Departures
  readonly #feeds: readonly [live: Feed, backlog: Feed]
  readonly #bell: Bell
  #latest = Number.NEGATIVE_INFINITY
  /** Aborts what is in flight when the stop deadline has passed. */
  readonly #ground = new AbortController()

  constructor(parts: LaneParts) {
    const { destination, ledger, options, random, clock } = parts
    this.destination = destination
    this.#parts = parts
    this.#bell = new Bell(clock)
    const stop = ledger.accounts().find((account) => account.destination === destination)?.stop
    this.#gate = new Gate({ ...options, random, stop })
    this.#buffer = new Buffer(options.bufferBytes)
    this.#flights = new Flights(this.#hand, this.#buffer, longestWait(options))
    const conclude = (flight: Flight, outcome: Outcome): Promise<void> =>
      this.#conclude(flight, outcome).catch((error: unknown) => this.#later(flight, error))
    this.#receipts = new Receipts(parts, this.#flights, conclude, () => this.#bell.ring())
    const expect = (now: number, pollAfterMs: number): void => this.#receipts.expect(now, pollAfterMs)
    this.#landing = new Landing({ ...parts, hand: this.#hand, gate: this.#gate, flights: this.#flights, expect })
    this.#feeds = [this.#feed(true), this.#feed(false)]
    const [live, backlog] = [this.#feeds[0].batcher, this.#feeds[1].batcher]
    const held = { flights: this.#flights, buffer: this.#buffer, hand: this.#hand }
    this.#departures = new Departures({ ...parts, ...held, live, backlog, landing: this.#landing })
    this.#flights.recover(ledger.intents(destination), clock.now())
    this.#landing.recover(ledger.provisional(destination))
  }

  #feed(live: boolean): Feed {
    const { options } = this.#parts
    const link = {
      stirred: (): void => this.#bell.ring(),
      flush: (): void => this.#flush(),
      stuck: (error: QuarantineFull, object: number, at: number): void => this.#landing.stops.stuck(error, object, at),
      passed: (object: number, at: number): void => this.#landing.stops.passed(object, at),
    }
    const parts = { ...this.#parts, hand: this.#hand, buffer: this.#buffer, gone: this.#gone, lane: link }
    return new Feed(parts, new Batcher(options.batch), live)
  }

  /** Rows may be due that were not before. */
  wake(): void {
    for (const feed of this.#feeds) feed.wake()
    this.#bell.ring()
  }

  /** Nothing more is about to come: what has been gathered does not linger for company, once all that is due is read. */
  hurry(): void {
    if (!this.#feeds.every((feed) => feed.idle)) return
    for (const { batcher } of this.#feeds) batcher.closeAll()
    if (this.#feeds.some(({ batcher }) => batcher.ready > 0)) this.#bell.ring()
  }

  /** Nothing is due, nothing is held in memory and nothing is on its way. */
  get idle(): boolean {
    return this.#flights.size === 0 && this.#feeds.every((feed) => feed.idle && feed.batcher.empty)
  }

  /** Objects of which it holds something in memory. */
  get inHand(): ReadonlySet<number> {
    return this.#hand.objects
  }

  /** These need not be sent any more: their rows are settled. Only for objects of one record, and none in an intent. */
  forgo(objects: readonly number[]): void {
    this.#departures.forgo(objects)
  }

  /** When the next row is due that is not in hand, in milliseconds since 1970. */
  get nextDue(): number {
    return this.#parts.ledger.nextDue(this.destination, this.#hand.objects) ?? Number.POSITIVE_INFINITY
  }

  get state(): LaneState {
    const { stop, limit, max } = this.#gate
    const inFlight = this.#flights.count('sending')
    const retrying = this.#flights.in('waiting').some(({ intent }) => intent.attempts > 0)
    const state = stop !== undefined ? 'stopped' : retrying ? 'retrying' : this.idle ? 'idle' : 'delivering'
    const load = { inFlight, limit, max, bufferedBytes: this.#buffer.held, bufferCapacity: this.#buffer.capacity }
    return { destination: this.destination, state, ...load, lastError: this.#landing.lastError, stop }
  }

  /**
   * Runs until the signal aborts, then lets what is in flight land for `graceMs`, and closes the exporter.
   * What has not landed by then is in the ledger and goes again with the next start.
   */
  async run(signal: AbortSignal, graceMs: number): Promise<void> {
    const feeds = this.#feeds.map((feed) => feed.run(signal))
    while (!signal.aborted) {
      try {
        await this.#step(signal)
      } catch (error) {
        this.#bug('lane', error)
        await this.#parts.clock.sleep(NAP_MS, signal)
      }
    }
    await Promise.all(feeds)
    // A lane that stops badly must not keep the others from landing.
    await this.#land(graceMs).catch((error: unknown) => this.#bug('stopping lane', error))
    await this.#parts.exporter.close().catch((error: unknown) => this.#bug('closing exporter', error))
  }

  #bug(what: string, error: unknown): void {
    this.#parts.tell({ type: 'bug', where: `${what} of ${this.destination}`, error })
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    const now = clock.now()
    this.#watchClock(now)
    this.#landing.judge()
    this.#landing.stops.look()
    this.#departures.close(now)
    this.#launch(now)
    this.#form(now)
    this.#receipts.poll(now, this.#ground.signal)
    await this.#bell.wait(this.#nextAt(now) - clock.now(), signal)
  }

  /** Set back, it makes everything look younger than it is. */
  #watchClock(now: number): void {
    if (now < this.#latest - CLOCK_MS) this.#flights.doubtClock()
    this.#latest = now
  }

  #slots(now: number): number {
    return this.#gate.slots(now, this.#flights.count('sending'))
  }

  #launch(now: number): void {
    const due = this.#flights.due(now, this.#gate.stop !== undefined)
    for (const flight of due.slice(0, this.#slots(now))) this.#fly(flight)
  }

  /** Sends waiting batches. What was accepted and awaits its acknowledgement takes no slot; the buffer bounds it. */
  #form(now: number): void {
    const { unanswered } = this.#flights
    const open = this.#gate.stop === undefined ? 2 * this.#gate.max - unanswered : 1 - unanswered
    if (this.#departures.form(Math.min(this.#slots(now), open), now)) this.#launch(now)
  }

  #fly(flight: Flight): void {
    flight.state = 'sending'
    this.#tellLoad()
    void this.#send(flight)
      .then((outcome) => (outcome === undefined ? undefined : this.#conclude(flight, outcome)))
      .catch((error: unknown) => this.#later(flight, error))
      .finally(() => this.#bell.ring())
  }

  /** The ledger could not be written. An answer that is there already is kept, and the batch not sent again for it. */
  #later(flight: Flight, error: unknown): void {
    this.#bug('sending', error)
    flight.dueAt = this.#parts.clock.now() + NAP_MS
    flight.state = 'waiting'
  }

  async #send(flight: Flight): Promise<Outcome | undefined> {
    if (flight.answer !== undefined) return flight.answer
    const { exporter, clock, options } = this.#parts
    const members = flight.members ?? (await this.#reform(flight))
    if (members === undefined) return undefined
    const signal = this.#ground.signal
    if (await this.#landing.recall(flight, signal)) {
      this.wake()
      return undefined
    }
    return attempt(exporter, members, flight.intent.token, { clock, attemptMs: options.attemptMs, signal })
  }

  /** The members of a recovered intent, read again; undefined if that cannot be done now, or never again. */
  async #reform(flight: Flight): Promise<readonly Candidate[] | undefined> {
    const signal = this.#ground.signal
    try {
      const found = await reform(flight.intent.members, { ...this.#parts, signal })
      if (found.lacks.length === 0) return this.#flights.reformed(flight, found.members as readonly Candidate[])
      if (this.#isBelieved(flight, found.lacks)) await this.#landing.dissolve(flight, found, signal)
      else this.#landing.defer(flight, found.lacks[0]?.reason ?? '', RECHECK_MS)
    } catch (error) {
      this.#landing.defer(flight, error instanceof Error ? error.message : String(error))
      if (error instanceof QuarantineFull) this.#landing.full(error)
    }
    this.wake()
    return undefined
  }

  /**
   * A member is given up when it was found lacking as often, and over as long, as a row needs to be lost. What is certain
   * at once still waits where the batch may have been stored and can be asked for: it may be under way.
   */
  #isBelieved({ lacking, intent }: Flight, lacks: readonly Lack[]): boolean {
    const before = new Map(lacking)
    lacking.clear()
    for (const { object } of lacks) lacking.set(object, (before.get(object) ?? 0) + 1)
    const underWay = intent.ambiguous && this.#parts.exporter.stored !== undefined
    return lacks.every(({ object, final }) => {
      return (final && !underWay) || (lacking.get(object) ?? 0) >= READINGS_TO_LOSE
    })
  }

  async #conclude(flight: Flight, outcome: Outcome): Promise<void> {
    flight.answer = outcome
    await this.#landing.conclude(flight, outcome, this.#ground.signal)
    flight.answer = undefined
    this.#tellLoad()
    // Whoever waits for room, and rows that have come back, are looked at again.
    this.wake()
  }

  /** When there will be something to do without being rung for. */
  #nextAt(now: number): number {
    const nap = now + NAP_MS
    const opensAt = this.#gate.opensAt(now)
    const closing = this.#feeds.map(({ batcher }) => batcher.closesAt ?? nap)
    const sending = this.#slots(Math.max(now, opensAt)) > 0 ? Math.max(opensAt, this.#flights.nextDue()) : nap
    // After a pause a batch may be ready although no intent waits.
    const opening = opensAt > now && this.#feeds.some(({ batcher }) => batcher.ready > 0) ? opensAt : nap
    return Math.min(nap, this.#receipts.nextPoll, sending, opening, ...closing)
  }

  #tellLoad(): void {
    const { inFlight, limit, max, bufferedBytes, bufferCapacity } = this.state
    const { destination, tell } = this.#parts
    tell({ type: 'in_flight_changed', destination, requests: inFlight, limit, max, bufferedBytes, bufferCapacity })
  }

  /** Waits until nothing is being sent or awaits its acknowledgement; after the grace aborts what is being sent. */
  async #land(graceMs: number): Promise<void> {
    const { clock } = this.#parts
    const deadline = clock.now() + graceMs
    const never = new AbortController().signal
    while (this.#flights.count('sending') + this.#flights.count('awaiting') > 0 && clock.now() < deadline) {
      this.#receipts.poll(clock.now(), this.#ground.signal)
      await this.#bell.wait(Math.min(deadline, this.#receipts.nextPoll) - clock.now(), never)
    }
    this.#ground.abort()
    while (this.#flights.count('sending') > 0 && clock.now() < deadline + GROUND_MS) {
      await this.#bell.wait(GROUND_MS, never)
    }
    this.#flush()
  }

  #flush(): void {
    for (const feed of this.#feeds) feed.flush()
  }
}
