// A destination that takes one event a request gets an intent for each, and every commit of intents is an fsync. These
// tests count them: many intents a commit where many requests are under way, and no request waiting for one that hangs.
import { afterEach, expect, test, vi } from 'vitest'
import { Bench, ids } from './harness.ts'

let bench = new Bench()
afterEach(() => bench.stop())

/** One event a request, `most` requests at once. */
function singly(most: number) {
  const batch = { records: 1, bytes: 1_000, lingerMs: 100 }
  return { options: { batch, concurrency: { min: most, max: most } } }
}

function start(events: number) {
  bench = new Bench()
  bench.enrol('d')
  bench.put('x', ids('a', events))
  return vi.spyOn(bench.memory, 'intend')
}

test('answers that come one by one do not cost a commit each', async () => {
  const intend = start(1_000)
  // Between 40 and 72 ms, a millisecond apart: no two answers of a round come at once.
  const outlet = bench.outlet(async (_, n) => {
    await bench.clock.sleep(40 + (n % 32))
    return { status: 'delivered' }
  })
  bench.lane('d', outlet, singly(32))
  await bench.clock.advance(10_000)
  expect(outlet.ids.toSorted()).toEqual(ids('a', 1_000).toSorted())
  const drafts = intend.mock.calls.flatMap(([, drafts]) => drafts)
  expect(drafts.map(({ members }) => members.length)).toEqual(Array(1_000).fill(1))
  expect(intend.mock.calls.length).toBeLessThan(1_000 / 3)
  expect(bench.account('d')).toMatchObject({ delivered: 1_000, outstanding: 0, possibleDuplicates: 0 })
})

test('requests that hang hold back nothing but themselves', async () => {
  start(200)
  const hanging = new Set<string>()
  const outlet = bench.outlet(async (batch, n) => {
    if (n > 31) await bench.clock.sleep(50)
    else {
      hanging.add(batch[0] ?? '')
      await bench.clock.sleep(3_600_000)
    }
    return { status: 'delivered' }
  })
  bench.lane('d', outlet, singly(32))
  // One slot is left: one event in 50 ms.
  await bench.clock.advance(169 * 50 + 1_000)
  expect(hanging.size).toBe(31)
  expect(bench.account('d')).toMatchObject({ delivered: 169 })
})

test('the last events of a burst are not held back for others to come', async () => {
  start(40)
  const outlet = bench.outlet(async (_, n) => {
    await bench.clock.sleep(n === 1 ? 10 : 50)
    return { status: 'delivered' }
  })
  bench.lane('d', outlet, singly(39))
  await bench.clock.advance(15)
  expect(outlet.sent).toHaveLength(40)
})
