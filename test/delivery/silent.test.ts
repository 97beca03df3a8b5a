// Objects of which the store sends nothing for a while: the lane goes on with others, and comes back to them.
import { afterEach, expect, test } from 'vitest'
import { ReadFailure } from '../../src/domain/failures.ts'
import { Bench, ids } from './harness.ts'

let bench: Bench
afterEach(() => bench.stop())

function start(...destinations: readonly string[]): void {
  bench = new Bench()
  bench.enrol(...destinations)
}

/** An object that is silent before its chunk so-and-so, until told to go on, or to fail. */
function silent(key: string, events: readonly string[], before = 0): PromiseWithResolvers<void> {
  const silence = Promise.withResolvers<void>()
  silence.promise.catch(() => undefined)
  bench.shelf.trouble.set(key, (chunk) => (chunk === before ? silence.promise : undefined))
  bench.put(key, events)
  return silence
}

test('a silent object is set aside after some seconds, and goes on where it was', async () => {
  start('d')
  const outlet = bench.outlet()
  const silence = silent('silent', ids('s', 25), 1)
  for (const key of ['a', 'b', 'c']) bench.put(key, ids(key, 5))
  const lane = bench.lane('d', outlet)
  await bench.clock.advance(10_000)
  expect([...outlet.ids].toSorted()).toEqual(
    [...ids('s', 10), ...['a', 'b', 'c'].flatMap((key) => ids(key, 5))].toSorted(),
  )
  expect(lane.idle).toBe(false)
  silence.resolve()
  await bench.clock.advance(1_000)
  expect(outlet.ids.slice(25)).toEqual(ids('s', 25).slice(10))
  expect(bench.shelf.reads.filter((key) => key === 'silent')).toHaveLength(1)
  expect(lane.idle).toBe(true)
  expect(bench.account('d')).toMatchObject({ delivered: 40, outstanding: 0 })
})

test('one that is given up meanwhile is due again, and nothing of it is sent twice', async () => {
  start('d')
  const outlet = bench.outlet()
  const silence = silent('silent', ids('s', 25), 2)
  bench.put('a', ids('a', 5))
  bench.lane('d', outlet)
  await bench.clock.advance(10_000)
  silence.reject(new ReadFailure('unreachable', 'the body stalled'))
  await bench.clock.advance(0)
  expect(bench.told).toContainEqual(
    expect.objectContaining({ type: 'read_failed', key: 'silent', kind: 'unreachable' }),
  )
  bench.shelf.trouble.clear()
  await bench.clock.advance(10_000)
  expect([...outlet.ids].toSorted()).toEqual([...ids('s', 25), ...ids('a', 5)].toSorted())
  expect(bench.account('d').outstanding).toBe(0)
})

test('lanes that share a silent reading each go on, and each get it whole, read once', async () => {
  start('d', 'e')
  const readings = bench.readings(2, 100_000)
  const silence = silent('silent', ids('s', 25), 1)
  bench.put('a', ids('a', 5))
  const outlets = ['d', 'e'].map((destination) => {
    const outlet = bench.outlet()
    bench.lane(destination, outlet, { readings })
    return outlet
  })
  await bench.clock.advance(10_000)
  for (const outlet of outlets) expect(outlet.ids).toHaveLength(15)
  silence.resolve()
  await bench.clock.advance(2_000)
  for (const outlet of outlets) expect([...outlet.ids].toSorted()).toEqual([...ids('s', 25), ...ids('a', 5)].toSorted())
  expect(bench.shelf.reads.filter((key) => key === 'silent')).toHaveLength(1)
})

test('with more of them than are set aside the lane waits, and loses none', async () => {
  start('d')
  const outlet = bench.outlet()
  const silences = Array.from({ length: 60 }, (_, n) => silent(`silent ${n}`, [`s${n}`]))
  bench.put('a', ids('a', 5))
  bench.lane('d', outlet)
  await bench.clock.advance(300_000)
  expect(bench.shelf.open).toBeLessThanOrEqual(2 * (16 + 1 + 32))
  for (const silence of silences) silence.resolve()
  await bench.clock.advance(10_000)
  expect([...outlet.ids].toSorted()).toEqual([...ids('s', 60), ...ids('a', 5)].toSorted())
})

test('a lane that stops with one set aside leaves it due, and its reader closed', async () => {
  start('d')
  const silence = silent('silent', ids('s', 25), 1)
  bench.put('a', ids('a', 5))
  bench.lane('d', bench.outlet())
  await bench.clock.advance(10_000)
  await bench.stop()
  silence.resolve()
  await bench.clock.advance(0)
  expect(bench.shelf.open).toBe(0)
  expect(bench.account('d').outstanding).toBe(1)
  bench.shelf.trouble.clear()
  const outlet = bench.outlet()
  bench.lane('d', outlet)
  await bench.clock.advance(2_000)
  expect(outlet.ids).toEqual(ids('s', 25).slice(10))
})

test('a lane whose destination takes nothing gives back the reader of one set aside, too', async () => {
  start('d')
  const silence = silent('silent', ids('s', 25), 1)
  const outlet = bench.outlet(() => ({ status: 'retry', reason: 'busy' }))
  for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) bench.put(key, ids(key, 25))
  bench.lane('d', outlet, { options: { bufferBytes: 100, retry: { initialMs: 30_000, maxMs: 30_000 } } })
  await bench.clock.advance(120_000)
  silence.resolve()
  await bench.clock.advance(0)
  expect(bench.shelf.open).toBe(0)
  outlet.answer = () => ({ status: 'delivered' })
  await bench.clock.advance(200_000)
  expect(bench.account('d')).toMatchObject({ delivered: 175, outstanding: 0 })
})
