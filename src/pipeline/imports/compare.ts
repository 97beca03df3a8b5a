// A file against the stream: which events either of them lacks. It is made before anything is delivered, and it is what
// makes recognising possible: while the stream's objects are read, the ledger is told who has which event, also where it
// has forgotten that long ago, and objects it never saw or never finished are seen and decided on the way.

import type { PieceChunk } from '../../delivery/reader.ts'
import { undecided } from '../../delivery/readings.ts'
import { Gathering, type Intervals } from '../../domain/intervals.ts'
import type { AuditObject } from '../../domain/objects.ts'
import { RequestRefused } from '../../domain/request.ts'
import type { Comparison, Tallied, Witnessed } from '../../ledger/comparison.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { placesOf, type Reach, type Reading, reachOf, readArrivals, readStream, type StreamParts } from './stream.ts'

export interface CompareParts extends Omit<StreamParts, 'found' | 'read' | 'latest'> {
  readonly ledger: Ledger
  readonly comparison: Comparison
  /** The file, as the object that it is or would be. */
  readonly file: AuditObject
  /** Whom it would be forwarded to; empty where it will be. */
  readonly destinations: readonly string[]
  /** Undefined where nothing may be kept. */
  readonly discoveries: { readonly see: StreamParts['found'] } | undefined
  readonly windowMs: number
  /** Claims of events from this instant on must not be forgotten. */
  readonly keepFrom: (time: number) => void
}

export interface Differences extends Tallied {
  readonly rows: number
  readonly unreadableRows: number
  /** Why the first of them is. */
  readonly unreadableReason?: string | undefined
  readonly from: number | undefined
  readonly to: number | undefined
  readonly lackingInStream: Intervals
  readonly lackingInFile: Intervals
  readonly objects: number
  readonly unreadableObjects: number
  /** Objects whose events may have been forwarded and cannot be recognised. */
  readonly unrecognised: number
  readonly goneObjects: number
  /** How many of the file's events each destination has. */
  readonly held: Readonly<Record<string, number>>
}

interface Span {
  /** Why the first unreadable row is. */
  reason?: string | undefined
  rows: number
  unreadable: number
  from: number
  to: number
}

export async function compare(parts: CompareParts): Promise<Differences> {
  const span = await readFile(parts)
  const { rows, unreadable: unreadableRows } = span
  if (rows === 0) throw noEvents(span)
  const isTimed = span.from <= span.to
  const reach = isTimed ? reachOf(span, parts.clock.now(), parts.windowMs) : { from: 0, to: 0 }
  if (isTimed) parts.keepFrom(span.from)
  const { gone, ...reading } = await readAll(reach, parts, span)
  const found = await differences(parts)
  return {
    ...found,
    ...(isTimed ? { from: span.from, to: span.to } : { from: undefined, to: undefined }),
    rows,
    unreadableRows,
    unreadableReason: span.reason,
    objects: reading.objects,
    unreadableObjects: reading.unreadable,
    unrecognised: reading.unrecognised + gone,
    goneObjects: gone,
  }
}

/**
 * Reads the stream, and tells how many objects of it are gone. What came while it was listed is no such object, though it is
 * not among those listed: the ledger has just seen it, so it is read after them. What comes still later needs no reading: its
 * events and the file's are decided one after the other, and nothing of that is forgotten meanwhile.
 */
async function readAll(reach: Reach, parts: CompareParts, span: Span): Promise<Reading & { readonly gone: number }> {
  const { ledger, receiver } = parts
  const latest = ledger.imports.latest()
  const streamParts = { ...parts, ...visiting(parts, span), latest }
  const reading = await readStream(reach, streamParts)
  const place = { receiver: receiver.id, store: receiver.store.uri, places: placesOf(reach, receiver.store.prefix) }
  const unlisted = ledger.imports.unlisted(place, reach, reading.numbers)
  const arrived = unlisted.filter((number) => number > latest)
  await readArrivals(
    arrived.flatMap((number) => ledger.object(number) ?? []),
    reading,
    streamParts,
  )
  return { ...reading, gone: unlisted.length - arrived.length }
}

async function readFile({ reader, file, comparison, signal, progress }: CompareParts): Promise<Span> {
  const span: Span = { rows: 0, unreadable: 0, from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY }
  progress(0, 0)
  for await (const { pieces } of reader.glance(file, signal)) {
    const events = pieces.filter(({ record }) => record !== undefined)
    span.rows += events.length
    span.unreadable += pieces.length - events.length
    span.reason ??= pieces.find(({ bad }) => bad !== undefined)?.bad?.reason
    for (const { at } of events) {
      span.from = Math.min(span.from, at)
      span.to = Math.max(span.to, at)
    }
    comparison.file(events)
  }
  return span
}

function noEvents({ reason }: Span): RequestRefused {
  return new RequestRefused(`it holds no events${reason === undefined ? '' : `: ${reason}`}`, {
    hint: 'download the audit log as CSV (organization settings, security, audit logs), and import it as it is',
  })
}

/** What is done with objects that are found and with what they hold. */
function visiting(parts: CompareParts, span: Reach): Pick<StreamParts, 'found' | 'read'> {
  const { ledger, comparison, destinations, discoveries, clock, receiver } = parts
  const store = receiver.store.uri
  const read = (chunk: PieceChunk, { ref }: AuditObject, number: number | undefined): void => {
    const decided = undecided({ ref }, chunk)
    if (discoveries !== undefined && number !== undefined) {
      // Of an object that is sealed nothing is to be decided any more.
      if (ledger.object(number) !== undefined) ledger.decide(decided, clock.now())
      ledger.imports.remember(number, decided.claimants)
    }
    const held = heldBits(ledger, destinations, number, decided.claimants)
    const events = decided.claimants.map(({ id, at }, index): Witnessed & { held: number } => {
      return { id, at, held: held[index] ?? 0 }
    })
    comparison.stream(events, span)
  }
  return { found: discoveries?.see ?? ((sightings) => ledger.imports.numbers(store, sightings)), read }
}

/** For each event, bit by bit, whether the destination has it. */
function heldBits(
  ledger: Ledger,
  destinations: readonly string[],
  number: number | undefined,
  claimants: readonly { readonly from: number }[],
): readonly number[] {
  const bits = claimants.map(() => 0)
  if (number === undefined) return bits
  const positions = claimants.map(({ from }) => from)
  for (const [bit, destination] of destinations.entries()) {
    const has = ledger.imports.has(destination, number, positions)
    for (const [index, one] of has.entries()) if (one) bits[index] = (bits[index] ?? 0) + 2 ** bit
  }
  return bits
}

/** Looks through both in the order of time, letting others work in between. */
async function differences({ comparison, destinations, clock, signal }: CompareParts) {
  const [stream, file] = [new Gathering(), new Gathering()]
  for (const page of comparison.inOrder()) {
    for (const { at, who } of page) {
      if (who === 'file') stream.lacks(at)
      else stream.has()
      if (who === 'stream') file.lacks(at)
      else file.has()
    }
    await clock.sleep(0, signal)
    signal.throwIfAborted()
  }
  const held = Object.fromEntries(destinations.map((destination, bit) => [destination, comparison.held(bit)]))
  return { ...comparison.tally(), lackingInStream: stream.end(), lackingInFile: file.end(), held }
}
