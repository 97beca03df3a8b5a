// One lane fed by several receivers: their events share batches and keep their own processing, accounts and fate.
import type { LogRecord, Outcome } from '@circleci-audit-forwarder/contract'
import { afterEach, expect, test } from 'vitest'
import type { Processing } from '../../src/delivery/processing.ts'
import { SetupError } from '../../src/domain/failures.ts'
import type { Account } from '../../src/ledger/accounts.ts'
import { Bench, EVENT_AT, ids } from './harness.ts'

const MINUTE = 60_000

let bench = new Bench()
afterEach(() => bench.stop())

function start(...receivers: string[]): Bench {
  bench = new Bench()
  enrol(...receivers)
  return bench
}

function enrol(...receivers: string[]): void {
  const routes = receivers.map((receiver) => ({ destination: 'd', receiver, startAt: 0 }))
  bench.ledger.enrol(routes, bench.clock.now())
}

function account(receiver: string): Account | undefined {
  return bench.memory.accounts().find((each) => each.destination === 'd' && each.receiver === receiver)
}

/** Puts the receiver's name before the event; events that begin with `secret` are withheld. */
function marked(receiver: string): Processing {
  const mark = (record: LogRecord): LogRecord => ({ ...record, body: `${receiver}:${record.body}` })
  return {
    process: (record) => (String(record.body).startsWith('secret') ? undefined : mark(record)),
    transform: mark,
  }
}

test('events of several receivers share a batch, each processed as its receiver says', async () => {
  start('r', 's')
  const outlet = bench.outlet()
  bench.put('x', [...ids('a', 2), 'secret'], { receiver: 'r' })
  bench.put('y', ids('b', 2), { receiver: 's' })
  bench.lane('d', outlet, { processing: marked })
  await bench.clock.advance(MINUTE)
  expect(outlet.sent).toHaveLength(1)
  expect(outlet.ids.toSorted()).toEqual(['r:a0', 'r:a1', 's:b0', 's:b1'])
  expect(account('r')).toMatchObject({ delivered: 2, filtered: 1, outstanding: 0 })
  expect(account('s')).toMatchObject({ delivered: 2, filtered: 0, outstanding: 0 })
})

test('each receiver is told apart in what was delivered last, also where an intent was formed again', async () => {
  start('r', 's')
  const first = bench.outlet(() => ({ status: 'retry', reason: 'down' }))
  bench.put('x', ids('a', 2), { receiver: 'r' })
  bench.put('y', ['secret'], { receiver: 's' })
  bench.lane('d', first, { processing: marked })
  await bench.clock.advance(MINUTE)
  expect(account('r')).toMatchObject({ lastEvent: undefined, lastDelivery: undefined })
  await bench.restart()
  const taken: number[] = []
  const second = bench.outlet(() => {
    taken.push(bench.clock.now())
    return { status: 'delivered' }
  })
  bench.lane('d', second, { processing: marked })
  await bench.clock.advance(10 * MINUTE)
  expect(taken).toHaveLength(1)
  expect(account('r')).toMatchObject({ lastEvent: EVENT_AT, lastDelivery: { at: taken[0], key: 'x' } })
  // What a filter withholds was not delivered.
  expect(account('s')).toMatchObject({ filtered: 1, lastEvent: undefined, lastDelivery: undefined })
})

test('after a restart a batch of several receivers is formed again, each member through its own', async () => {
  start('r', 's')
  const first = bench.outlet(() => ({ status: 'retry', reason: 'down' }))
  bench.put('x', ids('a', 2), { receiver: 'r' })
  bench.put('y', ids('b', 2), { receiver: 's' })
  bench.lane('d', first, { processing: marked })
  await bench.clock.advance(500)
  await bench.restart()
  const second = bench.outlet()
  bench.lane('d', second, { processing: marked })
  await bench.clock.advance(10 * MINUTE)
  expect(second.sent.map(({ ids: sent, token }) => ({ sent, token }))).toEqual([
    { sent: first.sent[0]?.ids, token: first.sent[0]?.token },
  ])
})

test('a bucket that cannot be read holds back its own watermark and nobody else', async () => {
  start('r', 's')
  const outlet = bench.outlet()
  bench.put('x', ids('a', 2), { receiver: 'r', age: 90 })
  bench.put('y', ids('b', 2), { receiver: 's', age: 90 })
  const since = bench.clock.now() - 90 * MINUTE
  bench.shelf.gone('x')
  bench.broken.add('lose')
  bench.lane('d', outlet)
  await bench.clock.advance(10 * MINUTE)
  for (const receiver of ['r', 's']) bench.ledger.swept(receiver, bench.clock.now())
  bench.ledger.advance()
  expect(outlet.ids).toEqual(ids('b', 2))
  expect(account('r')).toMatchObject({ outstanding: 1, watermark: since })
  expect(account('s')?.watermark).toBe(bench.clock.now() - 5 * MINUTE)
})

test('an event that lies in two buckets goes once, and is counted where it was found first', async () => {
  start('r', 's')
  const outlet = bench.outlet()
  bench.put('x', ids('a', 1), { receiver: 'r', age: 90 })
  bench.put('y', ids('a', 1), { receiver: 's', age: 80 })
  bench.lane('d', outlet)
  await bench.clock.advance(MINUTE)
  expect(outlet.ids).toEqual(['a0'])
  expect(account('r')).toMatchObject({ delivered: 1, duplicates: 0, outstanding: 0 })
  expect(account('s')).toMatchObject({ delivered: 0, duplicates: 1, outstanding: 0 })
})

test('a refused record is in the account of its own receiver', async () => {
  start('r', 's')
  const outlet = bench.outlet((sent): Outcome => {
    const index = sent.indexOf('b0')
    return index < 0 ? { status: 'delivered' } : { status: 'rejected', records: [{ index, reason: 'no' }] }
  })
  bench.put('x', ids('a', 2), { receiver: 'r' })
  bench.put('y', ids('b', 2), { receiver: 's' })
  bench.lane('d', outlet)
  await bench.clock.advance(MINUTE)
  expect(account('r')).toMatchObject({ delivered: 2, quarantined: 0, outstanding: 0 })
  expect(account('s')).toMatchObject({ delivered: 1, quarantined: 1, outstanding: 0 })
})

test('a receiver that no longer feeds the destination takes only its own events out of a batch', async () => {
  start('r', 's')
  bench.put('x', ids('a', 2), { receiver: 'r' })
  bench.put('y', ids('b', 2), { receiver: 's' })
  bench.lane(
    'd',
    bench.outlet(() => ({ status: 'retry', reason: 'down' })),
  )
  await bench.clock.advance(500)
  await bench.restart()
  enrol('r')
  const processing = (receiver: string): Processing => {
    if (receiver === 's') throw new SetupError('s no longer feeds d')
    return marked(receiver)
  }
  const outlet = bench.outlet()
  const lane = bench.lane('d', outlet, { processing })
  await bench.clock.advance(10 * MINUTE)
  expect(outlet.ids).toEqual(['r:a0', 'r:a1'])
  expect(lane.idle).toBe(true)
  await bench.restart()
  enrol('r', 's')
  const back = bench.outlet()
  bench.lane('d', back, { processing: marked })
  await bench.clock.advance(10 * MINUTE)
  expect(back.ids).toEqual(['s:b0', 's:b1'])
})

test('a receiver that joins later is delivered beside the first', async () => {
  start('r')
  const outlet = bench.outlet()
  bench.put('x', ids('a', 2), { receiver: 'r' })
  const lane = bench.lane('d', outlet, { processing: marked })
  await bench.clock.advance(MINUTE)
  enrol('r', 's')
  bench.put('y', ids('b', 2), { receiver: 's' })
  lane.wake()
  await bench.clock.advance(MINUTE)
  expect(outlet.ids).toEqual(['r:a0', 'r:a1', 's:b0', 's:b1'])
})
