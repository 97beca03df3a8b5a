// What the forwarder says of itself to the destinations: that it lives, what it has done, and what is missing. To the
// ledger an own record is an object of a store of its own, with one event in it: so the lanes deliver it like any other,
// durably and at least once. Here is what a record is; what it says is told by whoever makes it.
//
// Ids are hashes of what a record is about and never drawn, so that what is told twice is one record, and a SIEM can
// recognise a repeat. Rejected: a second queue beside the rows, whose crash safety would have to be proven again.
import { createHash } from 'node:crypto'
import type { Level } from './severity.ts'

/** The receiver of own records. No receiver of a configuration can have this name: none is of this type. */
export const ownReceiver = 'circleci_audit_forwarder'

/** For who is told of gaps and of nothing else. */
export const gapReceiver = `${ownReceiver}/gaps`

/** The store in which own records lie. No store's address looks like this. */
export const ownStore = 'circleci-audit-forwarder:own-records'

/** Whether a receiver brings the forwarder's own records and no audit events. */
export function isOwnReceiver(receiver: string): boolean {
  return receiver === ownReceiver || receiver === gapReceiver
}

export type OwnKind =
  /** The forwarder is alive. */
  | 'heartbeat'
  /** What became of a receiver's hour at a destination. */
  | 'control'
  /** An operator did something. */
  | 'act'
  | 'gap.opened'
  | 'gap.closed'

/** What an attribute may be. Undefined is left out. Times are RFC 3339. */
export type OwnValue = string | number | boolean | undefined | readonly (string | OwnFields)[]

export interface OwnFields {
  readonly [name: string]: string | number | boolean | undefined
}

/** One thing the forwarder says. */
export interface OwnRecord {
  readonly kind: OwnKind
  /** See `ownId`. Kind and id together are the record's identity. */
  readonly id: string
  /** When it came to be so, in milliseconds since 1970. */
  readonly at: number
  readonly level: Level
  /** In one sentence. */
  readonly body: string
  /** By bare name (`open_gaps`): the namespace is added by mapping. */
  readonly attributes: Readonly<Record<string, OwnValue>>
}

/** The id of what a record is about, as a UUID (version 8): the same parts give the same id for ever. */
export function ownId(...parts: readonly (string | number)[]): string {
  const digits = createHash('sha256').update(JSON.stringify(parts)).digest('hex')
  const variant = ((Number.parseInt(digits.slice(16, 18), 16) & 0x3f) | 0x80).toString(16)
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `8${digits.slice(13, 16)}`,
    `${variant}${digits.slice(18, 20)}`,
    digits.slice(20, 32),
  ].join('-')
}

/** The text a record is kept as, on one line. */
export function ownText({ kind, id, at, level, body, attributes }: OwnRecord): string {
  return JSON.stringify({ kind, id, at, level, body, attributes })
}

/** The record of a text that `ownText` wrote. */
export function ownRecord(text: string): OwnRecord {
  return JSON.parse(text) as OwnRecord
}

/** `1 event`, `2 events`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** A time as an attribute. */
export function stamp(time: number): string
export function stamp(time: number | undefined): string | undefined
export function stamp(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString()
}
