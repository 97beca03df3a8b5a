import { z } from 'zod'
import type { Piece, Reader } from '../../delivery/reader.ts'
import type { Clock, Random } from '../../domain/clock.ts'
import type { AuditObject } from '../../domain/objects.ts'
import { RequestRefused, type Task } from '../../domain/request.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { KeptRecord, Repair } from '../../ledger/repairs.ts'
import type { Copies } from '../../receiver/imports/copies.ts'
import type { Tell } from '../../telemetry/events.ts'
import type { Enrolment } from '../enrolment.ts'
import type { ReceiverSpec } from '../parts.ts'

/** What repairs are made with. */
export interface RepairParts {
  readonly ledger: Ledger
  readonly receivers: readonly ReceiverSpec[]
  readonly reader: Reader & { revive(object: AuditObject, kept: KeptRecord): Promise<readonly Piece[]> }
  readonly clock: Clock
  readonly random: Random
  readonly tell: Tell
  readonly enrolment: Pick<Enrolment, 'reopen'>
  readonly imports?: { readonly staging: Pick<Copies, 'spared'> }
  /** There are rows due that were not before. */
  readonly wake: () => void
}

/** What a request's body says. Throws RequestRefused for one of another shape. */
export function parsed<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const found = schema.safeParse(body)
  if (found.success) return found.data
  const hint = 'command and forwarder may be of different versions: run the command of the forwarder that is running'
  throw new RequestRefused(`the request is not understood: ${z.prettifyError(found.error)}`, { hint })
}

/** A page of objects or entries is one step; after it, others have their turn. */
export const STEP = 50
/** How often it is looked how far a repair is, in milliseconds. */
const LOOK_MS = 500

/** Lets lanes work between two steps. Throws if the process is to stop. */
export async function pause({ clock }: Pick<RepairParts, 'clock'>, { signal }: Pick<Task, 'signal'>): Promise<void> {
  await clock.sleep(1, signal)
  signal.throwIfAborted()
}

/** Waits until nothing that the repair made due is on its way any more. */
export async function landed(
  parts: RepairParts,
  task: Task,
  isOver: (repair: Repair) => boolean,
  progress: (repair: Repair) => object,
): Promise<Repair> {
  task.rests()
  for (;;) {
    const repair = parts.ledger.repair(task.id)
    task.report(Object.assign({}, progress(repair), held(parts)))
    if (isOver(repair)) return repair
    await parts.clock.sleep(LOOK_MS, task.signal)
    task.signal.throwIfAborted()
  }
}

/** A destination that lets nothing through, for whoever wonders why it takes so long: one that is stopped before others. */
function held({ ledger }: RepairParts): { readonly held?: string } {
  const waiting = ledger.accounts().filter(({ outstanding }) => outstanding > 0)
  const stopped = waiting.find(({ stop }) => stop !== undefined)
  if (stopped?.stop !== undefined) return { held: `${stopped.destination} is stopped: ${stopped.stop.reason}` }
  const failing = waiting.find(({ oldest }) => oldest?.reason !== undefined)
  return failing?.oldest?.reason === undefined ? {} : { held: `${failing.destination} waits: ${failing.oldest.reason}` }
}
