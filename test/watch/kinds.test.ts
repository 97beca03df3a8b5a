// Every kind of gap but silences: what opens it, what it says, what heals it, and what is no gap although it looks like one.
import { expect, test } from 'vitest'
import { MINUTE_MS } from '../../src/domain/rhythm-curve.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { MONDAY } from '../domain/streams.ts'
import { bench, destination, HOUR, now, objectOf, open, pass, receiver } from './bench.ts'

function hear(one: ReturnType<typeof bench>, event: TelemetryEvent): void {
  one.watch.hear(event)
}

const failed = (more: object = {}) =>
  ({
    ...{ type: 'read_failed', receiver, destination, key: 'k', kind: 'denied', reason: 'no GetObject on k' },
    ...{ hint: 'grant s3:GetObject', retryInMs: 1, ...more },
  }) as TelemetryEvent

test('a bucket that cannot be listed for some minutes is a gap that names what is missing, until it was listed', () => {
  const one = bench()
  const fail = { type: 'sweep_failed', receiver, reason: 'denied', hint: 'grant s3:ListBucket', retryInMs: 1 } as const
  hear(one, fail)
  pass(one, 5)
  expect(open(one)).toEqual([])
  pass(one, 10, () => hear(one, fail))
  expect(one.gaps()).toMatchObject([
    { kind: 'source_unreachable', severity: 'critical', next: 'grant s3:ListBucket', from: now * MINUTE_MS },
  ])
  one.restarted()
  pass(one, 2)
  expect(open(one)).toEqual(['source_unreachable'])
  hear(one, { type: 'sweep_completed', receiver, full: true, listed: 1, missed: 0, durationMs: 1 })
  pass(one, 1)
  expect(one.gaps()).toMatchObject([{ openings: 1, closed: { why: 'it can be reached again' } }])
})

test('a queue that cannot be received from is a gap until it can', () => {
  const one = bench()
  hear(one, { type: 'receive_failed', receiver, reason: 'no such queue', hint: undefined, retryInMs: 1 })
  pass(one, 12)
  expect(one.gaps()).toMatchObject([{ kind: 'source_unreachable', severity: 'warning' }])
  hear(one, { type: 'receive_resumed', receiver })
  pass(one, 30)
  expect(open(one)).toEqual([])
})

test('an object that cannot be read is a gap; several that may not be are their source', () => {
  const one = bench()
  for (let n = 0; n < 3; n += 1) hear(one, failed())
  pass(one, 12)
  expect(one.gaps()).toMatchObject([
    { kind: 'object_unreadable', facts: { objects: 1, keys: 'k' }, severity: 'warning' },
  ])
  for (const key of ['l', 'm', 'l', 'm']) hear(one, failed({ key }))
  pass(one, 30)
  expect(open(one)).toEqual(['source_unreachable'])
  for (const key of ['k', 'l', 'm'])
    hear(one, { type: 'object_read', store: 's', key, bytes: 1, length: 1, events: 1, bad: 0, durationMs: 1 })
  pass(one, 1)
  expect(open(one)).toEqual([])
})

test('archived objects are one gap, however many', () => {
  const one = bench()
  for (const key of ['k', 'l', 'm', 'n', 'k', 'l', 'm', 'n'])
    hear(one, failed({ key, kind: 'archived', hint: undefined }))
  pass(one, 12)
  expect(one.gaps()).toMatchObject([{ kind: 'object_archived', facts: { objects: 4 } }])
})

test('objects that are lost are one gap for each destination and incident, written with the loss', () => {
  const one = bench({ destinations: ['a', 'b'] })
  one.see(now - 30, now - 20, now - 10)
  const lose = (name: string, object: number, kind: 'object_vanished' | 'object_expired' = 'object_vanished') =>
    one.ledger.together(() => {
      const place = { receiver, destination: name, key: `k${object}`, time: (now - 30) * MINUTE_MS }
      one.ledger.watch.note({ what: 'lost', kind, ...place, reason: '404', at: one.clock.now() })
      one.ledger.lose(name, object, '404', one.clock.now())
    })
  lose('a', 1)
  lose('a', 2)
  lose('b', 1)
  pass(one, 1)
  expect(one.gaps().map(({ kind, destination: of, facts }) => [kind, of, facts['objects']])).toEqual(
    expect.arrayContaining([
      ['object_vanished', 'a', 2],
      ['object_vanished', 'b', 1],
    ]),
  )
  lose('a', 3)
  pass(one, 60 * 13)
  expect(one.gaps().find((gap) => gap.destination === 'a')).toMatchObject({ facts: { objects: 3 }, closed: undefined })
  lose('b', 2, 'object_expired')
  pass(one, 1)
  expect(open(one).filter((kind) => kind === 'object_expired')).toHaveLength(1)
})

test('what is said of a destination is not sent to it before it is over', () => {
  const one = bench({ destinations: ['a', 'b'] })
  one.see(now - 30)
  const place = { receiver, destination: 'a', key: 'k', time: (now - 30) * MINUTE_MS }
  one.ledger.watch.note({ what: 'lost', kind: 'object_vanished', ...place, reason: '404', at: 0 })
  pass(one, 1)
  expect([one.records('a').length, one.records('b').length]).toEqual([0, 1])
  one.watch.acknowledge(one.gaps()[0]?.id ?? '', 'ann@ops', 'deleted by us', [])
  const kinds = (name: string) => one.records(name).map(({ kind }) => kind)
  expect([kinds('a'), kinds('b')]).toEqual([
    ['gap.opened', 'gap.closed'],
    ['gap.opened', 'gap.closed'],
  ])
})

test('a destination is behind when its oldest object waits for too long and that gets no better', () => {
  const one = bench()
  one.see(now - 90, now - 80)
  pass(one, 10)
  expect(open(one)).toEqual([])
  pass(one, 10)
  expect(one.gaps()).toMatchObject([
    { kind: 'delivery_behind', destination, severity: 'warning', from: (now - 90) * MINUTE_MS, facts: { objects: 2 } },
  ])
  one.ledger.stop(destination, { cause: 'credentials', reason: '403 invalid token', since: one.clock.now() })
  pass(one, 1)
  expect(one.gaps()).toMatchObject([{ severity: 'critical', evidence: expect.stringContaining('403 invalid token') }])
  one.restarted()
  pass(one, 1)
  expect(one.gaps()).toMatchObject([{ closed: undefined, openings: 1 }])
  for (const object of [1, 2]) one.ledger.lose(destination, object, 'gone', one.clock.now())
  pass(one, 1)
  expect(one.gaps()).toMatchObject([{ closed: { why: 'the destination has caught up' } }])
})

test('a backlog that shrinks is no gap, however old it is', () => {
  const one = bench({ startAt: MONDAY - 20 * 24 * HOUR })
  const old = Array.from({ length: 400 }, (_, n) => now - 20 * 24 * HOUR + n * 60)
  one.see(...old)
  let object = 1
  pass(one, 90, () => {
    for (let n = 0; n < 3; n += 1) one.ledger.lose(destination, object++, 'read', one.clock.now())
  })
  expect(open(one)).toEqual([])
})

test('a destination waits for what nobody can read, and that is one gap', () => {
  const one = bench()
  one.see(now - 90)
  const { key } = objectOf(now - 90)
  pass(one, 30, () => hear(one, failed({ key })))
  expect(open(one)).toEqual(['object_unreadable'])
})

test('what has used half of its time in the bucket is a critical gap', () => {
  const one = bench({ settings: { retentionMs: 4 * HOUR * MINUTE_MS }, allowedLagMs: 9e12 })
  one.see(now - 110)
  pass(one, 1)
  expect(open(one)).toEqual([])
  pass(one, 20)
  expect(one.gaps()).toMatchObject([
    {
      kind: 'buffer_expiring',
      severity: 'critical',
      evidence: expect.stringMatching(/it will be gone in (2|1\.\d) h/),
    },
  ])
})

test("the time that the bucket's own rules say counts where nobody said another", () => {
  const said = bench({ settings: { retentionMs: 9e12 }, allowedLagMs: 9e12 })
  const unsaid = bench({ allowedLagMs: 9e12 })
  for (const one of [said, unsaid]) {
    one.watch.keeps(receiver, 4 * HOUR * MINUTE_MS)
    one.see(now - 150)
    pass(one, 1)
  }
  expect([open(said), open(unsaid)]).toEqual([[], ['buffer_expiring']])
  // A process that does not know the rules yet takes nothing back.
  unsaid.restarted()
  pass(unsaid, 5)
  expect(open(unsaid)).toEqual(['buffer_expiring'])
  // The rule was taken away.
  unsaid.watch.keeps(receiver, Number.POSITIVE_INFINITY)
  pass(unsaid, 30)
  expect(open(unsaid)).toEqual([])
})

test('what stays in quarantine is a gap of whoever refused it, and of objects where it is no event', () => {
  const one = bench()
  one.see(now - 10)
  const bytes = new TextEncoder().encode('what?')
  const stretch = { from: 0, to: 5, offset: 0, line: 1, reason: 'not JSON', sha256: 'aa', bytes, length: 5 }
  one.ledger.decide({ object: 1, from: 0, to: 5, claimants: [], bad: [stretch], end: false }, one.clock.now())
  pass(one, 1)
  expect(one.gaps()).toMatchObject([{ kind: 'object_unreadable', evidence: expect.stringContaining('not JSON') }])
  const tally = { delivered: 0, filtered: 0, duplicates: 0, quarantined: 1 }
  one.ledger.settle(destination, [{ object: 1, ranges: [[0, 5]], tally }])
  const [entry] = one.ledger.quarantine({ limit: 1 })
  one.ledger.replay(entry?.id ?? 0, 1, one.clock.now())
  pass(one, 1)
  expect(open(one)).toEqual([])
})

test('objects that changed are one gap of their receiver, found in the ledger after any restart', () => {
  const one = bench()
  one.see(now - 30, now - 20)
  const altered = (ref: number, sha1: string) => {
    const object = one.ledger.object(ref)
    if (object !== undefined) one.ledger.altered(object, sha1, one.clock.now())
  }
  altered(1, 'abcd')
  one.restarted()
  pass(one, 1)
  expect(one.gaps()).toMatchObject([{ kind: 'object_altered', severity: 'critical', facts: { objects: 1 } }])
  altered(2, 'efgh')
  one.restarted()
  pass(one, 1)
  expect(one.gaps()).toMatchObject([{ facts: { objects: 2 }, evidence: expect.stringContaining('sha1 efgh') }])
  expect(one.gaps()).toHaveLength(1)
})

test('one notification in a hundred that is lost is mentioned and healed at once; many are a gap', () => {
  const one = bench({ settings: { isAnnounced: true } })
  const seen = (fresh: number): TelemetryEvent =>
    ({ type: 'objects_seen', receiver, how: 'notified', fresh, late: 0, known: 0, lagMs: 1 }) as const
  const swept = (missed: number): TelemetryEvent =>
    ({ type: 'sweep_completed', receiver, full: false, listed: 9, missed, durationMs: 1 }) as const
  for (let hour = 0; hour < 8; hour += 1) {
    hear(one, seen(99))
    hear(one, swept(1))
    pass(one, 60)
  }
  expect(open(one)).toEqual([])
  expect(one.gaps()).toMatchObject([
    { kind: 'notification_missed', closed: { why: 'the sweep found them' }, facts: { missed: 8, announced: 792 } },
  ])
  expect([one.of('gap_opened'), one.records()]).toEqual([[], []])
  hear(one, swept(300))
  pass(one, 1)
  expect(open(one)).toEqual(['notification_missed'])
  pass(one, 8 * HOUR, (minute) => (minute % HOUR === 0 ? hear(one, seen(500)) : undefined))
  expect(open(one)).toEqual([])
})

test('a gap that was acknowledged and lasts is told of no more, and ends with its cause', () => {
  const one = bench()
  one.see(now - 90)
  pass(one, 20)
  const [gap] = one.gaps()
  one.watch.acknowledge(gap?.id ?? '', 'ann@ops', 'the vendor is at it', [])
  pass(one, 30 * HOUR)
  expect(one.of('gap_reminded')).toEqual([])
  expect([one.watch.openGaps, one.gaps().length]).toEqual([0, 1])
  one.ledger.lose(destination, 1, 'gone', one.clock.now())
  pass(one, 1)
  expect(one.gaps()).toMatchObject([
    { acknowledged: { by: 'ann@ops' }, closed: { why: 'the destination has caught up' } },
  ])
})

test('whoever looks a thousand times writes nothing where nothing changes', () => {
  const one = bench()
  one.see(now - 90)
  pass(one, 20)
  const told = one.told.length
  const woken = one.woken
  pass(one, 9 * HOUR)
  expect([one.told.length - told, one.woken - woken]).toEqual([0, 0])
})
