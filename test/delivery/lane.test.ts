// The main paths of a lane: retries, splits, bisection, verdicts, stops, restarts, live before backlog.
import type { Outcome } from '@circleci-audit-forwarder/contract'
import { afterEach, expect, test } from 'vitest'
import { Bench, ids } from './harness.ts'

let bench = new Bench()
afterEach(() => bench.stop())

function start(): Bench {
  bench = new Bench()
  bench.enrol('d')
  return bench
}

const wide = { batch: { records: 1_000, bytes: 1 << 20, lingerMs: 100 } }

test('Retry-After pauses the whole destination', async () => {
  start()
  const outlet = bench.outlet((_, n) =>
    n === 1 ? { status: 'retry', reason: 'slow down', retryAfterMs: 60_000 } : { status: 'delivered' },
  )
  bench.put('x', ids('a', 40))
  bench.lane('d', outlet)
  await bench.clock.advance(200_000)
  const [first, second] = outlet.sent.map(({ at }) => at) as [number, number]
  expect(second - first).toBeGreaterThanOrEqual(60_000)
  expect(second - first).toBeLessThan(61_000)
  expect(bench.account('d')).toMatchObject({ delivered: 40, outstanding: 0, possibleDuplicates: 0 })
})

test('a batch that is too large is halved, and nothing is sent twice beside it', async () => {
  start()
  const outlet = bench.outlet((batch) =>
    batch.length > 300 ? { status: 'split', reason: 'too large' } : { status: 'delivered' },
  )
  bench.put('x', ids('a', 1_000))
  bench.lane('d', outlet, { options: wide })
  await bench.clock.advance(60_000)
  const stored = outlet.sent.filter((batch) => batch.ids.length <= 300).flatMap((batch) => batch.ids)
  expect(stored.toSorted()).toEqual(ids('a', 1_000).toSorted())
  expect(bench.account('d')).toMatchObject({ delivered: 1_000, outstanding: 0 })
})

test('one bad record among a thousand is found within 2·log2(n)+1 requests, and kept', async () => {
  start()
  const outlet = bench.outlet((batch) =>
    batch.includes('a437') ? { status: 'unreadable', reason: 'no' } : { status: 'delivered' },
  )
  bench.put('x', ids('a', 1_000))
  bench.lane('d', outlet, { options: wide })
  await bench.clock.advance(60_000)
  expect(outlet.sent.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(1_000)) + 1)
  expect(bench.account('d')).toMatchObject({ delivered: 999, quarantined: 1, provisional: 0, outstanding: 0 })
  const [entry] = bench.memory.quarantine({ destination: 'd', limit: 10 })
  expect(Buffer.from(entry?.bytes ?? []).toString()).toBe('a437')
})

test('twenty refusals without an acceptance stop the destination and return all of them', async () => {
  start()
  const outlet = bench.outlet(() => ({ status: 'unreadable', reason: 'column type changed' }))
  bench.put('x', ids('a', 1_000))
  const lane = bench.lane('d', outlet, { options: wide })
  await bench.clock.advance(500)
  expect(lane.state.state).toBe('stopped')
  expect(bench.account('d')).toMatchObject({ quarantined: 0, provisional: 0, delivered: 0 })
  expect(bench.memory.quarantine({ destination: 'd', limit: 10 })).toEqual([])
  outlet.answer = () => ({ status: 'delivered' })
  await bench.clock.advance(600_000)
  expect(bench.account('d')).toMatchObject({ delivered: 1_000, quarantined: 0, outstanding: 0, stop: undefined })
})

test('a verdict that was provisional when the forwarder ended is confirmed by the next acceptance', async () => {
  start()
  bench.put('x', ids('a', 1))
  bench.lane(
    'd',
    bench.outlet(() => ({ status: 'rejected', records: [{ index: 0, reason: 'no' }] })),
  )
  await bench.clock.advance(1_000)
  await bench.restart()
  expect(bench.account('d')).toMatchObject({ provisional: 1, quarantined: 0, outstanding: 1 })
  const outlet = bench.outlet()
  bench.lane('d', outlet)
  await bench.clock.advance(60_000)
  expect(outlet.sent).toEqual([])
  bench.put('y', ids('b', 1))
  await bench.clock.advance(60_000)
  expect(outlet.ids).toEqual(['b0'])
  expect(bench.account('d')).toMatchObject({ provisional: 0, quarantined: 1, delivered: 1, outstanding: 0 })
})

test('a stopped destination is probed alone', async () => {
  start()
  let flying = 0
  let most = 0
  const outlet = bench.outlet(async (_, n): Promise<Outcome> => {
    flying += 1
    if (n > 4) most = Math.max(most, flying)
    await bench.clock.sleep(100)
    flying -= 1
    return { status: 'stopped', cause: 'credentials', reason: 'wrong token' }
  })
  bench.put('x', ids('a', 200))
  bench.lane('d', outlet, { options: { concurrency: { min: 4, max: 4 } } })
  await bench.clock.advance(3_600_000)
  expect(most).toBe(1)
  expect(outlet.sent.length).toBeLessThan(30)
})

test('after a restart the same members go again under the same token, whatever the filters say now', async () => {
  start()
  const first = bench.outlet(() => ({ status: 'retry', reason: 'no answer', ambiguous: true }))
  bench.put('x', ids('a', 5))
  bench.lane('d', first)
  await bench.clock.advance(500)
  await bench.restart()
  const second = bench.outlet()
  bench.lane('d', second, { processing: { process: () => undefined, transform: (record) => record } })
  await bench.clock.advance(600_000)
  expect(second.sent.map(({ ids: members, token }) => ({ members, token }))).toEqual([
    { members: ids('a', 5), token: first.sent[0]?.token },
  ])
})

test('live goes before backlog, and each has half the slots', async () => {
  start()
  const outlet = bench.outlet(async (): Promise<Outcome> => {
    await bench.clock.sleep(1_000)
    return { status: 'delivered' }
  })
  bench.put('old', ids('o', 400), { age: 3_000 })
  bench.put('new', ids('n', 400), { age: 1 })
  bench.lane('d', outlet, { options: { concurrency: { min: 1, max: 1 } } })
  await bench.clock.advance(21_000)
  const live = outlet.sent.slice(0, 20).filter((batch) => batch.ids[0]?.startsWith('n')).length
  expect(live).toBeGreaterThanOrEqual(9)
  expect(live).toBeLessThanOrEqual(11)
})

test('lanes in step read an object once; a stalled one closes its reader and holds up nobody', async () => {
  start()
  bench.enrol('d', 'slow')
  const readings = bench.readings(2, 60_000)
  const outlet = bench.outlet()
  const stuck = bench.outlet(() => new Promise<Outcome>(() => undefined))
  bench.put('small', ids('s', 5))
  bench.lane('d', outlet, { readings })
  bench.lane('slow', stuck, { readings, options: { bufferBytes: 100, attemptMs: 86_400_000 } })
  await bench.clock.advance(1_000)
  expect(bench.shelf.reads).toEqual(['small'])
  bench.put('large', ids('l', 2_000))
  await bench.clock.advance(120_000)
  expect(bench.account('d').delivered).toBe(2_005)
  expect(bench.shelf.open).toBe(0)
})

test('a stopped destination that refuses everything is not searched for a culprit at full width', async () => {
  start()
  const outlet = bench.outlet(() => ({ status: 'unreadable', reason: 'column type changed' }))
  bench.put('x', ids('a', 1_000))
  bench.lane('d', outlet, { options: { ...wide, retry: { initialMs: 60_000, maxMs: 60_000 } } })
  await bench.clock.advance(50_000)
  const first = outlet.sent.length
  await bench.clock.advance(61_000)
  expect(first).toBeLessThan(80)
  expect(outlet.sent.length - first).toBeLessThan(80)
})

test('a lane that is full of what lingers sends it: nothing can join it', async () => {
  bench = new Bench()
  bench.enrol('d')
  for (const letter of ['a', 'b', 'c', 'd', 'e', 'f']) bench.put(letter, ids(letter, 20))
  const outlet = bench.outlet()
  const batch = { records: 1_000, bytes: 1_000_000, lingerMs: 600_000 }
  bench.lane('d', outlet, { options: { batch, bufferBytes: 150 } })
  await bench.clock.advance(1_000)
  expect(outlet.sent.length).toBeGreaterThan(1)
  expect(outlet.ids.length).toBeGreaterThanOrEqual(80)
  expect(Math.min(...outlet.sent.map(({ ids }) => ids.length))).toBeGreaterThan(10)
})
