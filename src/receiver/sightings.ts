import type { Discovery, Sighting } from '../domain/objects.ts'

/** Where a receiver hands what it found: the ledger's discovery, bound to this receiver and store by the pipeline. */
export interface Sightings {
  /**
   * Registers objects, durably: what announced them may be deleted after it returns. Seeing an object again does nothing.
   * Throws if the commit fails; then nothing is known to be registered.
   */
  see(sightings: readonly Sighting[], how: Discovery): SeenCounts
  /** Keeps a message's body that nobody understands. Throws if it cannot be kept. */
  quarantine(body: string, reason: string): void
  /** Start of the last complete sweep, in milliseconds since 1970; undefined before the first. */
  sweptTo(): number | undefined
  /** A sweep begun at `startedAt` (the store's clock) left every partition of its span listed. Durable. Throws if the commit fails. */
  swept(startedAt: number): void
  /** The store's clock beside ours, at the first page of every sweep, so that skew can be watched. */
  storeTime(date: number, now: number): void
}

/** Objects not known before, those of them below a watermark, and those known already or wanted by nobody. */
export interface SeenCounts {
  readonly fresh: number
  readonly late: number
  readonly known: number
}
