// What the metrics say of the queues: asked of them seldom, and nothing else hangs on the answer.
import { expect, test } from 'vitest'
import { SourceFailure } from '../../src/domain/failures.ts'
import type { Depth } from '../../src/receiver/notifications.ts'
import { uploaded, world } from './scripted.ts'

const MINUTE = 60_000
const denied = () => new SourceFailure('cannot count the messages of queue', { hint: 'grant sqs:GetQueueAttributes' })

/** A world whose queue can be asked, and how often it was. */
function countable(answer: () => Depth, more: Parameters<typeof world>[0] = {}) {
  const scene = world(more)
  const asked: number[] = []
  scene.queue.depth = async () => {
    asked.push(scene.clock.now())
    return answer()
  }
  return { ...scene, asked }
}

test('a queue is asked when the receiver starts and once a minute from then on', async () => {
  const { clock, events, asked, start } = countable(() => ({ waiting: 12, inFlight: 3 }))
  const running = start()
  await clock.advance(60 * MINUTE + 1)
  expect(asked).toHaveLength(61)
  expect(events('queue_counted')).toHaveLength(61)
  expect(events('queue_counted')[0]).toEqual({
    type: 'queue_counted',
    receiver: 'circleci_audit',
    waiting: 12,
    inFlight: 3,
  })
  await running.stop()
  const before = asked.length
  await clock.advance(10 * MINUTE)
  expect(asked).toHaveLength(before)
})

test('a queue that may not be asked is told of once, asked ever more seldom, and heard all the same', async () => {
  let may = false
  const { clock, store, queue, sink, events, asked, start } = countable(() => {
    if (!may) throw denied()
    return { waiting: 1, inFlight: 0 }
  })
  const running = start()
  await clock.advance(8 * 60 * MINUTE)
  expect(events('queue_uncounted')).toEqual([
    {
      type: 'queue_uncounted',
      receiver: 'circleci_audit',
      reason: 'cannot count the messages of queue',
      hint: 'grant sqs:GetQueueAttributes',
    },
  ])
  expect(asked.length).toBeGreaterThan(10)
  expect(asked.length).toBeLessThan(16)
  expect(events('receive_failed')).toEqual([])
  const key = 'year=2026/month=03/day=15/hour=12/2026-03-15T12:00:00_sha'
  queue.send(uploaded(store.put(key)))
  await clock.advance(2_000)
  expect(sink.how(key)).toBe('notified')
  may = true
  await clock.advance(60 * MINUTE)
  expect(events('queue_counted').length).toBeGreaterThan(0)
  may = false
  await clock.advance(60 * MINUTE)
  expect(events('queue_uncounted')).toHaveLength(2)
  await running.stop()
})

test('what is no failure of a source is one more reason not to know, and stops nothing', async () => {
  const { clock, events, start } = countable(() => {
    throw new TypeError('undefined is not a function')
  })
  const running = start()
  await clock.advance(MINUTE)
  expect(events('queue_uncounted')).toMatchObject([{ reason: 'undefined is not a function', hint: undefined }])
  await running.stop()
})

test('of several queues the sum is told, and nothing while one of them does not answer', async () => {
  let silent = false
  const other = {
    name: 'other',
    receive: () => new Promise<never>(() => undefined),
    delete: async () => undefined,
    release: async () => undefined,
    close: async () => undefined,
    depth: async (): Promise<Depth> => {
      if (silent) throw denied()
      return { waiting: 30 }
    },
  }
  const { clock, events, start } = countable(() => ({ waiting: 12, inFlight: 3 }), { more: [other] })
  start()
  await clock.advance(1)
  expect(events('queue_counted')).toMatchObject([{ waiting: 42, inFlight: undefined }])
  silent = true
  await clock.advance(MINUTE)
  expect(events('queue_counted')).toHaveLength(1)
  expect(events('queue_uncounted')).toHaveLength(1)
})

test('a receiver without a queue, or whose queue cannot be asked, tells nothing', async () => {
  for (const scene of [world({ deaf: true }), world()]) {
    const running = scene.start()
    await scene.clock.advance(10 * MINUTE)
    expect([...scene.events('queue_counted'), ...scene.events('queue_uncounted')]).toEqual([])
    await running.stop()
  }
})
