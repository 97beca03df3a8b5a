// A quarantine that is full stops the lane, and only as long as it is.
import { afterEach, expect, test } from 'vitest'
import { Bench, ids } from './harness.ts'

const MINUTE = 60_000

let bench = new Bench()
afterEach(() => bench.stop())

function start(options?: ConstructorParameters<typeof Bench>[0]): Bench {
  bench = new Bench(options)
  bench.enrol('d')
  return bench
}

test('a lane stopped by a full quarantine is shown going on once there is room, with nothing to deliver', async () => {
  start()
  bench.put('x', ['bad0', 'bad1'])
  bench.full.add('decide')
  const lane = bench.lane('d', bench.outlet())
  await bench.clock.advance(MINUTE)
  expect(lane.state.state).toBe('stopped')
  expect(bench.account('d').stop).toMatchObject({ reason: expect.stringContaining('quarantine is full') })
  bench.full.clear()
  await bench.clock.advance(5 * MINUTE)
  expect(bench.account('d')).toMatchObject({ outstanding: 0, stop: undefined })
  expect(lane.state).toMatchObject({ state: 'idle', stop: undefined })
  expect(bench.of('destination_resumed')).toHaveLength(1)
})

test('it stays stopped, without flapping, as long as quarantine is full', async () => {
  start()
  bench.put('x', ['bad0', 'bad1'])
  bench.full.add('decide')
  const lane = bench.lane('d', bench.outlet())
  for (let minute = 0; minute < 60; minute += 1) {
    await bench.clock.advance(MINUTE)
    expect(lane.state.state).toBe('stopped')
  }
  expect(bench.of('destination_resumed')).toEqual([])
})

test('a refusal that could not be kept holds the stop until it is kept', async () => {
  start()
  bench.put('x', ids('a', 1))
  bench.full.add('resolve')
  const outlet = bench.outlet(() => ({ status: 'rejected', records: [{ index: 0, reason: 'no' }] }))
  const lane = bench.lane('d', outlet, { options: { retry: { initialMs: 10 * MINUTE, maxMs: 10 * MINUTE } } })
  for (let minute = 0; minute < 30; minute += 1) {
    await bench.clock.advance(MINUTE)
    expect(lane.state.state).toBe('stopped')
  }
  bench.full.clear()
  await bench.clock.advance(15 * MINUTE)
  expect(bench.account('d')).toMatchObject({ provisional: 1, stop: undefined })
  expect(lane.state.stop).toBeUndefined()
})

test('a stop of the last run for a full quarantine ends too, and one for wrong credentials does not', async () => {
  start()
  for (const [reason, left] of [
    ['quarantine is full (9 bytes): raise service.quarantine.max_bytes', undefined],
    ['wrong token', 'wrong token'],
  ]) {
    bench.ledger.stop('d', { cause: 'configuration', reason: reason as string, since: bench.clock.now() })
    await bench.restart()
    bench.lane('d', bench.outlet())
    await bench.clock.advance(10 * MINUTE)
    expect(bench.account('d').stop?.reason).toBe(left)
  }
})

test('a stop for another reason meanwhile is not ended by room in quarantine', async () => {
  start()
  bench.put('x', ['bad0', ...ids('a', 1)])
  bench.full.add('decide')
  const lane = bench.lane(
    'd',
    bench.outlet(() => ({ status: 'stopped', cause: 'credentials', reason: 'wrong token' })),
  )
  await bench.clock.advance(MINUTE)
  bench.full.clear()
  await bench.clock.advance(60 * MINUTE)
  expect(lane.state).toMatchObject({ state: 'stopped', stop: { reason: 'wrong token' } })
})

test('what a refusal left stored while it could not be kept counts as possibly repeated', async () => {
  start()
  bench.put('x', ids('a', 3))
  bench.full.add('resolve')
  const outlet = bench.outlet((sent) =>
    sent.includes('a0')
      ? { status: 'rejected', records: [{ index: 0, reason: 'no' }], taken: bench.full.size > 0 ? 2 : 0 }
      : { status: 'delivered' },
  )
  bench.lane('d', outlet)
  await bench.clock.advance(MINUTE)
  bench.full.clear()
  await bench.clock.advance(60 * MINUTE)
  expect(bench.account('d')).toMatchObject({ delivered: 2, provisional: 1, possibleDuplicates: 2 })
})
