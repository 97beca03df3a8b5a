// Batches that cannot be formed again after a restart: when that is believed, and what is not sent twice for it.
import { afterEach, expect, test } from 'vitest'
import { ReadFailure, SetupError } from '../../src/domain/failures.ts'
import { Bench, ids } from './harness.ts'
import { HOUR, lost, MINUTE, Table } from './table.ts'

let bench = new Bench()
afterEach(() => bench.stop())

function start(): Bench {
  bench = new Bench()
  bench.enrol('d')
  return bench
}

test('what can still be read of a batch that cannot be formed again is asked for, and not stored twice', async () => {
  start()
  const table = new Table(bench, 24 * HOUR)
  table.answer = () => lost
  bench.put('x', ids('a', 3))
  bench.put('y', ids('b', 3))
  bench.lane('d', table.outlet())
  await bench.clock.advance(500)
  expect(table.rows).toHaveLength(6)
  await bench.restart()
  bench.shelf.gone('x')
  table.answer = () => ({ status: 'delivered' })
  bench.lane('d', table.outlet())
  await bench.clock.advance(HOUR)
  expect(table.rows.filter((id) => id.startsWith('b'))).toEqual(ids('b', 3))
  expect(bench.of('intent_dissolved')).toMatchObject([{ records: 6, stored: 3, vanished: 3 }])
  // Whether the other three arrived nobody can say any more.
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: 3, lostObjects: 1, possibleDuplicates: 3 })
})

test('a batch that never arrived and cannot be formed again goes anew, under another token', async () => {
  start()
  const table = new Table(bench, 24 * HOUR)
  table.down = true
  bench.put('x', ids('a', 3))
  bench.put('y', ids('b', 3))
  const first = table.outlet()
  bench.lane('d', first)
  await bench.clock.advance(500)
  await bench.restart()
  bench.shelf.gone('x')
  table.down = false
  const second = table.outlet()
  bench.lane('d', second)
  await bench.clock.advance(HOUR)
  expect(table.rows).toEqual(ids('b', 3))
  expect(second.sent[0]?.token).not.toBe(first.sent[0]?.token)
})

test('a batch is not given up while its destination cannot say what it holds', async () => {
  start()
  const table = new Table(bench, 24 * HOUR)
  table.answer = () => lost
  bench.put('x', ids('a', 3))
  bench.put('y', ids('b', 3))
  bench.lane('d', table.outlet())
  await bench.clock.advance(500)
  await bench.restart()
  bench.shelf.gone('x')
  table.unaskable = true
  bench.lane('d', table.outlet())
  await bench.clock.advance(HOUR)
  expect(bench.of('intent_dissolved')).toEqual([])
  expect(bench.of('object_lost')).toEqual([])
  table.unaskable = false
  await bench.clock.advance(HOUR)
  expect(table.rows.toSorted()).toEqual([...ids('a', 3), ...ids('b', 3)])
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: 3 })
})

test('a batch of a receiver that is retired is asked for only when what was under way has come in', async () => {
  start()
  const receivers = ['r', 's'].map((receiver) => ({ destination: 'd', receiver, startAt: 0 }))
  bench.ledger.enrol(receivers, bench.clock.now())
  const table = new Table(bench, 24 * HOUR)
  table.down = true
  bench.put('x', ids('a', 3), { receiver: 's' })
  bench.put('y', ids('b', 3))
  bench.lane('d', table.outlet())
  await bench.clock.advance(500)
  await bench.restart()
  bench.enrol('d')
  table.down = false
  const begun = bench.clock.now()
  const outlet = table.outlet()
  bench.lane('d', outlet, {
    processing: (receiver) => {
      if (receiver !== 'r') throw new SetupError('no longer feeds it')
      return { process: (record) => record, transform: (record) => record }
    },
  })
  // The request of the run before is stored late.
  await bench.clock.advance(20_000)
  table.rows.push(...ids('a', 3), ...ids('b', 3))
  await bench.clock.advance(HOUR)
  expect(table.rows).toHaveLength(6)
  expect(bench.of('intent_dissolved')).toMatchObject([{ records: 6, stored: 3, vanished: 3 }])
  expect(bench.clock.now() - begun).toBeGreaterThan(MINUTE)
})

test.each([
  ['for a moment', 1],
  ['twice', 2],
])('a batch is not dissolved because an object was gone %s', async (_, times) => {
  start()
  const first = bench.outlet(() => lost)
  bench.put('x', ids('a', 3))
  bench.put('y', ids('b', 3))
  bench.lane('d', first)
  await bench.clock.advance(500)
  await bench.restart()
  let readings = 0
  bench.shelf.trouble.set('x', () => {
    readings += 1
    if (readings <= times) throw new ReadFailure('gone', 'x is gone')
  })
  const second = bench.outlet()
  bench.lane('d', second)
  await bench.clock.advance(HOUR)
  expect(bench.of('intent_dissolved')).toEqual([])
  expect(second.sent.map(({ token }) => token)).toEqual([first.sent[0]?.token])
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: 6 })
})

test('a batch is dissolved once an object was found gone three times, over two minutes', async () => {
  start()
  bench.put('x', ids('a', 3))
  bench.put('y', ids('b', 3))
  bench.lane(
    'd',
    bench.outlet(() => lost),
  )
  await bench.clock.advance(500)
  await bench.restart()
  const at: number[] = []
  bench.shelf.trouble.set('x', () => {
    at.push(bench.clock.now())
    throw new ReadFailure('gone', 'x is gone')
  })
  bench.lane('d', bench.outlet(), { options: { retry: { initialMs: 1_000, maxMs: 5_000 } } })
  for (let n = 0; n < 600 && bench.of('intent_dissolved').length === 0; n += 1) await bench.clock.advance(1_000)
  expect(at.length).toBeGreaterThanOrEqual(3)
  expect((at[2] as number) - (at[0] as number)).toBeGreaterThanOrEqual(2 * MINUTE)
})

test('a batch is not given up while its destination may not be asked: it is stopped', async () => {
  start()
  const table = new Table(bench, 24 * HOUR)
  table.answer = () => lost
  bench.put('x', ids('a', 3))
  bench.put('y', ids('b', 3))
  bench.lane('d', table.outlet())
  await bench.clock.advance(500)
  await bench.restart()
  bench.shelf.gone('x')
  table.refusing = 'grant SELECT'
  const lane = bench.lane('d', table.outlet())
  await bench.clock.advance(HOUR)
  expect(bench.of('intent_dissolved')).toEqual([])
  expect(lane.state).toMatchObject({ state: 'stopped', stop: { reason: expect.stringContaining('grant SELECT') } })
  table.refusing = undefined
  table.answer = () => ({ status: 'delivered' })
  await bench.clock.advance(HOUR)
  expect(bench.of('intent_dissolved')).toMatchObject([{ records: 6, stored: 3, vanished: 3 }])
  expect(lane.state.stop).toBeUndefined()
})
