// Every commit of intents is an fsync, and a destination that takes one event a request needs an intent for each. Where
// many requests are under way their answers come one by one, and an fsync for each slot that falls free would be the
// slowest part of the lane. So in a crowd a few slots are left free until an eighth of all is, and one commit fills them:
// intents are committed in groups, and none before it can be sent. Rejected: intents ahead of their slots, since each of
// them counts as possibly sent after a restart; and a timer, since the next answer is a few milliseconds away. Records
// whose turn has not come are let go here, where batches are formed, and read again: kept, they would fill the buffer, and
// nothing else could be accepted for which they wait.
import { backoff } from '../domain/backoff.ts'
import type { Random } from '../domain/clock.ts'
import type { Intent } from '../ledger/intents.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Batcher } from './batcher.ts'
import type { Buffer } from './buffer.ts'
import type { Candidate } from './candidate.ts'
import { weight } from './flight.ts'
import type { Flights } from './flights.ts'
import type { Hand } from './hand.ts'
import type { Landing } from './landing.ts'
import type { LaneOptions } from './options.ts'

export interface DeparturesParts {
  readonly destination: string
  readonly ledger: Ledger
  readonly flights: Flights
  readonly buffer: Buffer
  readonly live: Batcher
  readonly backlog: Batcher
  readonly landing: Pick<Landing, 'draft' | 'turns'>
  readonly hand: Hand
  readonly options: Pick<LaneOptions, 'retry'>
  readonly random: Random
}

/** What part of all slots must be free before a commit fills them. A lane of eight slots or fewer never waits. */
const GROUP = 1 / 8
/** Only so long after a commit are slots left free, in milliseconds: what was sent before may hang. */
const CROWDED_MS = 50
/** What the ledger says of such a row. */
const NOT_YET = 'refused before with many others: heard again a few at a time, while others are accepted'

interface Taken {
  readonly batches: readonly (readonly Candidate[])[]
  /** Not to be sent yet. */
  readonly early: readonly (readonly Candidate[])[]
}

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

  /** Closes batches that have lingered; where the lane is full of nothing else, those that linger, too: none can join them. */
  close(now: number): void {
    const { live, backlog, buffer, flights } = this.#parts
    const isInVain = !buffer.roomy && flights.size === 0 && live.ready + backlog.ready === 0
    for (const batcher of [live, backlog]) {
      if (isInVain) batcher.closeAll()
      else batcher.closeDue(now)
    }
  }

  /** Records up to `most` batches, in one commit, and adds them to the flights. Returns whether there were any. */
  form(most: number, now: number): boolean {
    const { buffer, flights } = this.#parts
    if (this.#holdsBack(most, now)) return false
    const { batches, early } = this.#take(most)
    const intents = this.#commit({ batches, early }, now)
    for (const some of early) this.#release(some)
    if (batches.length === 0) return false
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

  #commit({ batches, early }: Taken, now: number): readonly Intent[] {
    const { ledger, destination, backlog, landing } = this.#parts
    try {
      for (const object of new Set(early.flat().map(({ object }) => object))) this.#postpone(object, now)
      return batches.length === 0 ? [] : ledger.intend(destination, batches.map(landing.draft), now)
    } catch (error) {
      for (const batch of [...batches, ...early]) backlog.putBack(batch)
      throw error
    }
  }

  #postpone(object: number, now: number): void {
    const { ledger, destination, options, random } = this.#parts
    const attempts = ledger.row(destination, object)?.attempts ?? 0
    ledger.postpone(destination, object, now + backoff(attempts + 1, options.retry, random), NOT_YET)
  }

  /** What one feed has not the other may use. */
  #take(most: number): Taken {
    const { live, backlog, landing } = this.#parts
    const isTurn = landing.turns()
    const batches: (readonly Candidate[])[] = []
    const early: (readonly Candidate[])[] = []
    while (batches.length < most) {
      this.#turn += 1
      const [first, second] = this.#turn % 2 === 1 ? [live, backlog] : [backlog, live]
      const batch = first.take() ?? second.take()
      if (batch === undefined) break
      const wanted = this.#letGo(batch)
      const { due = [], later = [] } =
        isTurn === undefined ? { due: wanted } : Object.groupBy(wanted, (one) => (isTurn(one) ? 'due' : 'later'))
      if (due.length > 0) batches.push(due)
      if (later.length > 0) early.push(later)
    }
    return { batches, early }
  }

  /** What the lane holds of these is let go where it would have been put into a batch. */
  forgo(objects: readonly number[]): void {
    const { hand } = this.#parts
    for (const object of this.#forgone) if (hand.holds(object) === 0) this.#forgone.delete(object)
    for (const object of objects) if (hand.holds(object) > 0) this.#forgone.add(object)
  }

  /** What of the batch is still to be sent. */
  #letGo(batch: readonly Candidate[]): readonly Candidate[] {
    if (this.#forgone.size === 0) return batch
    const needless = batch.filter(({ object }) => this.#forgone.has(object))
    this.#release(needless)
    for (const { object } of needless) this.#forgone.delete(object)
    return needless.length === 0 ? batch : batch.filter((member) => !needless.includes(member))
  }

  #release(members: readonly Candidate[]): void {
    const { hand, buffer } = this.#parts
    buffer.free(weight(members))
    for (const { object } of members) hand.release(object)
  }
}
