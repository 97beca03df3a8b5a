// A queue in the manner of SQS: messages are held for a while, come again if nobody deletes them, and are forgotten after
// four days.
import { SourceFailure } from '../../src/domain/failures.ts'
import type { Message, Notifications } from '../../src/receiver/notifications.ts'
import type { Chance } from './chance.ts'
import type { Epoch } from './epoch.ts'
import type { VirtualTime } from './time.ts'
import type { TrueObject } from './truth.ts'
import type { Weather } from './weather.ts'

const RETENTION_MS = 4 * 24 * 3_600_000
/** Real queues answer after 20 s; a longer poll makes idle days cheap. */
const POLL_MS = 20 * 60_000

export interface Mail {
  readonly body: string
  /** What it announces, in truth. */
  readonly objects: readonly TrueObject[]
  readonly kind: 'objects' | 'test' | 'unknown'
}

interface Held extends Mail {
  readonly id: string
  readonly sentAt: number
  visibleAt: number
  receives: number
}

export interface QueueParts {
  readonly time: VirtualTime
  readonly chance: Chance
  readonly weather: Weather<'unreachable'>
  readonly calmAt: number
  readonly visibilityMs: number
  /** Somebody deletes a message. */
  readonly deleted: (mail: Mail) => void
}

export class Queue {
  readonly #parts: QueueParts
  #held: Held[] = []
  #waiting: (() => void)[] = []
  #serial = 0

  constructor(parts: QueueParts) {
    this.#parts = parts
  }

  /** Messages not deleted and not yet forgotten. */
  get length(): number {
    return this.#alive().length
  }

  send(mail: Mail): void {
    const { now } = this.#parts.time
    this.#serial += 1
    this.#held.push({ ...mail, id: `m${this.#serial}`, sentAt: now, visibleAt: now, receives: 0 })
    for (const wake of this.#waiting.splice(0)) wake()
  }

  notifications(epoch: Epoch): Notifications {
    return {
      name: 'simulated queue',
      receive: (signal) => epoch.reach(() => this.#receive(signal)),
      delete: (messages) => epoch.reach(() => this.#delete(messages)),
      release: (messages) => epoch.reach(async () => this.#release(messages)),
      close: async () => undefined,
    }
  }

  #alive(): Held[] {
    const { now } = this.#parts.time
    this.#held = this.#held.filter(({ sentAt }) => now - sentAt < RETENTION_MS)
    return this.#held
  }

  #visible(): Held[] {
    const { now } = this.#parts.time
    return this.#alive().filter(({ visibleAt }) => visibleAt <= now)
  }

  async #receive(signal: AbortSignal): Promise<readonly Message[]> {
    const { time, chance } = this.#parts
    const end = time.now + POLL_MS
    this.#fail()
    while (this.#visible().length === 0 && time.now < end && !signal.aborted) await this.#wait(end, signal)
    if (signal.aborted) return []
    this.#fail()
    time.stir()
    const taken = this.#visible().slice(0, chance.int(1, 10))
    return taken.map((held) => {
      held.receives += 1
      held.visibleAt = time.now + this.#parts.visibilityMs
      return { id: held.id, body: held.body, receipt: `${held.id}-${held.receives}` }
    })
  }

  #wait(end: number, signal: AbortSignal): Promise<void> {
    const { time } = this.#parts
    const next = Math.min(end, ...this.#alive().map(({ visibleAt }) => Math.max(time.now + 1, visibleAt)))
    return new Promise((resolve) => {
      const wake = (): void => {
        takeBack()
        signal.removeEventListener('abort', wake)
        this.#waiting = this.#waiting.filter((other) => other !== wake)
        resolve()
      }
      const takeBack = time.at(next, wake)
      this.#waiting.push(wake)
      signal.addEventListener('abort', wake, { once: true })
    })
  }

  async #delete(messages: readonly Message[]): Promise<void> {
    const { chance, time } = this.#parts
    if (chance.hit(0.2)) await time.sleep(chance.int(10, 1000))
    this.#fail()
    for (const { id } of messages) {
      const held = this.#held.find((candidate) => candidate.id === id)
      if (held !== undefined) this.#parts.deleted(held)
      this.#held = this.#held.filter((other) => other !== held)
    }
    if (time.now < this.#parts.calmAt && chance.hit(0.02)) throw new SourceFailure('cannot delete: the answer was lost')
  }

  #release(messages: readonly Message[]): void {
    for (const { id } of messages) {
      const held = this.#held.find((candidate) => candidate.id === id)
      if (held !== undefined) held.visibleAt = this.#parts.time.now + Math.min(600_000, 1000 * 2 ** held.receives)
    }
  }

  #fail(): void {
    const { weather, time, chance, calmAt } = this.#parts
    const hiccup = time.now < calmAt && chance.hit(0.01)
    if (hiccup || weather.at(time.now) !== undefined) throw new SourceFailure('cannot reach the queue')
  }
}
