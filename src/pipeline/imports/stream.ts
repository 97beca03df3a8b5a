// The stream's side of a comparison: every object of a span of time is listed and read, whoever it was forwarded to. Listing
// and reading are tried again until they work; what a store refuses to hand out (denied, archived, gone meanwhile) is
// counted, because what it holds can then not be recognised.
//
// The span reaches beyond the file's own: an event may lie in any object that was written after it, and as long as the
// forwarder remembers ids for copies to be recognised, so long it looks for them here.
import type { PieceChunk } from '../../delivery/reader.ts'
import { backoff } from '../../domain/backoff.ts'
import type { Clock, Random } from '../../domain/clock.ts'
import { ReadFailure, SourceFailure } from '../../domain/failures.ts'
import { type AuditObject, isAuditKey, isProbe, objectTime, type Sighting } from '../../domain/objects.ts'
import { partitions } from '../../receiver/sweep.ts'
import type { Tell } from '../../telemetry/events.ts'
import type { ReceiverSpec } from '../parts.ts'
import type { AuditReader } from '../reader.ts'

export interface StreamParts {
  readonly receiver: ReceiverSpec
  readonly reader: AuditReader
  readonly clock: Clock
  readonly random: Random
  readonly tell: Tell
  readonly signal: AbortSignal
  /** Objects with greater numbers came since it began. */
  readonly latest: number
  /** Numbers of the objects, undefined for those the ledger does not have. */
  readonly found: (sightings: readonly Sighting[]) => readonly (number | undefined)[]
  /** What an object holds, chunk by chunk. */
  readonly read: (chunk: PieceChunk, object: AuditObject, number: number | undefined) => void
  readonly progress: (done: number, of: number) => void
  /** Why it does not go on. */
  readonly waits: (reason: string) => void
}

/** Times of objects, in milliseconds since 1970, from and before. */
export interface Reach {
  readonly from: number
  readonly to: number
}

/** What was found. */
export interface Reading {
  objects: number
  unreadable: number
  /** Of those, the ones the ledger knew before: it may have forwarded what they hold, and have forgotten it. */
  unrecognised: number
  /** Numbers of those that are listed. */
  readonly numbers: Set<number>
}

const DAY_MS = 86_400_000
const BESIDE_MS = 3_600_000
/** A clock of CircleCI's may be a little behind the one that stamps its objects. */
const EARLIER_MS = 3_600_000
/** No file reaches further back: CircleCI keeps twelve months. What claims to be older is not looked for. */
const LONGEST_AGO_MS = 400 * DAY_MS
const AT_ONCE = 8
/** Objects seen in one transaction. */
const TOGETHER = 500
const RETRY = { initialMs: 1_000, maxMs: 60_000 }

/** Which objects may hold events of this span: whole days. */
export function reachOf(span: Reach, now: number, windowMs: number): Reach {
  const from = Math.max(span.from, now - LONGEST_AGO_MS) - EARLIER_MS
  const to = Math.min(span.to, now) + windowMs
  return { from: Math.floor(from / DAY_MS) * DAY_MS, to: Math.ceil(Math.min(to, now + DAY_MS) / DAY_MS) * DAY_MS }
}

/** Reads all objects of that reach. Fails only when the signal aborts, or with what `found` and `read` fail with. */
export async function readStream({ from, to }: Reach, parts: StreamParts): Promise<Reading> {
  const reading: Reading = { objects: 0, unreadable: 0, unrecognised: 0, numbers: new Set() }
  const days = daysOf({ from, to })
  for (const [index, under] of days.entries()) {
    parts.progress(index, days.length)
    const sightings = await persist(parts, () => listed(under, { from, to }, parts))
    for (let at = 0; at < sightings.length; at += TOGETHER) {
      const some = sightings.slice(at, at + TOGETHER)
      const numbers = parts.found(some)
      const objects = some.map((sighting, index) => ({ sighting, number: numbers[index] }))
      await eachOf(objects, ({ sighting, number }) => readOne(sighting, number, parts, reading))
    }
  }
  return reading
}

/** Reads these as well: they were seen after their day was listed. Fails as `readStream` does. */
export async function readArrivals(
  objects: readonly AuditObject[],
  reading: Reading,
  parts: StreamParts,
): Promise<void> {
  await eachOf(objects, (object) => readOne(object, object.ref, parts, reading))
}

/** The stamp in a key may lie in the hour beside its partition's. */
function daysOf({ from, to }: Reach): readonly string[] {
  return from < to ? partitions(from - BESIDE_MS, to - 1 + BESIDE_MS, 'day') : []
}

/** With what the keys begin that are listed for that reach. */
export function placesOf(reach: Reach, prefix: string): readonly string[] {
  return daysOf(reach).map((day) => (prefix === '' ? day : `${prefix}/${day}`))
}

async function listed(under: string, reach: Reach, { receiver, signal }: StreamParts): Promise<readonly Sighting[]> {
  const sightings: Sighting[] = []
  for await (const { objects } of receiver.store.list(under, signal)) {
    sightings.push(...objects.filter((object) => isWithin(object, reach)))
  }
  return sightings
}

function isWithin(object: Sighting, { from, to }: Reach): boolean {
  const time = objectTime(object)
  return isAuditKey(object.key) && !isProbe(object) && time >= from && time < to
}

async function readOne(
  sighting: Sighting,
  number: number | undefined,
  parts: StreamParts,
  reading: Reading,
): Promise<void> {
  reading.objects += 1
  if (number !== undefined) reading.numbers.add(number)
  const { reader, receiver, clock, signal, read, latest } = parts
  const known = { ...sighting, ref: number ?? 0, store: receiver.store.uri, time: objectTime(sighting) }
  const object = { ...known, seenAt: clock.now(), length: undefined }
  try {
    await persist(parts, async () => {
      for await (const chunk of reader.glance(object, signal)) read(chunk, object, number)
    })
  } catch (error) {
    if (!(error instanceof ReadFailure)) throw error
    reading.unreadable += 1
    if (number !== undefined && number <= latest) reading.unrecognised += 1
  }
}

/** Tries again what the network or the store's load has failed. */
async function persist<T>(
  { clock, random, tell, waits, receiver, signal }: StreamParts,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt()
    } catch (error) {
      signal.throwIfAborted()
      const isPassing = error instanceof SourceFailure || (error instanceof ReadFailure && error.kind === 'unreachable')
      if (!isPassing) throw error
      const retryInMs = backoff(attempts, RETRY, random)
      const { message: reason, hint } = error
      tell({ type: 'import_waits', receiver: receiver.id, reason, hint, retryInMs })
      waits(reason)
      await clock.sleep(retryInMs, signal)
      signal.throwIfAborted()
    }
  }
}

/** Several at once. After a failure nothing is begun any more, and it fails when what is under way has ended. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  let failed = false
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (const item of rest) {
      if (failed) return
      await work(item).catch((error: unknown) => {
        failed = true
        throw error
      })
    }
  })
  const ended = await Promise.allSettled(workers)
  for (const one of ended) if (one.status === 'rejected') throw one.reason
}
