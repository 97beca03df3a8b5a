// Silences, from the first start to the gap that is closed: what is opened when, what is told of it and to whom.
import { expect, test } from 'vitest'
import { MINUTE_MS } from '../../src/domain/rhythm-curve.ts'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { at, everyHour, office, without } from '../domain/streams.ts'
import { destination, receiver, WatchBench } from './bench.ts'
import { LEARNED, started } from './started.ts'

const DAY = 24 * 60

const cut = [at(LEARNED, 1, 10), at(LEARNED, 1, 15)] as const

test('a silence opens one gap while it lasts, with what was expected, and the gap gets its end', () => {
  const stream = without(everyHour(LEARNED + 1), cut)
  const bench = started(stream)
  bench.live(stream, at(LEARNED, 0, 0), at(LEARNED, 1, 14))
  const [gap, ...others] = bench.gaps()
  expect(others).toEqual([])
  expect(gap).toMatchObject({
    kind: 'stream_silent',
    subject: receiver,
    severity: 'critical',
    to: undefined,
    closed: undefined,
  })
  expect(gap?.from).toBeGreaterThan(at(LEARNED, 1, 9) * MINUTE_MS)
  expect((gap?.openedAt ?? 0) / MINUTE_MS).toBeLessThan(at(LEARNED, 1, 13))
  expect(gap?.evidence).toMatch(
    /^nothing new in circleci_audit since .* in about \d+ minutes of that time; so long a silence comes about once in/,
  )
  expect(bench.records().map(({ kind }) => kind)).toEqual(['gap.opened'])
  bench.live(stream, at(LEARNED, 1, 14), at(LEARNED, 2, 8))
  const [ended] = bench.gaps()
  expect(ended?.id).toBe(gap?.id)
  expect(ended?.to).toBeGreaterThanOrEqual(cut[1] * MINUTE_MS)
  expect(ended?.closed).toBeUndefined()
  expect(bench.gaps()).toHaveLength(1)
  expect(bench.of('gap_opened')).toHaveLength(1)
})

test('an ordinary fortnight opens nothing, nor does a new installation in its first days', () => {
  const stream = office(LEARNED + 2)
  const bench = started(stream)
  bench.live(stream, at(LEARNED, 0, 0), at(LEARNED + 2, 0, 0), 60)
  expect(bench.gaps()).toEqual([])
  const fresh = new WatchBench({ now: at(0, 0, 0) })
  fresh.lookAt(at(0, 0, 0))
  fresh.watch.learned(receiver, 0, [])
  fresh.live(without(everyHour(2), [at(0, 3, 0), at(0, 5, 0)]), at(0, 0, 0), at(1, 0, 0), 60)
  expect(fresh.gaps()).toEqual([])
})

test('what nobody listed is nobody’s silence: nothing is judged while the bucket cannot be listed', () => {
  const stream = everyHour(LEARNED + 1)
  const bench = started(stream)
  bench.live(stream, at(LEARNED, 0, 0), at(LEARNED, 1, 10))
  for (let minute = at(LEARNED, 1, 10); minute < at(LEARNED, 3, 0); minute += 30) {
    bench.clock.jump(30 * MINUTE_MS)
    bench.watch.look()
  }
  expect(bench.gaps()).toEqual([])
  bench.see(...stream.filter((minute) => minute >= at(LEARNED, 1, 9) && minute < at(LEARNED, 3, 0)))
  bench.lookAt(at(LEARNED, 3, 0))
  expect(bench.gaps()).toEqual([])
})

test('a hole in what was listed after our own downtime is found, as an hour that is missing', () => {
  const stream = without(everyHour(LEARNED + 1), cut)
  const bench = started(stream)
  bench.live(stream, at(LEARNED, 0, 0), at(LEARNED, 0, 12))
  bench.restarted()
  bench.see(...stream.filter((minute) => minute >= at(LEARNED, 0, 11) && minute < at(LEARNED, 4, 0)))
  bench.lookAt(at(LEARNED, 4, 0))
  expect(bench.gaps()).toMatchObject([{ kind: 'hour_missing', subject: receiver }])
  bench.lookAt(at(LEARNED, 4, 1))
  bench.restarted()
  bench.lookAt(at(LEARNED, 4, 2))
  expect(bench.gaps()).toHaveLength(1)
})

test('a ledger that was lost tells of the same gap under the same id, whenever it is found', () => {
  const stream = without(everyHour(LEARNED + 1), cut)
  const bench = started(stream)
  bench.live(stream, at(LEARNED, 0, 0), at(LEARNED, 2, 0))
  const again = new WatchBench({ now: at(LEARNED, 4, 0), startAt: at(LEARNED, 0, 0) })
  again.see(...stream.filter((minute) => minute >= at(LEARNED, 0, 0) && minute < at(LEARNED, 4, 0) - 5))
  again.ledger.swept(receiver, again.clock.now())
  again.watch.learned(
    receiver,
    at(0, 0, 0) * MINUTE_MS,
    stream.filter((minute) => minute < at(LEARNED, 4, 0)),
  )
  again.lookAt(at(LEARNED, 4, 0))
  expect(again.gaps().map(({ id }) => id)).toEqual(bench.gaps().map(({ id }) => id))
  const opened = (one: WatchBench) => one.records().map(({ kind, id }) => `${kind} ${id}`)
  expect(opened(again)).toEqual(opened(bench))
})

test('objects that arrive late heal the gap, and both is told to the destination', () => {
  const stream = everyHour(LEARNED + 1)
  const bench = started(stream)
  bench.live(without(stream, cut), at(LEARNED, 0, 0), at(LEARNED, 1, 18))
  bench.see(...stream.filter((minute) => minute >= cut[0] && minute < cut[1]))
  bench.lookAt(at(LEARNED, 1, 18, 10))
  expect(bench.gaps()).toMatchObject([{ closed: { why: 'objects of that time arrived late' } }])
  expect(bench.records().map(({ kind }) => kind)).toEqual(['gap.opened', 'gap.closed'])
  const [opened, closed] = bench.records()
  expect(closed?.attributes['gap_id']).toBe(opened?.attributes['gap_id'])
  expect(bench.woken).toBeGreaterThan(1)
})

test('events of the time that come in a later object heal the gap', () => {
  const stream = everyHour(LEARNED + 1)
  const bench = started(stream)
  bench.live(without(stream, cut), at(LEARNED, 0, 0), at(LEARNED, 1, 18))
  const [due] = bench.ledger.due(destination, { now: 9e15, limit: 1, newest: true, except: new Set(), maxDelay: 0 })
  const meanwhile = stream.filter((minute) => minute >= cut[0] && minute < cut[1])
  const claimants = meanwhile.map((minute, n) => ({ from: n, to: n + 1, id: `event ${n}`, at: minute * MINUTE_MS }))
  bench.ledger.decide({ object: due?.object.ref ?? 0, from: 0, to: claimants.length, claimants, bad: [], end: true }, 0)
  bench.lookAt(at(LEARNED, 1, 18, 10))
  expect(bench.gaps()).toMatchObject([{ closed: { why: 'events of that time arrived with later objects or files' } }])
})

test('a stream that stutters is one gap, from its first silence to its last', () => {
  const stutter = without(
    everyHour(LEARNED + 1),
    [at(LEARNED, 1, 8), at(LEARNED, 1, 12)],
    [at(LEARNED, 1, 13), at(LEARNED, 1, 19)],
  )
  const bench = started(stutter)
  bench.live(stutter, at(LEARNED, 0, 0), at(LEARNED, 2, 12))
  expect(bench.gaps()).toHaveLength(1)
  const [gap] = bench.gaps()
  expect(gap?.from).toBeLessThan(at(LEARNED, 1, 8) * MINUTE_MS)
  expect(gap?.to).toBeGreaterThanOrEqual(at(LEARNED, 1, 19) * MINUTE_MS)
})

test('an acknowledged silence is no gap any more, and is not found again', () => {
  const stream = without(everyHour(LEARNED + 1), cut)
  const bench = started(stream)
  bench.live(stream, at(LEARNED, 0, 0), at(LEARNED, 1, 18))
  const [gap] = bench.gaps()
  expect(bench.watch.openGaps).toBe(1)
  bench.watch.acknowledge(gap?.id ?? '', 'ann@ops', 'a holiday', [])
  expect(bench.watch.openGaps).toBe(0)
  bench.restarted()
  bench.live(stream, at(LEARNED, 1, 18), at(LEARNED, 3, 0))
  expect(bench.gaps()).toMatchObject([{ acknowledged: { by: 'ann@ops', note: 'a holiday' } }])
  expect(bench.watch.acknowledge(gap?.id ?? '', 'bob@ops', 'again', [])).toBeUndefined()
})

test('what is acknowledged while it lasts is over when the stream goes on', () => {
  const stream = without(everyHour(LEARNED + 1), cut)
  const bench = started(stream)
  bench.live(stream, at(LEARNED, 0, 0), at(LEARNED, 1, 14))
  bench.watch.acknowledge(bench.gaps()[0]?.id ?? '', 'ann@ops', 'maintenance', [])
  expect(bench.gaps()).toMatchObject([{ closed: undefined }])
  bench.live(stream, at(LEARNED, 1, 14), at(LEARNED, 1, 17))
  expect(bench.gaps()).toMatchObject([{ closed: { why: 'the stream goes on' }, acknowledged: { note: 'maintenance' } }])
})

test('a file from CircleCI closes a silence: it brings what is missing, or proves that nothing is', () => {
  const stream = without(everyHour(LEARNED + 1), cut)
  const file = {
    what: 'import',
    receiver,
    name: 'audit.csv',
    from: at(LEARNED, 0, 0) * MINUTE_MS,
    to: at(LEARNED, 3, 0) * MINUTE_MS,
  } as const
  const interval = { from: cut[0] * MINUTE_MS, to: cut[1] * MINUTE_MS, events: 40 }
  for (const [lacking, why] of [
    [40, '40 events of that time imported from audit.csv'],
    [0, 'audit.csv, downloaded from CircleCI, has no event of that time that is not here'],
  ] as const) {
    const bench = started(stream)
    bench.live(stream, at(LEARNED, 0, 0), at(LEARNED, 2, 0))
    const intervals = lacking === 0 ? [] : [interval]
    bench.ledger.watch.note({ ...file, forwarded: false, lacking, intervals, at: bench.clock.now() })
    bench.lookAt(at(LEARNED, 2, 0, 1))
    expect(bench.gaps().filter(({ closed }) => closed === undefined)).toHaveLength(lacking === 0 ? 0 : 1)
    bench.ledger.watch.note({ ...file, forwarded: true, lacking, intervals, at: bench.clock.now() })
    bench.lookAt(at(LEARNED, 2, 0, 2))
    expect(bench.gaps()).toMatchObject([{ kind: 'stream_silent', closed: { why } }])
  }
})

test('events of a file that no silence explains are a gap until they are forwarded', () => {
  const stream = everyHour(LEARNED + 1)
  const bench = started(stream)
  bench.live(stream, at(LEARNED, 0, 0), at(LEARNED, 1, 0))
  const span = { from: at(LEARNED, 0, 3) * MINUTE_MS, to: at(LEARNED, 0, 4) * MINUTE_MS }
  const file = {
    what: 'import',
    receiver,
    name: 'audit.csv',
    ...span,
    lacking: 3,
    intervals: [{ ...span, events: 3 }],
  } as const
  bench.ledger.watch.note({ ...file, forwarded: false, at: bench.clock.now() })
  bench.lookAt(at(LEARNED, 1, 0, 1))
  expect(bench.gaps()).toMatchObject([
    { kind: 'events_missing', severity: 'critical', closed: undefined, facts: { events: 3 } },
  ])
  bench.ledger.watch.note({ ...file, forwarded: true, at: bench.clock.now() })
  bench.lookAt(at(LEARNED, 1, 0, 2))
  expect(bench.gaps()).toMatchObject([{ closed: { why: 'imported from audit.csv' } }])
})

test('a declared freeze is respected, and a ceiling holds without any rhythm', () => {
  const stream = without(everyHour(LEARNED + 1), [at(LEARNED, 1, 0), at(LEARNED, 3, 0)])
  const quiet = [{ from: at(LEARNED, 1, 0) * MINUTE_MS, to: at(LEARNED, 3, 0) * MINUTE_MS, reason: 'closed' }]
  const bench = started(stream, { quiet })
  bench.live(stream, at(LEARNED, 0, 0), at(LEARNED, 4, 0), 30)
  expect(bench.gaps()).toEqual([])
  const strict = new WatchBench({ now: at(0, 0, 0), settings: { ceilingMs: 2 * DAY * MINUTE_MS } })
  strict.live([at(0, 0, 1)], at(0, 0, 0), at(0, 2, 12), 60)
  expect(strict.gaps()).toMatchObject([
    { kind: 'stream_silent', evidence: expect.stringContaining('longer than the 2 d that are allowed') },
  ])
})

test('an open gap is told of once a day until somebody answers for it', () => {
  const stream = without(everyHour(LEARNED + 1), [at(LEARNED, 1, 10), at(LEARNED, 6, 0)])
  const bench = started(stream)
  bench.live(stream, at(LEARNED, 0, 0), at(LEARNED, 4, 14), 30)
  expect(bench.of('gap_reminded')).toHaveLength(3)
  bench.watch.acknowledge(bench.gaps()[0]?.id ?? '', 'ann@ops', 'known', [])
  bench.live(stream, at(LEARNED, 4, 14), at(LEARNED, 5, 20), 30)
  expect(bench.of('gap_reminded')).toHaveLength(3)
})

test('a watch over a ledger of an earlier run goes on where that was', () => {
  const stream = everyHour(LEARNED + 2)
  const bench = started(stream)
  bench.live(stream, at(LEARNED, 0, 0), at(LEARNED, 1, 0), 60)
  expect(bench.ledger).toBeInstanceOf(MemoryLedger)
  bench.restarted()
  expect(bench.watch.wanted).toEqual([])
  bench.live(stream, at(LEARNED, 1, 0), at(LEARNED, 2, 0), 60)
  expect(bench.gaps()).toEqual([])
})
