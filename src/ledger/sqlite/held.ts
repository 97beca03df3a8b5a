import { addRanges, meets, type Ranges, removeRanges } from '../../domain/ranges.ts'
import type { Position } from '../duplicates.ts'
import { stretches } from './stretches.ts'

/**
 * What lies in open intents, per destination and object: in memory, because asking the stored members of every open
 * intent would cost more than the intent, and as ranges, because a set of positions costs more than encoding an event.
 * Loaded when first asked for, forgotten whenever a transaction fails.
 */
export class Held {
  readonly #load: (destination: string) => readonly Position[]
  readonly #destinations = new Map<string, Map<number, Ranges>>()

  constructor(load: (destination: string) => readonly Position[]) {
    this.#load = load
  }

  /** Whether any byte of [from, to) lies in an open intent. */
  has(destination: string, object: number, from: number, to: number): boolean {
    return meets(this.#of(destination).get(object) ?? [], from, to)
  }

  /** What lies in open intents of one object. */
  ranges(destination: string, object: number): Ranges {
    return this.#of(destination).get(object) ?? []
  }

  add(destination: string, members: readonly Position[]): void {
    addTo(this.#of(destination), members)
  }

  release(destination: string, members: readonly Position[]): void {
    const objects = this.#of(destination)
    for (const [object, { ranges }] of stretches(members)) {
      const left = removeRanges(objects.get(object) ?? [], ranges)
      if (left.length === 0) objects.delete(object)
      else objects.set(object, left)
    }
  }

  forget(): void {
    this.#destinations.clear()
  }

  #of(destination: string): Map<number, Ranges> {
    const known = this.#destinations.get(destination)
    if (known !== undefined) return known
    const objects = new Map<number, Ranges>()
    addTo(objects, this.#load(destination))
    this.#destinations.set(destination, objects)
    return objects
  }
}

function addTo(objects: Map<number, Ranges>, members: readonly Position[]): void {
  for (const [object, { ranges }] of stretches(members)) {
    objects.set(object, addRanges(objects.get(object) ?? [], ranges))
  }
}
