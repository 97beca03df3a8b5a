// One of several forwarders of the same stream, of which one sends. It stands by until it owns, sees to the ledger it is
// to go on with, and hands the ownership to whoever runs the pipeline; when that is over it stands by again.

import { backoff } from '../domain/backoff.ts'
import { SetupError } from '../domain/failures.ts'
import { standingOf } from '../ledger/sqlite/copy.ts'
import type { Head, Replica as Me } from './head.ts'
import { boundedBy, type Lease } from './lease.ts'
import { Ownership, type OwnershipParts, words } from './ownership.ts'
import { restore } from './restoring.ts'
import { standBy } from './standby.ts'
import type { CheckpointStore } from './store.ts'
import { type TakeUp, takeUp } from './take-up.ts'

export interface ReplicaParts extends OwnershipParts {
  readonly store: CheckpointStore
  readonly me: Me
  readonly termMs: number
  readonly random: () => number
}

/** What this replica is, for whoever asks. */
export interface ReplicaState {
  readonly role: 'owner' | 'standing by' | 'taking over'
  /** Who owns as far as is known, and in which epoch. */
  readonly owner: string | undefined
  readonly epoch: number | undefined
  /** When the ledger of the latest checkpoint was copied, in milliseconds since 1970. */
  readonly checkpointAt: number | undefined
}

const RETRY = { initialMs: 1_000, maxMs: 30_000 }

export class Replica {
  readonly #parts: ReplicaParts
  #begunAt: number | undefined
  #seen: Head | undefined
  #lease: Lease | undefined
  #ready = false

  constructor(parts: ReplicaParts) {
    this.#parts = parts
  }

  get state(): ReplicaState {
    const lease = this.#lease?.lost.aborted === false ? this.#lease : undefined
    const head = lease?.head ?? this.#seen
    const role = lease === undefined ? 'standing by' : this.#ready ? 'owner' : 'taking over'
    return { role, owner: head?.owner.name, epoch: head?.epoch, checkpointAt: head?.checkpoint?.takenAt }
  }

  /**
   * Stands by until it owns and has its ledger in place; undefined where the signal aborted first. Rejects with SetupError
   * where that can never be: the store is unfit, or the checkpoint of a newer version.
   */
  async own(signal: AbortSignal): Promise<Ownership | undefined> {
    while (!signal.aborted) {
      this.#begunAt ??= await this.#proven(signal)
      if (this.#begunAt === undefined) return undefined
      const ownership = await this.#take(this.#begunAt, signal)
      if (ownership !== undefined) return ownership
    }
    return undefined
  }

  async #take(begunAt: number, signal: AbortSignal): Promise<Ownership | undefined> {
    const { path, tell } = this.#parts
    this.#ready = false
    const minEpoch = standingOf(path).epoch + 1
    const taken = await standBy({ ...this.#parts, ...this.#telling(), begunAt, minEpoch }, signal)
    if (taken === undefined) return undefined
    const { lease, before } = taken
    this.#lease = lease
    const kept = lease.keep()
    // Looked at again: it may have waited for long.
    const found = takeUp(before, lease.head, standingOf(path))
    if (await this.#prepared(lease, found, signal)) {
      this.#ready = true
      return new Ownership(this.#parts, lease, found, kept)
    }
    const { epoch, reason } = lease
    if (signal.aborted) await lease.release().catch(() => false)
    else tell({ type: 'ownership_lost', epoch, reason: reason ?? 'its time is over' })
    await kept
    return undefined
  }

  #telling() {
    const { tell, me } = this.#parts
    return {
      failed: (error: unknown, leftMs: number): void =>
        tell({ type: 'ownership_unrenewed', epoch: this.#lease?.epoch ?? 0, ...words(error), leftMs }),
      seen: (head: Head): void => {
        this.#seen = head
        if (head.owner.id !== me.id && !head.released) {
          tell({ type: 'standing_by', owner: head.owner.name, epoch: head.epoch })
        }
      },
      unreachable: (error: unknown, retryInMs: number): void =>
        tell({ type: 'checkpoint_unreachable', ...words(error), retryInMs }),
    }
  }

  /** The store's clock, once it has proven that it heeds conditions. */
  async #proven(signal: AbortSignal): Promise<number | undefined> {
    const { store, clock, termMs } = this.#parts
    const once = (): Promise<number> =>
      boundedBy(termMs, clock, (ended) => store.prove(AbortSignal.any([ended, signal])))
    return this.#persist(signal, once)
  }

  /** False where the lease was lost or the signal aborted before the ledger was in place. */
  async #prepared(lease: Lease, found: TakeUp, signal: AbortSignal): Promise<boolean> {
    if (found.ledger !== 'restored') return true
    const { store, path, clock, tell } = this.#parts
    const { from, superseded } = found
    const begun = clock.monotonic()
    const either = AbortSignal.any([lease.lost, signal])
    const restored = await this.#persist(either, async () => {
      await restore(store, from, path, either)
      return true
    }).catch(async (error: unknown) => {
      // Another version may do better: it need not wait.
      await lease.release().catch(() => false)
      throw error
    })
    if (restored === undefined) return false
    const { name, takenAt, ledgerBytes } = from
    tell({ type: 'ledger_restored', name, takenAt, ledgerBytes, superseded, durationMs: clock.monotonic() - begun })
    return true
  }

  /** Tries until it succeeds; undefined once the signal has aborted. SetupError passes. */
  async #persist<T>(signal: AbortSignal, attempt: () => Promise<T>): Promise<T | undefined> {
    const { clock, random, tell } = this.#parts
    for (let attempts = 1; !signal.aborted; attempts += 1) {
      try {
        return await attempt()
      } catch (error) {
        if (signal.aborted) return undefined
        if (error instanceof SetupError) throw error
        const retryInMs = backoff(attempts, RETRY, random)
        tell({ type: 'checkpoint_unreachable', ...words(error), retryInMs })
        await clock.sleep(retryInMs, signal)
      }
    }
    return undefined
  }
}
