// Where a witness is silent. An interval is a run of events that it lacks with none between them that it has: so one lost
// hour is one interval whatever it held, and a hundred single losses are a hundred.

/** Times in milliseconds since 1970: of the first and the last event that is lacking. */
export interface Interval {
  readonly from: number
  readonly to: number
  readonly events: number
}

export interface Intervals {
  readonly events: number
  /** In the order of time, up to the bound. */
  readonly listed: readonly Interval[]
  /** How many there are in all. */
  readonly count: number
}

/** So many are listed. */
export const mostIntervals = 1_000

/** Takes events in the order of time. */
export class Gathering {
  readonly #listed: Interval[] = []
  #open: { from: number; to: number; events: number } | undefined
  #events = 0
  #count = 0

  lacks(at: number): void {
    this.#events += 1
    if (this.#open === undefined) this.#open = { from: at, to: at, events: 1 }
    else this.#open = { from: this.#open.from, to: at, events: this.#open.events + 1 }
  }

  has(): void {
    if (this.#open === undefined) return
    this.#count += 1
    if (this.#listed.length < mostIntervals) this.#listed.push(this.#open)
    this.#open = undefined
  }

  /** Everything was taken. */
  end(): Intervals {
    this.has()
    return { events: this.#events, listed: this.#listed, count: this.#count }
  }
}
