/** Counts by name, bounded: names beyond the bound are counted together. */
export class Tally {
  readonly #counts = new Map<string, number>()
  readonly #bound: number

  constructor(bound = 1000) {
    this.#bound = bound
  }

  add(name: string, by = 1): void {
    const key = this.#counts.has(name) || this.#counts.size < this.#bound ? name : '(others)'
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + by)
  }

  /** Most first. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b, 'en')))
  }
}

export interface Volume {
  readonly events: number
  readonly bytes: number
}

/** Events and bytes by name, bounded likewise. */
export class Volumes {
  readonly #events: Tally
  readonly #bytes: Tally

  constructor(bound = 1000) {
    this.#events = new Tally(bound)
    this.#bytes = new Tally(bound)
  }

  add(name: string, bytes: number): void {
    this.#events.add(name)
    this.#bytes.add(name, bytes)
  }

  volumes(): Readonly<Record<string, Volume>> {
    const bytes = this.#bytes.counts()
    return Object.fromEntries(
      Object.entries(this.#events.counts()).map(([name, events]) => [name, { events, bytes: bytes[name] ?? 0 }]),
    )
  }
}
