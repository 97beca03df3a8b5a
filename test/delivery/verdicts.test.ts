// Which refusals become final: those of a destination that works, and not the last ones of a spell in which it refused
// everything.
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

const wide = { batch: { records: 1_000, bytes: 1 << 20, lingerMs: 100 } }
const narrow = { batch: { records: 25, bytes: 1 << 20, lingerMs: 100 } }
const delivered: Outcome = { status: 'delivered' }
const unreadable: Outcome = { status: 'unreadable', reason: 'column type changed' }

/** Names every record for which `isBad`. */
function byIndex(sent: readonly string[], isBad: (id: string) => boolean): Outcome {
  const records = [...sent.keys()].filter((index) => isBad(sent[index] as string))
  return records.length === 0
    ? delivered
    : { status: 'rejected', records: records.map((index) => ({ index, reason: 'no such type' })) }
}

test('no good record is in quarantine after a spell of refusals that stopped the destination', async () => {
  start()
  const outlet = bench.outlet(() => unreadable)
  bench.put('x', ids('a', 60))
  bench.lane('d', outlet)
  await bench.clock.advance(MINUTE)
  const begun = outlet.sent.length
  // It ends in the middle of a probe, when some have been refused and none accepted.
  outlet.answer = (_, n) => (n > begun + 12 ? delivered : unreadable)
  await bench.clock.advance(60 * MINUTE)
  expect(bench.memory.quarantine({ destination: 'd', limit: 100 })).toEqual([])
  expect(bench.account('d')).toMatchObject({ delivered: 60, quarantined: 0, provisional: 0, outstanding: 0 })
  expect(bench.account('d').stop).toBeUndefined()
})

test.each([2, 15, 19])('a destination that refuses %i in a row and then works gets them all', async (times) => {
  start()
  let refused = 0
  const outlet = bench.outlet((sent) => {
    if (sent.length === 1 && refused < times) refused += 1
    else if (refused >= times) return delivered
    return unreadable
  })
  bench.put('x', ids('a', 40))
  bench.lane('d', outlet, { options: wide })
  await bench.clock.advance(60 * MINUTE)
  expect(bench.account('d')).toMatchObject({ delivered: 40, quarantined: 0, provisional: 0, outstanding: 0 })
  expect(bench.of('verdicts_revoked')).toMatchObject([{ records: times, why: 'resumed' }])
  expect(bench.of('destination_stopped')).toEqual([])
})

test('records that are refused at the second hearing too are bad', async () => {
  start()
  const outlet = bench.outlet((sent) => (sent.some((id) => id.startsWith('x')) ? unreadable : delivered))
  bench.put('some', [...ids('a', 20), ...ids('x', 5), ...ids('b', 20)])
  bench.lane('d', outlet, { options: wide })
  for (let n = 0; n < 5; n += 1) {
    await bench.clock.advance(10 * MINUTE)
    bench.put(`later ${n}`, [`c${n}`])
  }
  await bench.clock.advance(10 * MINUTE)
  expect(bench.account('d')).toMatchObject({ delivered: 45, quarantined: 5, provisional: 0, outstanding: 0 })
  expect(bench.account('d').stop).toBeUndefined()
})

/** A record that anybody takes, every ten minutes. */
async function pass(times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    bench.put(`later ${bench.clock.now()}`, [`c${n}`])
    await bench.clock.advance(10 * MINUTE)
  }
}

const bad = (id: string): boolean => id.startsWith('x')

test.each([
  { refusing: 'by index', answer: (sent: readonly string[]) => byIndex(sent, bad) },
  { refusing: 'without an index', answer: (sent: readonly string[]) => (sent.some(bad) ? unreadable : delivered) },
])('as many bad records as stop a destination, and more, end in quarantine: refused $refusing', async ({ answer }) => {
  start()
  bench.put('some', ids('x', 60))
  bench.put('more', ids('xx', 5))
  bench.lane('d', bench.outlet(answer), { options: narrow })
  await pass(12)
  expect(bench.account('d')).toMatchObject({ delivered: 12, quarantined: 65, provisional: 0, outstanding: 0 })
  expect(bench.account('d').stop).toBeUndefined()
})

test('what was mistrusted is never heard by so many at once that it could stop the destination again', async () => {
  start()
  const outlet = bench.outlet((sent) => byIndex(sent, bad))
  bench.put('some', ids('x', 60))
  bench.lane('d', outlet, { options: { ...narrow, concurrency: { min: 4, max: 4 } } })
  await pass(1)
  const stops = bench.of('destination_stopped').length
  expect(stops).toBeGreaterThan(0)
  await pass(12)
  expect(bench.of('destination_stopped')).toHaveLength(stops)
  expect(bench.of('destination_resumed')).toHaveLength(1)
})

test('records that wait for their turn hold no memory, and others pass them', async () => {
  start()
  bench.put('some', ids('x', 60))
  bench.lane(
    'd',
    bench.outlet((sent) => byIndex(sent, bad)),
    { options: { ...narrow, bufferBytes: 200 } },
  )
  await pass(12)
  bench.put('good', ids('a', 100))
  await bench.clock.advance(MINUTE)
  expect(bench.account('d')).toMatchObject({ delivered: 112, quarantined: 60, outstanding: 0 })
})

test('once one of the mistrusted is taken, the others do not wait for their turn', async () => {
  start()
  let isBroken = true
  const outlet = bench.outlet((sent) => byIndex(sent, () => isBroken))
  bench.put('some', ids('a', 200))
  bench.lane('d', outlet, { options: narrow })
  await bench.clock.advance(60 * MINUTE)
  isBroken = false
  // Whatever is sent first is taken, and most of the rest waits only for its row to be due.
  await bench.clock.advance(6 * MINUTE)
  expect(bench.account('d')).toMatchObject({ delivered: 200, quarantined: 0, outstanding: 0 })
})

test('a spell that begins anew while the mistrusted are heard takes none of them', async () => {
  start()
  let isBroken = true
  const outlet = bench.outlet((sent) => byIndex(sent, () => isBroken))
  bench.put('some', ids('a', 40))
  bench.lane('d', outlet, { options: { batch: { records: 40, bytes: 1 << 20, lingerMs: 100 } } })
  await bench.clock.advance(MINUTE)
  // One record gets through; the next spell refuses what is heard again, and so much else that it shows.
  outlet.answer = (sent) => (sent.includes('d0') ? delivered : byIndex(sent, () => isBroken))
  bench.put('good', ['d0'])
  await bench.clock.advance(10 * MINUTE)
  bench.put('others', ids('b', 30))
  await bench.clock.advance(10 * MINUTE)
  isBroken = false
  await pass(6)
  expect(bench.account('d')).toMatchObject({ delivered: 77, quarantined: 0, provisional: 0, outstanding: 0 })
})

test('bad records that are named beside good ones are believed at once', async () => {
  start()
  const outlet = bench.outlet((sent) => byIndex(sent, (id) => id.startsWith('x')))
  bench.put('some', [...ids('a', 20), ...ids('x', 25), ...ids('b', 20)])
  bench.lane('d', outlet, { options: wide })
  await bench.clock.advance(MINUTE)
  expect(outlet.sent).toHaveLength(2)
  expect(bench.account('d')).toMatchObject({ delivered: 40, quarantined: 25, provisional: 0, outstanding: 0 })
})

test('a whole batch that is refused at once is heard again', async () => {
  start()
  const outlet = bench.outlet((sent, n) => (n === 1 ? byIndex(sent, () => true) : delivered))
  bench.put('x', ids('a', 20))
  bench.lane('d', outlet)
  await bench.clock.advance(10 * MINUTE)
  expect(bench.account('d')).toMatchObject({ delivered: 20, quarantined: 0, outstanding: 0 })
})

test('a refusal while the destination was stopped for another reason is heard again', async () => {
  start()
  const outlet = bench.outlet((sent, n) => {
    if (n === 1) return { status: 'stopped', cause: 'credentials', reason: 'wrong token' }
    return n === 2 ? byIndex(sent, (id) => id === 'a0') : delivered
  })
  bench.put('x', ids('a', 1))
  bench.lane('d', outlet)
  await bench.clock.advance(10 * MINUTE)
  bench.put('y', ids('b', 1))
  await bench.clock.advance(10 * MINUTE)
  expect(bench.account('d')).toMatchObject({ delivered: 2, quarantined: 0, outstanding: 0 })
})

test('several verdicts that were not final when the forwarder ended are heard again', async () => {
  start()
  bench.put('x', ids('a', 3))
  bench.lane(
    'd',
    bench.outlet((sent) => byIndex(sent, () => true)),
  )
  await bench.clock.advance(1_000)
  await bench.restart()
  bench.lane('d', bench.outlet())
  bench.put('y', ids('b', 1))
  await bench.clock.advance(10 * MINUTE)
  expect(bench.account('d')).toMatchObject({ delivered: 4, quarantined: 0, outstanding: 0 })
})

test('a receipt ends a stop, and what was refused during it is heard again', async () => {
  start()
  const outlet = bench.outlet(() => unreadable)
  bench.put('x', ids('a', 60))
  bench.lane('d', outlet)
  await bench.clock.advance(MINUTE)
  const begun = outlet.sent.length
  outlet.answer = (_, n) => (n > begun + 12 ? { status: 'accepted', receipt: `r${n}`, pollAfterMs: 1_000 } : unreadable)
  outlet.confirm = async (receipts) => new Map(receipts.map((receipt) => [receipt, delivered]))
  await bench.clock.advance(60 * MINUTE)
  expect(bench.account('d')).toMatchObject({ delivered: 60, quarantined: 0, provisional: 0, outstanding: 0 })
})
