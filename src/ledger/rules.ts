// The numbers and the arithmetic both implementations share, so that they can differ in how they keep rows and in
// nothing else.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { importStoreOf } from '../domain/imports.ts'
import { ownStore } from '../domain/own-records.ts'
import { addRanges, type Ranges } from '../domain/ranges.ts'

/** Two sightings of one id closer than this are one event. */
export const sameEventMs = 2_000
export const hourMs = 3_600_000
/** The watermark stays this far below the last complete sweep: a store may list an object a little late. */
export const sweepMarginMs = 300_000
/** Claims of imports are kept for so long: CircleCI's files reach twelve months back. */
export const importMemoryMs: number = 400 * 24 * hourMs
/** Hours whose claims are looked at in one step of pruning. */
export const pruneHours = 6
/** Of a larger record quarantine keeps no bytes: the first MiB is not evidence. */
export const maxRecordBytes = 1 << 20
/** What an entry is charged beside its bytes, so that a flood of tiny ones is bounded too. */
export const entryBytes = 256
export const defaultQuarantineBytes = 1 << 30

/** An event of a later time than its delivery and this has no time that says anything. */
const aheadMs = 300_000

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const sha256 = /^[0-9a-f]{64}$/i

/** 32 hex digits that stand for an event id: a UUID's own, else the first half of a sha256. */
export function idDigits(id: string): string {
  if (uuid.test(id)) return id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + id.slice(19, 23) + id.slice(24)
  return (sha256.test(id) ? id : createHash('sha256').update(id).digest('hex')).slice(0, 32)
}

export function hourOf(at: number): number {
  return Math.floor(at / hourMs)
}

/** The neighbouring hour in which the same event may have been claimed; undefined when `at` is far from both borders. */
export function neighbourHour(at: number): number | undefined {
  const hour = hourOf(at)
  if (at - hour * hourMs < sameEventMs) return hour - 1
  return (hour + 1) * hourMs - at <= sameEventMs ? hour + 1 : undefined
}

/** The claim that is the same event, nearest first and the earlier of two equally near. */
export function sameEvent<C extends { readonly at: number }>(claims: readonly C[], at: number): C | undefined {
  let best: C | undefined
  for (const claim of claims) {
    const distance = Math.abs(claim.at - at)
    if (distance >= sameEventMs) continue
    const bestDistance = best === undefined ? Number.POSITIVE_INFINITY : Math.abs(best.at - at)
    if (distance < bestDistance || (distance === bestDistance && best !== undefined && claim.at < best.at)) best = claim
  }
  return best
}

export function totalBytes(ranges: Ranges): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from, 0)
}

/** The set with more ranges. Settling a byte twice is a bug of the caller, and is said here rather than merged. */
export function extend(settled: Ranges, more: Ranges, where: string): Ranges {
  const union = addRanges(settled, more)
  const bytes = more.reduce((sum, [from, to]) => sum + Math.max(0, to - from), 0)
  assert.equal(totalBytes(union), totalBytes(settled) + bytes, `settled twice: ${where}`)
  return union
}

/** The bytes quarantine keeps of a record. */
export function keptBytes(record: { readonly bytes: Uint8Array; readonly length: number }): Uint8Array | undefined {
  return record.length > maxRecordBytes || record.bytes.length > maxRecordBytes ? undefined : record.bytes
}

/** What an entry costs under the quarantine's cap. */
export function entryCharge(bytes: Uint8Array | undefined): number {
  return entryBytes + (bytes?.length ?? 0)
}

/** What a lost row takes with it: unsettled bytes, or the stored size where nobody has read to the end. */
export function unsettledBytes(
  settled: Ranges,
  object: { readonly length: number | undefined; readonly size: number },
) {
  return object.length === undefined ? object.size : object.length - totalBytes(settled)
}

/** The watermark's next place: never back, and nowhere before the first complete sweep. */
export function nextWatermark(
  current: number | undefined,
  oldestOutstanding: number | undefined,
  sweptTo: number | undefined,
): number | undefined {
  if (sweptTo === undefined) return current
  const reach = Math.min(oldestOutstanding ?? Number.POSITIVE_INFINITY, sweptTo - sweepMarginMs)
  return current === undefined ? reach : Math.max(current, reach)
}

/** Says a resolution that names a member twice, or one that is not there. */
export function checkResolution(
  members: readonly { readonly object: number; readonly from: number }[],
  delivered: readonly number[],
  refused: readonly { readonly member: number }[],
  drafts: readonly { readonly members: readonly { readonly object: number; readonly from: number }[] }[],
): void {
  const named = new Uint8Array(members.length)
  const take = (index: number): void => {
    if (named[index] !== 0) assert.fail(`no such member, or named twice: ${index} of ${members.length}`)
    named[index] = 1
  }
  for (const index of delivered) take(index)
  for (const { member } of refused) take(member)
  if (drafts.length === 0) return
  const left = new Set(members.filter((_, index) => named[index] === 0).map(name))
  for (const member of drafts.flatMap((draft) => draft.members)) {
    if (!left.delete(name(member))) assert.fail(`not a free member of this intent: ${name(member)}`)
  }
}

function name({ object, from }: { readonly object: number; readonly from: number }): string {
  return `object ${object} byte ${from}`
}

/** Says a rename of nobody, or onto somebody. */
export function checkRename(from: string, to: string, hasRoutes: (destination: string) => boolean): void {
  assert(!hasRoutes(to), `${to} is a destination of its own`)
  assert(hasRoutes(from), `there is no destination ${from}`)
}

/** Why a row is due again although it was settled. */
export function reopenedReason(reason: string): string {
  return `another object was to deliver a part of it: ${reason}`
}

/** Whether seals are for such objects: what CircleCI wrote, and neither what the forwarder says nor an import. */
export function isSealable({ store }: { readonly store: string }): boolean {
  return store !== ownStore && importStoreOf(store) === undefined
}

/** Why a row is due again that an operator asked for. */
export const askedAgain = 'asked for again'

export const noRepair = { delivered: 0, filtered: 0, duplicates: 0, quarantined: 0, lost: 0 } as const

/** Why what an active row left to a retired one comes back. */
export const retiredReason = 'its receiver is retired'

/** Of each object with members that were delivered, the time of the newest event. In the order of the members. */
export function newestEvents(
  members: readonly { readonly object: number }[],
  delivered: readonly number[],
  eventTimes: readonly (number | undefined)[],
  now: number,
): ReadonlyMap<number, number | undefined> {
  const newest = new Map<number, number | undefined>()
  for (const index of delivered) {
    const object = members[index]?.object ?? -1
    const time = eventTimes[index]
    const known = newest.get(object)
    if (time !== undefined && time <= now + aheadMs) newest.set(object, Math.max(known ?? time, time))
    else if (!newest.has(object)) newest.set(object, undefined)
  }
  return newest
}
