// What an exporter changed in records, or was told beside a success, must reach whoever runs the forwarder.
import type { Outcome } from '@circleci-audit-forwarder/contract'
import { afterEach, expect, test } from 'vitest'
import { Bench, ids } from './harness.ts'

const MINUTE = 60_000

let bench = new Bench()
afterEach(() => bench.stop())

function start(): Bench {
  bench = new Bench()
  bench.enrol('d')
  return bench
}

test('what was changed in delivered records is told', async () => {
  start()
  bench.put('x', ids('a', 3))
  bench.lane(
    'd',
    bench.outlet(() => ({ status: 'delivered', changed: { late: 2, trimmed: 1 } })),
  )
  await bench.clock.advance(MINUTE)
  expect(bench.of('records_changed')).toEqual([
    { type: 'records_changed', destination: 'd', late: 2, early: 0, trimmed: 1 },
  ])
})

test('what the destination said beside its yes is told', async () => {
  start()
  bench.put('x', ids('a', 3))
  bench.lane(
    'd',
    bench.outlet(() => ({ status: 'delivered', notice: 'two attributes were too long' })),
  )
  await bench.clock.advance(MINUTE)
  expect(bench.of('destination_noticed')).toEqual([
    { type: 'destination_noticed', destination: 'd', notice: 'two attributes were too long' },
  ])
  expect(bench.of('records_changed')).toEqual([])
})

test('nothing is told where there is nothing to tell, and what is no number of records is none', async () => {
  start()
  const changed = { late: 0, trimmed: Number.NaN, early: -3, other: 7 }
  bench.put('x', ids('a', 3))
  bench.lane(
    'd',
    bench.outlet(() => ({ status: 'delivered', changed, notice: '' })),
  )
  await bench.clock.advance(MINUTE)
  expect(bench.account('d').delivered).toBe(3)
  expect([...bench.of('records_changed'), ...bench.of('destination_noticed')]).toEqual([])
})

test('with a receipt, a notice is told at once and changes once they have arrived', async () => {
  start()
  const outlet = bench.outlet((_, n) => {
    return { status: 'accepted', receipt: `r${n}`, pollAfterMs: 1_000, changed: { trimmed: 1 }, notice: `full ${n}` }
  })
  let answer: Outcome = { status: 'retry', reason: 'not acknowledged', ambiguous: true }
  outlet.confirm = async (receipts) => new Map(receipts.map((receipt) => [receipt, answer]))
  bench.put('x', ids('a', 3))
  bench.lane('d', outlet)
  await bench.clock.advance(1_500)
  expect(bench.of('destination_noticed')).toMatchObject([{ notice: 'full 1' }])
  answer = { status: 'delivered' }
  await bench.clock.advance(10 * MINUTE)
  expect(bench.account('d')).toMatchObject({ delivered: 3, outstanding: 0 })
  expect(bench.of('destination_noticed')).toMatchObject([{ notice: 'full 1' }, { notice: 'full 2' }])
  expect(bench.of('records_changed')).toMatchObject([{ trimmed: 1 }])
})

test('what the answer to a receipt says counts with what was said when it was given', async () => {
  start()
  const outlet = bench.outlet(() => ({ status: 'accepted', receipt: 'r', pollAfterMs: 1_000, changed: { late: 1 } }))
  outlet.confirm = async () =>
    new Map<string, Outcome>([['r', { status: 'delivered', changed: { late: 1, trimmed: 2 } }]])
  bench.put('x', ids('a', 3))
  bench.lane('d', outlet)
  await bench.clock.advance(MINUTE)
  expect(bench.of('records_changed')).toMatchObject([{ late: 2, early: 0, trimmed: 2 }])
})
