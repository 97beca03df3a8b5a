// Everything that happens whether or not the process lives: objects appear, are announced, expire and are replaced, and
// somebody writes nonsense to the queue.
import { announcement, nonsense, testEvent } from './announcements.ts'
import { Author } from './author.ts'
import type { Bucket } from './bucket.ts'
import type { Chance } from './chance.ts'
import { DAY, HOUR, MINUTE, type Plan } from './plan.ts'
import type { Queue } from './queue.ts'
import type { VirtualTime } from './time.ts'
import type { Trace } from './trace.ts'
import type { TrueEvent, TrueObject, Truth } from './truth.ts'

export interface Place {
  readonly bucket: Bucket
  readonly queue: Queue
}

export interface SceneryParts {
  readonly plan: Plan
  readonly time: VirtualTime
  readonly chance: Chance
  readonly truth: Truth
  readonly trace: Trace
  readonly places: readonly Place[]
}

export class Scenery {
  readonly #parts: SceneryParts
  readonly #author: Author

  constructor(parts: SceneryParts) {
    this.#parts = parts
    this.#author = new Author(parts.chance.fork(3), parts.truth, parts.plan.habits)
  }

  /** Writes everything down and sets the alarms. */
  set(): void {
    const { plan, chance, places } = this.#parts
    const moments = Array.from({ length: plan.objects }, () => this.#moment()).sort((a, b) => a - b)
    for (const putAt of moments) this.#appear(chance.pick(places), putAt)
    for (const place of places) {
      if (chance.hit(0.3)) this.#at(this.#moment(), () => place.queue.send(testEvent(place.bucket.name)))
      if (chance.hit(0.3)) this.#at(this.#moment(), () => place.queue.send(nonsense(chance.int(0, 99))))
      if (chance.hit(0.3)) this.#put(place, this.#author.probe(place.bucket.uri, this.#moment()))
    }
  }

  /** Some more, after everything: what was still waiting for another record to be accepted ends now. */
  close(acceptable: (event: TrueEvent) => boolean): void {
    const { time, places } = this.#parts
    for (const place of places) {
      const object = this.#author.write(place.bucket.uri, time.now, time.now, 12, acceptable)
      this.#put(place, object)
      this.#announce(place, object)
    }
  }

  /** Most objects appear while the process lives, some in its sleep, some before its birth. */
  #moment(): number {
    const { plan, chance } = this.#parts
    const way = chance.random()
    if (way < 0.15) return plan.start - chance.int(0, 2 * DAY)
    if (way < 0.3) return chance.int(plan.start, plan.calmAt)
    const { from, to } = chance.pick(plan.lives.slice(0, -1))
    return chance.int(from, Math.min(to, plan.calmAt))
  }

  #appear(place: Place, putAt: number): void {
    const { plan, chance } = this.#parts
    const events = chance.hit(0.05) ? 0 : chance.int(1, plan.habits.eventsMax)
    const object = this.#author.write(place.bucket.uri, putAt - this.#lateness(), putAt, events)
    this.#put(place, object)
    this.#announce(place, object)
    const way = chance.random()
    if (way < 0.05) this.#expire(object, putAt + Math.ceil(chance.exponential(chance.pick([HOUR, DAY]))))
    else if (way < 0.07) this.#replace(place, object, putAt + Math.ceil(chance.exponential(HOUR)))
  }

  #lateness(): number {
    const { chance, plan } = this.#parts
    const way = chance.random()
    if (way < plan.habits.punctual) return chance.int(0, 3 * MINUTE)
    return way < 0.92 ? chance.int(HOUR, 6 * HOUR) : chance.int(20 * HOUR, 60 * HOUR)
  }

  #put({ bucket }: Place, object: TrueObject): void {
    const { time, trace } = this.#parts
    this.#at(object.putAt, () => {
      bucket.put(object)
      const { occurrences, bad, key } = object
      trace.say(time.now, `put ${key.slice(-30)} (${occurrences.length} events, ${bad.length} bad)`)
    })
  }

  #announce({ bucket, queue }: Place, object: TrueObject): void {
    const { chance, time, plan } = this.#parts
    const times = chance.pick([0, 0, 1, 1, 1, 1, 1, 2])
    for (let n = 0; n < times; n += 1) {
      const delay = chance.hit(0.9)
        ? chance.int(0, MINUTE)
        : chance.hit(0.5)
          ? chance.int(-15_000, 0)
          : chance.int(0, 6 * HOUR)
      const at = Math.max(object.putAt, Math.min(plan.calmAt, object.putAt + delay))
      this.#at(delay < 0 ? object.putAt + delay : at, () =>
        queue.send(announcement(bucket.name, [object], time.now, chance)),
      )
    }
  }

  #expire(object: TrueObject, at: number): void {
    if (at >= this.#parts.plan.calmAt) return
    this.#at(at, () => {
      object.goneAt ??= at
    })
  }

  #replace(place: Place, old: TrueObject, at: number): void {
    if (at >= this.#parts.plan.calmAt) return
    this.#put(place, this.#author.replace(old, at, this.#parts.chance.int(1, this.#parts.plan.habits.eventsMax)))
  }

  #at(time: number, act: () => void): void {
    this.#parts.time.at(time, act)
  }
}
