/** A stream of chances from one seed: the same seed gives the same world. (sfc32, by Chris Doty-Humphrey, public domain.) */
export class Chance {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number, stream = 0) {
    this.#a = seed >>> 0
    this.#b = Math.floor(seed / 2 ** 32) >>> 0
    this.#c = stream >>> 0
    for (let warm = 0; warm < 15; warm += 1) this.#next()
  }

  #next(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (this.#c << 21) | (this.#c >>> 11)
    this.#c = (this.#c + t) | 0
    return t >>> 0
  }

  /** In [0, 1). */
  readonly random = (): number => this.#next() / 2 ** 32

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1))
  }

  /** True with this probability. */
  hit(probability: number): boolean {
    return this.random() < probability
  }

  pick<T>(from: readonly T[]): T {
    return from[this.int(0, from.length - 1)] as T
  }

  /** A waiting time with this mean. */
  exponential(mean: number): number {
    return -Math.log(1 - this.random()) * mean
  }

  /** A stream of its own, so that one part of the world drawing more does not change another. */
  fork(stream: number): Chance {
    return new Chance(this.#next(), stream)
  }
}
