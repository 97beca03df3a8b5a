// Refusals that are known without the destination's word: from a record's age or size, judged before anything is sent. They
// are no sign of what the destination takes: however many there are, it is not stopped, and nothing else is decided by them.
import type { Outcome } from '@circleci-audit-forwarder/contract'
import { afterEach, expect, test } from 'vitest'
import { Bench, ids } from './harness.ts'

const MINUTE = 60_000

let bench = new Bench()
afterEach(() => bench.stop())

function start(options: ConstructorParameters<typeof Bench>[0] = {}): Bench {
  bench = new Bench(options)
  bench.enrol('d')
  return bench
}

const wide = { batch: { records: 1_000, bytes: 1 << 20, lingerMs: 100 } }
const delivered: Outcome = { status: 'delivered' }

/** Refuses late records (x…) by itself; whatever else there is goes to the destination. */
function strict(sent: readonly string[], elsewhere: Outcome = delivered): Outcome {
  const late = [...sent.keys()].filter((index) => sent[index]?.startsWith('x') === true)
  if (late.length === 0) return elsewhere
  return { status: 'rejected', records: late.map((index) => ({ index, reason: 'too late', certain: true })) }
}

test('a backlog of 1,000 late records ends in quarantine at once, and a fresh one is delivered after it', async () => {
  start()
  const outlet = bench.outlet((sent) => strict(sent))
  bench.put('old', ids('x', 1_000), { age: 20 * 60 })
  bench.lane('d', outlet, { options: wide })
  await bench.clock.advance(MINUTE)
  expect(bench.account('d')).toMatchObject({ quarantined: 1_000, provisional: 0, outstanding: 0, delivered: 0 })
  expect(bench.of('destination_stopped')).toEqual([])
  bench.put('new', ids('a', 1))
  await bench.clock.advance(MINUTE)
  expect(bench.account('d')).toMatchObject({ quarantined: 1_000, delivered: 1, outstanding: 0 })
  expect(bench.memory.quarantine({ limit: 2_000 }).map(({ reason }) => reason)).toEqual(Array(1_000).fill('too late'))
  expect(new Set(outlet.ids.filter((id) => id.startsWith('x'))).size).toBe(outlet.ids.length - 1)
  expect(bench.of('verdicts_revoked')).toEqual([])
  expect(bench.of('records_refused')).toEqual([])
  const told = bench.of('records_quarantined')
  expect(told.reduce((sum, { records }) => sum + records, 0)).toBe(1_000)
  expect(told[0]).toMatchObject({ destination: 'd', reason: 'too late' })
})

test('a record larger than a batch goes alone, and only one larger than the destination takes is refused', async () => {
  start()
  const outlet = bench.outlet()
  outlet.limits = { records: 10, bytes: 8, recordBytes: 16 }
  bench.put('first', ['a', 'b', 'c'.repeat(9), 'd'.repeat(16), 'e', 'f'.repeat(17)])
  bench.lane('d', outlet, { options: { batch: { ...outlet.limits, lingerMs: 100 } } })
  await bench.clock.advance(MINUTE)
  expect(bench.account('d')).toMatchObject({ delivered: 5, quarantined: 1, outstanding: 0 })
  expect(new Set(outlet.sent.map((batch) => batch.ids.join(' ')))).toEqual(
    new Set(['a b', 'c'.repeat(9), 'd'.repeat(16), 'e']),
  )
  const [kept] = bench.memory.quarantine({ limit: 10 })
  expect(kept?.reason).toBe('the encoded record is 17 bytes, and the destination takes 16 at most')
})

test('it confirms no other refusal and revokes none', async () => {
  start()
  // One record the destination itself refuses, then many that are certain, then one that it takes.
  const no: Outcome = { status: 'rejected', records: [{ index: 0, reason: 'no such type' }] }
  const outlet = bench.outlet((sent) => (sent.includes('poison') ? no : strict(sent)))
  bench.put('first', ['poison'])
  bench.lane('d', outlet)
  await bench.clock.advance(MINUTE)
  bench.put('late', ids('x', 50))
  await bench.clock.advance(MINUTE)
  expect(bench.account('d')).toMatchObject({ provisional: 1, quarantined: 50 })
  bench.put('good', ['a'])
  await bench.clock.advance(MINUTE)
  expect(bench.account('d')).toMatchObject({ provisional: 0, quarantined: 51, delivered: 1, outstanding: 0 })
  expect(bench.of('verdicts_revoked')).toEqual([])
})

test('it does not count towards the verdicts that stop a destination, and they count without it', async () => {
  start()
  const no: Outcome = { status: 'unreadable', reason: 'column type changed' }
  const outlet = bench.outlet((sent) => strict(sent, no))
  const mixed = ids('a', 19).flatMap((id, n) => [id, `x${n}`])
  bench.put('mixed', mixed)
  const lane = bench.lane('d', outlet)
  await bench.clock.advance(MINUTE)
  expect(bench.account('d')).toMatchObject({ provisional: 19, quarantined: 19 })
  expect(lane.state.stop).toBeUndefined()
  bench.put('one more', ['b'])
  await bench.clock.advance(1_000)
  expect(lane.state.stop?.reason).toContain('20 records were refused and none accepted')
  expect(bench.account('d')).toMatchObject({ provisional: 0, quarantined: 19 })
})

test('a stop goes on when the probe turns out to be unfit, and the next probe is sent at once', async () => {
  start()
  let working = false
  const outlet = bench.outlet((sent) =>
    strict(sent, working ? delivered : { status: 'stopped', cause: 'credentials', reason: '401' }),
  )
  bench.put('a', ['a'])
  const lane = bench.lane('d', outlet)
  await bench.clock.advance(1_000)
  bench.put('late', ids('x', 30))
  await bench.clock.advance(10 * MINUTE)
  expect(lane.state.stop?.cause).toBe('credentials')
  expect(bench.account('d')).toMatchObject({ delivered: 0, provisional: 0 })
  working = true
  await bench.clock.advance(10 * MINUTE)
  expect(bench.account('d')).toMatchObject({ delivered: 1, quarantined: 30, outstanding: 0 })
})

test('a full quarantine still stops the lane, and it goes on once there is room', async () => {
  start()
  const outlet = bench.outlet((sent) => strict(sent))
  bench.full.add('resolve')
  bench.put('old', ids('x', 5))
  const lane = bench.lane('d', outlet)
  await bench.clock.advance(MINUTE)
  expect(lane.state.stop?.reason).toContain('quarantine is full')
  expect(bench.account('d')).toMatchObject({ quarantined: 0, outstanding: 1 })
  bench.full.clear()
  await bench.clock.advance(10 * MINUTE)
  expect(bench.account('d')).toMatchObject({ quarantined: 5, outstanding: 0 })
  expect(bench.account('d').stop).toBeUndefined()
})

test('records larger than the destination takes are quarantined at once, all of them, and never sent', async () => {
  start()
  const outlet = bench.outlet()
  outlet.limits = { records: 1_000, bytes: 50 }
  const large = ids('x', 30).map((id) => id.padEnd(60, '.'))
  bench.put('large', large)
  bench.lane('d', outlet)
  await bench.clock.advance(MINUTE)
  expect(bench.account('d')).toMatchObject({ quarantined: 30, provisional: 0, outstanding: 0 })
  expect(bench.of('destination_stopped')).toEqual([])
  expect(outlet.sent).toEqual([])
  expect(bench.memory.quarantine({ limit: 1 })[0]?.reason).toContain('60 bytes, and the destination takes 50 at most')
})

test('a record larger than the batches the operator wants is sent alone: its size is for the destination to refuse', async () => {
  start()
  const outlet = bench.outlet()
  const large = 'b'.repeat(300)
  bench.put('some', ['a0', large, 'a1'])
  bench.lane('d', outlet, { options: { batch: { records: 10, bytes: 100, lingerMs: 100 } } })
  await bench.clock.advance(MINUTE)
  expect(bench.account('d')).toMatchObject({ delivered: 3, quarantined: 0, outstanding: 0 })
  expect(outlet.sent.find(({ ids: sent }) => sent.includes(large))?.ids).toEqual([large])
})

test('an encoder that fails on every record is taken for what it is: nothing is final', async () => {
  start()
  const outlet = bench.outlet()
  outlet.encode = () => {
    throw new Error('a bug')
  }
  bench.put('some', ids('a', 40))
  const lane = bench.lane('d', outlet)
  await bench.clock.advance(MINUTE)
  expect(lane.state.stop?.reason).toContain('none accepted')
  expect(bench.account('d')).toMatchObject({ quarantined: 0, delivered: 0 })
})
