// One owner at a time, without two machines ever comparing their clocks.
//
// The owner may send until three quarters of a term after the moment at which it sent off its last renewal that was
// taken, by its own monotonic clock; whoever wants to follow waits a whole term from the moment at which it first saw the
// head as it is, by its own. A renewal lies between the two moments, so the owner's time is over first. Half of the quarter is
// for what had begun to end, or be cut off, and half for clocks that differ in speed. What wall clocks say, on which
// machine whatsoever, takes no part, nor do answers that are late: a renewal counts from when it was sent off.
//
// Losing is for good. A renewal that is taken after the time was over changes nothing; the replica stands by again and
// takes the ownership anew, under another epoch. `holds` asks the clock itself: a process that was stopped and wakes
// does not send because a timer has not fired yet.
//
// An answer that is lost leaves open whether the write was done. So a refusal is looked into: where the head that is
// there is of this epoch, it is our own earlier write, and its tag is the one to go on with.
import type { Head, Replica } from './head.ts'
import type { HeadStore } from './store.ts'

/** Time as a lease needs it. */
export interface LeaseClock {
  /** Milliseconds from an arbitrary point, never set, and going on while the process or the machine sleeps. */
  monotonic(): number
  /** Resolves after `ms`, or at once when the signal aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export interface LeaseParts {
  readonly store: HeadStore
  readonly clock: LeaseClock
  readonly me: Replica
  /** A text that was never there before. */
  readonly stamp: () => string
  /** A renewal failed; how long is left, in milliseconds. */
  readonly failed: (error: unknown, leftMs: number) => void
}

/** What the head is to become. */
export type Change = (head: Head) => Pick<Head, 'checkpoint' | 'released'>

/** Nothing is begun in this last part of a term, and in the last half of that nothing is under way. */
const MARGIN = 1 / 4
/** A renewal is due after this part of a term, and may take as long. */
const RENEWAL = 1 / 4
/** After a renewal that failed, the next. */
const AGAIN = 1 / 20

export class Lease {
  readonly #parts: LeaseParts
  readonly #lost = new AbortController()
  readonly #over = new AbortController()
  /** Settles when the last write has; one at a time, because each names the tag of the one before. */
  #writing: Promise<unknown> = Promise.resolve()
  #head: Head
  #tag: string
  #until: number
  #reason: string | undefined

  /** @param sentAt when the write that took it was sent off */
  constructor(parts: LeaseParts, head: Head, tag: string, sentAt: number) {
    this.#parts = parts
    this.#head = head
    this.#tag = tag
    this.#until = sentAt + head.termMs * (1 - MARGIN)
  }

  get head(): Head {
    return this.#head
  }

  get epoch(): number {
    return this.#head.epoch
  }

  /** Why it is lost; undefined while it is held, and after it was given up. */
  get reason(): string | undefined {
    return this.#reason
  }

  /** Aborts when nothing may be begun any more. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Aborts shortly before the term ends: what was begun in time must end too. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  /** Whether something may be begun this very moment. Once false, false for ever. */
  holds(): boolean {
    if (!this.#lost.signal.aborted && this.#parts.clock.monotonic() >= this.#until) {
      this.#lose(`it could not be renewed within ${Math.round((this.#head.termMs * (1 - MARGIN)) / 1000)} s`)
    }
    return !this.#lost.signal.aborted
  }

  /** Renews until it is lost or given up. Never rejects. */
  async keep(): Promise<void> {
    const watching = this.#watch()
    while (this.holds()) {
      await this.#parts.clock.sleep(this.#head.termMs * RENEWAL, this.lost)
      if (this.holds()) await this.#renew()
    }
    await watching
  }

  async #renew(): Promise<void> {
    const { clock, failed } = this.#parts
    while (this.holds()) {
      try {
        await this.change(({ checkpoint, released }) => ({ checkpoint, released }))
        return
      } catch (error) {
        if (!this.holds()) return
        failed(error, this.#until - clock.monotonic())
        await clock.sleep(this.#head.termMs * AGAIN, this.lost)
      }
    }
  }

  /** Loses it on time, also while nobody asks. */
  async #watch(): Promise<void> {
    const { clock } = this.#parts
    while (this.holds()) await clock.sleep(this.#until - clock.monotonic(), this.lost)
    await clock.sleep(this.#until + (this.#head.termMs * MARGIN) / 2 - clock.monotonic(), this.over)
    this.#over.abort()
  }

  /** Changes the head and renews. False where it is lost; rejects where the answer is not known, and it may be done. */
  change(change: Change): Promise<boolean> {
    const written = this.#writing.then(() => this.#write(change))
    this.#writing = written.catch(() => undefined)
    return written
  }

  /**
   * Gives it up, when all that was begun has ended: nobody needs to wait for the term's end. False where it was lost
   * before; rejects where the answer is not known: then it is over when the term is.
   */
  async release(checkpoint?: Head['checkpoint']): Promise<boolean> {
    if (!this.holds()) return false
    this.#lost.abort()
    this.#over.abort()
    await this.#writing
    const released = (head: Head) => ({ checkpoint: checkpoint ?? head.checkpoint, released: true })
    return this.#attempt(released, () => this.#parts.clock.monotonic() < this.#until)
  }

  #write(change: Change): Promise<boolean> {
    return this.#attempt(change, () => this.holds())
  }

  async #attempt(change: Change, may: () => boolean): Promise<boolean> {
    const { store, clock, stamp } = this.#parts
    while (may()) {
      const next = { ...this.#head, ...change(this.#head), stamp: stamp() }
      const sentAt = clock.monotonic()
      const tag = await this.#bounded((signal) => store.write(next, this.#tag, signal))
      if (tag !== undefined) {
        this.#head = next
        this.#tag = tag
        this.#until = Math.max(this.#until, this.holds() ? sentAt + next.termMs * (1 - MARGIN) : 0)
        return true
      }
      if (!(await this.#adopt())) return false
    }
    return false
  }

  /** After a refusal: goes on with what an earlier write of ours has left. False where it is somebody else's. */
  async #adopt(): Promise<boolean> {
    const found = await this.#bounded((signal) => this.#parts.store.read(signal))
    if (found?.head.owner.id === this.#parts.me.id && found.head.epoch === this.epoch && found.tag !== this.#tag) {
      this.#head = found.head
      this.#tag = found.tag
      return true
    }
    if (found?.tag === this.#tag) throw new Error('the store refused a change of what is there, as if it were another')
    const who = found === undefined ? 'somebody removed it' : `${found.head.owner.name} has taken it`
    this.#lose(`${who}, epoch ${found?.head.epoch ?? 'unknown'}`)
    this.#over.abort()
    return false
  }

  async #bounded<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return boundedBy(this.#head.termMs * RENEWAL, this.#parts.clock, ask)
  }

  #lose(reason: string): void {
    this.#reason ??= reason
    this.#lost.abort()
  }
}

/** An answer within this time, or none: an answer that comes later is not heard. */
export async function boundedBy<T>(
  ms: number,
  clock: LeaseClock,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const done = new AbortController()
  const late = clock.sleep(ms, done.signal).then((): never => {
    throw new Error(`no answer within ${Math.round(ms)} ms`)
  })
  const cut = new AbortController()
  try {
    return await Promise.race([ask(cut.signal), late])
  } finally {
    cut.abort()
    done.abort()
    late.catch(() => undefined)
  }
}
