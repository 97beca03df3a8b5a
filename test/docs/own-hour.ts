// An hour with three events and the forwarder's account of it, for the searches that compare the two.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import type { HourAccount } from '../../src/domain/control.ts'
import type { OwnRecord } from '../../src/domain/own-records.ts'
import { mapEvent, mappingOptions } from '../../src/mapping/map.ts'
import { mapOwn } from '../../src/mapping/own.ts'
import { itemOf } from '../mapping/corpus.ts'

export const hour = '2026-03-04T13:00:00.000Z'
const key = 'year=2026/month=03/day=04/hour=13/2026-03-04T13:40:12_6f1f0a4e66d54d3e9d7521c1c9e1a0010000beef'
const options = mappingOptions('0.0.0')

export const hourSaid: HourAccount = {
  destination: 'here',
  receiver: 'circleci_audit',
  hour: Date.parse(hour),
  revision: 1,
  objects: 1,
  lostObjects: 0,
  events: 3,
  bad: 0,
  delivered: 3,
  filtered: 0,
  duplicates: 0,
  quarantined: 0,
  firstId: 'event-0',
  lastId: 'event-2',
}

/** `at` is when they happened. */
export function auditEvents(count: number, at = Date.parse(hour) - 90_000): LogRecord[] {
  return Array.from({ length: count }, (_, n) => {
    const text = JSON.stringify({ id: `event-${n}`, action: 'context.create', occurred_at: new Date(at).toISOString() })
    return mapEvent(itemOf(text, n + 1, n * 100), { store: 's3://acme', key, seenAt: at }, options)
  })
}

export function ownRecord(said: OwnRecord): LogRecord {
  return mapOwn(said, { instance: 'audit-1', version: '0.0.0' })
}
