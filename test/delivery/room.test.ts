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

test('bad lines that do not fit stop the lane once, however many good records go through, until they fit', async () => {
  start()
  bench.put('x', ['bad0', 'bad1'])
  bench.full.add('decide')
  const outlet = bench.outlet()
  const lane = bench.lane('d', outlet)
  await bench.clock.advance(MINUTE)
  for (let minute = 0; minute < 60; minute += 1) {
    bench.put(`good${minute}`, ids(`g${minute}.`, 3))
    lane.wake()
    await bench.clock.advance(MINUTE)
    expect(lane.state.state).toBe('stopped')
    expect(bench.account('d').stop?.reason).toContain('quarantine is full')
  }
  expect(outlet.ids).toHaveLength(180)
  expect([bench.of('destination_stopped'), bench.of('destination_resumed')]).toMatchObject([{ length: 1 }, []])
  bench.full.clear()
  await bench.clock.advance(5 * MINUTE)
  expect(bench.account('d')).toMatchObject({ outstanding: 0, stop: undefined })
  expect([bench.of('destination_stopped'), bench.of('destination_resumed')]).toMatchObject([
    { length: 1 },
    { length: 1 },
  ])
})

test('that nobody can look whether there is room does not mean that there is', async () => {
  start()
  bench.put('x', ['bad0', 'bad1'])
  bench.full.add('decide')
  let works = false
  const outlet = bench.outlet(() => (works ? { status: 'delivered' } : { status: 'retry', reason: 'HTTP 503' }))
  const lane = bench.lane('d', outlet, { options: { bufferBytes: 1 } })
  await bench.clock.advance(MINUTE / 2)
  expect(lane.state.state).toBe('stopped')
  // The buffer is full from now on, and the feeds read nothing.
  for (const name of ['u', 'v', 'w']) bench.put(name, ids(name, 3))
  lane.wake()
  await bench.clock.advance(60 * MINUTE)
  expect(lane.state.state).toBe('stopped')
  works = true
  await bench.clock.advance(60 * MINUTE)
  expect(outlet.ids).toEqual(expect.arrayContaining([...ids('u', 3), ...ids('v', 3), ...ids('w', 3)]))
  expect(lane.state.state).toBe('stopped')
  expect(bench.of('destination_resumed')).toEqual([])
  bench.full.clear()
  await bench.clock.advance(10 * MINUTE)
  expect(bench.account('d')).toMatchObject({ outstanding: 0, stop: undefined })
})

test('nor does that somebody has begun to look', async () => {
  start()
  bench.put('x', [...ids('a', 10), ...ids('bad', 10)])
  bench.full.add('decide')
  const lane = bench.lane('d', bench.outlet())
  await bench.clock.advance(MINUTE / 2)
  expect(lane.state.state).toBe('stopped')
  bench.shelf.trouble.set('x', (chunk) => (chunk === 1 ? bench.clock.sleep(10 * MINUTE) : undefined))
  await bench.clock.advance(8 * MINUTE)
  expect(lane.state.state).toBe('stopped')
  bench.full.clear()
  await bench.clock.advance(10 * MINUTE)
  expect(lane.state.stop).toBeUndefined()
})

test('a long object is not waited for once what did not fit in it is kept', async () => {
  start()
  bench.put('x', [...ids('a', 10), ...ids('bad', 10), ...ids('c', 10)])
  bench.full.add('decide')
  const lane = bench.lane('d', bench.outlet())
  await bench.clock.advance(MINUTE / 2)
  expect(lane.state.state).toBe('stopped')
  bench.full.clear()
  let finish = (): void => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  bench.shelf.trouble.set('x', (chunk) => (chunk === 2 ? finished : undefined))
  await bench.clock.advance(5 * MINUTE)
  expect(lane.state.stop).toBeUndefined()
  finish()
})

test('a destination that lets nothing through is stopped for that, and then for the quarantine that is still full', async () => {
  start()
  bench.put('x', ['bad0'])
  bench.put('y', ids('a', 1))
  bench.full.add('decide')
  let token = 'wrong'
  const outlet = bench.outlet(() =>
    token === 'wrong' ? { status: 'stopped', cause: 'credentials', reason: 'wrong token' } : { status: 'delivered' },
  )
  const lane = bench.lane('d', outlet)
  await bench.clock.advance(10 * MINUTE)
  const reasons = new Set<string | undefined>()
  for (let minute = 0; minute < 20; minute += 1) {
    await bench.clock.advance(MINUTE)
    reasons.add(bench.account('d').stop?.reason)
  }
  expect([...reasons]).toEqual(['wrong token'])
  token = 'right'
  await bench.clock.advance(20 * MINUTE)
  expect(outlet.ids).toContain('a0')
  expect(lane.state.stop?.reason).toContain('quarantine is full')
  bench.full.clear()
  await bench.clock.advance(10 * MINUTE)
  expect(lane.state.stop).toBeUndefined()
})

test('a stop that the ledger cannot be told to end ends there as soon as it can', async () => {
  start()
  bench.put('x', ids('a', 1))
  let token = 'wrong'
  const outlet = bench.outlet(() => {
    if (token === 'wrong') return { status: 'stopped', cause: 'credentials', reason: 'wrong token' }
    bench.broken.add('stop')
    return { status: 'delivered' }
  })
  const lane = bench.lane('d', outlet)
  await bench.clock.advance(MINUTE)
  token = 'right'
  await bench.clock.advance(10 * MINUTE)
  expect(outlet.ids.filter((id) => id === 'a0').length).toBeGreaterThan(1)
  expect(bench.account('d')).toMatchObject({ outstanding: 0, stop: { reason: 'wrong token' } })
  expect(bench.of('batch_delivered')).toHaveLength(1)
  expect(lane.state.stop).toBeUndefined()
  bench.broken.clear()
  await bench.clock.advance(MINUTE)
  expect(bench.account('d').stop).toBeUndefined()
  expect(bench.of('destination_resumed')).toHaveLength(1)
})
