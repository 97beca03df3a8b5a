import type { Candidate } from './candidate.ts'

export interface BatchBounds {
  readonly records: number
  readonly bytes: number
  readonly lingerMs: number
}

interface Open {
  readonly members: Candidate[]
  bytes: number
  /** When it is closed although there is room, in milliseconds since 1970. */
  readonly closeAt: number
}

/**
 * Packs candidates into batches: bounded by records, encoded bytes and linger, one partition each, across objects.
 * A candidate that can never be sent makes a batch of its own.
 */
export class Batcher {
  readonly #bounds: BatchBounds
  readonly #open = new Map<string, Open>()
  readonly #ready: (readonly Candidate[])[] = []

  constructor(bounds: BatchBounds) {
    this.#bounds = bounds
  }

  /** Batches that are full or have lingered. */
  get ready(): number {
    return this.#ready.length
  }

  get empty(): boolean {
    return this.#ready.length === 0 && this.#open.size === 0
  }

  /** When the next batch closes by itself; undefined if none is open. */
  get closesAt(): number | undefined {
    const times = [...this.#open.values()].map(({ closeAt }) => closeAt)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  add(candidate: Candidate, now: number): void {
    if (candidate.unsendable !== undefined) {
      this.#ready.push([candidate])
      return
    }
    const partition = candidate.encoded.partition ?? ''
    const size = candidate.encoded.bytes.byteLength
    if ((this.#open.get(partition)?.bytes ?? 0) + size > this.#bounds.bytes) this.#close(partition)
    const open = this.#open.get(partition) ?? { members: [], bytes: 0, closeAt: now + this.#bounds.lingerMs }
    this.#open.set(partition, open)
    open.members.push(candidate)
    open.bytes += size
    if (open.members.length >= this.#bounds.records || open.bytes >= this.#bounds.bytes) this.#close(partition)
  }

  /** Closes what has lingered long enough. A batch due later than a linger from now is due: the clock has jumped. */
  closeDue(now: number): void {
    for (const [partition, { closeAt }] of this.#open) {
      if (closeAt <= now || closeAt > now + this.#bounds.lingerMs) this.#close(partition)
    }
  }

  closeAll(): void {
    for (const partition of this.#open.keys()) this.#close(partition)
  }

  take(): readonly Candidate[] | undefined {
    return this.#ready.shift()
  }

  /** Gives back what was taken and could not be recorded. */
  putBack(batch: readonly Candidate[]): void {
    this.#ready.unshift(batch)
  }

  #close(partition: string): void {
    const open = this.#open.get(partition)
    this.#open.delete(partition)
    if (open !== undefined) this.#ready.push(open.members)
  }
}
