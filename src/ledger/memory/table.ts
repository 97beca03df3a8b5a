// Tables that can forget. Every mutation records how to undo it, grouped by commit; a durable commit throws away the
// record, because everything up to it is on the disk; a crash plays the rest backwards, the latest commit first.
import assert from 'node:assert/strict'

type Undo = () => void

/** The order of commits, and which of them a power cut would take back. */
export class Journal {
  #open: Undo[] | undefined
  #volatile: Undo[][] = []
  /** What went wrong within the open transaction: whoever caught it must not commit the half of it. */
  #failure: { readonly error: unknown } | undefined

  /** Runs one transaction. If it throws, nothing has changed. Within another one it is a part of that. */
  commit<T>(durability: 'durable' | 'volatile', body: () => T): T {
    if (this.#open !== undefined) return this.#join(body)
    const undo: Undo[] = []
    this.#open = undo
    this.#failure = undefined
    try {
      const result = body()
      if (this.#failure !== undefined) throw (this.#failure as { readonly error: unknown }).error
      if (undo.length === 0) return result
      if (durability === 'durable') this.#volatile = []
      else this.#volatile.push(undo)
      return result
    } catch (error) {
      playBack(undo)
      throw error
    } finally {
      this.#open = undefined
    }
  }

  #join<T>(body: () => T): T {
    try {
      return body()
    } catch (error) {
      this.#failure ??= { error }
      throw error
    }
  }

  record(undo: Undo): void {
    assert(this.#open !== undefined, 'a table is only changed within a transaction')
    this.#open.push(undo)
  }

  /** Takes back all but the first `keep` commits that are not durable yet. */
  crash(keep: number): void {
    for (const undo of this.#volatile.splice(keep).reverse()) playBack(undo)
    this.#volatile = []
  }

  get volatileCommits(): number {
    return this.#volatile.length
  }
}

function playBack(undo: readonly Undo[]): void {
  for (const step of undo.toReversed()) step()
}

/** A Map whose values are replaced, never changed. Its order means nothing after a crash. */
export class Table<K, V> {
  readonly #rows = new Map<K, V>()
  readonly #journal: Journal

  constructor(journal: Journal) {
    this.#journal = journal
  }

  get(key: K): V | undefined {
    return this.#rows.get(key)
  }

  has(key: K): boolean {
    return this.#rows.has(key)
  }

  keys(): K[] {
    return [...this.#rows.keys()]
  }

  values(): V[] {
    return [...this.#rows.values()]
  }

  entries(): [K, V][] {
    return [...this.#rows.entries()]
  }

  set(key: K, value: V): void {
    this.#remember(key)
    this.#rows.set(key, value)
  }

  delete(key: K): void {
    this.#remember(key)
    this.#rows.delete(key)
  }

  #remember(key: K): void {
    const rows = this.#rows
    const before = rows.get(key)
    this.#journal.record(before === undefined ? () => rows.delete(key) : () => rows.set(key, before))
  }
}
