import type { Draft, Intent } from '../ledger/intents.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Batcher } from './batcher.ts'
import type { Buffer } from './buffer.ts'
import type { Candidate } from './candidate.ts'
import { weight } from './flight.ts'
import type { Flights } from './flights.ts'

export interface DeparturesParts {
  readonly destination: string
  readonly ledger: Ledger
  readonly flights: Flights
  readonly buffer: Buffer
  readonly live: Batcher
  readonly backlog: Batcher
  readonly draft: (members: readonly Candidate[]) => Draft
}

/** Makes intents of waiting batches, in turn from the live and the backlog feed, so that each has half of the slots. */
export class Departures {
  readonly #parts: DeparturesParts
  #turn = 0

  constructor(parts: DeparturesParts) {
    this.#parts = parts
  }

  /** Records up to `most` batches, in one commit, and adds them to the flights. Returns whether there were any. */
  form(most: number, now: number): boolean {
    const { buffer, flights } = this.#parts
    const batches = this.#take(most)
    if (batches.length === 0) return false
    const intents = this.#intend(batches, now)
    for (const [index, intent] of intents.entries()) {
      const members = batches[index] as readonly Candidate[]
      buffer.free(weight(members))
      flights.add(intent, members, now)
    }
    return true
  }

  #intend(batches: readonly (readonly Candidate[])[], now: number): readonly Intent[] {
    const { ledger, destination, backlog, draft } = this.#parts
    try {
      return ledger.intend(destination, batches.map(draft), now)
    } catch (error) {
      for (const batch of batches) backlog.putBack(batch)
      throw error
    }
  }

  /** What one feed has not the other may use. */
  #take(most: number): (readonly Candidate[])[] {
    const { live, backlog } = this.#parts
    const batches: (readonly Candidate[])[] = []
    while (batches.length < most) {
      this.#turn += 1
      const [first, second] = this.#turn % 2 === 1 ? [live, backlog] : [backlog, live]
      const batch = first.take() ?? second.take()
      if (batch === undefined) break
      batches.push(batch)
    }
    return batches
  }
}
