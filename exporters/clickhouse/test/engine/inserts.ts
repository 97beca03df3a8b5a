// What became of each insert, told by the server's process as it happens and kept outside of it: a server that is killed
// cannot be asked any more, and a test that kills must know what it has cut.

/** What the server's process tells of the insert with this number, which is its own in this life of the server. */
export interface InsertNews {
  readonly kind: 'insert'
  readonly number: number
  readonly stage: 'begun' | 'committed' | Ending
}

/**
 * How its client heard of it: an answer, an exception, or none, since the connection was cut here, or the client had gone
 * before there was one, or the server was killed.
 */
export type Ending = 'answered' | 'refused' | 'cut' | 'abandoned' | 'killed'

export interface Insert {
  /** Whether the engine has carried it out, as far as the server could still tell. */
  readonly committed: boolean
  /** Undefined while it is under way. */
  readonly ending?: Ending
}

export class Inserts {
  readonly #all = new Map<string, Insert>()
  #life = 0
  readonly #waiting = new Set<() => void>()

  get all(): readonly Insert[] {
    return [...this.#all.values()]
  }

  hear({ number, stage }: InsertNews): void {
    const id = `${this.#life} ${number}`
    const before = this.#all.get(id)
    if (stage === 'begun') this.#all.set(id, { committed: false })
    else if (before !== undefined)
      this.#all.set(id, stage === 'committed' ? { ...before, committed: true } : { ...before, ending: stage })
    this.#tell()
  }

  /** Those under way were so when the server was killed. */
  killed(): void {
    for (const [id, insert] of this.#all) this.#all.set(id, { ending: 'killed', ...insert })
    this.#life += 1
    this.#tell()
  }

  forget(): void {
    this.#all.clear()
  }

  /** Resolves as soon as an insert is so. Never, where none will be: the caller knows for how long to wait. */
  async until(holds: (insert: Insert) => boolean): Promise<void> {
    while (!this.all.some(holds)) await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  #tell(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const resolve of waiting) resolve()
  }
}
