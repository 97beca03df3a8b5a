import type { Position } from '../ledger/duplicates.ts'
import type { Intent } from '../ledger/intents.ts'
import type { Buffer } from './buffer.ts'
import type { Candidate } from './candidate.ts'
import { type Flight, flight, weight } from './flight.ts'
import type { Hand } from './hand.ts'

/**
 * The lane's open intents, and the memory their members hold. Every member holds its object in hand until the intent
 * ends or passes the hold on (to a part, or to a provisional verdict).
 */
export class Flights {
  readonly #open = new Map<number, Flight>()
  readonly #hand: Hand
  readonly #buffer: Buffer
  readonly #maxDelay: number

  constructor(hand: Hand, buffer: Buffer, maxDelay: number) {
    this.#hand = hand
    this.#buffer = buffer
    this.#maxDelay = maxDelay
  }

  get size(): number {
    return this.#open.size
  }

  count(state: Flight['state']): number {
    return this.in(state).length
  }

  /** Those on their way to an answer. Not counted are those that hold no memory yet because they cannot be read. */
  get unanswered(): number {
    return [...this.#open.values()].filter(({ state, members }) => {
      return state === 'sending' || (state === 'waiting' && members !== undefined)
    }).length
  }

  some(is: (flight: Flight) => boolean): boolean {
    return [...this.#open.values()].some(is)
  }

  /** What is on its way in all of them. */
  get members(): readonly Position[] {
    return [...this.#open.values()].flatMap(({ intent }) => intent.members)
  }

  in(state: Flight['state']): readonly Flight[] {
    return [...this.#open.values()].filter((each) => each.state === state)
  }

  /** Intents found at start: their members are not in memory, and nothing else may send them. */
  recover(intents: readonly Intent[], now: number): void {
    for (const intent of intents) {
      for (const { object } of intent.members) this.#hand.hold(object)
      this.#open.set(intent.id, flight(intent, undefined, now))
    }
  }

  /** A new intent whose members are held already. */
  add(intent: Intent, members: readonly Candidate[], now: number): void {
    const added = flight(intent, members, now)
    this.#open.set(intent.id, added)
    this.#buffer.take(added.bytes)
  }

  /** The members of a recovered intent were read again. */
  reformed(recovered: Flight, members: readonly Candidate[]): readonly Candidate[] {
    recovered.members = members
    recovered.bytes = weight(members)
    this.#buffer.take(recovered.bytes)
    return members
  }

  /** The clock was set back. */
  doubtClock(): void {
    for (const each of this.#open.values()) each.clockDoubted = true
  }

  /** Ends a flight; the members for which `keep` is false are let go. */
  end(ended: Flight, keep: (member: number) => boolean): void {
    this.#open.delete(ended.intent.id)
    this.#buffer.free(ended.bytes)
    for (const [index, { object }] of ended.intent.members.entries()) if (!keep(index)) this.#hand.release(object)
  }

  /**
   * What may be sent now, first things first. Ordinarily the youngest intent goes first, so that a bisected batch comes
   * to its verdict before its other half is cut further; while the destination is stopped the oldest due one is the probe.
   * When a probe was cut up, its parts go first, in the same order: cut breadth first, one that refuses everything would
   * be asked hundreds of times.
   */
  due(now: number, stopped: boolean): readonly Flight[] {
    const due = this.in('waiting').filter(({ dueAt }) => dueAt <= now || dueAt > now + this.#maxDelay)
    const untried = due.filter(({ intent }) => intent.attempts === 0)
    if (stopped && untried.length === 0) return due.sort(oldestFirst).slice(0, 1)
    return (stopped ? untried : due).sort((a, b) => b.intent.id - a.intent.id).slice(0, stopped ? 1 : due.length)
  }

  /** The earliest due time of a waiting flight. */
  nextDue(): number {
    return Math.min(...this.in('waiting').map(({ dueAt }) => dueAt))
  }
}

function oldestFirst(a: Flight, b: Flight): number {
  return a.dueAt - b.dueAt || a.intent.id - b.intent.id
}
