// Audit objects of a receiver in a range of object time, page by page: nobody holds a listing, which may be of a million
// objects. A partition that cannot be listed to its end is listed again from its beginning, for no order of a store is
// relied on. What was visited is then visited again, and counted once: visiting must bear that.
import { backoff } from '../../domain/backoff.ts'
import { SourceFailure } from '../../domain/failures.ts'
import { isAuditKey, isProbe, objectTime, type Sighting } from '../../domain/objects.ts'
import type { Task } from '../../domain/request.ts'
import { partitions } from '../../receiver/sweep.ts'
import type { ReceiverSpec } from '../parts.ts'
import { pause, type RepairParts, STEP } from './parts.ts'

const HOUR = 3_600_000
const RETRY = { initialMs: 1_000, maxMs: 60_000 }

/** Object times, from the first on and before the second, in milliseconds since 1970. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** Numbers by name. */
export type Counts<Sums> = { readonly [Name in keyof Sums]: number }

export interface Listing<Sums> {
  readonly clock: RepairParts['clock']
  readonly random: RepairParts['random']
  readonly tell: RepairParts['tell']
  readonly task: Pick<Task, 'signal' | 'report'>
  /** How often a partition is asked for before its failure is thrown; undefined for as often as it takes. */
  readonly attempts?: number
  /** A step of objects; returns what is to be counted. */
  readonly visit: (objects: readonly Sighting[]) => Sums
}

/**
 * Visits every object of the range, and adds what is counted to `before`. Whoever asked sees how far it is, and why it
 * waits. Throws SourceFailure where the attempts are bounded.
 */
export async function eachInRange<Sums extends Counts<Sums>>(
  receiver: ReceiverSpec,
  { from, to }: Range,
  before: Sums,
  listing: Listing<Sums>,
): Promise<Sums> {
  const isWanted = (object: Sighting): boolean => {
    return !isProbe(object) && isAuditKey(object.key) && objectTime(object) >= from && objectTime(object) < to
  }
  // The stamp in a key may lie in the hour beside its partition's.
  const granularity = to - from > 48 * HOUR ? 'day' : 'hour'
  let sums = before
  for (const partition of partitions(Math.max(0, from - HOUR), to + HOUR, granularity)) {
    sums = await persist(receiver, sums, listing, () => listed(receiver, partition, isWanted, sums, listing))
  }
  return sums
}

async function listed<Sums extends Counts<Sums>>(
  { store }: ReceiverSpec,
  partition: string,
  isWanted: (object: Sighting) => boolean,
  before: Sums,
  listing: Listing<Sums>,
): Promise<Sums> {
  const { task, visit } = listing
  let sums = before
  for await (const page of store.list(partition, task.signal)) {
    const objects = page.objects.filter(isWanted)
    for (let first = 0; first < objects.length; first += STEP) {
      sums = sum(sums, visit(objects.slice(first, first + STEP)))
      task.report({ ...sums })
      await pause(listing, task)
    }
  }
  task.signal.throwIfAborted()
  return sums
}

async function persist<Sums>(
  receiver: ReceiverSpec,
  sums: Sums,
  { clock, random, tell, task, attempts: most }: Listing<Sums>,
  attempt: () => Promise<Sums>,
): Promise<Sums> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof SourceFailure) || attempts === most) throw error
      const retryInMs = backoff(attempts, RETRY, random)
      tell({ type: 'backfill_delayed', receiver: receiver.id, reason: error.message, hint: error.hint, retryInMs })
      task.report({ ...sums, delayed: error.message, hint: error.hint })
      await clock.sleep(retryInMs, task.signal)
      task.signal.throwIfAborted()
    }
  }
}

function sum<Sums extends Counts<Sums>>(a: Sums, b: Sums): Sums {
  const names = Object.keys(a) as (keyof Sums)[]
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as Sums
}
