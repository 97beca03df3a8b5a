// A destination's stop, shown in the ledger as long as it lasts. Most stops end when the destination takes something. Of two
// that says nothing: of a quarantine that is full, and of a batch that may be stored while nobody may ask. These end when
// whoever ran into them has been able to go on; until then batches that go through follow one another, one at a time.
// Rejected: ending them with a delivery (the next look at the same bad line brings the stop back, an alarm a minute), and
// ending them when nobody has complained for a while (a lane whose buffer is full looks at nothing, and nobody complains).
import type { StopCause } from '@circleci-audit-forwarder/contract'
import type { Clock } from '../domain/clock.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { isQuarantineFull, type QuarantineFull } from '../ledger/quarantine.ts'
import type { Tell } from '../telemetry/events.ts'
import type { Flight } from './flight.ts'
import type { Flights } from './flights.ts'
import type { Gate } from './gate.ts'
import { RECHECK_MS } from './options.ts'

export interface StopsParts {
  readonly destination: string
  readonly ledger: Ledger
  readonly gate: Gate
  readonly flights: Flights
  readonly clock: Clock
  readonly tell: Tell
}

/** What did not fit is tried again within this; if nobody complains for longer, it fits. */
const ROOM_MS = 2 * RECHECK_MS

/** Quarantine as it was last found full. */
interface Fullness {
  readonly reason: string
  readonly at: number
}

export class Stops {
  readonly #parts: StopsParts
  /** The reason that the ledger shows. */
  #shown: string | undefined
  /** The ledger shows a stop that has ended. */
  #outdated = false
  #full: Fullness | undefined
  /** Objects in which something did not fit, and up to where they could be read. */
  readonly #stuck = new Map<number, number>()
  /** Why a batch that may be stored cannot be asked for. */
  #unasked: string | undefined

  /** A stop of the last run goes on. */
  constructor(parts: StopsParts) {
    this.#parts = parts
    const { gate, clock } = parts
    if (gate.stop !== undefined && this.#isOurs) this.#full = { reason: gate.stop.reason, at: clock.now() }
  }

  /**
   * Nothing goes through until someone mends it, or (unasked) nobody says what is stored. Returns how long until the next
   * probe, in milliseconds.
   */
  halt(cause: StopCause, reason: string, unasked = false): number {
    if (unasked) this.#unasked = reason
    const { gate, ledger, destination, clock, tell } = this.#parts
    const retryInMs = gate.halt(cause, reason, clock.now())
    if (this.#shown !== reason) ledger.stop(destination, gate.stop)
    this.#shown = reason
    this.#outdated = false
    tell({ type: 'destination_stopped', destination, cause, reason, retryInMs })
    return retryInMs
  }

  /** Refusals could not be kept. Returns how long until they are tried again, in milliseconds. */
  full({ message: reason }: QuarantineFull): number {
    const { gate, clock } = this.#parts
    this.#full = { reason, at: clock.now() }
    // Told once. A stop that is the destination's own goes before ours: it would be the one to mend first.
    if (gate.stop === undefined) return this.halt('configuration', reason)
    return gate.halt(gate.stop.cause, gate.stop.reason, clock.now())
  }

  /** What lies in an object after a position could not be kept; the object is read again by and by. */
  stuck({ message: reason }: QuarantineFull, object: number, position: number): void {
    const { gate, clock } = this.#parts
    this.#full = { reason, at: clock.now() }
    this.#stuck.set(object, position)
    if (gate.stop === undefined) this.halt('configuration', reason)
  }

  /** An object was read up to here, or is not to be read any more. */
  passed(object: number, position: number): void {
    const from = this.#stuck.get(object)
    if (from !== undefined && position > from) this.#stuck.delete(object)
  }

  /** The destination has taken something. */
  accepted(): void {
    if (!this.#isOurs && !this.#parts.flights.some(({ unasked }) => unasked)) this.#goOn()
  }

  /** Ends what has come to its end by itself, and tells the ledger what it could not be told before. */
  look(): void {
    if (this.#outdated) this.#erase()
    this.#lookForAnswers()
    this.#lookForRoom()
  }

  #lookForAnswers(): void {
    const { gate, flights } = this.#parts
    if (this.#unasked === undefined || flights.some(({ unasked }) => unasked)) return
    const isShown = gate.stop?.reason === this.#unasked
    this.#unasked = undefined
    if (isShown) this.#goOn()
  }

  #lookForRoom(): void {
    const { clock, flights } = this.#parts
    if (this.#full === undefined || Math.abs(clock.now() - this.#full.at) < ROOM_MS) return
    if (this.#stuck.size > 0 || flights.in('waiting').some(isUnkept)) return
    this.#full = undefined
    if (this.#isOurs) this.#end()
  }

  /** A stop of the destination's has ended. */
  #goOn(): void {
    if (this.#full === undefined) this.#end()
    else if (this.#parts.gate.stop !== undefined) this.halt('configuration', this.#full.reason)
  }

  get #isOurs(): boolean {
    const { stop } = this.#parts.gate
    return stop !== undefined && isQuarantineFull(stop.reason)
  }

  /** It goes on, whether or not the ledger can be told so now: what was delivered is no reason to stay stopped. */
  #end(): void {
    const { gate, destination, clock, tell } = this.#parts
    const stop = gate.open()
    if (stop === undefined) return
    this.#outdated = true
    tell({ type: 'destination_resumed', destination, stoppedMs: clock.now() - stop.since })
    try {
      this.#erase()
    } catch (error) {
      tell({ type: 'bug', where: `ending the stop of ${destination}`, error })
    }
  }

  #erase(): void {
    this.#parts.ledger.stop(this.#parts.destination, undefined)
    this.#shown = undefined
    this.#outdated = false
  }
}

/** Whether its refusals wait for room. */
function isUnkept({ intent }: Flight): boolean {
  return intent.reason !== undefined && isQuarantineFull(intent.reason)
}
