// Every commit of intents is an fsync, and a destination that takes one event a request needs an intent for each. Where
// many requests are under way their answers come one by one, and an fsync for each slot that falls free would be the
// slowest part of the lane. So in a crowd a few slots are left free until an eighth of all is, and one commit fills them:
// intents are committed in groups, and none before it can be sent. Rejected: intents ahead of their slots, since each of
// them counts as possibly sent after a restart; and a timer, since the next answer is a few milliseconds away.
import type { Draft, Intent } from '../ledger/intents.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Batcher } from './batcher.ts'
import type { Buffer } from './buffer.ts'
import type { Candidate } from './candidate.ts'
import { weight } from './flight.ts'
import type { Flights } from './flights.ts'
import type { Hand } from './hand.ts'

export interface DeparturesParts {
  readonly destination: string
  readonly ledger: Ledger
  readonly flights: Flights
  readonly buffer: Buffer
  readonly live: Batcher
  readonly backlog: Batcher
  readonly draft: (members: readonly Candidate[]) => Draft
  readonly hand: Hand
}

/** What part of all slots must be free before a commit fills them. A lane of eight slots or fewer never waits. */
const GROUP = 1 / 8
/** Only so long after a commit are slots left free, in milliseconds: what was sent before may hang. */
const CROWDED_MS = 50

/** Makes intents of waiting batches, in turn from the live and the backlog feed, so that each has half of the slots. */
export class Departures {
  readonly #parts: DeparturesParts
  /** Objects in hand that need not be sent any more. */
  readonly #forgone = new Set<number>()
  #turn = 0
  /** When intents were last committed, and how many requests were under way then, the new ones among them. */
  #last = { at: Number.NEGATIVE_INFINITY, sending: 0 }

  constructor(parts: DeparturesParts) {
    this.#parts = parts
  }

  /** Records up to `most` batches, in one commit, and adds them to the flights. Returns whether there were any. */
  form(most: number, now: number): boolean {
    const { buffer, flights } = this.#parts
    if (this.#holdsBack(most, now)) return false
    const batches = this.#take(most)
    if (batches.length === 0) return false
    const intents = this.#intend(batches, now)
    this.#last = { at: now, sending: flights.count('sending') + batches.length }
    for (const [index, intent] of intents.entries()) {
      const members = batches[index] as readonly Candidate[]
      buffer.free(weight(members))
      flights.add(intent, members, now)
    }
    return true
  }

  /** More is waiting than fits, few slots are free, and answers are coming in: the next will free another. */
  #holdsBack(most: number, now: number): boolean {
    const { flights, live, backlog } = this.#parts
    const since = now - this.#last.at
    const sending = flights.count('sending')
    if (since < 0 || since >= CROWDED_MS || sending >= this.#last.sending) return false
    return live.ready + backlog.ready > most && most < (sending + most) * GROUP
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
      const wanted = this.#letGo(batch)
      if (wanted.length > 0) batches.push(wanted)
    }
    return batches
  }

  /** What the lane holds of these is let go where it would have been put into a batch. */
  forgo(objects: readonly number[]): void {
    const { hand } = this.#parts
    for (const object of this.#forgone) if (hand.holds(object) === 0) this.#forgone.delete(object)
    for (const object of objects) if (hand.holds(object) > 0) this.#forgone.add(object)
  }

  /** What of the batch is still to be sent. */
  #letGo(batch: readonly Candidate[]): readonly Candidate[] {
    const { hand, buffer } = this.#parts
    if (this.#forgone.size === 0) return batch
    const needless = batch.filter(({ object }) => this.#forgone.has(object))
    buffer.free(weight(needless))
    for (const { object } of needless) {
      hand.release(object)
      this.#forgone.delete(object)
    }
    return needless.length === 0 ? batch : batch.filter((member) => !needless.includes(member))
  }
}
