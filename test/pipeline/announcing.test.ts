// What the first start is about to send is said, once, also when the program dies before it could say it.
import { expect, test } from 'vitest'
import { OneObject, receiver, Stage } from './stage.ts'

function staged(failing = 0): Stage {
  return new Stage((clock) => [receiver('r', new OneObject('logs', failing, clock))])
}

/** Runs for so long, then dies: nothing of it is heard of again. */
async function live(stage: Stage, ms: number): Promise<void> {
  const stop = new AbortController()
  const running = stage.pipeline().run(stop.signal)
  await stage.clock.advance(ms)
  stop.abort()
  await stage.finished(running)
  stage.memory.reopen()
}

test('a first start says what it is about to send', async () => {
  const stage = staged()
  await live(stage, 60_000)
  expect(stage.of('first_start')).toMatchObject([{ destination: 'd', objects: 1, events: 1, startAt: 0 }])
})

test('later starts do not', async () => {
  const stage = staged()
  await live(stage, 60_000)
  await live(stage, 60_000)
  await live(stage, 60_000)
  expect(stage.of('first_start')).toHaveLength(1)
})

test('a start whose process died after enrolling and before saying it is said by the next', async () => {
  const stage = staged()
  const routes = [{ destination: 'd', receiver: 'r', startAt: 0 }]
  stage.memory.enrol(routes, stage.clock.now())
  stage.memory.reopen()
  await live(stage, 60_000)
  expect(stage.of('first_start')).toMatchObject([{ destination: 'd', objects: 1, events: 1, startAt: 0 }])
  // Before anything was sent.
  const order = stage.told.map(({ type }) => type)
  expect(order.indexOf('first_start')).toBeLessThan(order.indexOf('batch_delivered'))
})

test('a destination that is dead from the first start on says it once', async () => {
  const stage = staged()
  stage.outlet.answer = () => ({ status: 'retry', reason: 'down' })
  await live(stage, 60_000)
  await live(stage, 60_000)
  expect(stage.of('first_start')).toHaveLength(1)
})
