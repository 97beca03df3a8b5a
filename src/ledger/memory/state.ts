// What the reference keeps, as plainly as it can be said: no counters where a scan will do, no index but the key.
import assert from 'node:assert/strict'
import type { Gap } from '../../domain/gaps.ts'
import type { AuditObject } from '../../domain/objects.ts'
import { covers, type Range, type Ranges, removeRanges } from '../../domain/ranges.ts'
import type { LastDelivery, Stop } from '../accounts.ts'
import type { Alteration } from '../alterations.ts'
import type { Belonging } from '../belongings.ts'
import { hourOf } from '../hours.ts'
import type { Intent } from '../intents.ts'
import type { Tally } from '../progress.ts'
import type { QuarantineEntry } from '../quarantine.ts'
import type { Request } from '../requests.ts'
import { extend, totalBytes } from '../rules.ts'
import type { Noted } from '../watch.ts'
import type { Adoption, Claim, CopyState } from './duplicates.ts'
import type { RepairState, Withheld } from './repairs.ts'
import type { Extreme, SealedRow, SealState } from './seals.ts'
import { Journal, Table } from './table.ts'
import type { ArrivalState } from './watch.ts'

export interface RouteState {
  readonly id: number
  readonly destination: string
  readonly receiver: string
  readonly startAt: number
  readonly active: boolean
  readonly watermark: number | undefined
  /** The receiver's `sweptTo` when the route was retired: what came later may be unknown. */
  readonly retiredAt: number | undefined
  /** When it was retired. */
  readonly goneAt: number | undefined
  readonly tally: Tally
  readonly possibleDuplicates: number
  readonly adopted: number
  readonly lastObjectTime: number | undefined
  readonly lastEvent: number | undefined
  readonly lastDelivery: LastDelivery | undefined
  /** Late objects that are sealed by now. */
  readonly lateSealed: number
  /** Up to where its hours are passed. */
  readonly passed: number | undefined
  /** From there on every hour is accounted for. */
  readonly everyHourFrom: number | undefined
}

/** An hour of a route that is passed. */
export interface ClosingState {
  readonly route: number
  readonly hour: number
  /** How often it was accounted for. */
  readonly revision: number
  readonly open: boolean
}

export interface ObjectState {
  readonly object: AuditObject
  readonly receivers: readonly string[]
  /** Bytes decided so far. */
  readonly decided: number
  readonly copies: readonly CopyState[]
  readonly reused: readonly Range[]
  readonly events: number
  readonly bad: number
  readonly firstId: string | undefined
  readonly lastId: string | undefined
}

/** Of an object that nobody has decided. */
export const nothingFound = { copies: [], reused: [], events: 0, bad: 0, firstId: undefined, lastId: undefined }

export interface RowState {
  readonly destination: string
  readonly route: number
  readonly object: number
  readonly state: 'outstanding' | 'settled' | 'lost'
  readonly settled: Ranges
  readonly attempts: number
  readonly dueAt: number
  readonly late: boolean
  readonly reason: string | undefined
  readonly lostBytes: number
  readonly generation: number
  /** The repair that took it last, until it is settled and due again for another reason. */
  readonly repair: number | undefined
  /** Not settled now, but settled once: it goes back there where it is not to be had. */
  readonly again: Ranges
  readonly released: Ranges
  readonly tally: Tally
}

export const noTally: Tally = { delivered: 0, filtered: 0, duplicates: 0, quarantined: 0 }

/** A row of which nothing has happened yet. */
export const freshRow = {
  state: 'outstanding',
  settled: [],
  attempts: 0,
  reason: undefined,
  lostBytes: 0,
  generation: 0,
  repair: undefined,
  again: [],
  released: [],
  tally: noTally,
} as const

export interface EntryState extends Omit<QuarantineEntry, 'receiver' | 'object'> {
  /** Of a message. */
  readonly receiver: string | undefined
  readonly object: number | undefined
  /** Of what is no event and is read again: up to where it was decided anew. */
  readonly recut: number
  /** Of what was decided before it turned out to be no event: destinations that had dealt with it by then. */
  readonly dealt: readonly string[] | undefined
}

export type IntentState = Intent & { readonly destination: string }
export type Sequence =
  | 'route'
  | 'object'
  | 'seen'
  | 'intent'
  | 'entry'
  | 'request'
  | 'events'
  | 'bad'
  | 'altered'
  | 'symptom'
export class State {
  readonly journal = new Journal()
  readonly routes = new Table<number, RouteState>(this.journal)
  readonly sweptTo = new Table<string, number>(this.journal)
  readonly objects = new Table<number, ObjectState>(this.journal)
  /** Objects seen, by receiver and hour. */
  readonly hours = new Table<string, number>(this.journal)
  readonly identities = new Table<string, number>(this.journal)
  /** Texts of own records, by object. */
  readonly owns = new Table<number, string>(this.journal)
  readonly rows = new Table<string, RowState>(this.journal)
  /** By hour of occurred_at and id. */
  readonly claims = new Table<string, readonly Claim[]>(this.journal)
  readonly adoptions = new Table<string, Adoption>(this.journal)
  readonly intents = new Table<number, IntentState>(this.journal)
  readonly entries = new Table<number, EntryState>(this.journal)
  readonly requests = new Table<number, Request>(this.journal)
  /** By row. */
  readonly withheld = new Table<string, Withheld>(this.journal)
  readonly repairs = new Table<number, RepairState>(this.journal)
  /** By object and kind. */
  readonly alterations = new Table<string, Alteration>(this.journal)
  readonly stops = new Table<string, Stop>(this.journal)
  readonly closings = new Table<string, ClosingState>(this.journal)
  /** By receiver. */
  readonly belongings = new Table<string, Belonging>(this.journal)
  /** By receiver and hour. */
  readonly arrivals = new Table<string, ArrivalState>(this.journal)
  readonly memories = new Table<string, string>(this.journal)
  readonly symptoms = new Table<number, Noted>(this.journal)
  readonly gaps = new Table<string, Gap>(this.journal)
  /** By identity. The reference keeps the identity itself, and so knows no hash that could collide. */
  readonly seals = new Table<string, SealState>(this.journal)
  readonly sealedRows = new Table<string, SealedRow>(this.journal)
  readonly extremes = new Table<Extreme, number>(this.journal)
  readonly #sequences = new Table<Sequence, number>(this.journal)
  readonly maxQuarantineBytes: number

  constructor(maxQuarantineBytes: number) {
    this.maxQuarantineBytes = maxQuarantineBytes
  }

  next(sequence: Sequence, by = 1): number {
    const value = this.count(sequence) + by
    this.#sequences.set(sequence, value)
    return value
  }

  count(sequence: Sequence): number {
    return this.#sequences.get(sequence) ?? 0
  }

  activeRoutes(): RouteState[] {
    return this.routes
      .values()
      .filter((route) => route.active)
      .sort((a, b) => a.id - b.id)
  }

  route(id: number): RouteState {
    const route = this.routes.get(id)
    assert(route !== undefined, `no route ${id}`)
    return route
  }

  object(ref: number): ObjectState {
    const object = this.objects.get(ref)
    assert(object !== undefined, `no object ${ref}`)
    return object
  }

  row(destination: string, object: number): RowState | undefined {
    return this.rows.get(rowKey(destination, object))
  }

  setRow(row: RowState): void {
    this.rows.set(rowKey(row.destination, row.object), row)
  }

  /** Counts how records of a row ended, or that they have not: with the row, and with its route. */
  addTally({ destination, object }: Pick<RowState, 'destination' | 'object'>, tally: Partial<Tally>): void {
    const row = this.row(destination, object)
    assert(row !== undefined, `${destination} has no row for object ${object}`)
    this.setRow({ ...row, tally: added(row.tally, tally) })
    const route = this.route(row.route)
    const { duplicates, quarantined, ...sums } = added(route.tally, tally)
    // What is taken back may have been counted under a route that is retired.
    const floored = { duplicates: Math.max(0, duplicates), quarantined: Math.max(0, quarantined) }
    this.routes.set(row.route, { ...route, tally: { ...sums, ...floored } })
  }

  /** Something has changed in an hour that may be accounted for: it is to be once more. */
  touchHour({ route, object }: Pick<RowState, 'route' | 'object'>): void {
    const hour = hourOf(this.object(object).object.time)
    if ((this.route(route).passed ?? Number.NEGATIVE_INFINITY) <= hour) return
    const revision = this.closings.get(closingKey(route, hour))?.revision ?? 0
    this.closings.set(closingKey(route, hour), { route, hour, revision, open: true })
  }

  /** Adds ranges to a row, also to a lost one: a batch that was on its way may still arrive. */
  settleRanges(destination: string, object: number, ranges: Ranges): RowState {
    const row = this.row(destination, object)
    assert(row !== undefined, `${destination} has no row for object ${object}`)
    const settled = extend(row.settled, ranges, `object ${object} in ${destination}`)
    const lostBytes = Math.max(0, row.lostBytes - (totalBytes(settled) - totalBytes(row.settled)))
    const again = removeRanges(row.again, ranges)
    this.setRow({ ...row, settled, lostBytes, again, released: removeRanges(row.released, ranges) })
    if (row.state !== 'outstanding') this.touchHour(row)
    this.complete(destination, object)
    return row
  }

  /** Settles a row whose ranges cover the object. */
  complete(destination: string, object: number): void {
    const row = this.row(destination, object)
    const length = this.object(object).object.length
    if (row === undefined || length === undefined || !covers(row.settled, 0, length)) return
    if (row.state === 'lost') this.touchHour(row)
    if (row.state !== 'settled') this.setRow({ ...row, state: 'settled', lostBytes: 0, reason: undefined })
  }

  /** Whether the destination had a row for the object, and all of it is settled for good. */
  isSealed(destination: string, object: number): boolean {
    return this.sealedRows.get(rowKey(destination, object)) !== undefined
  }

  /** Whether a position is settled in a destination. */
  isSettledAt(destination: string, object: number, from: number): boolean {
    const row = this.row(destination, object)
    return row === undefined ? this.isSealed(destination, object) : covers(row.settled, from, from + 1)
  }

  /** Whether a position is settled in a destination, or will be. */
  holds(destination: string, object: number, from: number): boolean {
    const row = this.row(destination, object)
    if (row === undefined) return this.isSealed(destination, object)
    if (row.state === 'outstanding' && this.route(row.route).active) return true
    return covers(row.settled, from, from + 1)
  }
}

function added(one: Tally, more: Partial<Tally>): Tally {
  const sum = (name: keyof Tally) => one[name] + (more[name] ?? 0)
  return {
    delivered: sum('delivered'),
    filtered: sum('filtered'),
    duplicates: sum('duplicates'),
    quarantined: sum('quarantined'),
  }
}

export function closingKey(route: number, hour: number): string {
  return `${route} ${hour}`
}

export function identityOf(
  store: string,
  { key, version }: { readonly key: string; readonly version: string },
): string {
  return JSON.stringify([store, key, version])
}

export function rowKey(destination: string, object: number): string {
  return `${object} ${destination}`
}
