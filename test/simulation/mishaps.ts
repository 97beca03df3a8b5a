// What ends a life of the process where it hurts most. In some worlds the process dies when an answer was lost, and while it
// is down an object of that batch vanishes; in some the power fails when a message has just been deleted.
import type { Chance } from './chance.ts'
import type { Epoch } from './epoch.ts'
import type { Plan } from './plan.ts'
import type { Attempt } from './server.ts'
import { isOwnOccurrence } from './spoken.ts'
import type { VirtualTime } from './time.ts'
import type { Trace } from './trace.ts'
import type { TrueObject } from './truth.ts'

export interface MishapParts {
  readonly plan: Plan
  readonly chance: Chance
  readonly time: VirtualTime
  readonly trace: Trace
}

export class Mishaps {
  readonly #parts: MishapParts
  /** What vanishes before the process lives again. */
  readonly #loot: TrueObject[] = []

  constructor(parts: MishapParts) {
    this.#parts = parts
  }

  /** A batch was sent and its answer lost. */
  unanswered(epoch: Epoch, { occurrences, stored }: Attempt): void {
    const { plan, chance } = this.#parts
    const [first, ...others] = new Set(occurrences.filter((one) => !isOwnOccurrence(one)).map(({ object }) => object))
    if (!plan.thieves || this.#isCalm() || stored === 0) return
    if (first === undefined || others.length === 0 || !chance.hit(0.8)) return
    this.#loot.push(first)
    epoch.kill()
  }

  /** A message was deleted, and nothing written down since. */
  deleted(epoch: Epoch | undefined): void {
    const { plan, chance } = this.#parts
    if (plan.brittle && !this.#isCalm() && chance.hit(0.8)) epoch?.kill()
  }

  /** A life has ended. */
  rob(): void {
    const { time, trace } = this.#parts
    for (const object of this.#loot.splice(0)) {
      object.goneAt ??= time.now
      trace.say(time.now, `vanished ${object.key.slice(-30)}`)
    }
  }

  #isCalm(): boolean {
    return this.#parts.time.now >= this.#parts.plan.calmAt
  }
}
