// A toy world for ledger tests: objects whose content is a function of their key, and lanes that do with a ledger what
// the real ones do, as single deterministic steps. Everything a step decides, it decides from what the ledger answers.
import type { AuditObject, Sighting } from '../../src/domain/objects.ts'
import { covers, gaps, type Range } from '../../src/domain/ranges.ts'
import type { Position, Undecided } from '../../src/ledger/duplicates.ts'
import type { Refused } from '../../src/ledger/intents.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'

export const hour = 3_600_000
export const start = Date.parse('2026-11-20T12:00:00Z')
/** Every event's stretch, in bytes. */
export const stretch = 10

export interface Item extends Position {
  readonly id: string
  readonly at: number
  readonly bad: boolean
}

/** Some in a partition older than their stamp, and some of a time that their key does not tell. */
export function sighting(n: number): Sighting {
  const time = new Date(start + n * 600_000).toISOString().slice(0, 19)
  const folder = n % 5 === 4 ? 'year=2026/month=11/day=20/hour=9/' : ''
  const name = n % 11 === 10 ? 'undated' : time
  return { key: `audit/${folder}${name}-${n}.json`, version: `v${n}`, size: 100 + n, modified: start + n * 600_000 + 5 }
}

function numberOf(object: Pick<AuditObject, 'size'>): number {
  return object.size - 100
}

/**
 * Up to six events; ids overlap between objects, some near a border of the hour, some reused with another time. From
 * number 24 on the last of several is in no other object: that it was delivered proves that this one was read.
 */
export function contentOf(object: Pick<AuditObject, 'ref' | 'size'>): Item[] {
  const n = numberOf(object)
  const length = (n * 5) % 7
  return Array.from({ length }, (_, index) => {
    const event = (n * 3 + index * (1 + (n % 3))) % 9
    const own = n >= 24 && length > 1 && index === length - 1 ? n : 0
    const id = `00000000-0000-4000-8000-00000000${own.toString().padStart(3, '0')}${event}`
    const jitter = event % 4 === 3 ? (n % 3) * 1500 : 0
    const bad = (n + index) % 8 === 7
    return { object: object.ref, from: index * stretch, to: (index + 1) * stretch, id, bad, at: start - 1200 + jitter }
  })
}

/** The chunk of an object from its event `first` to `last` (excluded). */
export function chunkOf(object: AuditObject, first: number, last: number): Undecided {
  const items = contentOf(object)
  const part = items.slice(first, last)
  return {
    object: object.ref,
    from: Math.min(first, items.length) * stretch,
    to: Math.min(last, items.length) * stretch,
    claimants: part.filter(({ bad }) => !bad),
    bad: part.filter(({ bad }) => bad).map(({ from, to }) => badBytes(from, to)),
    end: last >= items.length,
  }
}

/** A stretch that is no event. */
export function badBytes(from: number, to: number) {
  const evidence = { reason: 'not JSON', sha256: 'ab', bytes: new Uint8Array([1, 2, 3]), length: 3 }
  return { from, to, offset: from, line: 1 + from / stretch, ...evidence }
}

export function refusal(member: number, offset = 0, length = 2): Refused {
  return { member, reason: 'no such field', offset, line: 1, sha256: 'cd', bytes: new Uint8Array(length), length }
}

export interface Reading {
  /** Events to be delivered, free and not skipped. */
  readonly deliverable: readonly Item[]
  readonly skipped: readonly Range[]
  readonly bad: readonly Range[]
}

/** What a lane makes of one due row: decide, judge, and look what is left to do. */
export function readRow(ledger: Ledger, destination: string, object: AuditObject, cut: number, now: number): Reading {
  const items = contentOf(object)
  const decisions = [ledger.decide(chunkOf(object, 0, cut), now), ledger.decide(chunkOf(object, cut, 99), now)]
  const copies = decisions.flatMap((decision) => decision.copies)
  const judged = ledger.judge(destination, object.ref, copies)
  const skip = new Set(copies.filter((_, index) => judged[index]).map(({ from }) => from))
  for (const from of ledger.adopted(destination, object.ref)) skip.add(from)
  const settled = ledger.row(destination, object.ref)?.settled
  const held = heldIn(ledger, destination, object.ref)
  const open = items.filter(({ from, to }) => settled !== undefined && !covers(settled, from, to) && !held.has(from))
  const range = ({ from, to }: Item): Range => [from, to]
  return {
    deliverable: open.filter(({ from, bad }) => !bad && !skip.has(from)),
    skipped: open.filter(({ from, bad }) => !bad && skip.has(from)).map(range),
    bad: open.filter(({ bad }) => bad).map(range),
  }
}

function heldIn(ledger: Ledger, destination: string, object: number): Set<number> {
  const members = ledger.intents(destination).flatMap((intent) => intent.members)
  const held = [...members, ...ledger.provisional(destination)].filter((position) => position.object === object)
  return new Set(held.map(({ from }) => from))
}

/** Settles what needs no sending. */
export function settleReading(ledger: Ledger, destination: string, object: number, reading: Reading): void {
  const { skipped, bad } = reading
  if (skipped.length + bad.length === 0) return
  const tally = { delivered: 0, filtered: 0, duplicates: skipped.length, quarantined: bad.length }
  ledger.settle(destination, [{ object, ranges: [...skipped, ...bad], tally }])
}

export function bare({ object, from, to }: Position): Position {
  return { object, from, to }
}

/** Bytes of an object that a row has not settled. */
export function unsettled(ledger: Ledger, destination: string, object: AuditObject): readonly Range[] {
  const row = ledger.row(destination, object.ref)
  return row === undefined || row.object.length === undefined ? [] : gaps(row.settled, row.object.length)
}
