// What is done with leaves its rows while the forwarder runs, and is as known to it as before.
import { expect, test } from 'vitest'
import { keepSealing } from '../../src/pipeline/sealing.ts'
import type { Finish } from '../../src/pipeline.ts'
import { OneObject, receiver, Stage } from './stage.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

// The clock stands at noon, the object lies in the hour before, and the look-back is an hour.
function stageOf(failing = 0): { readonly stage: Stage; readonly store: OneObject } {
  let store: OneObject | undefined
  const stage = new Stage((clock) => {
    store = new OneObject('logs', failing, clock)
    return [receiver('r', store)]
  })
  return { stage, store: store as OneObject }
}

async function runFor(stage: Stage, ms: number): Promise<void> {
  const over = new AbortController()
  const running = stage.pipeline({ sealedMs: HOUR }).run(over.signal)
  await stage.clock.advance(ms)
  over.abort()
  await stage.finished(running)
}

test('an object that is delivered is sealed once it is older than the look-back, and is not delivered again', async () => {
  const { stage, store } = stageOf()
  await runFor(stage, MINUTE)
  expect([stage.outlet.sent.length, stage.memory.object(1)?.length]).toEqual([1, expect.any(Number)])
  const { readings } = store
  await runFor(stage, 2 * HOUR)
  expect(stage.memory.object(1)).toBeUndefined()
  // It is listed again, and nothing comes of it.
  await runFor(stage, MINUTE)
  expect([stage.outlet.sent.length, store.readings]).toEqual([1, readings])
  expect(stage.of('bug')).toEqual([])
  expect(stage.memory.accounts()).toMatchObject([{ delivered: 1, outstanding: 0, lostObjects: 0 }])
})

test('an object that cannot be read is not sealed, however old', async () => {
  const { stage } = stageOf(Number.POSITIVE_INFINITY)
  await runFor(stage, MINUTE)
  stage.clock.jump(300 * HOUR)
  await runFor(stage, MINUTE)
  expect(stage.memory.object(1)).toBeDefined()
  expect(stage.memory.accounts()).toMatchObject([{ outstanding: 1 }])
})

test('what a lane has in hand is not sealed: it may still be reading what it has settled', async () => {
  const { stage } = stageOf()
  await runFor(stage, MINUTE)
  stage.clock.jump(3 * HOUR)
  const inHand = new Set([1])
  const { memory: ledger, clock, receivers } = stage
  const parts = { ledger, clock, receivers, tell: () => undefined, sealedMs: HOUR }
  const over = new AbortController()
  const sealing = keepSealing({ ...parts, lanes: [{ inHand }] }, over.signal)
  expect(stage.memory.object(1)).toBeDefined()
  inHand.clear()
  await stage.clock.advance(11 * MINUTE)
  expect(stage.memory.object(1)).toBeUndefined()
  over.abort()
  await sealing
})

test('a run that is to end seals what earlier ones have delivered', async () => {
  const { stage } = stageOf()
  const once = (): Promise<Finish> => {
    return stage.finished(stage.pipeline({ sealedMs: HOUR }).runOnce(new AbortController().signal, 60_000))
  }
  await once()
  stage.clock.jump(3 * HOUR)
  await once()
  expect(stage.memory.object(1)).toBeUndefined()
})

test('a disk that is full for seal is told, and sealed is when there is room', async () => {
  const { stage } = stageOf()
  await runFor(stage, MINUTE)
  stage.clock.jump(3 * HOUR)
  stage.full.add('seal')
  await runFor(stage, MINUTE)
  expect(stage.of('ledger_failed')[0]).toMatchObject({ doing: 'sealing' })
  stage.full.clear()
  await runFor(stage, 11 * MINUTE)
  expect(stage.memory.object(1)).toBeUndefined()
})
