// What queues do to a whole pipeline: several of them, and messages that come again when all is long done.
import { expect, test } from 'vitest'
import { ScriptedQueue, uploaded } from '../receiver/scripted.ts'
import { OneObject, receiver, Stage } from './stage.ts'

const object = {
  key: 'logs/year=2026/month=03/day=15/hour=11/x.json',
  version: '1',
  size: 100,
  modified: Date.parse('2026-03-15T11:30:00Z'),
}
const day = 86_400_000

/** A stage whose receiver hears these queues, and what was done to their messages. */
function stageWith(count: number) {
  const journal: string[] = []
  const queues: ScriptedQueue[] = []
  const stage = new Stage((clock) => {
    for (let n = 0; n < count; n++) queues.push(new ScriptedQueue(clock, journal))
    return [{ ...receiver('r', new OneObject('logs', 0, clock)), notifications: queues }]
  })
  const run = async (ms: number): Promise<void> => {
    const stop = new AbortController()
    const running = stage.pipeline().run(stop.signal)
    await stage.clock.advance(ms)
    stop.abort()
    await stage.finished(running)
  }
  return { stage, queues, journal, run }
}

test('a message redriven for an object that was delivered long ago is deleted, and that is all', async () => {
  const { stage, queues, journal, run } = stageWith(1)
  queues[0]?.send(uploaded(object))
  await run(30_000)
  expect(stage.outlet.sent).toHaveLength(1)
  const before = stage.memory.accounts()
  expect(before).toMatchObject([{ delivered: 1, outstanding: 0, late: 0 }])

  await stage.clock.advance(60 * day)
  stage.memory.prune(day)
  stage.told.splice(0)
  for (let n = 0; n < 3; n++) queues[0]?.send(uploaded(object))
  await run(30_000)
  expect(stage.of('objects_seen').filter(({ how }) => how === 'notified')).toMatchObject([
    { fresh: 0, known: 3, late: 0 },
  ])
  expect(journal.filter((entry) => entry.startsWith('delete'))).toEqual([
    'delete m1',
    'delete m2',
    'delete m3',
    'delete m4',
  ])
  expect(stage.outlet.sent).toHaveLength(1)
  const [was, is] = [before[0], stage.memory.accounts()[0]]
  expect(is).toMatchObject({ delivered: was?.delivered, outstanding: 0, late: 0 })
  expect(is?.watermark).toBeGreaterThanOrEqual(was?.watermark ?? Number.POSITIVE_INFINITY)
})

test('a queue that fails delays no other', async () => {
  const { stage, queues, journal, run } = stageWith(2)
  const [dead, live] = queues as [ScriptedQueue, ScriptedQueue]
  dead.failing = true
  live.send(uploaded(object))
  await run(30_000)
  expect(journal).toEqual(['delete m1'])
  expect(stage.of('receive_failed').length).toBeGreaterThan(3)
  expect(stage.outlet.sent).toHaveLength(1)
})

test('what two queues announce is delivered once', async () => {
  const { stage, queues, run } = stageWith(2)
  for (const queue of queues) queue.send(uploaded(object))
  await run(30_000)
  expect(stage.outlet.sent).toHaveLength(1)
})
