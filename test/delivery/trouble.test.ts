// What goes wrong around a lane: a ledger that cannot be written, answers that never come, clocks that jump.
import { afterEach, expect, test } from 'vitest'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { Bench, ids } from './harness.ts'

let bench = new Bench()
afterEach(() => bench.stop())

function start(options?: ConstructorParameters<typeof Bench>[0]): Bench {
  bench = new Bench(options)
  bench.enrol('d')
  return bench
}

const methods: (keyof Ledger)[] = [
  'intend',
  'attempted',
  'resolve',
  'settle',
  'decide',
  'judge',
  'due',
  'nextDue',
  'adopted',
  'postpone',
  'stop',
]

test.each(methods)('a lane recovers from a ledger that could not be written: %s', async (method) => {
  start()
  const outlet = bench.outlet((_, n) =>
    n === 1
      ? { status: 'retry', reason: 'busy' }
      : n === 2
        ? { status: 'stopped', cause: 'credentials', reason: 'no' }
        : { status: 'delivered' },
  )
  bench.put('x', ['bad0', ...ids('a', 25)])
  bench.put('y', ['a0', ...ids('b', 25)])
  bench.broken.add(method)
  bench.lane('d', outlet)
  await bench.clock.advance(120_000)
  bench.broken.clear()
  await bench.clock.advance(1_200_000)
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: 50, duplicates: 1, stop: undefined })
  expect(new Set(outlet.ids)).toEqual(new Set([...ids('a', 25), ...ids('b', 25)]))
})

test('what was delivered is not sent again because the ledger could not be written', async () => {
  start()
  const outlet = bench.outlet()
  bench.put('x', ids('a', 5))
  bench.broken.add('resolve')
  bench.lane('d', outlet)
  await bench.clock.advance(600_000)
  bench.broken.clear()
  await bench.clock.advance(600_000)
  expect(outlet.sent).toHaveLength(1)
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: 5, possibleDuplicates: 0 })
})

test('an acknowledgement told once is kept while the ledger cannot be written', async () => {
  start()
  const outlet = bench.outlet(() => ({ status: 'accepted', receipt: 'r1', pollAfterMs: 1_000 }))
  let told = false
  outlet.confirm = async (receipts) => {
    if (told) return new Map()
    told = true
    return new Map(receipts.map((receipt) => [receipt, { status: 'delivered' as const }]))
  }
  bench.put('x', ids('a', 5))
  bench.lane('d', outlet)
  await bench.clock.advance(500)
  bench.broken.add('resolve')
  await bench.clock.advance(60_000)
  bench.broken.clear()
  await bench.clock.advance(60_000)
  expect(outlet.sent).toHaveLength(1)
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: 5 })
})

test('a confirm that never answers holds up neither the lane nor later polls', async () => {
  start()
  const outlet = bench.outlet((_, n) => ({ status: 'accepted', receipt: `r${n}`, pollAfterMs: 1_000 }))
  let asked = 0
  outlet.confirm = (receipts) => {
    asked += 1
    return asked === 1
      ? new Promise(() => undefined)
      : Promise.resolve(new Map(receipts.map((r) => [r, { status: 'delivered' as const }])))
  }
  bench.put('x', ids('a', 5))
  bench.lane('d', outlet)
  await bench.clock.advance(180_000)
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: 5 })
})

test('polls go on when the clock is set back', async () => {
  start()
  const outlet = bench.outlet((_, n) => ({ status: 'accepted', receipt: `r${n}`, pollAfterMs: 5_000 }))
  outlet.confirm = async (receipts) => new Map(receipts.map((r) => [r, { status: 'delivered' as const }]))
  bench.put('x', ids('a', 5))
  bench.lane('d', outlet)
  await bench.clock.advance(1_000)
  bench.clock.jump(-86_400_000)
  await bench.clock.advance(120_000)
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: 5 })
})

test('long retry intervals are kept while a destination is stopped', async () => {
  start()
  bench.put('x', ids('a', 5))
  const outlet = bench.outlet(() => ({ status: 'stopped', cause: 'credentials', reason: 'wrong token' }))
  bench.lane('d', outlet, { options: { retry: { initialMs: 3_600_000, maxMs: 3_600_000 } } })
  await bench.clock.advance(10_800_000)
  expect(outlet.sent.length).toBeLessThanOrEqual(4)
})

test('short retry intervals make no busy loop of an unwritable ledger', async () => {
  start()
  bench.put('x', ids('a', 5))
  const outlet = bench.outlet(() => ({ status: 'retry', reason: 'busy' }))
  bench.lane('d', outlet, { options: { retry: { initialMs: 1_000, maxMs: 5_000 } } })
  await bench.clock.advance(500)
  bench.broken.add('attempted')
  await bench.clock.advance(60_000)
  expect(bench.of('bug').length).toBeLessThanOrEqual(15)
})

test('verdicts that could not be revoked at once are revoked later', async () => {
  start()
  const outlet = bench.outlet(() => ({ status: 'unreadable', reason: 'what is this' }))
  bench.put('x', ids('a', 20))
  bench.broken.add('revoke')
  bench.lane('d', outlet, { options: { batch: { records: 100, bytes: 1e6, lingerMs: 100 } } })
  await bench.clock.advance(10_000)
  expect(bench.account('d').provisional).toBe(20)
  bench.broken.clear()
  outlet.answer = () => ({ status: 'delivered' })
  await bench.clock.advance(600_000)
  expect(bench.account('d')).toMatchObject({ provisional: 0, delivered: 20, quarantined: 0, outstanding: 0 })
})

test('an exporter that fails to close does not break the stop', async () => {
  start()
  const outlet = bench.outlet()
  outlet.close = () => Promise.reject(new Error('no'))
  bench.lane('d', outlet)
  await bench.clock.advance(10)
  await expect(bench.stop()).resolves.toBeUndefined()
})
