/**
 * The objects a lane has in hand: being read, encoded in memory, in an intent, under a provisional verdict, or with a
 * settlement not yet written. Such a row is not read again until all of that has come to an end, so nothing of it can
 * be sent twice by the lane itself. Counts holds per object; it is no lock, for nobody waits on it.
 */
export class Hand {
  readonly #holds = new Map<number, number>()
  readonly #objects = new Set<number>()

  get objects(): ReadonlySet<number> {
    return this.#objects
  }

  /** How often the object is held. */
  holds(object: number): number {
    return this.#holds.get(object) ?? 0
  }

  hold(object: number, times = 1): void {
    this.#holds.set(object, (this.#holds.get(object) ?? 0) + times)
    this.#objects.add(object)
  }

  release(object: number, times = 1): void {
    const left = (this.#holds.get(object) ?? 0) - times
    if (left < 0) throw new Error(`object ${object} was released more often than held`)
    if (left > 0) {
      this.#holds.set(object, left)
      return
    }
    this.#holds.delete(object)
    this.#objects.delete(object)
  }
}
