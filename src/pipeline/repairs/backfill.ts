// Brings a range of object time to destinations once more. The bucket is listed, and whatever has no row gets one, also
// what is older than the first start; lost objects that are there again are due again. What is settled is left as it is,
// unless it is forced. From there on lanes do what they always do, so what was delivered before is not sent twice.
import { z } from 'zod'
import { actRecord } from '../../domain/acts.ts'
import type { Sighting } from '../../domain/objects.ts'
import { type RequestKind, RequestRefused, requestKind, type Task } from '../../domain/request.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Refilled, Repair } from '../../ledger/repairs.ts'
import type { ReceiverSpec } from '../parts.ts'
import { eachInRange } from './listing.ts'
import { landed, parsed, type RepairParts } from './parts.ts'
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
  let listed = { objects: 0, taken: 0, waiting: 0, settled: 0 }
  for (const receiver of receivers) {
    const visit = (sightings: readonly Sighting[]) => take(parts, receiver, sightings, body, task)
    listed = await eachInRange(receiver, body, listed, { ...parts, task, visit })
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

function take(
  { ledger, clock, tell, wake }: RepairParts,
  { id, store }: ReceiverSpec,
  sightings: readonly Sighting[],
  { destination, force }: BackfillBody,
  task: Task,
): Refilled & { readonly objects: number } {
  const how = { repair: task.id, destinations: destination === undefined ? undefined : [destination], force }
  const { altered, ...refilled } = ledger.refill(id, store.uri, sightings, how, clock.now())
  for (const { object, kind, evidence } of altered)
    tell({ type: 'object_altered', receiver: id, key: object.key, how: kind, evidence })
  if (refilled.taken > 0) wake()
  return { objects: sightings.length, ...refilled }
}
