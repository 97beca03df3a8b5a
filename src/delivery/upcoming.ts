// An object on its way through a feed: its row, how far it was read, and the reader that has it open. A feed asks one
// object at a time for its next chunk. Where the store sends none for a while, the feed is told so and goes on with other
// objects; the question stays asked, and whoever asks again waits for the same chunk. So a body that stalls costs its feed
// some seconds, where waiting for the store's own limit would hold up every object behind it for a minute at each attempt.
// Rejected: a shorter limit in the store (a slow one would never be read), and several objects consumed at a time (their
// chunks would share the buffer, and the order of live before backlog would be lost).
import type { Clock } from '../domain/clock.ts'
import type { Row } from '../ledger/progress.ts'
import type { DecidedChunk } from './pass.ts'
import type { Cursor, Readings } from './readings.ts'

/** How long a feed waits for a chunk before it sets the object aside, in milliseconds. */
export const PATIENCE_MS = 5_000

/** No chunk came in time. */
export const late: unique symbol = Symbol('late')

export class Upcoming {
  readonly row: Row
  /** How far it was read. */
  position = 0
  #cursor: Cursor | undefined
  #asked: Promise<DecidedChunk | undefined> | undefined

  constructor(row: Row) {
    this.row = row
  }

  /** Begins reading, so that the first chunk is there when it is asked for. */
  prefetch(readings: Readings): void {
    this.#open(readings).prefetch()
  }

  /** The next chunk, undefined after the last; `late` if there is a clock and none comes in time. Fails as a cursor does. */
  async next(readings: Readings, clock: Clock | undefined): Promise<DecidedChunk | undefined | typeof late> {
    this.#asked ??= this.#open(readings).next()
    const chunk = await (clock === undefined ? this.#asked : inTime(this.#asked, clock))
    if (chunk !== late) this.#asked = undefined
    return chunk
  }

  /** Calls back, once, when what was asked for came or failed. */
  answered(back: () => void): void {
    void this.#asked?.then(back, back)
  }

  /** Gives the reader back; what is asked for next begins another. */
  close(): void {
    this.#asked?.catch(() => undefined)
    this.#asked = undefined
    this.#cursor?.close()
    this.#cursor = undefined
  }

  #open(readings: Readings): Cursor {
    this.#cursor ??= readings.open(this.row.object, this.position)
    return this.#cursor
  }
}

async function inTime<T>(answer: Promise<T>, clock: Clock): Promise<T | typeof late> {
  const arrived = new AbortController()
  const patience = clock.sleep(PATIENCE_MS, arrived.signal).then((): typeof late => late)
  try {
    return await Promise.race([answer, patience])
  } finally {
    arrived.abort('arrived')
  }
}
