// A full disk stops progress, not the process: it is said as what it is, and everything goes on once there is room.
import { expect, test } from 'vitest'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { OneObject, receiver, Stage } from './stage.ts'

function staged(): Stage {
  return new Stage((clock) => [receiver('r', new OneObject('logs', 0, clock))])
}

const writes: (keyof Ledger)[] = [
  ...(['enrol', 'see', 'swept', 'decide', 'intend', 'resolve', 'advance', 'prune'] as const),
]

/** So long that everything is tried, the hourly and the rare included. */
const LONG = 2 * 3_600_000

test.each(writes)('a disk that is full for %s is told, and the process goes on when there is room', async (method) => {
  const stage = staged()
  // Enrolling at the start, before anything runs, is another test's.
  const pipeline = stage.pipeline()
  stage.full.add(method)
  const stop = new AbortController()
  let ended: unknown
  const running = pipeline.run(stop.signal).catch((error: unknown) => {
    ended = error
  })
  await stage.clock.advance(LONG)
  expect(ended).toBeUndefined()
  expect(stage.of('bug')).toEqual([])
  const [told] = stage.of('ledger_failed')
  expect(told).toMatchObject({ reason: expect.stringContaining('the disk is full'), hint: expect.any(String) })
  stage.full.clear()
  await stage.clock.advance(LONG)
  expect(stage.outlet.sent).toHaveLength(1)
  expect(stage.memory.accounts()).toMatchObject([{ delivered: 1, outstanding: 0, watermark: expect.any(Number) }])
  stop.abort()
  await stage.finished(running)
  expect(ended).toBeUndefined()
})

test('a disk that is full at the end is no reason to end badly', async () => {
  const stage = staged()
  const stop = new AbortController()
  let caughtUp = 0
  const running = stage.pipeline().run(stop.signal, () => {
    caughtUp += 1
  })
  stage.full.add('advance')
  await stage.clock.advance(60_000)
  expect(caughtUp).toBe(1)
  stop.abort()
  await expect(stage.finished(running)).resolves.toBeUndefined()
  expect(stage.of('ledger_failed').length).toBeGreaterThan(0)
})

test('one receiver that cannot be enrolled holds up no other', async () => {
  const stage = new Stage((clock) => {
    return ['logs', 'logs-eu'].map((prefix, n) => receiver(`r${n}`, new OneObject(prefix, 0, clock)))
  })
  stage.memory.enrol([{ destination: 'd', receiver: 'r0', startAt: 0 }], stage.clock.now())
  const pipeline = stage.pipeline()
  stage.full.add('enrol')
  const stop = new AbortController()
  const running = pipeline.run(stop.signal)
  await stage.clock.advance(300_000)
  expect(stage.outlet.ids.map((id) => JSON.parse(id).team)).toEqual(['r0'])
  stage.full.clear()
  await stage.clock.advance(300_000)
  expect(stage.outlet.ids.map((id) => JSON.parse(id).team)).toEqual(['r0', 'r1'])
  stop.abort()
  await stage.finished(running)
})

test('a start that cannot enrol fails in words', () => {
  const stage = staged()
  stage.full.add('enrol')
  expect(() => stage.pipeline()).toThrow(/the disk is full/)
})
