// What need not be sent any more is let go by a lane that holds it already: heartbeats that another one stands for.
import { afterEach, expect, test } from 'vitest'
import { type OwnRecord, ownId, ownReceiver } from '../../src/domain/own-records.ts'
import { ownChunk } from '../../src/pipeline/own-reader.ts'
import { Bench, type Shelf } from './harness.ts'

let bench: Bench
afterEach(() => bench.stop())

function said(n: number): OwnRecord {
  return { kind: 'heartbeat', id: ownId(n), at: bench.clock.now(), level: 'info', body: `beat ${n}`, attributes: {} }
}

/** The shelf has own records too. */
function readOwn(shelf: Shelf): void {
  const read = shelf.read.bind(shelf)
  shelf.read = async function* (object, signal) {
    const record = bench.memory.own(object.ref)
    if (record === undefined) yield* read(object, signal)
    else yield ownChunk(record, { instance: 'i', version: '1' })
  }
}

function sinceDown(): ReturnType<Bench['outlet']> {
  bench = new Bench()
  readOwn(bench.shelf)
  bench.ledger.enrol(
    [
      { destination: 'd', receiver: 'r', startAt: 0 },
      { destination: 'd', receiver: ownReceiver, startAt: 0 },
    ],
    bench.clock.now(),
  )
  return bench.outlet((_, attempt) =>
    attempt <= 3 ? { status: 'retry', reason: 'HTTP 503' } : { status: 'delivered' },
  )
}

/** Settles what waits and is in no intent, as the pipeline does. */
function withdraw(): number[] {
  const held = new Set(bench.memory.intents('d').flatMap(({ members }) => members.map(({ object }) => object)))
  const query = { kind: 'heartbeat', before: Number.POSITIVE_INFINITY, limit: 99 } as const
  const waits = bench.memory.waiting('d', query).filter(({ object }) => !held.has(object))
  const tally = { delivered: 0, filtered: 1, duplicates: 0, quarantined: 0 }
  bench.memory.settle(
    'd',
    waits.map(({ object, length }) => ({ object, ranges: [[0, length]], tally })),
  )
  return waits.map(({ object }) => object)
}

test('it is not sent, what lies beside it is, and nothing stays in hand', async () => {
  const outlet = sinceDown()
  const options = { concurrency: { min: 1, max: 1 }, batch: { records: 2, bytes: 1_000, lingerMs: 100 } }
  const lane = bench.lane('d', outlet, { options })
  for (let n = 0; n < 8; n += 1) bench.memory.record([{ record: said(n) }], bench.clock.now())
  bench.put('a', ['a0', 'a1', 'a2'])
  lane.wake()
  await bench.clock.advance(500)
  const sentBefore = new Set(outlet.ids)
  const withdrawn = withdraw()
  expect(withdrawn.length).toBeGreaterThan(3)
  lane.forgo(withdrawn)
  lane.forgo([])
  await bench.clock.advance(60_000)
  const ids = new Set(outlet.ids)
  expect(['a0', 'a1', 'a2'].every((id) => ids.has(id))).toBe(true)
  const late = [...ids].filter((id) => id.startsWith('beat') && !sentBefore.has(id))
  expect(late).toEqual([])
  expect([lane.idle, lane.inHand.size, lane.state.bufferedBytes]).toEqual([true, 0, 0])
  expect(bench.memory.ownStandings()).toMatchObject([{ outstanding: 0, filtered: withdrawn.length }])
  expect(bench.of('bug')).toEqual([])
})

test('what is withdrawn while it is being read is let go too, and may be forgotten afterwards', async () => {
  const outlet = sinceDown()
  let release = (): void => {}
  const read = bench.shelf.read
  bench.shelf.read = async function* (object, signal) {
    await new Promise<void>((resolve) => {
      release = resolve
    })
    yield* read.call(bench.shelf, object, signal)
  }
  const lane = bench.lane('d', outlet)
  bench.memory.record([{ record: said(1) }], bench.clock.now())
  lane.wake()
  await bench.clock.advance(500)
  expect([...lane.inHand]).toEqual([1])
  lane.forgo(withdraw())
  bench.memory.record([{ record: said(2) }], bench.clock.now())
  expect(bench.memory.forget(lane.inHand, 0)).toBe(0)
  release()
  await bench.clock.advance(500)
  release()
  await bench.clock.advance(60_000)
  expect([...new Set(outlet.ids)]).toEqual(['beat 2'])
  expect(lane.inHand.size).toBe(0)
  bench.memory.record([{ record: said(3) }], bench.clock.now())
  expect(bench.memory.forget(lane.inHand, 0)).toBe(2)
})
