// Those that do not own: they look at the head, wait, and take it when nobody can be sending any more. That is so when
// it was given up; when it is this process's own, from a write whose answer was lost; when by the store's own clock, which
// stamps the head and every answer, it is older than two terms (two, because a store is many machines); and otherwise
// when it stayed the same for a whole term by this process's clock. Then the conditional write decides among them.
import type { Head, Replica } from './head.ts'
import { boundedBy, Lease, type LeaseParts } from './lease.ts'
import type { Read } from './store.ts'

export interface StandbyParts extends LeaseParts {
  readonly termMs: number
  /** In [0, 1): several replicas do not ask in step. */
  readonly random: () => number
  /** The store's clock, for the very first head, in milliseconds since 1970. */
  readonly begunAt: number
  /** What is seen, whenever it is another owner or epoch. */
  readonly seen: (head: Head) => void
  /** The head could not be read or written. */
  readonly unreachable: (error: unknown, retryInMs: number) => void
  /** The least that an epoch must be, because the ledger at hand was written in the one before. */
  readonly minEpoch: number
}

/** A lease, and the head as it was before. */
export interface Taken {
  readonly lease: Lease
  readonly before: Head | undefined
}

/** A head that was seen, and since when it is the same, by our clock. */
export interface Sight extends Read {
  readonly since: number
}

/** From which moment of our clock on nobody can be sending for this head. */
export function freeAt({ head, ageMs, since }: Sight, me: Replica): number {
  const isFree = head.released || head.owner.id === me.id || (ageMs ?? 0) >= 2 * head.termMs
  return isFree ? Number.NEGATIVE_INFINITY : since + head.termMs
}

/** Stands by until it is the owner; undefined where the signal aborted first. */
export async function standBy(parts: StandbyParts, signal: AbortSignal): Promise<Taken | undefined> {
  const { clock, termMs, random, unreachable } = parts
  let sight: Sight | undefined
  while (!signal.aborted) {
    const pauseMs = (termMs / 4) * (0.75 + random() / 4)
    try {
      sight = await look(parts, sight)
      const waitMs = sight === undefined ? 0 : freeAt(sight, parts.me) - clock.monotonic()
      const taken = waitMs > 0 || signal.aborted ? undefined : await take(parts, sight)
      if (taken !== undefined) return taken
      // Whoever was faster will be seen.
      await clock.sleep(waitMs > 0 ? Math.min(waitMs, pauseMs) : pauseMs / 10, signal)
    } catch (error) {
      if (!signal.aborted) unreachable(error, pauseMs)
      await clock.sleep(pauseMs, signal)
    }
  }
  return undefined
}

async function look(parts: StandbyParts, last: Sight | undefined): Promise<Sight | undefined> {
  const { store, clock, termMs } = parts
  const found = await boundedBy(termMs / 4, clock, (signal) => store.read(signal))
  if (found === undefined) return undefined
  if (last?.head.epoch !== found.head.epoch || last.head.owner.id !== found.head.owner.id) parts.seen(found.head)
  // Since the answer came, not since it was asked for: what it tells may have been written in between.
  return { ...found, since: last?.tag === found.tag ? last.since : clock.monotonic() }
}

async function take(parts: StandbyParts, sight: Sight | undefined): Promise<Taken | undefined> {
  const { store, clock, me, termMs, stamp, begunAt, minEpoch } = parts
  const before = sight?.head
  const epoch = Math.max((before?.epoch ?? 0) + 1, minEpoch)
  const since = before?.begunAt ?? begunAt
  const next: Head = {
    stamp: stamp(),
    owner: me,
    epoch,
    termMs,
    released: false,
    begunAt: since,
    checkpoint: before?.checkpoint,
  }
  const sentAt = clock.monotonic()
  const tag = await boundedBy(termMs / 4, clock, (signal) => store.write(next, sight?.tag, signal))
  return tag === undefined ? undefined : { lease: new Lease(parts, next, tag, sentAt), before }
}
