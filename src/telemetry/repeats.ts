// A destination that is down for a week says so once every ten seconds, not once per attempt. Windows are kept in the
// order they began, so closing the old ones never looks further than the first open one. No timer: a count of what was
// withheld is told with the next event of any kind, and something always happens.

interface Window<Told> {
  readonly since: number
  readonly told: Told
  withheld: number
}

/** What was withheld since it was last told. */
export interface Withheld<Told> {
  readonly told: Told
  readonly count: number
}

export class Repeats<Told> {
  readonly #windowMs: number
  readonly #capacity: number
  readonly #windows = new Map<string, Window<Told>>()

  constructor(options: { readonly windowMs: number; readonly capacity: number }) {
    this.#windowMs = options.windowMs
    this.#capacity = options.capacity
  }

  /** Whether to say this now. The first of its key is said; the next ones only count until its window closes. */
  admit(key: string, told: Told, now: number): boolean {
    const open = this.#windows.get(key)
    if (open !== undefined) {
      open.withheld += 1
      return false
    }
    this.#windows.set(key, { since: now, told, withheld: 0 })
    return true
  }

  /** Closes windows that are over, or too many, and answers what they withheld. Call before `admit`. */
  close(now: number): readonly Withheld<Told>[] {
    const closed: Withheld<Told>[] = []
    for (const [key, window] of this.#windows) {
      // A clock set back would keep a window open for as long as it was set back.
      const over = Math.abs(now - window.since) >= this.#windowMs
      if (!over && this.#windows.size <= this.#capacity) break
      this.#windows.delete(key)
      if (window.withheld > 0) closed.push({ told: window.told, count: window.withheld })
    }
    return closed
  }

  /** Everything withheld so far, at the end of life. */
  drain(): readonly Withheld<Told>[] {
    return this.close(Number.POSITIVE_INFINITY)
  }
}
