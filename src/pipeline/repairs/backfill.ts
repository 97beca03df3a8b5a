// Brings a range of object time to destinations once more. The bucket is listed, and whatever has no row gets one, also
// what is older than the first start; lost objects that are there again are due again. What is settled is left as it is,
// unless it is forced. From there on lanes do what they always do, so what was delivered before is not sent twice.
import { z } from 'zod'
import { actRecord } from '../../domain/acts.ts'
import { backoff } from '../../domain/backoff.ts'
import { SourceFailure } from '../../domain/failures.ts'
import { isAuditKey, isProbe, objectTime, type Sighting } from '../../domain/objects.ts'
import { type RequestKind, RequestRefused, requestKind, type Task } from '../../domain/request.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Refilled, Repair } from '../../ledger/repairs.ts'
import { partitions } from '../../receiver/sweep.ts'
import type { ReceiverSpec } from '../parts.ts'
import { landed, parsed, pause, type RepairParts, STEP } from './parts.ts'
import { release } from './release.ts'

export const backfillBody = z.strictObject({
  /** Object times, from the first on and before the second, in milliseconds since 1970. */
  from: z.number().min(0).max(8.64e15),
  to: z.number().min(0).max(8.64e15),
  /** Without them, all. */
  destination: z.string().optional(),
  receiver: z.string().optional(),
  /** What is settled, too. */
  force: z.boolean(),
  /** Only events whose actions match this glob, and of them only what filters withheld. */
  only: z.string().optional(),
  /** In the operator's words. */
  why: z.string(),
})

export type BackfillBody = z.output<typeof backfillBody>

/** The answer to a backfill. `events` are those it dealt with: the sum of `sent`, `skipped`, `filtered`, `quarantined`. */
export interface Backfilled {
  /** In the bucket, in the range. */
  readonly objects: number
  /** Rows of destinations: taken by the backfill, on their way without it, and settled and left so. */
  readonly taken: number
  readonly waiting: number
  readonly settled: number
  readonly events: number
  readonly sent: number
  /** Copies of events that the destination has from elsewhere. */
  readonly skipped: number
  readonly filtered: number
  readonly quarantined: number
  /** Objects that were gone when they were to be read. */
  readonly lost: number
}

export function backfillKind(parts: RepairParts): RequestKind {
  return requestKind<BackfillBody>({
    name: 'backfill',
    delivers: true,
    parse: (body) => parsed(backfillBody, body),
    act: (body, task) => (body.only === undefined ? backfill(parts, body, task) : release(parts, body, task)),
  })
}

async function backfill(parts: RepairParts, body: BackfillBody, task: Task): Promise<Backfilled> {
  const receivers = receiversOf(parts, body)
  if (body.force) sayForced(parts, body, task)
  const listed = { objects: 0, taken: 0, waiting: 0, settled: 0 }
  for (const receiver of receivers) {
    for await (const sightings of range(receiver, body, { ...parts, task })) {
      add(listed, sightings.length, take(parts, receiver, sightings, body, task))
      task.report({ ...listed })
      await pause(parts, task)
    }
  }
  const progress = ({ rows, ...rest }: Repair) => ({ ...listed, rows, ...endings(rest) })
  const repair = await landed(parts, task, ({ rows }) => rows === 0, progress)
  return { ...listed, ...endings(repair) }
}

/** What became of events. */
export function endings({ delivered, filtered, duplicates, quarantined, lost }: Omit<Repair, 'rows' | 'entries'>) {
  const events = delivered + filtered + duplicates + quarantined
  return { events, sent: delivered, skipped: duplicates, filtered, quarantined, lost }
}

/** The receivers it is about. Throws RequestRefused for names that nothing is called by. */
export function receiversOf(
  { ledger, receivers }: { readonly ledger: Pick<Ledger, 'routes'>; readonly receivers: readonly ReceiverSpec[] },
  { destination, receiver }: Pick<BackfillBody, 'destination' | 'receiver'>,
): readonly ReceiverSpec[] {
  const routes = ledger.routes().filter((route) => receiver === undefined || route.receiver === receiver)
  const fitting = routes.filter((route) => destination === undefined || route.destination === destination)
  const found = receivers.filter(({ id }) => fitting.some((route) => route.receiver === id))
  if (found.length > 0) return found
  const names = [...(destination === undefined ? [] : [destination]), ...(receiver === undefined ? [] : [receiver])]
  throw new RequestRefused(
    `no destination is fed ${names.length === 0 ? 'at all' : `as asked: ${names.join(' by ')}`}`,
    {
      hint: '`status` lists destinations with their receivers; one that is new is known from the first start on',
    },
  )
}

/** Who has this done, and why. The same request is the same record, however often it is begun. */
function sayForced({ ledger, clock }: RepairParts, body: BackfillBody, { by, at }: Task): void {
  const { destination = 'every destination', receiver = 'every receiver', why } = body
  const [from, to] = [body.from, body.to].map((time) => new Date(time).toISOString())
  const about = { destination, receiver, from: from ?? '', to: to ?? '' }
  const text = `everything from ${from} to ${to} is sent once more to ${destination}`
  ledger.record([{ record: actRecord({ what: 'backfill_forced', by, at, why, body: text, about }) }], clock.now())
}

function add(sum: Record<keyof Refilled | 'objects', number>, objects: number, more: Refilled): void {
  sum.objects += objects
  sum.taken += more.taken
  sum.waiting += more.waiting
  sum.settled += more.settled
}

function take(
  { ledger, clock, tell, wake }: RepairParts,
  { id, store }: ReceiverSpec,
  sightings: readonly Sighting[],
  { destination, force }: BackfillBody,
  task: Task,
): Refilled {
  const how = { repair: task.id, destinations: destination === undefined ? undefined : [destination], force }
  const { altered, ...refilled } = ledger.refill(id, store.uri, sightings, how, clock.now())
  for (const { object, kind, evidence } of altered)
    tell({ type: 'object_altered', receiver: id, key: object.key, how: kind, evidence })
  if (refilled.taken > 0) wake()
  return refilled
}

const HOUR = 3_600_000
const RETRY = { initialMs: 1_000, maxMs: 60_000 }

export interface Listing {
  readonly clock: RepairParts['clock']
  readonly random: RepairParts['random']
  readonly tell: RepairParts['tell']
  readonly task: Pick<Task, 'signal' | 'report'>
  /** How often a partition is asked for before its failure is thrown; undefined for as often as it takes. */
  readonly attempts?: number
}

/**
 * Audit objects of a receiver in a range of object time, a step at a time. A partition that cannot be listed is listed
 * again from its beginning, for as long as it takes: whoever asked sees why it waits. Throws SourceFailure where that is
 * bounded.
 */
export async function* range(
  receiver: ReceiverSpec,
  { from, to }: Pick<BackfillBody, 'from' | 'to'>,
  listing: Listing,
): AsyncGenerator<readonly Sighting[]> {
  const wanted = (object: Sighting): boolean => {
    return !isProbe(object) && isAuditKey(object.key) && objectTime(object) >= from && objectTime(object) < to
  }
  // The stamp in a key may lie in the hour beside its partition's.
  const granularity = to - from > 48 * HOUR ? 'day' : 'hour'
  for (const partition of partitions(Math.max(0, from - HOUR), to + HOUR, granularity)) {
    const objects = (await listed(receiver, partition, listing)).filter(wanted)
    for (let first = 0; first < objects.length; first += STEP) yield objects.slice(first, first + STEP)
  }
}

async function listed(receiver: ReceiverSpec, partition: string, listing: Listing): Promise<readonly Sighting[]> {
  const { clock, random, tell, task } = listing
  for (let attempts = 1; ; attempts += 1) {
    try {
      const objects: Sighting[] = []
      for await (const page of receiver.store.list(partition, task.signal)) objects.push(...page.objects)
      task.signal.throwIfAborted()
      return objects
    } catch (error) {
      if (!(error instanceof SourceFailure) || attempts === listing.attempts) throw error
      const retryInMs = backoff(attempts, RETRY, random)
      tell({ type: 'backfill_delayed', receiver: receiver.id, reason: error.message, hint: error.hint, retryInMs })
      task.report({ delayed: error.message, hint: error.hint })
      await clock.sleep(retryInMs, task.signal)
      task.signal.throwIfAborted()
    }
  }
}
