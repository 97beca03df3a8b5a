// The time in which this replica owns the sending: the ledger is marked with the epoch before anything is done with it,
// copied at every interval, copied once more when all has come to rest, and given up. A copy is uploaded under a name of
// its own and counts from the moment the head names it, which only the owner can do. What is no longer named is removed,
// but for the one before the latest.

import { isOwnReceiver } from '../domain/own-records.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { EPOCH_MEMORY } from '../ledger/sqlite/copy.ts'
import type { Tell } from '../telemetry/events.ts'
import { copied, discard } from './copying.ts'
import type { Checkpoint } from './head.ts'
import { boundedBy, type Lease, type LeaseClock } from './lease.ts'
import type { CopyStore } from './store.ts'
import type { TakeUp } from './take-up.ts'

/** The first copy is made as soon, in milliseconds: until then the checkpoint is another epoch's, or there is none. */
const FIRST_MS = 5_000
/** After a copy that failed, the next, in milliseconds, unless the interval is shorter. */
const AGAIN_MS = 30_000
/** For the last copy, in milliseconds: with `stop_timeout` before it, it is to end before a pod is killed. */
const LAST_MS = 25_000

export interface OwnershipParts {
  readonly store: CopyStore
  readonly clock: LeaseClock
  /** The wall clock, for people. */
  readonly now: () => number
  readonly stamp: () => string
  readonly tell: Tell
  /** The ledger's file. */
  readonly path: string
  readonly intervalMs: number
}

export class Ownership {
  readonly lease: Lease
  readonly takenUp: TakeUp
  readonly #parts: OwnershipParts
  /** Settles when the lease is lost or given up. */
  readonly #kept: Promise<void>
  readonly #resting = new AbortController()
  #ledger: Ledger | undefined
  #copying: Promise<void> = Promise.resolve()
  #copies = 0

  constructor(parts: OwnershipParts, lease: Lease, takenUp: TakeUp, kept: Promise<void>) {
    this.#parts = parts
    this.lease = lease
    this.takenUp = takenUp
    this.#kept = kept
    // Told when it happens: what is under way may take a while to land.
    const told = (): void => {
      if (lease.reason !== undefined) parts.tell({ type: 'ownership_lost', epoch: lease.epoch, reason: lease.reason })
    }
    lease.lost.addEventListener('abort', told, { once: true })
    if (lease.lost.aborted) told()
  }

  /** Where a destination that the ledger does not know begins, in place of now. */
  get since(): number | undefined {
    return this.takenUp.since
  }

  /** To be called with the ledger, opened, before anything else is done with it. */
  begin(ledger: Ledger, receivers: readonly string[]): void {
    const { epoch } = this.lease
    const { ledger: origin, listAll } = this.takenUp
    ledger.together(() => {
      // Nothing is swept before all is: that is how the sweep comes to list everything.
      if (listAll) for (const receiver of receivers) ledger.swept(receiver, 0)
      ledger.watch.remember(EPOCH_MEMORY, String(epoch))
    })
    this.#parts.tell({ type: 'ownership_taken', epoch, ledger: origin, listAll })
    this.#ledger = ledger
    this.#copying = this.#copyOften()
  }

  /** Gives it up where the ledger could not even be opened. Never rejects. */
  async giveUp(): Promise<void> {
    await this.lease.release().catch(() => false)
    await this.#kept
  }

  /** To be called when all that was begun has come to rest, before the ledger is closed. Never rejects. */
  async end(): Promise<void> {
    const { tell } = this.#parts
    this.#resting.abort()
    await this.#copying
    const last = this.lease.holds() ? await this.#lastCopy() : undefined
    const { epoch } = this.lease
    try {
      if (await this.lease.release(last)) tell({ type: 'ownership_given_up', epoch })
    } catch (error) {
      tell({ type: 'ownership_lost', epoch, reason: `it could not be given up: ${words(error).reason}` })
    }
    await this.#kept
  }

  async #copyOften(): Promise<void> {
    const { clock, intervalMs, tell } = this.#parts
    const ending = AbortSignal.any([this.lease.lost, this.#resting.signal])
    let waitMs = Math.min(FIRST_MS, intervalMs)
    for (;;) {
      await clock.sleep(waitMs, ending)
      if (ending.aborted) return
      const begun = clock.monotonic()
      try {
        if (this.#isWorthCopying) await this.#copy(ending)
        waitMs = Math.max(0, begun + intervalMs - clock.monotonic())
      } catch (error) {
        if (ending.aborted) return
        waitMs = Math.min(AGAIN_MS, intervalMs)
        tell({ type: 'checkpoint_failed', ...words(error), retryInMs: waitMs })
      }
    }
  }

  /** One that knows no destination yet knows less than no copy does, which is when the first owner began. */
  get #isWorthCopying(): boolean {
    return this.#ledger?.routes().some(({ receiver }) => !isOwnReceiver(receiver)) ?? false
  }

  /** One copy, named by the head. */
  async #copy(signal: AbortSignal): Promise<void> {
    const begun = this.#parts.clock.monotonic()
    const before = this.lease.head.checkpoint
    const made = await this.#uploaded(false, signal)
    if (!(await this.lease.change(({ released }) => ({ checkpoint: made, released })))) return
    this.#told(made, begun)
    await this.#tidy(before, signal)
  }

  async #lastCopy(): Promise<Checkpoint | undefined> {
    const begun = this.#parts.clock.monotonic()
    try {
      if (!this.#isWorthCopying) return undefined
      const made = await boundedBy(LAST_MS, this.#parts.clock, (cut) => {
        return this.#uploaded(true, AbortSignal.any([this.lease.lost, cut]))
      })
      this.#told(made, begun)
      return made
    } catch (error) {
      this.#parts.tell({ type: 'checkpoint_failed', ...words(error), retryInMs: 0 })
      return undefined
    }
  }

  async #uploaded(complete: boolean, signal: AbortSignal): Promise<Checkpoint> {
    const { store, path, now, stamp } = this.#parts
    const files = { plain: `${path}.copy`, packed: `${path}.copy.zst` }
    const takenAt = now()
    try {
      const copy = await copied({ path, ...files }, signal)
      this.#copies += 1
      const { epoch } = this.lease
      const name = `ledger-${digits(epoch, 10)}-${digits(this.#copies, 6)}-${stamp().slice(0, 8)}`
      const checkpoint = { ...copy, name, epoch, takenAt, complete }
      await store.upload(checkpoint, files.packed, signal)
      return checkpoint
    } finally {
      discard(files)
    }
  }

  #told({ name, takenAt, bytes, ledgerBytes }: Checkpoint, begun: number): void {
    const durationMs = this.#parts.clock.monotonic() - begun
    this.#parts.tell({ type: 'checkpoint_made', name, takenAt, bytes, ledgerBytes, durationMs })
  }

  /**
   * Removes what is older than the copy that was named before the one named just now, also what was uploaded and never
   * named. Whoever follows goes by that name or a later one, so nothing that is needed goes, however late this is done.
   */
  async #tidy(before: Checkpoint | undefined, signal: AbortSignal): Promise<void> {
    const { store, tell } = this.#parts
    if (before === undefined) return
    try {
      const old = (await store.names(signal)).filter((name) => name < before.name)
      for (const name of old) await store.remove(name, signal)
    } catch (error) {
      if (!signal.aborted) tell({ type: 'checkpoints_kept', ...words(error) })
    }
  }
}

function digits(number: number, width: number): string {
  return String(number).padStart(width, '0')
}

/** What a failure says, and what to do about it. */
export function words(error: unknown): { readonly reason: string; readonly hint: string | undefined } {
  const { message, hint } = error as { readonly message?: string; readonly hint?: string }
  return { reason: message ?? String(error), hint }
}
