import type { Position } from '../duplicates.ts'

/**
 * Positions in open intents, per destination: in memory, because asking the stored members of every open intent would
 * cost more than the intent. Loaded when first asked for, forgotten whenever a transaction fails.
 */
export class Held {
  readonly #load: (destination: string) => readonly Position[]
  readonly #destinations = new Map<string, Map<number, Set<number>>>()

  constructor(load: (destination: string) => readonly Position[]) {
    this.#load = load
  }

  has(destination: string, { object, from }: Position): boolean {
    return this.#of(destination).get(object)?.has(from) ?? false
  }

  add(destination: string, members: readonly Position[]): void {
    addTo(this.#of(destination), members)
  }

  release(destination: string, members: readonly Position[]): void {
    const objects = this.#of(destination)
    for (const { object, from } of members) {
      const held = objects.get(object)
      held?.delete(from)
      if (held?.size === 0) objects.delete(object)
    }
  }

  forget(): void {
    this.#destinations.clear()
  }

  #of(destination: string): Map<number, Set<number>> {
    const known = this.#destinations.get(destination)
    if (known !== undefined) return known
    const objects = new Map<number, Set<number>>()
    addTo(objects, this.#load(destination))
    this.#destinations.set(destination, objects)
    return objects
  }
}

function addTo(objects: Map<number, Set<number>>, members: readonly Position[]): void {
  for (const { object, from } of members) {
    const held = objects.get(object)
    if (held === undefined) objects.set(object, new Set([from]))
    else held.add(from)
  }
}
