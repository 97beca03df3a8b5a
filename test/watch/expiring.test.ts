// What nears its end in the bucket is the same trouble as what keeps it there, with a deadline: it names its cause, takes the
// place of what told of it so far, and is told once, however many symptoms it has.
import { expect, test } from 'vitest'
import { MINUTE_MS } from '../../src/domain/rhythm-curve.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { bench, destination, HOUR, now, objectOf, open, pass, receiver } from './bench.ts'

const retentionMs = 4 * HOUR * MINUTE_MS
const denied: TelemetryEvent = {
  ...{ type: 'sweep_failed', receiver, reason: 'no ListBucket', hint: undefined, retryInMs: 1 },
}

function gapOf(one: ReturnType<typeof bench>, kind: string) {
  return one.gaps().find((gap) => gap.kind === kind)
}

/** A destination that is down, of which it was told that it is behind. */
function behind(more: Parameters<typeof bench>[0] = {}) {
  const one = bench({ settings: { retentionMs }, destinations: ['a', 'b'], ...more })
  one.see(now - 65)
  one.ledger.lose('b', 1, 'as good as delivered', one.clock.now())
  one.ledger.stop('a', { cause: 'credentials', reason: '403 invalid token', since: one.clock.now() })
  pass(one, 20)
  expect(open(one)).toEqual(['delivery_behind'])
  return one
}

test('a destination that is down and whose objects are about to expire is one open gap, which names the one before', () => {
  const one = behind()
  pass(one, 60)
  expect(open(one)).toEqual(['buffer_expiring'])
  const [first, urgent] = [gapOf(one, 'delivery_behind'), gapOf(one, 'buffer_expiring')]
  expect(urgent).toMatchObject({
    ...{ severity: 'critical', destination: 'a', facts: { cause: first?.id, cause_kind: 'delivery_behind' } },
    evidence: expect.stringMatching(
      /gone in .*; 403 invalid token; it follows from delivery_behind \(gap [0-9a-f]{8}\)$/,
    ),
  })
  expect(first?.closed?.why).toBe(`it has become more urgent: buffer_expiring (gap ${urgent?.id.slice(0, 8)})`)
  // A SIEM is told of either once, and which is open.
  const told = one.records('b').map(({ kind, attributes }) => [kind, attributes['gap_kind'], attributes['gap_cause']])
  expect(told).toEqual([
    ['gap.opened', 'delivery_behind', undefined],
    ['gap.opened', 'buffer_expiring', first?.id],
    ['gap.closed', 'delivery_behind', undefined],
  ])
  expect(one.of('gap_opened')).toHaveLength(2)
})

test('an acknowledgement of the delay is none of the loss that nears', () => {
  const one = behind()
  one.watch.acknowledge(one.gaps()[0]?.id ?? '', 'ann@ops', 'the vendor is at it', [])
  expect(one.watch.openGaps).toBe(0)
  pass(one, 60)
  expect(one.watch.openGaps).toBe(1)
  expect(gapOf(one, 'delivery_behind')).toMatchObject({ acknowledged: { note: 'the vendor is at it' } })
})

test('when the bucket keeps objects for longer it is again told that the destination is behind, until it is not', () => {
  const one = behind({ settings: {} })
  one.watch.keeps(receiver, retentionMs)
  pass(one, 60)
  expect(open(one)).toEqual(['buffer_expiring'])
  one.watch.keeps(receiver, 100 * retentionMs)
  pass(one, 20)
  expect(open(one)).toEqual(['delivery_behind'])
  one.ledger.lose('a', 1, 'as good as delivered', one.clock.now())
  pass(one, 1)
  expect(open(one)).toEqual([])
  expect(gapOf(one, 'delivery_behind')?.closed?.why).toBe('the destination has caught up')
})

test('a restart, after which it is not known yet how long the bucket keeps anything, takes nothing back and adds nothing', () => {
  const one = behind({ settings: {} })
  one.watch.keeps(receiver, retentionMs)
  pass(one, 60)
  const before = one.gaps()
  one.restarted()
  pass(one, 25)
  expect(open(one)).toEqual(['buffer_expiring'])
  one.watch.keeps(receiver, retentionMs)
  pass(one, 25)
  expect(one.gaps().map(({ id, openings }) => [id, openings])).toEqual(before.map(({ id }) => [id, 1]))
  expect(gapOf(one, 'buffer_expiring')?.facts).toMatchObject({ cause_kind: 'delivery_behind' })
})

test('what one source keeps from all destinations is one alarm with a deadline, beside the one of the source', () => {
  const one = bench({ settings: { retentionMs }, destinations: ['a', 'b', 'c'] })
  one.see(now - 30)
  pass(one, 200, () => one.watch.hear(denied))
  expect(open(one).toSorted()).toEqual(['buffer_expiring', 'source_unreachable'])
  const source = gapOf(one, 'source_unreachable')
  expect(gapOf(one, 'buffer_expiring')).toMatchObject({
    ...{ subject: receiver, destination: undefined, evidence: expect.stringContaining('a, b, c: the oldest of 1') },
    facts: { cause: source?.id, cause_kind: 'source_unreachable' },
  })
  // The bucket can be listed again, and the destinations do not get it all at once: it stays the same gap.
  one.watch.hear({ type: 'sweep_completed', receiver, full: true, listed: 1, missed: 0, durationMs: 1 })
  pass(one, 1)
  expect(open(one)).toEqual(['buffer_expiring'])
  for (const name of ['a', 'b', 'c']) one.ledger.lose(name, 1, 'as good as delivered', one.clock.now())
  one.restarted()
  pass(one, 31)
  expect(open(one)).toEqual([])
})

test('objects in an archive are the cause of all that waits for them', () => {
  const one = bench({ settings: { retentionMs }, destinations: ['a', 'b'] })
  one.see(now - 90)
  const { key } = objectOf(now - 90)
  const archived = { kind: 'archived', reason: 'GLACIER', hint: undefined, retryInMs: 1 } as const
  pass(one, 60, () => {
    for (const name of ['a', 'b'])
      one.watch.hear({ type: 'read_failed', receiver, destination: name, key, ...archived })
  })
  expect(open(one).toSorted()).toEqual(['buffer_expiring', 'object_archived'])
  expect(gapOf(one, 'buffer_expiring')?.facts).toMatchObject({ cause_kind: 'object_archived' })
})

test('a destination that was behind when its source failed is told to wait for the source, not to have caught up', () => {
  const one = behind({ settings: {} })
  pass(one, 15, () => one.watch.hear(denied))
  expect(open(one)).toEqual(['source_unreachable'])
  expect(gapOf(one, 'delivery_behind')?.closed?.why).toMatch(
    /^what it waits for is told of as source_unreachable \(gap /,
  )
})

test('a queue that cannot be received from explains nothing: the sweep goes on, and who is behind is told', () => {
  const one = bench()
  one.see(now - 90)
  one.watch.hear({ type: 'receive_failed', receiver, reason: 'no such queue', hint: undefined, retryInMs: 1 })
  pass(one, 30)
  expect(open(one).toSorted()).toEqual(['delivery_behind', 'source_unreachable'])
})

test('around the half of its time it is not told again and again', () => {
  const one = bench({ settings: { retentionMs }, allowedLagMs: 9e12 })
  let seen = now - 118
  let object = 0
  one.see(...Array.from({ length: 40 }, (_, index) => seen + index * 5))
  // The backlog shrinks as fast as time passes: the oldest swings by some minutes around the half.
  pass(one, 120, (minute) => {
    if (minute - seen < 123) return
    object += 1
    seen += 5
    one.ledger.lose(destination, object, 'as good as delivered', one.clock.now())
  })
  expect(object).toBeGreaterThan(15)
  expect(one.of('gap_opened')).toHaveLength(1)
})
