/** How many requests a destination takes at once: halved when it throttles or times out, one more after a clean run. */
export class Concurrency {
  readonly min: number
  readonly max: number
  #limit: number
  #clean = 0

  constructor(bounds: { readonly min: number; readonly max: number }) {
    this.min = bounds.min
    this.max = bounds.max
    this.#limit = bounds.min
  }

  get limit(): number {
    return this.#limit
  }

  /** A request was delivered. A run is clean when as many were delivered in a row as may be in flight. */
  delivered(): void {
    this.#clean += 1
    if (this.#clean < this.#limit || this.#limit >= this.max) return
    this.#clean = 0
    this.#limit += 1
  }

  /** A request failed for another reason: the run was not clean, and fewer requests would not have helped. */
  failed(): void {
    this.#clean = 0
  }

  /** The destination throttled a request or did not answer in time. */
  strained(): void {
    this.#clean = 0
    this.#limit = Math.max(this.min, Math.floor(this.#limit / 2))
  }
}
