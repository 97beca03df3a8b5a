// A store and replicas in simulated time. Every replica has a clock of its own, which began anywhere and runs a little
// fast or slow; it may be stopped at any moment for any while, and what was due meanwhile is due when it wakes, in any
// order. A request may be done late, also long after whoever asked has given up, or never; an answer may be late or lost.
import { type Head, headText, type Replica } from '../../src/checkpoint/head.ts'
import type { Lease, LeaseClock } from '../../src/checkpoint/lease.ts'
import { standBy } from '../../src/checkpoint/standby.ts'
import type { HeadStore, Read } from '../../src/checkpoint/store.ts'

export const TERM = 60_000

export interface Faults {
  /** In [0, 1): of requests lost, of answers lost, of requests that take up to three terms. */
  readonly lostRequests: number
  readonly lostAnswers: number
  readonly slow: number
  /** Of requests after which whoever asked is stopped before it hears the answer. */
  readonly stopsAtAnswers: number
  /** Clocks run by at most this part fast or slow. */
  readonly drift: number
  /** Whether the store tells its clock. */
  readonly tells: boolean
}

interface Event {
  readonly at: number
  readonly order: number
  readonly of: Process | undefined
  readonly run: () => void
}

export class World {
  now = 0
  readonly processes: Process[] = []
  faults: Faults
  readonly random: () => number
  #events: Event[] = []
  #order = 0
  #stored: { head: Head; tag: string; at: number } | undefined

  constructor(random: () => number, faults: Faults) {
    this.random = random
    this.faults = faults
  }

  get head(): Head | undefined {
    return this.#stored?.head
  }

  add(name: string): Process {
    const rate = 1 + (this.random() * 2 - 1) * this.faults.drift
    const process = new Process(this, { name, id: `${name}-id` }, this.random() * 1e9, rate)
    this.processes.push(process)
    return process
  }

  at(at: number, of: Process | undefined, run: () => void): void {
    this.#order += 1
    this.#events.push({ at, order: this.#order, of, run })
  }

  /** Moves time on to `end`; `look` is called at every moment at which anything happens, before and after it. */
  async run(end: number, look: () => void): Promise<void> {
    for (;;) {
      const next = this.#next(end)
      if (next === undefined) break
      this.now = Math.max(this.now, next.at)
      look()
      next.run()
      await settle()
      look()
    }
    this.now = end
  }

  #next(end: number): Event | undefined {
    const due = (event: Event): number => Math.max(event.at, event.of?.stoppedUntil ?? 0)
    const first = this.#events.reduce<Event | undefined>((best, one) => {
      if (best === undefined) return one
      const earlier = due(one) - due(best) || (one.of !== undefined && one.of === best.of ? 0 : one.order - best.order)
      return earlier < 0 || (earlier === 0 && this.random() < 0.5) ? one : best
    }, undefined)
    if (first === undefined || due(first) > end) return undefined
    this.#events.splice(this.#events.indexOf(first), 1)
    return { ...first, at: due(first) }
  }

  /** The store as one process reaches it. */
  store(of: Process): HeadStore {
    return {
      read: () => this.#ask(of, (): Read | undefined => this.#read()),
      write: (head, tag) => this.#ask(of, () => this.#write(head, tag)),
    }
  }

  #read(): Read | undefined {
    if (this.#stored === undefined) return undefined
    const { head, tag, at } = this.#stored
    return { head, tag, ageMs: this.faults.tells ? this.now - at : undefined }
  }

  #write(head: Head, tag: string | undefined): string | undefined {
    if (tag !== this.#stored?.tag) return undefined
    // As a store that makes it from the bytes.
    const made = headText(head)
    this.#stored = { head, tag: made, at: this.now }
    return made
  }

  #ask<T>(of: Process, act: () => T): Promise<T> {
    const { lostRequests, lostAnswers, slow, stopsAtAnswers } = this.faults
    const delay = (): number => this.random() * (this.random() < slow ? 3 * TERM : 200)
    const { promise, resolve } = Promise.withResolvers<T>()
    if (this.random() < lostRequests) return promise
    this.at(this.now + delay(), undefined, () => {
      const answer = act()
      // What a process does not know yet is where stopping it tells most.
      if (this.random() < stopsAtAnswers) of.stoppedUntil = this.now + this.random() * 3 * TERM
      if (this.random() >= lostAnswers) this.at(this.now + delay(), of, () => resolve(answer))
    })
    return promise
  }
}

export class Process {
  stoppedUntil = 0
  lease: Lease | undefined
  readonly epochs: number[] = []
  readonly me: Replica
  readonly #world: World
  readonly #clock: LeaseClock
  readonly #end = new AbortController()
  #stamps = 0

  constructor(world: World, me: Replica, offset: number, rate: number) {
    this.#world = world
    this.me = me
    this.#clock = {
      monotonic: () => offset + world.now * rate,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted) return resolve()
          signal?.addEventListener('abort', () => resolve(), { once: true })
          world.at(world.now + Math.max(0, ms) / rate, this, () => resolve())
        }),
    }
  }

  get isStopped(): boolean {
    return this.#world.now < this.stoppedUntil
  }

  /** Whether it would send if it came to it this moment. */
  get sends(): boolean {
    return !this.isStopped && this.lease?.holds() === true
  }

  /** What it began may still be under way. */
  get isUnderWay(): boolean {
    return this.lease !== undefined && !this.lease.over.aborted
  }

  /** Stands by and owns in turns, as the program does. Gives up what it owns after `tenure`, if that is given. */
  async live(tenure?: () => number): Promise<void> {
    while (!this.#end.signal.aborted) {
      const { lease } = (await standBy(this.#parts(), this.#end.signal)) ?? {}
      if (lease === undefined) return
      this.lease = lease
      this.epochs.push(lease.epoch)
      const kept = lease.keep()
      const limit = tenure?.()
      if (limit !== undefined) {
        await this.#clock.sleep(limit, lease.lost)
        await lease.release().catch(() => false)
      }
      await kept
      this.lease = undefined
    }
  }

  #parts() {
    return {
      store: this.#world.store(this),
      clock: this.#clock,
      me: this.me,
      termMs: TERM,
      minEpoch: 1,
      begunAt: 0,
      random: this.#world.random,
      stamp: () => {
        this.#stamps += 1
        return `${this.me.id} ${this.#stamps}`
      },
      failed: () => undefined,
      seen: () => undefined,
      unreachable: () => undefined,
    }
  }
}

/** Everything that can run without time passing has run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
