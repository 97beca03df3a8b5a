// What happens when a flight ends: carries out the plan in the ledger first, then in memory. The only place in the
// lane that settles, retries, splits and keeps verdicts.
import type { Exporter, Outcome, StopCause } from '@circleci-audit-forwarder/contract'
import { backoff } from '../domain/backoff.ts'
import type { Clock, Random } from '../domain/clock.ts'
import { batchToken } from '../domain/token.ts'
import type { Position } from '../ledger/duplicates.ts'
import type { Draft, Resolved } from '../ledger/intents.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { QuarantineFull } from '../ledger/quarantine.ts'
import type { Tell } from '../telemetry/events.ts'
import { GRACE_MS } from './attempt.ts'
import { type Candidate, generationOf, refused, timesOf } from './candidate.ts'
import type { Flight } from './flight.ts'
import type { Flights } from './flights.ts'
import type { Gate } from './gate.ts'
import type { Hand } from './hand.ts'
import { asked, isStopped, lookUp } from './lookup.ts'
import { type LaneOptions, VERDICTS_TO_STOP } from './options.ts'
import { isToBeAsked, type Plan, plan, planAnswered, planRecalled, type Sent, type Verdict } from './plan.ts'
import type { Reformed } from './reform.ts'
import { tellDelivery, tellRemarks, tellVerdicts, together } from './remarks.ts'
import { Stops } from './stops.ts'
import { Verdicts } from './verdicts.ts'

export interface LandingParts {
  readonly destination: string
  readonly exporter: Exporter
  readonly ledger: Ledger
  readonly options: LaneOptions
  readonly clock: Clock
  readonly random: Random
  readonly tell: Tell
  readonly hand: Hand
  readonly gate: Gate
  readonly flights: Flights
  /** A batch was accepted and is to be asked for. */
  readonly expect: (now: number, pollAfterMs: number) => void
}

type Resolve = Extract<Plan, { kind: 'resolve' }>

export class Landing {
  readonly stops: Stops
  readonly #parts: LandingParts
  readonly #verdicts: Verdicts
  #lastError: string | undefined
  /** Why so many verdicts are none, until they are revoked. */
  #mistrust: string | undefined

  constructor(parts: LandingParts) {
    this.#parts = parts
    this.stops = new Stops(parts)
    this.#verdicts = new Verdicts(parts)
  }

  get lastError(): string | undefined {
    return this.#lastError
  }

  /** Verdicts that were not final when the last run ended. */
  recover(positions: readonly Position[]): void {
    this.#verdicts.recover(positions)
  }

  /** Candidates are positions themselves: a copy of each would be half a million objects for a gigabyte. */
  readonly draft = (members: readonly Candidate[]): Draft => ({
    token: batchToken(generationOf(members), members),
    members,
  })

  /** Which records may be sent now: see the verdicts. */
  readonly turns = (): ReturnType<Verdicts['turns']> => this.#verdicts.turns()

  async conclude(flight: Flight, outcome: Outcome, signal: AbortSignal): Promise<void> {
    const next = plan(outcome, this.#sent(flight))
    if (next.kind !== 'ask') return this.#carryOut(flight, next)
    await this.#ask(flight, signal, (stored) => planAnswered(next.outcome, this.#sent(flight), stored))
  }

  /**
   * Before a batch goes again: what the destination may have stored and forgotten is looked up. Returns whether that
   * was the end of it, or of this attempt.
   */
  async recall(flight: Flight, signal: AbortSignal): Promise<boolean> {
    const { exporter, clock, options } = this.#parts
    const { intent, clockDoubted } = flight
    const sent = this.#sent(flight)
    const ageMs = clock.now() - intent.createdAt
    const windowMs = exporter.deduplicationMs ?? 0
    const age = { ...sent, ageMs, clockDoubted, attemptMs: options.attemptMs + GRACE_MS, windowMs }
    if (!isToBeAsked(age)) return false
    const reason = 'an earlier attempt had stored a part of it'
    return this.#ask(flight, signal, (stored) => planRecalled(reason, sent, stored))
  }

  #sent({ intent, deferred }: Flight): Sent {
    const askable = this.#parts.exporter.stored !== undefined
    return { members: intent.members.length, ambiguous: intent.ambiguous, askable, deferred }
  }

  /** Carries out what follows from what is stored. Returns whether anything did. */
  async #ask(
    flight: Flight,
    signal: AbortSignal,
    follow: (stored: readonly number[]) => Plan | undefined,
  ): Promise<boolean> {
    const { attemptMs } = this.#parts.options
    const next = await asked(flight, { ...this.#parts, attemptMs, signal }, follow)
    if (next !== undefined) this.#carryOut(flight, next)
    return next !== undefined
  }

  #carryOut(flight: Flight, next: Plan): void {
    switch (next.kind) {
      case 'resolve':
        this.#resolve(flight, next)
        break
      case 'retry':
        this.#retry(flight, next)
        break
      case 'await':
        this.#await(flight, next)
        break
      case 'stop':
        this.#put(flight, next.reason, false, this.#halt(next.cause, next.reason, flight.unasked))
        break
      case 'ask':
        this.defer(flight, 'the destination was asked what is stored, and no plan came of it')
    }
  }

  #resolve(flight: Flight, next: Resolve): void {
    const { ledger, clock, exporter } = this.#parts
    const members = flight.members ?? []
    const delivered = next.delivered === 'all' ? flight.intent.members.length : next.delivered.length
    const repeated = flight.intent.ambiguous && exporter.stored === undefined ? delivered : 0
    const parts = next.parts.map((part) => part.map((index) => members[index] as Candidate))
    try {
      // An old delivery that has come to light says nothing about what is taken today.
      if (next.recalled === true) this.#verdicts.revoke('recalled', 0)
      else if (delivered > 0) this.#verdicts.hearAgain()
      const resolved = ledger.resolve(
        flight.intent.id,
        {
          delivered: next.delivered,
          refused: next.refused.map((verdict) => refused(members, verdict)),
          drafts: parts.map(this.draft),
          possibleDuplicates: repeated + next.possibleDuplicates,
          eventTimes: timesOf(members),
        },
        clock.now(),
      )
      this.#resolved(flight, next, parts, resolved)
      if (delivered > 0) {
        this.#accepted(flight, delivered, resolved.confirmed, next.recalled !== true)
        tellRemarks(this.#parts, { ...next.remarks, changed: together(flight.changed, next.remarks?.changed) })
      }
      this.#weigh(next)
    } catch (error) {
      if (!(error instanceof QuarantineFull)) throw error
      // It goes again as a whole, what the destination has stored of it too.
      this.#put(flight, error.message, next.possibleDuplicates > 0, this.full(error))
    }
  }

  #resolved(flight: Flight, next: Resolve, parts: (readonly Candidate[])[], { intents }: Resolved): void {
    const { flights, clock, tell, destination } = this.#parts
    const certain = next.refused.filter((verdict) => verdict.certain === true)
    const provisional = next.refused.filter((verdict) => verdict.certain !== true)
    const passedOn = new Set([...next.parts.flat(), ...provisional.map(({ member }) => member)])
    flights.end(flight, (member) => passedOn.has(member))
    for (const [index, intent] of intents.entries()) {
      flights.add(intent, parts[index] as readonly Candidate[], clock.now())
    }
    const position = ({ member }: Verdict) => flight.intent.members[member] as Position
    this.#verdicts.add(provisional.map(position), parts.length > 0)
    this.#verdicts.forget(certain.map(position))
    const records = flight.intent.members.length
    if (parts.length > 1) tell({ type: 'batch_split', destination, records, reason: next.reason })
    tellVerdicts(this.#parts, certain, provisional)
  }

  /** Something was stored: the destination works, and what it refused before it refused for good. */
  #accepted(flight: Flight, records: number, confirmed: number, fresh: boolean): void {
    const { gate } = this.#parts
    if (fresh) this.#verdicts.accepted(flight.intent.members)
    this.#verdicts.forget(flight.intent.members)
    if (confirmed > 0) this.#verdicts.confirmed(confirmed)
    if (fresh) {
      gate.delivered()
      this.stops.accepted()
      this.#lastError = undefined
    }
    tellDelivery(this.#parts, flight, records)
  }

  /** Too many verdicts and nothing accepted: the fault is not in the records. */
  #weigh(next: Resolve): void {
    const restIsNext = next.refused.length > 0 && next.parts.length > 0
    if (this.#verdicts.count < VERDICTS_TO_STOP || restIsNext) return
    this.#mistrust = `${this.#verdicts.count} records were refused and none accepted; the last: ${next.reason}`
    this.judge()
  }

  /** Takes back what was found to be no verdicts. Called again until the ledger has it. */
  judge(): void {
    if (this.#verdicts.count === 0) this.#mistrust = undefined
    if (this.#mistrust === undefined) return
    this.#verdicts.revoke('mistrusted', this.#halt('configuration', this.#mistrust))
    this.#mistrust = undefined
  }

  #retry(flight: Flight, next: Extract<Plan, { kind: 'retry' }>): void {
    const { reason, ambiguous, retryAfterMs, deferred } = next
    const { gate, clock, random, options } = this.#parts
    const wait = retryAfterMs ?? backoff(flight.intent.attempts + 1, options.retry, random)
    if (next.strained === true) gate.strained()
    else gate.failed()
    // What the destination asks for holds for all of it; a probe that failed is followed by none for a while.
    if (retryAfterMs !== undefined || gate.stop !== undefined) gate.pause(clock.now(), wait)
    flight.deferred = deferred === true ? flight.deferred + 1 : 0
    this.#put(flight, reason, ambiguous, wait)
    const { destination, tell } = this.#parts
    const { attempts, members } = flight.intent
    tell({ type: 'batch_retried', destination, records: members.length, reason, ambiguous, attempts, retryInMs: wait })
  }

  #await(flight: Flight, { receipt, pollAfterMs, remarks }: Extract<Plan, { kind: 'await' }>): void {
    const { clock, expect, tell, destination, gate } = this.#parts
    flight.state = 'awaiting'
    flight.receipt = receipt
    if (gate.stop !== undefined) this.#verdicts.hearAgain()
    gate.delivered()
    this.stops.accepted()
    expect(clock.now(), pollAfterMs)
    tell({ type: 'batch_accepted', destination, records: flight.intent.members.length })
    // What was changed is told with the delivery: what is not acknowledged goes again.
    const { changed, ...others } = remarks
    flight.changed = changed
    tellRemarks(this.#parts, others)
  }

  /** The intent is tried again after a while, for a reason that lies with us and not with the destination. */
  defer(flight: Flight, reason: string, waitMs?: number): void {
    const { random, options } = this.#parts
    this.#put(flight, reason, false, waitMs ?? backoff(flight.intent.attempts + 1, options.retry, random))
  }

  /**
   * The intent cannot be formed again: what can be read of it returns to due, under a new token. What an earlier attempt
   * had stored of that is looked up first; of what has vanished nobody can say any more whether it arrived.
   */
  async dissolve(flight: Flight, { members, lacks }: Reformed, signal: AbortSignal): Promise<void> {
    const { ledger, clock, flights, tell, destination, options } = this.#parts
    const { ambiguous, askable, members: records } = this.#sent(flight)
    const { id, token } = flight.intent
    const isAsked = ambiguous && askable
    const stored = isAsked ? await lookUp(members, token, { ...this.#parts, attemptMs: options.attemptMs, signal }) : []
    if (isStopped(stored)) {
      flight.unasked = true
      this.#carryOut(flight, { kind: 'stop', cause: stored.cause, reason: stored.reason })
      return
    }
    const vanished = members.filter((member) => member === undefined).length
    const possibleDuplicates = ambiguous ? (askable ? vanished : records) : 0
    if (stored.length > 0) this.#verdicts.revoke('recalled', 0)
    ledger.resolve(id, { delivered: stored, possibleDuplicates, eventTimes: timesOf(members) }, clock.now())
    flights.end(flight, () => false)
    const reason = lacks[0]?.reason ?? ''
    tell({ type: 'intent_dissolved', destination, records, stored: stored.length, vanished, reason })
    if (stored.length > 0) this.#accepted(flight, stored.length, 0, false)
  }

  #halt(cause: StopCause, reason: string, unasked = false): number {
    this.#lastError = reason
    return this.stops.halt(cause, reason, unasked)
  }

  /** Refusals can no longer be kept. Returns how long until they are tried again, in milliseconds. */
  full(error: QuarantineFull): number {
    this.#lastError = error.message
    return this.stops.full(error)
  }

  #put(flight: Flight, reason: string, ambiguous: boolean, wait: number): void {
    const { ledger, clock } = this.#parts
    const dueAt = clock.now() + wait
    this.#lastError = reason
    flight.intent = ledger.attempted(flight.intent.id, { ambiguous, dueAt, reason })
    flight.dueAt = dueAt
    flight.receipt = undefined
    flight.changed = undefined
    flight.state = 'waiting'
  }
}
