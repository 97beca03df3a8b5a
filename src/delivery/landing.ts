// What happens when a flight ends: carries out the plan in the ledger first, then in memory. The only place in the
// lane that settles, retries, splits, keeps verdicts and stops.
import type { Exporter, Outcome, StopCause } from '@circleci-audit-forwarder/contract'
import { backoff } from '../domain/backoff.ts'
import type { Clock, Random } from '../domain/clock.ts'
import { batchToken } from '../domain/token.ts'
import { QuarantineFull } from '../ledger/accounts.ts'
import type { Position } from '../ledger/duplicates.ts'
import type { Draft, Resolved } from '../ledger/intents.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Tell } from '../telemetry/events.ts'
import { type Candidate, refused } from './candidate.ts'
import { encodedBytes, type Flight } from './flight.ts'
import type { Flights } from './flights.ts'
import type { Gate } from './gate.ts'
import type { Hand } from './hand.ts'
import { type LaneOptions, VERDICTS_TO_STOP } from './options.ts'
import { type Plan, plan, planAnswered, type Refusal } from './plan.ts'

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

/** The generation in every token. It changes only when an operator forces a second delivery. */
const GENERATION = 0

export class Landing {
  readonly #parts: LandingParts
  /** Objects held by provisional verdicts, one entry per verdict. */
  #verdicts: number[] = []
  #lastError: string | undefined
  /** Why so many verdicts are none, until they are revoked. */
  #mistrust: string | undefined
  /** The reason that the ledger shows for the stop. */
  #shown: string | undefined

  constructor(parts: LandingParts) {
    this.#parts = parts
  }

  get lastError(): string | undefined {
    return this.#lastError
  }

  /** Verdicts that were not final when the last run ended. */
  recover(positions: readonly Position[]): void {
    for (const { object } of positions) this.#hold(object)
  }

  /** Candidates are positions themselves: a copy of each would be half a million objects for a gigabyte. */
  readonly draft = (members: readonly Candidate[]): Draft => ({ token: batchToken(GENERATION, members), members })

  async conclude(flight: Flight, outcome: Outcome, signal: AbortSignal): Promise<void> {
    const next = plan(outcome, this.#sent(flight))
    this.#carryOut(flight, next.kind === 'ask' ? await this.#ask(flight, next.outcome, signal) : next)
  }

  #sent({ intent, deferred }: Flight): Parameters<typeof plan>[1] {
    const askable = this.#parts.exporter.stored !== undefined
    return { members: intent.members.length, ambiguous: intent.ambiguous, askable, deferred }
  }

  async #ask(flight: Flight, outcome: Refusal, signal: AbortSignal): Promise<Plan> {
    const { exporter, clock, options } = this.#parts
    const members = (flight.members ?? []).map(({ encoded }) => encoded)
    const done = new AbortController()
    const batch = { members, token: flight.intent.token, now: clock.now() }
    try {
      const asked = exporter.stored?.(batch, AbortSignal.any([signal, done.signal]))
      const stored = await Promise.race([asked, clock.sleep(options.attemptMs, done.signal).then(tooLate)])
      return planAnswered(outcome, this.#sent(flight), stored ?? [])
    } catch (error) {
      const reason = `cannot ask what is stored: ${error instanceof Error ? error.message : String(error)}`
      return { kind: 'retry', reason, ambiguous: false }
    } finally {
      done.abort()
    }
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
        this.#put(flight, next.reason, false, this.halt(next.cause, next.reason))
        break
      case 'ask':
        this.defer(flight, 'the destination was asked what is stored, and no plan came of it', false)
    }
  }

  #resolve(flight: Flight, next: Resolve): void {
    const { ledger, clock } = this.#parts
    const members = flight.members ?? []
    const delivered = next.delivered === 'all' ? flight.intent.members.length : next.delivered.length
    const repeated = flight.intent.ambiguous && this.#parts.exporter.stored === undefined ? delivered : 0
    const parts = next.parts.map((part) => part.map((index) => members[index] as Candidate))
    try {
      if (next.recalled === true) this.#recall()
      const resolved = ledger.resolve(
        flight.intent.id,
        {
          delivered: next.delivered,
          refused: next.refused.map(({ member, reason }) => refused(members, member, reason)),
          drafts: parts.map(this.draft),
          possibleDuplicates: repeated + next.possibleDuplicates,
        },
        clock.now(),
      )
      this.#resolved(flight, next, parts, resolved)
      if (delivered > 0) this.#accepted(flight, delivered, resolved.confirmed, next.recalled !== true)
      this.#weigh(next)
    } catch (error) {
      if (!(error instanceof QuarantineFull)) throw error
      this.#put(flight, error.message, false, this.halt('configuration', error.message))
    }
  }

  #resolved(flight: Flight, next: Resolve, parts: (readonly Candidate[])[], { intents }: Resolved): void {
    const { flights, clock, tell, destination } = this.#parts
    const passedOn = new Set([...next.parts.flat(), ...next.refused.map(({ member }) => member)])
    flights.end(flight, (member) => passedOn.has(member))
    for (const [index, intent] of intents.entries()) {
      flights.add(intent, parts[index] as readonly Candidate[], clock.now())
    }
    for (const { member } of next.refused) this.#verdicts.push(flight.intent.members[member]?.object as number)
    const records = flight.intent.members.length
    if (parts.length > 1) tell({ type: 'batch_split', destination, records, reason: next.reason })
    const no = next.refused.length
    if (no > 0) tell({ type: 'records_refused', destination, records: no, reason: next.refused[0]?.reason ?? '' })
  }

  /** Something was stored: the destination works, and what it refused before it refused for good. */
  #accepted(flight: Flight, records: number, confirmed: number, fresh: boolean): void {
    const { tell, destination, clock } = this.#parts
    const now = clock.now()
    if (confirmed > 0) this.#confirmed(confirmed)
    if (fresh) this.#opened(now)
    if (fresh) this.#lastError = undefined
    const members = flight.members ?? []
    const oldest = members.reduce((time, { at }) => Math.min(time, at), now)
    const attempts = flight.intent.attempts + 1
    const bytes = encodedBytes(members)
    const durationMs = now - flight.formedAt
    tell({ type: 'batch_delivered', destination, records, bytes, attempts, durationMs, lagMs: now - oldest })
  }

  /** An old delivery has come to light. It must make no verdict of today final: those are taken back before it is settled. */
  #recall(): void {
    const { ledger, destination, clock, tell } = this.#parts
    const records = this.#verdicts.length
    if (records === 0) return
    ledger.revoke(destination, clock.now())
    this.#release()
    tell({ type: 'verdicts_revoked', destination, records })
  }

  #confirmed(records: number): void {
    const { tell, destination } = this.#parts
    this.#release()
    tell({ type: 'records_quarantined', destination, records })
  }

  /** Too many verdicts and nothing accepted: the fault is not in the records. */
  #weigh(next: Resolve): void {
    const restIsNext = next.refused.length > 0 && next.parts.length > 0
    if (this.#verdicts.length < VERDICTS_TO_STOP || restIsNext) return
    this.#mistrust = `${this.#verdicts.length} records were refused and none accepted; the last: ${next.reason}`
    this.judge()
  }

  /** Takes back what was found to be no verdicts. Called again until the ledger has it. */
  judge(): void {
    if (this.#mistrust === undefined) return
    const { ledger, destination, clock, tell } = this.#parts
    const records = this.#verdicts.length
    const wait = this.halt('configuration', this.#mistrust)
    ledger.revoke(destination, clock.now() + wait)
    this.#release()
    tell({ type: 'verdicts_revoked', destination, records })
  }

  #retry(flight: Flight, { reason, ambiguous, retryAfterMs, deferred }: Extract<Plan, { kind: 'retry' }>): void {
    const { gate, clock, random, options } = this.#parts
    const wait = retryAfterMs ?? backoff(flight.intent.attempts + 1, options.retry, random)
    gate.strained()
    // What the destination asks for holds for all of it; a probe that failed is followed by none for a while.
    if (retryAfterMs !== undefined || gate.stop !== undefined) gate.pause(clock.now(), wait)
    flight.deferred = deferred === true ? flight.deferred + 1 : 0
    this.#put(flight, reason, ambiguous, wait)
    const { destination, tell } = this.#parts
    const { attempts, members } = flight.intent
    tell({ type: 'batch_retried', destination, records: members.length, reason, ambiguous, attempts, retryInMs: wait })
  }

  #await(flight: Flight, { receipt, pollAfterMs }: Extract<Plan, { kind: 'await' }>): void {
    const { clock, expect, tell, destination } = this.#parts
    flight.state = 'awaiting'
    flight.receipt = receipt
    this.#opened(clock.now())
    expect(clock.now(), pollAfterMs)
    tell({ type: 'batch_accepted', destination, records: flight.intent.members.length })
  }

  /** The intent is tried again after a while, for a reason that lies with us and not with the destination. */
  defer(flight: Flight, reason: string, ambiguous: boolean): void {
    const { random, options } = this.#parts
    this.#put(flight, reason, ambiguous, backoff(flight.intent.attempts + 1, options.retry, random))
  }

  /** The intent cannot be formed again: its readable members return to due, under a new token. */
  dissolve(flight: Flight, reason: string): void {
    const { ledger, clock, flights, tell, destination } = this.#parts
    const records = flight.intent.members.length
    const possibleDuplicates = flight.intent.ambiguous ? records : 0
    ledger.resolve(flight.intent.id, { delivered: [], possibleDuplicates }, clock.now())
    flights.end(flight, () => false)
    tell({ type: 'intent_dissolved', destination, records, reason })
  }

  /** Nothing goes through until someone mends it. Returns how long until the next probe, in milliseconds. */
  halt(cause: StopCause, reason: string): number {
    const { gate, ledger, destination, clock, tell } = this.#parts
    const retryInMs = gate.halt(cause, reason, clock.now())
    this.#lastError = reason
    if (this.#shown !== reason) ledger.stop(destination, gate.stop)
    this.#shown = reason
    tell({ type: 'destination_stopped', destination, cause, reason, retryInMs })
    return retryInMs
  }

  #opened(now: number): void {
    const { gate, ledger, destination, tell } = this.#parts
    // First in the ledger: if that fails, the next delivery tries again.
    if (gate.stop !== undefined) ledger.stop(destination, undefined)
    this.#shown = undefined
    const stop = gate.delivered()
    if (stop === undefined) return
    tell({ type: 'destination_resumed', destination, stoppedMs: now - stop.since })
  }

  #put(flight: Flight, reason: string, ambiguous: boolean, wait: number): void {
    const { ledger, clock } = this.#parts
    const dueAt = clock.now() + wait
    this.#lastError = reason
    flight.intent = ledger.attempted(flight.intent.id, { ambiguous, dueAt, reason })
    flight.dueAt = dueAt
    flight.receipt = undefined
    flight.state = 'waiting'
  }

  #hold(object: number): void {
    this.#parts.hand.hold(object)
    this.#verdicts.push(object)
  }

  #release(): void {
    for (const object of this.#verdicts) this.#parts.hand.release(object)
    this.#verdicts = []
    this.#mistrust = undefined
  }
}

function tooLate(): never {
  throw new Error('no answer in time')
}
