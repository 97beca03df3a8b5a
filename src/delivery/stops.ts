import type { StopCause } from '@circleci-audit-forwarder/contract'
import type { Clock } from '../domain/clock.ts'
import { isQuarantineFull, type QuarantineFull } from '../ledger/accounts.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Tell } from '../telemetry/events.ts'
import type { Flight } from './flight.ts'
import type { Gate } from './gate.ts'
import { RECHECK_MS } from './options.ts'

export interface StopsParts {
  readonly destination: string
  readonly ledger: Ledger
  readonly gate: Gate
  readonly clock: Clock
  readonly tell: Tell
}

/** What did not fit is tried again within this; if nobody complains for longer, it fits. */
const ROOM_MS = 2 * RECHECK_MS

/**
 * A destination's stop, shown in the ledger as long as it lasts. Most stops are the destination's and end when it takes
 * something. A full quarantine is ours: it ends when there is room, whether or not there is something to send.
 */
export class Stops {
  readonly #parts: StopsParts
  /** The reason that the ledger shows. */
  #shown: string | undefined
  /** When quarantine was last found full, if that is why it is stopped. */
  #fullAt: number | undefined

  /** A stop of the last run goes on. */
  constructor(parts: StopsParts) {
    this.#parts = parts
    const { gate, clock } = parts
    if (gate.stop !== undefined && isQuarantineFull(gate.stop.reason)) this.#fullAt = clock.now()
  }

  /** Nothing goes through until someone mends it. Returns how long until the next probe, in milliseconds. */
  halt(cause: StopCause, reason: string): number {
    const { gate, ledger, destination, clock, tell } = this.#parts
    this.#fullAt = undefined
    const retryInMs = gate.halt(cause, reason, clock.now())
    if (this.#shown !== reason) ledger.stop(destination, gate.stop)
    this.#shown = reason
    tell({ type: 'destination_stopped', destination, cause, reason, retryInMs })
    return retryInMs
  }

  /** Refusals can no longer be kept. Returns how long until the next probe, in milliseconds. */
  full({ message }: QuarantineFull): number {
    const retryInMs = this.halt('configuration', message)
    this.#fullAt = this.#parts.clock.now()
    return retryInMs
  }

  /** Ends the stop for a full quarantine once nobody has complained for a while, and nobody waits to be kept. */
  look(waiting: () => readonly Flight[]): void {
    const { gate, clock } = this.#parts
    if (this.#fullAt === undefined || Math.abs(clock.now() - this.#fullAt) < ROOM_MS) return
    if (waiting().some(({ intent }) => intent.reason !== undefined && intent.reason === gate.stop?.reason)) return
    this.end()
  }

  /** It goes on. First in the ledger: if that fails, whoever called tries again. */
  end(): void {
    const { gate, ledger, destination, clock, tell } = this.#parts
    if (gate.stop !== undefined) ledger.stop(destination, undefined)
    this.#shown = undefined
    this.#fullAt = undefined
    const stop = gate.open()
    if (stop === undefined) return
    tell({ type: 'destination_resumed', destination, stoppedMs: clock.now() - stop.since })
  }
}
