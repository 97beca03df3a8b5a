// Objects that are gone, intents that cannot be formed again, routes that are retired.
import { afterEach, expect, test } from 'vitest'
import { ReadFailure, SetupError } from '../../src/domain/failures.ts'
import { Bench, EVENT_AT, ids } from './harness.ts'

let bench = new Bench()
afterEach(() => bench.stop())

function start(options?: ConstructorParameters<typeof Bench>[0]): Bench {
  bench = new Bench(options)
  bench.enrol('d')
  return bench
}

test('a copy skipped while its owner is lost by the other feed is delivered', async () => {
  start()
  // `old` owns e; it vanishes before its delivery. `young` skips its copy of e in favour of `old`.
  const outlet = bench.outlet()
  bench.put('old', ids('e', 1), { age: 600 })
  bench.enrol('d', 'other')
  const readings = bench.readings(2)
  bench.lane('other', bench.outlet(), { readings })
  await bench.clock.advance(1_000)
  bench.shelf.gone('old')
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  bench.put('young', [...ids('e', 1), ...ids('y', 30)])
  bench.shelf.trouble.set('young', (chunk) => (chunk === 2 ? held : undefined))
  bench.lane('d', outlet)
  await bench.clock.advance(600_000)
  expect(bench.of('object_lost')).toHaveLength(1)
  release()
  await bench.clock.advance(600_000)
  expect(outlet.ids).toContain('e0')
  expect(bench.account('d')).toMatchObject({ outstanding: 0, adopted: 1 })
})

test('how an object came to be gone is told with every reading and with its loss', async () => {
  start()
  const absences = { x: 'expired', y: 'replaced', z: undefined } as const
  for (const [key, absence] of Object.entries(absences)) {
    bench.put(key, ids(key, 1))
    bench.shelf.trouble.set(key, () => {
      throw new ReadFailure('gone', `${key} is gone`, absence === undefined ? {} : { absence })
    })
  }
  bench.lane('d', bench.outlet())
  await bench.clock.advance(600_000)
  const told = bench.of('object_lost').map(({ key, absence }) => [key, absence])
  expect(told.toSorted()).toEqual([
    ['x', 'expired'],
    ['y', 'replaced'],
    ['z', 'vanished'],
  ])
  expect(new Set(bench.of('read_failed').map(({ kind }) => kind))).toEqual(new Set(['expired', 'replaced', 'vanished']))
})

test('an owner read while the object that adopted its event is lost delivers it', async () => {
  start()
  bench.enrol('d', 'other')
  const outlet = bench.outlet()
  // The event e is owned by `a`, adopted by `b` while `a` had no row.
  bench.ledger.enrol(
    [
      { destination: 'other', receiver: 'r', startAt: 0 },
      { destination: 'd', receiver: 's', startAt: 0 },
    ],
    bench.clock.now(),
  )
  bench.put('a', [...ids('y', 15), ...ids('e', 1), ...ids('z', 20)], { age: 5 })
  bench.put('b', ids('e', 1), { age: 600, receiver: 's' })
  bench.lane('other', bench.outlet())
  await bench.clock.advance(1_000)
  const b = bench.memory.due('d', {
    now: bench.clock.now(),
    limit: 1,
    newest: false,
    except: new Set(),
    maxDelay: 1e9,
  })[0]
  bench.memory.decide(
    {
      object: b?.object.ref as number,
      from: 0,
      to: 10,
      claimants: [{ from: 0, to: 10, id: 'e0', at: EVENT_AT }],
      bad: [],
      end: true,
    },
    bench.clock.now(),
  )
  expect(
    bench.memory.judge('d', b?.object.ref as number, [{ from: 0, to: 10, owner: { object: 1, from: 150 } }]),
  ).toEqual([false])
  bench.ledger.enrol(
    ['r', 's'].map((receiver) => ({ destination: 'd', receiver, startAt: 0 })),
    bench.clock.now(),
  )
  bench.shelf.gone('b')
  let release = (): void => undefined
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  bench.shelf.trouble.set('a', (chunk) => (chunk === 1 ? held : undefined))
  bench.lane('d', outlet)
  await bench.clock.advance(600_000)
  expect(bench.of('object_lost')).toHaveLength(1)
  release()
  await bench.clock.advance(600_000)
  expect(outlet.ids).toContain('e0')
  expect(bench.account('d')).toMatchObject({ outstanding: 0 })
})

test('an object is not lost, and its events not sent twice, while some of them are on their way', async () => {
  start()
  const outlet = bench.outlet(async (batch) =>
    batch.includes('e0') ? new Promise(() => undefined) : { status: 'delivered' },
  )
  bench.put('old', [...ids('e', 15)], { age: 600 })
  let readings = 0
  bench.shelf.trouble.set('old', (chunk) => {
    if (chunk === 0) readings += 1
    if (readings < 3) throw new ReadFailure('unreachable', 'network')
    if (chunk > 0) throw new ReadFailure('gone', 'old is gone')
  })
  bench.put('young', ids('e', 1), { age: 500 })
  bench.lane('d', outlet, { options: { attemptMs: 3_600_000 } })
  await bench.clock.advance(1_200_000)
  expect(outlet.ids.filter((id) => id === 'e0')).toHaveLength(1)
  expect(bench.of('object_lost')).toHaveLength(0)
})

test('an object is lost only after it was found gone three times, over a minute at least', async () => {
  start()
  bench.put('x', ids('a', 3))
  let readings = 0
  const at: number[] = []
  bench.shelf.trouble.set('x', () => {
    readings += 1
    at.push(bench.clock.now())
    throw readings <= 5 ? new ReadFailure('unreachable', 'network') : new ReadFailure('gone', 'x is gone')
  })
  bench.lane('d', bench.outlet(), { options: { retry: { initialMs: 1_000, maxMs: 5_000 } } })
  await bench.clock.advance(600_000)
  expect(bench.of('object_lost')).toHaveLength(1)
  expect(readings).toBe(8)
  expect((at[7] as number) - (at[5] as number)).toBeGreaterThanOrEqual(60_000)
})

test('intents of a retired receiver are dissolved, and hold up nobody', async () => {
  start()
  bench.ledger.enrol(
    ['r', 's'].map((receiver) => ({ destination: 'd', receiver, startAt: 0 })),
    bench.clock.now(),
  )
  const dead = bench.outlet(() => ({ status: 'retry', reason: 'down' }))
  bench.put('x', ids('a', 100), { receiver: 's' })
  bench.lane('d', dead, { options: { concurrency: { min: 4, max: 4 } } })
  await bench.clock.advance(1_000)
  await bench.restart()
  bench.enrol('d')
  const outlet = bench.outlet()
  bench.put('y', ids('b', 30))
  const lane = bench.lane('d', outlet, {
    processing: (receiver) => {
      if (receiver !== 'r') throw new SetupError('no longer feeds it')
      return { process: (record) => record, transform: (record) => record }
    },
  })
  await bench.clock.advance(60_000)
  expect(new Set(outlet.ids)).toEqual(new Set(ids('b', 30)))
  expect(lane.idle).toBe(true)
})

test('intents that cannot be read for now hold up nobody', async () => {
  start()
  const dead = bench.outlet(() => ({ status: 'retry', reason: 'down' }))
  bench.put('x', ids('a', 200))
  bench.lane('d', dead, { options: { concurrency: { min: 4, max: 4 } } })
  await bench.clock.advance(1_000)
  await bench.restart()
  bench.shelf.trouble.set('x', () => {
    throw new ReadFailure('denied', 'the key is revoked')
  })
  const outlet = bench.outlet()
  bench.put('y', ids('b', 30))
  bench.lane('d', outlet)
  await bench.clock.advance(60_000)
  expect(new Set(outlet.ids)).toEqual(new Set(ids('b', 30)))
})

test('a destination that was stopped when the forwarder ended is shown as mended once it takes a batch', async () => {
  start()
  bench.put('x', ids('a', 5))
  bench.lane(
    'd',
    bench.outlet(() => ({ status: 'stopped', cause: 'credentials', reason: 'wrong token' })),
  )
  await bench.clock.advance(60_000)
  await bench.restart()
  expect(bench.account('d').stop).toMatchObject({ cause: 'credentials' })
  bench.lane('d', bench.outlet())
  await bench.clock.advance(60_000)
  expect(bench.account('d')).toMatchObject({ outstanding: 0, stop: undefined })
})

test('dissolving an intent that may have arrived counts possible duplicates', async () => {
  start()
  const first = bench.outlet(() => ({ status: 'retry', reason: 'no answer', ambiguous: true }))
  bench.put('x', ids('a', 3))
  bench.put('y', ids('b', 3))
  bench.lane('d', first)
  await bench.clock.advance(500)
  await bench.restart()
  bench.shelf.gone('x')
  const outlet = bench.outlet()
  bench.lane('d', outlet)
  await bench.clock.advance(600_000)
  expect(outlet.ids).toEqual(ids('b', 3))
  expect(bench.account('d').possibleDuplicates).toBe(6)
})

test('a stop closes the reader of an intent that is being formed again', async () => {
  start()
  bench.put('x', ids('a', 30))
  bench.lane(
    'd',
    bench.outlet(() => ({ status: 'retry', reason: 'down' })),
  )
  await bench.clock.advance(1_000)
  await bench.restart()
  let aborted = false
  bench.shelf.waiting = (signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        aborted = true
        reject(new Error('aborted'))
      })
    })
  bench.lane('d', bench.outlet())
  await bench.clock.advance(400_000)
  await bench.stop()
  expect(aborted).toBe(true)
})
