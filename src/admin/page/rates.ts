// How fast each destination takes records: what was delivered between two documents by the time between them, as the
// forwarder's clock says it. Rejected: the time at which answers arrive, which a slow network bends.
import type { DestinationStatus } from '../destination-status.ts'
import type { StatusDocument } from '../status.ts'

export interface RateOptions {
  /** How far back the older of the two documents lies at most, in milliseconds; 0 for the one before. */
  readonly windowMs: number
  /** A shorter time says nothing. */
  readonly leastMs: number
}

interface Frame {
  readonly at: number
  readonly delivered: ReadonlyMap<string, number>
}

/** One destination fed by one receiver. */
export function keyOf({ id, receiver }: Pick<DestinationStatus, 'id' | 'receiver'>): string {
  return `${id} ${receiver}`
}

/** Remembers the documents of its window. */
export class Rates {
  readonly #options: RateOptions
  #frames: readonly Frame[] = []

  constructor(options: RateOptions) {
    this.#options = options
  }

  /** Records per second by `keyOf`, up to this document; nothing for what is not known. Documents come in their order. */
  next({ at, destinations }: Pick<StatusDocument, 'at' | 'destinations'>): ReadonlyMap<string, number> {
    const now: Frame = { at: Date.parse(at), delivered: delivered(destinations) }
    // A clock that was set back makes what is later than now worth nothing.
    const earlier = this.#frames.filter((frame) => frame.at < now.at)
    const begin = earlier.findLastIndex((frame) => now.at - frame.at >= this.#options.windowMs)
    const [first, ...others] = earlier.slice(Math.max(0, begin))
    this.#frames = first === undefined ? [now] : [first, ...others, now]
    if (first === undefined || now.at - first.at < this.#options.leastMs) return new Map()
    return between(first, now)
  }
}

function delivered(destinations: readonly DestinationStatus[]): ReadonlyMap<string, number> {
  return new Map(destinations.map((one) => [keyOf(one), one.delivered]))
}

/** A count that went back is of another ledger. */
function between(first: Frame, now: Frame): ReadonlyMap<string, number> {
  const seconds = (now.at - first.at) / 1_000
  const known = [...now.delivered].flatMap(([key, count]) => {
    const before = first.delivered.get(key)
    return before === undefined || count < before ? [] : [[key, (count - before) / seconds] as const]
  })
  return new Map(known)
}
