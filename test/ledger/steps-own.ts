// What happens to own records in random histories, and what every step chooses with.

import type { HourAccount } from '../../src/domain/control.ts'
import type { AuditObject } from '../../src/domain/objects.ts'
import { type OwnKind, type OwnRecord, ownId, ownStore } from '../../src/domain/own-records.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { hour, start } from './lane.ts'

/** Three numbers that choose among what there is. */
export interface Numbers {
  readonly a: number
  readonly b: number
  readonly c: number
}

/** The last comes to be by a rename. */
export const destinations = ['splunk', 'datadog', 'sentinel'] as const

export function pick<T>(from: readonly T[], n: number): T | undefined {
  return from.length === 0 ? undefined : from[n % from.length]
}

/** No history has more numbers in a row whose objects are forgotten. */
const mostForgotten = 60

/** Audit objects and own records. */
export function allRefs(ledger: Ledger): AuditObject[] {
  const found: AuditObject[] = []
  for (let ref = 1, missing = 0; missing < mostForgotten; ref += 1) {
    const object = ledger.object(ref)
    missing = object === undefined ? missing + 1 : 0
    if (object !== undefined) found.push(object)
  }
  return found
}

/** Audit objects that are due, and own records. */
export function dueAll(ledger: Ledger, destination: string) {
  return ledger.due(destination, { now: 9e15, limit: 99, newest: false, except: new Set(), maxDelay: 0 })
}

function said(n: number, kind: OwnKind): OwnRecord {
  return { kind, id: ownId(kind, n), at: start - n * hour, level: 'info', body: `said ${n}`, attributes: { n } }
}

const tally = { delivered: 0, filtered: 1, duplicates: 0, quarantined: 0 }

type Act = (ledger: Ledger, step: Numbers, now: number) => unknown

export const ownActs = {
  record: (ledger, { a, b, c }, now) => {
    const record = said(a % 7, b % 3 === 0 ? 'gap.opened' : 'heartbeat')
    const only = c % 4 === 0 ? [destinations[b % 3] ?? ''] : undefined
    return ledger.record([{ record, only, except: c % 3 === 0 ? [destinations[a % 3] ?? ''] : [] }], now)
  },
  deliver: (ledger, { a, b }, now) => {
    const destination = destinations[b % 3] ?? ''
    const row = pick(
      dueAll(ledger, destination).filter(({ object }) => object.store === ownStore),
      a,
    )
    if (row === undefined) return undefined
    const { ref, size } = row.object
    return ledger.intend(destination, [{ token: `o${now}`, members: [{ object: ref, from: 0, to: size }] }], now)
  },
  withdraw: (ledger, { a, b, c }) => {
    const destination = destinations[b % 3] ?? ''
    const query = { kind: 'heartbeat' as const, before: start - (a % 5) * hour, limit: 1 + (c % 4) }
    const held = new Set(ledger.intents(destination).flatMap(({ members }) => members.map(({ object }) => object)))
    const waits = ledger.waiting(destination, query).filter(({ object }) => !held.has(object))
    const ended = waits.map(({ object, length }) => ({ object, ranges: [[0, length]] as const, tally }))
    ledger.settle(destination, ended)
    return waits
  },
  forget: (ledger, { a, b, c }, now) => ledger.forget(new Set(c % 2 === 0 ? [1 + (a % 9)] : []), now - (b % 9) * 1000),
  /** What is told of an hour is all that was accounted for. */
  closeHours: (ledger, { a }, now) => {
    const accounts: HourAccount[] = []
    const closed = ledger.closeHours(
      1 + (a % 40),
      (hour) => {
        accounts.push(hour)
        const { destination, receiver, revision } = hour
        const id = ownId(destination, receiver, hour.hour, revision)
        const attributes = { destination, revision, delivered: hour.delivered }
        return { kind: 'control', id, at: now, level: 'info', body: 'an hour', attributes }
      },
      now,
    )
    return [closed, accounts]
  },
  together: (ledger, { a, b, c }, now) =>
    ledger.together(() => {
      ledger.record([{ record: said(a % 7, 'act') }], now)
      ledger.swept('bucket', start + (b % 6) * hour)
      if (c % 3 === 0) ledger.rename('nobody', 'somebody')
    }),
} satisfies Record<string, Act>
