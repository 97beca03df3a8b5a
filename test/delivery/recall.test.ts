// Exactly once where the destination recognises tokens for a while and can be asked what it holds: outages longer than
// that, and restarts.
import { afterEach, expect, test } from 'vitest'
import { Bench, ids } from './harness.ts'
import { HOUR, lost, MINUTE, Table } from './table.ts'

let bench = new Bench()
afterEach(() => bench.stop())

function start(): Bench {
  bench = new Bench()
  bench.enrol('d')
  return bench
}

test('a batch whose answer was lost is not stored again after an outage longer than the window', async () => {
  start()
  const table = new Table(bench, HOUR)
  table.cutOff()
  bench.put('x', ids('a', 5))
  bench.lane('d', table.outlet())
  await bench.clock.advance(3 * HOUR)
  table.down = false
  await bench.clock.advance(HOUR)
  expect(table.rows).toEqual(ids('a', 5))
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: 5, possibleDuplicates: 0 })
})

test('within the window nobody is asked: the token answers', async () => {
  start()
  const table = new Table(bench, HOUR)
  table.cutOff()
  bench.put('x', ids('a', 5))
  bench.lane('d', table.outlet())
  await bench.clock.advance(20 * MINUTE)
  table.down = false
  await bench.clock.advance(20 * MINUTE)
  expect(table.rows).toEqual(ids('a', 5))
  expect(table.asked).toEqual([])
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: 5 })
})

test('an attempt that may begin within the window and end beyond it is asked for', async () => {
  start()
  const table = new Table(bench, 2 * MINUTE)
  table.cutOff()
  bench.put('x', ids('a', 5))
  bench.lane('d', table.outlet(), { options: { retry: { initialMs: 90_000, maxMs: 90_000 } } })
  await bench.clock.advance(MINUTE)
  table.down = false
  await bench.clock.advance(5 * MINUTE)
  expect(table.asked).toEqual([ids('a', 5)])
  expect(table.rows).toEqual(ids('a', 5))
})

test('only what is missing is sent, where a part had been stored', async () => {
  start()
  const table = new Table(bench, HOUR)
  const outlet = table.outlet()
  outlet.answer = () => lost
  bench.put('x', ids('a', 5))
  bench.lane('d', outlet)
  await bench.clock.advance(2 * HOUR)
  table.rows.push('a1', 'a3')
  const before = outlet.sent.length
  outlet.answer = (sent) => {
    table.rows.push(...sent)
    return { status: 'delivered' }
  }
  await bench.clock.advance(HOUR)
  expect(outlet.sent.slice(before).map(({ ids: sent }) => sent)).toEqual([['a0', 'a2', 'a4']])
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: 5, possibleDuplicates: 0 })
})

test('after a restart beyond the window the destination is asked first', async () => {
  start()
  const table = new Table(bench, HOUR)
  table.answer = () => lost
  bench.put('x', ids('a', 5))
  bench.lane('d', table.outlet(), { options: { retry: { initialMs: 5 * HOUR, maxMs: 5 * HOUR } } })
  await bench.clock.advance(MINUTE)
  await bench.restart()
  await bench.clock.advance(3 * HOUR)
  table.answer = () => ({ status: 'delivered' })
  bench.lane('d', table.outlet())
  await bench.clock.advance(5 * HOUR)
  expect(table.rows).toEqual(ids('a', 5))
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: 5 })
})

test('a clock set back makes no attempt younger', async () => {
  start()
  const table = new Table(bench, 2 * HOUR)
  table.cutOff()
  bench.put('x', ids('a', 5))
  bench.lane('d', table.outlet())
  await bench.clock.advance(HOUR)
  table.clockSetMs = -HOUR + MINUTE
  bench.clock.jump(table.clockSetMs)
  await bench.clock.advance(70 * MINUTE)
  table.down = false
  await bench.clock.advance(15 * MINUTE)
  expect(table.rows).toEqual(ids('a', 5))
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: 5 })
})

test('a destination that cannot say what it holds is not sent old batches in the blind', async () => {
  start()
  const table = new Table(bench, HOUR)
  table.cutOff()
  bench.put('x', ids('a', 5))
  const lane = bench.lane('d', table.outlet())
  await bench.clock.advance(3 * HOUR)
  table.down = false
  table.unaskable = true
  await bench.clock.advance(HOUR)
  expect(table.rows).toEqual(ids('a', 5))
  expect(lane.state.lastError).toBe('cannot ask what is stored: connection refused')
  expect(bench.account('d')).toMatchObject({ outstanding: 1 })
  table.unaskable = false
  await bench.clock.advance(HOUR)
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: 5 })
})

test('an exporter that promises no window has every doubtful batch looked up', async () => {
  start()
  const table = new Table(bench, 0)
  table.answer = () => {
    table.answer = () => ({ status: 'delivered' })
    return lost
  }
  const outlet = table.outlet()
  delete outlet.deduplicationMs
  bench.put('x', ids('a', 5))
  bench.lane('d', outlet)
  await bench.clock.advance(HOUR)
  expect(table.rows).toEqual(ids('a', 5))
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: 5, possibleDuplicates: 0 })
})

test('an old delivery that comes to light neither ends a stop nor makes verdicts of today final', async () => {
  start()
  const table = new Table(bench, HOUR)
  table.cutOff()
  bench.put('x', ids('a', 5))
  const outlet = table.outlet()
  bench.lane('d', outlet)
  await bench.clock.advance(3 * HOUR)
  table.down = false
  outlet.answer = (sent) => ({ status: 'rejected', records: sent.map((_, index) => ({ index, reason: 'no' })) })
  bench.put('y', ids('b', 1))
  await bench.clock.advance(HOUR)
  expect(bench.account('d')).toMatchObject({ delivered: 5, quarantined: 0, outstanding: 1 })
})

test('a destination that may not be asked is stopped, with its words, until it may; nothing is stored twice', async () => {
  start()
  const table = new Table(bench, HOUR)
  table.refusing = 'grant SELECT'
  bench.put('x', ids('a', 5))
  table.answer = () => lost
  const lane = bench.lane('d', table.outlet())
  await bench.clock.advance(2 * HOUR)
  table.answer = () => ({ status: 'delivered' })
  await bench.clock.advance(2 * HOUR)
  expect(lane.state).toMatchObject({ state: 'stopped', stop: { cause: 'credentials' } })
  expect(bench.account('d').stop?.reason).toContain('grant SELECT')
  table.refusing = undefined
  await bench.clock.advance(HOUR)
  expect(table.rows).toEqual(ids('a', 5))
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: 5, stop: undefined, possibleDuplicates: 0 })
  expect(bench.of('destination_resumed')).toHaveLength(1)
})

test('that another batch goes through does not end that stop', async () => {
  start()
  const table = new Table(bench, 0)
  table.refusing = 'grant SELECT'
  const outlet = table.outlet()
  let answered = (): void => {}
  const later = new Promise<void>((resolve) => {
    answered = resolve
  })
  const insert = outlet.answer
  outlet.answer = async (sent, attempt, batch) => {
    const outcome = await insert(sent, attempt, batch)
    if (!sent.includes('b0')) return outlet.sent.length > 2 ? outcome : lost
    await later
    return outcome
  }
  bench.put('x', ids('a', 5))
  const retry = { initialMs: MINUTE, maxMs: MINUTE }
  const options = { attemptMs: HOUR, concurrency: { min: 2, max: 4 }, retry }
  const lane = bench.lane('d', outlet, { options })
  await bench.clock.advance(500)
  bench.put('y', ids('b', 5))
  lane.wake()
  await bench.clock.advance(10 * MINUTE)
  expect(lane.state).toMatchObject({ state: 'stopped', inFlight: 1 })
  answered()
  await bench.clock.advance(10 * MINUTE)
  expect(bench.of('batch_delivered')).toHaveLength(1)
  expect(lane.state.state).toBe('stopped')
  expect(bench.of('destination_resumed')).toEqual([])
  table.refusing = undefined
  await bench.clock.advance(10 * MINUTE)
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: 10, stop: undefined })
  expect(table.rows).toEqual([...ids('a', 5), ...ids('b', 5)])
  expect(bench.of('destination_resumed')).toHaveLength(1)
})

test('after a refusal, too', async () => {
  start()
  const table = new Table(bench, 10 * HOUR)
  const outlet = table.outlet()
  table.refusing = 'grant SELECT'
  table.answer = () => {
    table.answer = () => ({ status: 'split', reason: 'HTTP 413' })
    return lost
  }
  bench.put('x', ids('a', 4))
  bench.lane('d', outlet)
  await bench.clock.advance(HOUR)
  expect(bench.account('d').stop?.reason).toContain('grant SELECT')
  table.refusing = undefined
  table.answer = () => ({ status: 'delivered' })
  await bench.clock.advance(HOUR)
  expect(table.rows).toEqual(ids('a', 4))
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: 4, stop: undefined })
})
