// Sends what filters withheld: exactly the events whose actions match, and of them only what no filter would let pass
// when it was read. The ledger remembers what was withheld, so today's filters are not asked, and what was delivered
// beside it is not sent again.

import { ActionGlob } from '../../domain/action.ts'
import { actRecord } from '../../domain/acts.ts'
import { backoff } from '../../domain/backoff.ts'
import { ReadFailure } from '../../domain/failures.ts'
import { importOf, importReceiver, importStoreOf } from '../../domain/imports.ts'
import type { AuditObject } from '../../domain/objects.ts'
import { covers } from '../../domain/ranges.ts'
import type { Task } from '../../domain/request.ts'
import type { Position } from '../../ledger/duplicates.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Repair } from '../../ledger/repairs.ts'
import { actionOf } from '../../processors/audit-event.ts'
import type { Copies } from '../../receiver/imports/copies.ts'
import { type BackfillBody, type Backfilled, endings, receiversOf } from './backfill.ts'
import { landed, pause, type RepairParts, STEP } from './parts.ts'

/** Positions made due in one transaction. */
const POSITIONS = 500
/** Readings of an object that fail before it is left out. */
const READINGS = 3
const RETRY = { initialMs: 1_000, maxMs: 10_000 }

type Found = Omit<Backfilled, keyof ReturnType<typeof endings>> & { readonly unreadable: number }

export async function release(
  parts: RepairParts,
  body: BackfillBody,
  task: Task,
): Promise<Backfilled & { readonly unreadable: number }> {
  receiversOf(parts, body)
  say(parts, body, task)
  await reopenImports(parts, body)
  const found = { objects: 0, taken: 0, waiting: 0, settled: 0, unreadable: 0 }
  for await (const { destination, object } of withholding(parts.ledger, body)) {
    const delayed = ({ message, hint }: ReadFailure): void => task.report({ ...found, delayed: message, hint })
    const positions = await matching(parts, destination, object, body, { ...task, delayed })
    if (positions === undefined) found.unreadable += 1
    else if (positions.length > 0) {
      reopen(parts, object)
      for (let first = 0; first < positions.length; first += POSITIONS) {
        const some = positions.slice(first, first + POSITIONS)
        parts.ledger.release(destination, some, task.id, parts.clock.now())
      }
      found.taken += 1
      parts.wake()
    }
    found.objects += 1
    task.report({ ...found })
    await pause(parts, task)
  }
  return finished(parts, task, found)
}

/** What filters withheld of files that were imported can be sent for as long as their copies are spared. */
async function reopenImports({ imports, enrolment }: RepairParts, body: BackfillBody): Promise<void> {
  for (const spared of await sparedFor(imports?.staging, body)) enrolment.reopen(spared)
}

/** Imports that are done and whose copies can be read still, as receivers; their routes are taken out. */
export async function sparedFor(
  staging: Pick<Copies, 'spared'> | undefined,
  { receiver }: Pick<BackfillBody, 'receiver'>,
): Promise<readonly string[]> {
  const all = (await staging?.spared()) ?? []
  return all.filter((spared) => {
    const whose = importOf(spared)?.receiver
    return whose !== undefined && (receiver ?? whose) === whose
  })
}

/** Its routes may have been taken out again meanwhile: nothing of it was on its way. */
function reopen({ enrolment }: RepairParts, { store, version }: AuditObject): void {
  const receiver = importStoreOf(store)
  if (receiver !== undefined) enrolment.reopen(importReceiver(Number(version), receiver))
}

async function finished(
  parts: RepairParts,
  task: Task,
  found: Found,
): Promise<Backfilled & { readonly unreadable: number }> {
  const progress = ({ rows, ...rest }: Repair) => ({ ...found, rows, ...endings(rest) })
  const repair = await landed(parts, task, ({ rows }) => rows === 0, progress)
  return { ...found, ...endings(repair) }
}

function say({ ledger, clock }: RepairParts, body: BackfillBody, { by, at }: Task): void {
  const { destination = 'every destination', receiver = 'every receiver', only = '', why } = body
  const about = { destination, receiver, only }
  const text = `what filters withheld of ${only} is sent to ${destination}`
  ledger.record([{ record: actRecord({ what: 'withheld_sent', by, at, why, body: text, about }) }], clock.now())
}

/**
 * Objects of which something was withheld from a destination. `closed` are imports that are done and not reopened: what
 * would be found if they were.
 */
export async function* withholding(
  ledger: Pick<Ledger, 'routes' | 'withholding'>,
  { destination: wanted, receiver, from, to }: Pick<BackfillBody, 'destination' | 'receiver' | 'from' | 'to'>,
  closed: readonly string[] = [],
): AsyncGenerator<{ readonly destination: string; readonly object: AuditObject }> {
  const open = ledger.routes()
  const reopened = closed.flatMap((spared) => {
    const fed = open.filter((route) => route.receiver === importOf(spared)?.receiver)
    return fed.map(({ destination }) => ({ destination, receiver: spared }))
  })
  const fitting = [...open, ...reopened].filter((route) => {
    return receiver === undefined || route.receiver === receiver || importOf(route.receiver)?.receiver === receiver
  })
  const names = new Map(fitting.map((route) => [`${route.destination} ${receiver && route.receiver}`, route]))
  for (const { destination, receiver: feeding } of names.values()) {
    if (wanted !== undefined && wanted !== destination) continue
    for (let after = 0; ; ) {
      const narrowed = receiver === undefined ? undefined : feeding
      const objects = ledger.withholding({ destination, receiver: narrowed, from, to, after, limit: STEP, closed })
      const last = objects[objects.length - 1]
      if (last === undefined) break
      after = last.ref
      for (const object of objects) yield { destination, object }
    }
  }
}

/** Where in the object withheld events lie that match; undefined if it cannot be read. */
async function matching(
  parts: RepairParts,
  destination: string,
  object: AuditObject,
  { only = '' }: BackfillBody,
  { signal, delayed }: Pick<Task, 'signal'> & { readonly delayed: (failure: ReadFailure) => void },
): Promise<readonly Position[] | undefined> {
  const { clock, random } = parts
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await withheldIn(parts, destination, object, new ActionGlob(only), signal)
    } catch (error) {
      if (!(error instanceof ReadFailure)) throw error
      if (attempts >= READINGS || error.kind === 'gone') return undefined
      delayed(error)
      await clock.sleep(backoff(attempts, RETRY, random), signal)
      signal.throwIfAborted()
    }
  }
}

/** Where in the object withheld events lie whose actions match. Throws ReadFailure. */
export async function withheldIn(
  { ledger, reader }: Pick<RepairParts, 'reader'> & { readonly ledger: Pick<Ledger, 'withheld'> },
  destination: string,
  object: AuditObject,
  only: ActionGlob,
  signal: AbortSignal,
): Promise<readonly Position[]> {
  const withheld = ledger.withheld(destination, object.ref)
  const end = withheld[withheld.length - 1]?.[1] ?? 0
  const found: Position[] = []
  for await (const chunk of reader.read(object, signal)) {
    for (const { from, to, record } of chunk.pieces) {
      if (record === undefined || !covers(withheld, from, to)) continue
      const { raw, folded } = actionOf(record)
      if (only.matches(raw, folded)) found.push({ object: object.ref, from, to })
    }
    if (chunk.to >= end) break
  }
  return found
}
