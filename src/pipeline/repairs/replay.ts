// Sends what is in quarantine again, once its cause is mended. A refused record becomes due in its destination and takes
// the usual way from there: today's processors, intent, verdict. A stretch that was no event is looked at first with
// today's decoder, in its object or, where that is gone, in the bytes that were kept; only what turns out to be an event
// becomes due. Entries younger than the request are left alone, so that one which is refused again is not replayed by
// the same request after a crash.
import { z } from 'zod'
import type { Piece } from '../../delivery/reader.ts'
import { actRecord } from '../../domain/acts.ts'
import { ReadFailure } from '../../domain/failures.ts'
import { isImportReceiver } from '../../domain/imports.ts'
import { type RequestKind, requestKind, type Task } from '../../domain/request.ts'
import type { QuarantineEntry } from '../../ledger/quarantine.ts'
import type { Replay, UnderWay } from '../../ledger/repairs.ts'
import { read } from './messages.ts'
import { landed, parsed, pause, type RepairParts, STEP } from './parts.ts'

const selection = {
  destination: z.string().optional(),
  receiver: z.string().optional(),
  reason: z.string().optional(),
  since: z.number().optional(),
  until: z.number().optional(),
}

export const replayBody = z.strictObject({
  /** Exactly these; without them all that the other conditions name. */
  ids: z.array(z.number().int().positive()).min(1).optional(),
  ...selection,
  /** In the operator's words. */
  why: z.string(),
})

export type ReplayBody = z.output<typeof replayBody>

/** What came of the entries asked for, before any was sent. */
interface Asked {
  /** Made due. */
  due: number
  /** Every destination had them before they turned out to be no events. */
  arrived: number
  /** On their way already, for another request. */
  underWay: number
  /** Refused a moment ago, and not finally. */
  provisional: number
  /** For destinations or receivers that are no longer configured. */
  retired: number
  /** No event, and no message, with today's program either. */
  still: number
  /** Neither the object nor the bytes are to be had. */
  gone: number
  /** The object cannot be read now. */
  unreadable: number
  /** Messages that are understood now: what they announced has been seen. */
  understood: number
}

/** The answer to a replay. */
export interface Replayed extends Asked {
  readonly delivered: number
  readonly filtered: number
  /** Delivered already by another object. */
  readonly copies: number
  readonly refused: number
  readonly lost: number
  /** On their way still: their destinations are retired. */
  readonly left: number
}

export function replayKind(parts: RepairParts): RequestKind {
  return requestKind({
    name: 'replay',
    delivers: true,
    parse: (body) => parsed(replayBody, body),
    act: (body, task) => replay(parts, body, task),
  })
}

async function replay(parts: RepairParts, body: ReplayBody, task: Task): Promise<Replayed> {
  say(parts, body, task)
  const asked: Asked = {
    due: 0,
    arrived: 0,
    underWay: 0,
    provisional: 0,
    retired: 0,
    still: 0,
    gone: 0,
    unreadable: 0,
    understood: 0,
  }
  for await (const entries of pages(parts, body, task)) {
    for (const [, some] of Map.groupBy(entries, ({ object, destination }) => (destination ? undefined : object?.ref)))
      for (const [outcome, count] of await askFor(parts, some, task)) asked[outcome] += count
    parts.wake()
    task.report({ ...asked })
  }
  return watched(parts, task, asked)
}

/** Who has this done, and why. The same request is the same record, however often it is begun. */
function say({ ledger, clock }: RepairParts, { why, ids, ...query }: ReplayBody, { by, at }: Task): void {
  const about = { ...(ids && { entries: ids.join(' ') }), ...given(query) }
  const body = 'quarantined records are replayed'
  const record = actRecord({ what: 'quarantine_replayed', by, at, why, body, about })
  ledger.record([{ record }], clock.now())
}

function given(query: Omit<ReplayBody, 'why' | 'ids'>): Record<string, string> {
  const stated = Object.entries(query).filter(([, value]) => value !== undefined)
  return Object.fromEntries(stated.map(([name, value]) => [name, String(value)]))
}

/** The entries asked for, a step at a time. */
async function* pages(
  parts: RepairParts,
  { ids, why: _, ...query }: ReplayBody,
  task: Task,
): AsyncGenerator<readonly QuarantineEntry[]> {
  const until = Math.min(query.until ?? Number.POSITIVE_INFINITY, task.at + 1)
  if (ids !== undefined) {
    const found = ids.flatMap((id) => parts.ledger.entry(id) ?? []).filter(({ at }) => at < until)
    for (let first = 0; first < found.length; first += STEP) yield found.slice(first, first + STEP)
    return
  }
  for (let after = 0; ; ) {
    const page = parts.ledger.quarantine({ ...query, until, after, limit: STEP, bare: true })
    const last = page[page.length - 1]
    if (last === undefined) return
    yield page
    after = last.id
    await pause(parts, task)
  }
}

type Outcome = readonly [keyof Asked, number]

const outcomes: Readonly<Record<Replay, keyof Asked | undefined>> = {
  due: 'due',
  arrived: 'arrived',
  'under way': 'underWay',
  provisional: 'provisional',
  retired: 'retired',
  'no entry': undefined,
  message: undefined,
}

/** Asks for entries that are refusals, or lie in one object, or are messages. */
async function askFor(
  parts: RepairParts,
  entries: readonly QuarantineEntry[],
  task: Task,
): Promise<readonly Outcome[]> {
  const [first] = entries
  if (first?.object === undefined) return readMessages(parts, entries, task)
  const isShared = first.destination === undefined
  const { ready, outcomes } = isShared ? await lookAgain(parts, entries, task) : { ready: entries, outcomes: [] }
  return [...outcomes, ...ready.flatMap((entry) => makeDue(parts, entry, task))]
}

function makeDue(parts: RepairParts, { id, receiver }: QuarantineEntry, task: Task): readonly Outcome[] {
  const { ledger, clock, enrolment } = parts
  if (isImportReceiver(receiver)) enrolment.reopen(receiver)
  const outcome = outcomes[ledger.replay(id, task.id, clock.now())]
  return outcome === undefined ? [] : [[outcome, 1]]
}

async function readMessages(
  parts: RepairParts,
  entries: readonly QuarantineEntry[],
  { signal }: Task,
): Promise<readonly Outcome[]> {
  const found: Outcome[] = []
  for (const entry of entries) found.push([await read(parts, entry, signal), 1])
  return found
}

/** Which stretches of one object hold events by today's decoder. Those that do not say why not, and stay. */
async function lookAgain(
  parts: RepairParts,
  entries: readonly QuarantineEntry[],
  { signal }: Task,
): Promise<{ readonly ready: readonly QuarantineEntry[]; readonly outcomes: readonly Outcome[] }> {
  try {
    const pieces = await piecesOf(parts, entries, signal)
    const ready = entries.filter((entry) => within(pieces, entry).some(({ record }) => record !== undefined))
    const bad = entries.filter((entry) => !ready.includes(entry))
    for (const entry of bad) {
      const reason = within(pieces, entry)[0]?.bad?.reason
      if (reason !== undefined && reason !== entry.reason) parts.ledger.remark(entry.id, reason)
    }
    return { ready, outcomes: [['still', bad.length]] }
  } catch (error) {
    if (!(error instanceof ReadFailure)) throw error
    return error.kind === 'gone'
      ? lookAtKept(parts, entries)
      : { ready: [], outcomes: [['unreadable', entries.length]] }
  }
}

function within(pieces: readonly Piece[], { from, to }: QuarantineEntry): readonly Piece[] {
  return pieces.filter((piece) => piece.from >= from && piece.to <= to)
}

/** The pieces of an object in which one of the entries lies. */
async function piecesOf(
  { ledger, reader }: RepairParts,
  entries: readonly QuarantineEntry[],
  signal: AbortSignal,
): Promise<readonly Piece[]> {
  const object = ledger.object(entries[0]?.object?.ref ?? -1)
  const end = Math.max(...entries.map(({ to }) => to))
  const found: Piece[] = []
  if (object === undefined) return found
  for await (const { pieces, to } of reader.read(object, signal)) {
    found.push(...pieces.filter((piece) => entries.some((entry) => piece.from >= entry.from && piece.to <= entry.to)))
    if (to >= end) break
  }
  return found
}

async function lookAtKept(
  { ledger, reader }: RepairParts,
  entries: readonly QuarantineEntry[],
): Promise<{ readonly ready: readonly QuarantineEntry[]; readonly outcomes: readonly Outcome[] }> {
  const ready: QuarantineEntry[] = []
  const counts = { still: 0, gone: 0 }
  for (const entry of entries) {
    const { from, to, offset, line } = entry
    const bytes = ledger.entry(entry.id)?.bytes
    const object = ledger.object(entry.object?.ref ?? -1)
    if (object === undefined || bytes === undefined) {
      counts.gone += 1
      continue
    }
    const pieces = await reader.revive(object, { object: object.ref, from, to, offset, line, bytes })
    if (pieces.some(({ record }) => record !== undefined)) ready.push(entry)
    else counts.still += 1
  }
  return {
    ready,
    outcomes: [
      ['still', counts.still],
      ['gone', counts.gone],
    ],
  }
}

/** Entries on their way that are looked at together. */
const LOOKED_AT = 1_000
/** A refusal that nothing confirms within this time is told as one all the same, in milliseconds. */
const DOUBT_MS = 5_000

async function watched(parts: RepairParts, task: Task, asked: Asked): Promise<Replayed> {
  const { ledger, clock } = parts
  let moved = { at: clock.now(), left: -1 }
  const isOver = ({ entries }: { readonly entries: number }): boolean => {
    if (entries === 0) return true
    const now = clock.now()
    if (isUnderWay(parts, task.id) || entries !== moved.left || now < moved.at) moved = { at: now, left: entries }
    return now - moved.at >= DOUBT_MS
  }
  const progress = ({ entries, ...rest }: ReturnType<typeof ledger.repair>) => ({ ...asked, left: entries, ...rest })
  const repair = await landed(parts, task, isOver, progress)
  const { entries, delivered, filtered, duplicates: copies, quarantined, lost } = repair
  let doubtful = 0
  for (const { provisional } of underWay(parts, task.id)) if (provisional) doubtful += 1
  return { ...asked, delivered, filtered, copies, refused: quarantined + doubtful, lost, left: entries - doubtful }
}

/** Whether a lane has yet to deal with one of the repair's entries: refusals that are not final have been dealt with. */
function isUnderWay(parts: RepairParts, id: number): boolean {
  const { ledger } = parts
  const routes = new Set(ledger.routes().map(({ destination }) => destination))
  for (const { object, destination, provisional } of underWay(parts, id)) {
    if (provisional) continue
    const concerned = destination === undefined ? [...routes] : [destination].filter((name) => routes.has(name))
    if (concerned.some((name) => ledger.row(name, object) !== undefined)) return true
  }
  return false
}

function* underWay({ ledger }: RepairParts, id: number): Generator<UnderWay> {
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page: readonly UnderWay[] = ledger.underWay(id, after, LOOKED_AT)
    yield* page
    after = page.at(-1)?.id
  }
}
