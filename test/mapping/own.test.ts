// What an own record becomes: the names are an interface, and nothing of it may be taken for CircleCI's.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { actRecord } from '../../src/domain/acts.ts'
import { collapsed, heartbeat } from '../../src/domain/heartbeat.ts'
import { type OwnRecord, ownId, ownRecord, ownText } from '../../src/domain/own-records.ts'
import { mapOwn } from '../../src/mapping/own.ts'
import { isOwn } from '../../src/processors/audit-event.ts'

const speaker = { instance: 'audit-1', version: '1.2.3' }
const at = Date.parse('2026-03-15T12:00:00.250Z')

test('an own record is of another service, another event name and other attributes than an audit event', () => {
  const about = { destination: 'a', start_at: undefined }
  const act = actRecord({
    what: 'backfill_forced',
    by: 'ann@host',
    at,
    why: 'SEC-7',
    body: 'all of March again',
    about,
  })
  const record = mapOwn(act, speaker)
  expect({ ...record, resource: record.resource.attributes }).toEqual({
    hrTime: [1_773_576_000, 250_000_000],
    hrTimeObserved: [1_773_576_000, 250_000_000],
    severityNumber: 13,
    severityText: 'warning',
    eventName: 'circleci_audit_forwarder.act',
    body: 'all of March again, by ann@host: SEC-7',
    resource: { 'service.name': 'circleci-audit-forwarder', 'service.instance.id': 'audit-1' },
    instrumentationScope: { name: 'circleci-audit-forwarder', version: '1.2.3' },
    attributes: {
      'log.record.uid': act.id,
      'circleci_audit_forwarder.destination': 'a',
      'circleci_audit_forwarder.act': 'backfill_forced',
      'circleci_audit_forwarder.by': 'ann@host',
      'circleci_audit_forwarder.reason': 'SEC-7',
    },
    droppedAttributesCount: 0,
  })
  expect(isOwn(record)).toBe(true)
  expect(mapOwn(act, speaker).resource).toBe(record.resource)
})

test('a record comes back from its text as it was, whatever it says, and gives the same log record', () => {
  const short = fc.string({ unit: 'binary', maxLength: 6 })
  const field = fc.oneof(short, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean())
  const fields = fc.dictionary(short, field, { maxKeys: 3 })
  const value = fc.oneof(field, fc.array(fc.oneof(short, fields), { maxLength: 3 }))
  const attributes = fc.dictionary(short, value, { maxKeys: 4 })
  fc.assert(
    fc.property(short, attributes, (body, given) => {
      const said: OwnRecord = { kind: 'act', id: ownId(body), at, level: 'info', body, attributes: given }
      const text = ownText(said)
      const back = ownRecord(text)
      expect([text.includes('\n'), ownText(back)]).toEqual([false, text])
      const attributesOf = (record: OwnRecord) => JSON.stringify(mapOwn(record, speaker).attributes)
      expect(attributesOf(back)).toBe(attributesOf(said))
    }),
    { numRuns: 40 },
  )
})

test('ids are UUIDs that the same parts give for ever, and no others', () => {
  expect(ownId('heartbeat', 'audit-1', 5)).toBe('8bb74563-7787-88c2-a0a2-e21d5b897562')
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.nat())), fc.array(fc.oneof(fc.string(), fc.nat())), (one, other) => {
      expect(ownId(...one)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(ownId(...one) === ownId(...other)).toBe(JSON.stringify(one) === JSON.stringify(other))
    }),
  )
})

test('a heartbeat says how the forwarder stands, and proves nothing where a destination has no watermark', () => {
  const standing = {
    instance: 'i',
    version: '1',
    startedAt: at - 90_500,
    now: at,
    before: 0,
    receivers: [],
    openGaps: 2,
  }
  const a = { destination: 'a', receiver: 'r', watermark: at - 1000, outstanding: 3, stopped: true }
  const b = { ...a, destination: 'b', watermark: undefined, stopped: false }
  expect(heartbeat({ ...standing, destinations: [a, b] })).toMatchObject({
    body: 'alive: nothing is proven complete yet; 6 objects outstanding; 2 open gaps; stopped: a',
    attributes: { uptime_seconds: 91, watermark: undefined, outstanding_objects: 6, open_gaps: 2, stopped: ['a'] },
  })
  expect(heartbeat({ ...standing, destinations: [a, a], openGaps: 0 }).body).toBe(
    'alive: complete up to 2026-03-15T11:59:59.250Z; 6 objects outstanding; stopped: a',
  )
  expect(heartbeat({ ...standing, destinations: [] }).attributes['watermark']).toBeUndefined()
})

test('a heartbeat stays small however much is configured, and lists those that are furthest behind', () => {
  const destinations = Array.from({ length: 500 }, (_, n) => {
    const [destination, receiver] = [`splunk_hec/destination-number-${n}`, `circleci_audit/receiver-number-${n}`]
    return { destination, receiver, watermark: at - n * 1000, outstanding: n, stopped: false }
  })
  const receivers = destinations.map(({ receiver }) => ({ id: receiver, sweptTo: at }))
  const said = heartbeat({
    instance: 'i',
    version: '1',
    startedAt: 0,
    now: at,
    before: 0,
    receivers,
    destinations,
    openGaps: 0,
  })
  expect(ownText(said).length).toBeLessThan(16_000)
  expect(said.attributes['destinations']).toMatchObject({ length: 50, 0: { id: 'splunk_hec/destination-number-499' } })
})

test('however often heartbeats are collapsed, none is forgotten in the count', () => {
  const beat = (n: number) =>
    heartbeat({
      instance: 'i',
      version: '1',
      startedAt: 0,
      now: n * 300_000,
      before: n,
      receivers: [],
      destinations: [],
      openGaps: 0,
    })
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }), (sizes) => {
      let n = 0
      let before: OwnRecord | undefined
      for (const size of sizes) {
        const more = Array.from({ length: size + 1 }, () => beat(n++))
        before = collapsed('a', before === undefined ? more : [before, ...more])
      }
      expect(before?.attributes).toMatchObject({ heartbeats: n, heartbeats_from: '1970-01-01T00:00:00.000Z' })
      expect(before?.at).toBe((n - 1) * 300_000)
    }),
  )
})
