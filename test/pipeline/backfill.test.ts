// A range is brought once more: what was never sent is, what was is not, unless it is forced; and what filters withheld is
// sent when it is asked for, and nothing beside it.
import { beforeEach, expect, test } from 'vitest'
import { event, noon, Stage } from './repair-stage.ts'

let stage: Stage

beforeEach(() => {
  stage = new Stage()
})

const hour = 3_600_000
/** The last three hours; destinations begin one hour ago. */
const range = { from: noon - 3 * hour, to: noon, force: false }
const watermark = (destination: 'a' | 'b') => stage.account(destination)?.watermark ?? 0

test('what is older than the start is brought, and what was delivered is not sent twice', async () => {
  stage.bucket.put(150, event('old'))
  stage.bucket.put(200, event('older still'))
  stage.bucket.put(30, event('x'), event('y'))
  await stage.start()
  const before = watermark('a')
  expect(await stage.done('backfill', { ...range, destination: 'a' })).toEqual({
    done: {
      ...{ objects: 2, taken: 1, waiting: 0, settled: 1 },
      ...{ events: 1, sent: 1, skipped: 0, filtered: 0, quarantined: 0, lost: 0 },
    },
  })
  expect([stage.sent('a'), stage.sent('b')]).toEqual([
    ['x', 'y', 'old'],
    ['x', 'y'],
  ])
  expect(watermark('a')).toBeGreaterThanOrEqual(before)
  expect(await stage.done('backfill', range)).toMatchObject({ done: { objects: 2, taken: 1, settled: 3, sent: 1 } })
  expect(await stage.done('backfill', range)).toMatchObject({ done: { taken: 0, settled: 4, events: 0 } })
  expect([stage.sent('a'), stage.sent('b')]).toEqual([
    ['x', 'y', 'old'],
    ['x', 'y', 'old'],
  ])
})

test('what is forced is sent once more, under another token, once, and the watermark waits for it below', async () => {
  stage.bucket.put(30, event('x'), event('y'))
  stage.bucket.put(20, event('y'), event('z'))
  await stage.start()
  await stage.clock.advance(60_000)
  const before = watermark('a')
  const answer = stage.outlets.a.answer
  stage.outlets.a.answer = () => ({ status: 'retry', reason: 'busy' })
  const id = stage.ask('backfill', { ...range, destination: 'a', force: true })
  await stage.clock.advance(60_000)
  expect([watermark('a'), watermark('b') >= before]).toEqual([noon - hour / 2, true])
  stage.outlets.a.answer = answer
  expect(await stage.answered(id)).toMatchObject({ done: { objects: 2, taken: 2, events: 4, sent: 3, skipped: 1 } })
  expect([stage.sent('a').filter((each) => each === 'x').length >= 2, stage.sent('b')]).toEqual([true, ['x', 'y', 'z']])
  const audit = stage.outlets.a.sent.filter(({ ids }) => ids.includes('x'))
  expect(new Set(audit.map(({ token }) => token)).size).toBe(2)
  expect(stage.account('a')).toMatchObject({ delivered: 6, outstanding: 0 })
  await stage.clock.advance(60_000)
  expect(watermark('a')).toBeGreaterThan(before)
  expect(stage.acts('b')).toContain('backfill_forced ann@ops mended')
})

test.each([false, true])('a crash in the middle is made good by the next process (forced: %s)', async (force) => {
  stage.speaks = false
  for (let age = 61; age < 181; age += 1) stage.bucket.put(age, event(`e${age}`))
  if (force) stage.bucket.put(30, event('x'))
  await stage.start()
  const answer = stage.outlets.a.answer
  const id = stage.ask('backfill', { ...range, destination: 'a', force })
  let sent = 0
  stage.outlets.a.answer = (...args) => (++sent > 3 ? new Promise(() => {}) : answer(...args))
  await stage.clock.advance(5_000)
  await stage.stop(true)
  stage.outlets.a.answer = answer
  await stage.start()
  expect(await stage.answered(id)).toMatchObject({ done: { objects: force ? 121 : 120, taken: force ? 121 : 120 } })
  expect(new Set(stage.sent('a')).size).toBe(force ? 121 : 120)
  expect(stage.account('a')).toMatchObject({ outstanding: 0, delivered: force ? 122 : 120 })
  const again = stage.sent('a').length - (force ? 122 : 120)
  expect(stage.account('a')?.possibleDuplicates).toBe(again)
})

test('an object that was lost and is there again is delivered', async () => {
  const key = stage.bucket.put(30, event('x'))
  const text = stage.bucket.objects.get(key) ?? ''
  stage.outlets.a.answer = () => ({ status: 'retry', reason: 'busy' })
  stage.bucket.objects.set(key, text)
  const reading = stage.bucket.read.bind(stage.bucket)
  stage.bucket.read = (object) => {
    stage.bucket.objects.delete(key)
    return reading(object)
  }
  await stage.start()
  await stage.clock.advance(3 * hour)
  expect(stage.account('a')).toMatchObject({ lostObjects: 1, outstanding: 0 })
  stage.bucket.read = reading
  stage.bucket.objects.set(key, text)
  stage.outlets.a.answer = () => ({ status: 'delivered' })
  expect(await stage.done('backfill', range)).toMatchObject({ done: { taken: 2, sent: 2 } })
  expect(stage.account('a')).toMatchObject({ lostObjects: 0, delivered: 1 })
})

test('a bucket that cannot be listed delays it, and it is said why', async () => {
  stage.bucket.put(150, event('old'))
  await stage.start()
  stage.bucket.failing = 3
  const id = stage.ask('backfill', range)
  await stage.clock.advance(3_000)
  expect(JSON.parse(stage.memory.request(id)?.progress ?? '{}')).toMatchObject({
    delayed: 'cannot list the bucket: access denied',
    hint: 'grant s3:ListBucket',
  })
  expect(await stage.answered(id)).toMatchObject({ done: { objects: 1, sent: 2 } })
})

test('a listing that breaks off is begun again, what it had is counted once, and it is said at once why it waits', async () => {
  for (const age of [150, 149, 148, 147, 146]) stage.bucket.put(age, event(`e${age}`))
  await stage.start()
  stage.bucket.page = 2
  stage.bucket.failingLate = 3
  const id = stage.ask('backfill', range)
  await stage.clock.advance(2_100)
  expect(JSON.parse(stage.memory.request(id)?.progress ?? '{}')).toMatchObject({
    delayed: 'cannot list the bucket: SlowDown',
  })
  expect(await stage.answered(id)).toMatchObject({ done: { objects: 5, taken: 10, settled: 0, sent: 10 } })
  expect(stage.sent('a').toSorted()).toEqual(['e146', 'e147', 'e148', 'e149', 'e150'])
})

test('while a destination takes nothing, the one who waits is told what it says', async () => {
  stage.bucket.put(150, event('old'))
  await stage.start()
  stage.outlets.b.answer = () => ({ status: 'retry', reason: '503 not now' })
  const id = stage.ask('backfill', range)
  await stage.clock.advance(30_000)
  expect(JSON.parse(stage.memory.request(id)?.progress ?? '{}')).toMatchObject({ held: 'b waits: 503 not now' })
})

test('what no destination can be given is refused in words', async () => {
  await stage.start()
  for (const [wrong, words] of [
    [{ destination: 'nobody' }, 'no destination is fed as asked: nobody'],
    [{ destination: 'a', receiver: 'other' }, 'no destination is fed as asked: a by other'],
    [{ from: 'yesterday' }, 'not understood'],
  ] as const)
    expect(await stage.done('backfill', { ...range, ...wrong })).toMatchObject({
      refused: expect.stringContaining(words),
    })
})

test('what a filter withheld is sent when its action is named, and nothing else', async () => {
  stage.exclude = ['workflow.*', 'project.delete']
  stage.bucket.put(30, event('c1'), event('w1', 'workflow.job.start'), event('p1', 'project.delete'))
  stage.bucket.put(20, event('w2', 'workflow-job-finish'), event('w1', 'workflow.job.start'))
  await stage.start()
  expect([stage.sent('a'), stage.account('a')?.filtered]).toEqual([['c1'], 3])
  const before = watermark('a')
  const only = { ...range, only: 'workflow.job.*' }
  expect(await stage.done('backfill', only)).toMatchObject({ done: { objects: 2, taken: 2, sent: 2, unreadable: 0 } })
  expect([stage.sent('a'), stage.sent('b').length]).toEqual([['c1', 'w1', 'w2'], 4])
  expect(watermark('a')).toBeGreaterThanOrEqual(before)
  expect(await stage.done('backfill', only)).toMatchObject({ done: { taken: 0, sent: 0 } })
  // With the filter gone, what was delivered since is no business of it.
  await stage.stop()
  stage.exclude = []
  stage.bucket.put(10, event('w3', 'workflow.job.start'))
  await stage.start()
  expect(await stage.done('backfill', only)).toMatchObject({ done: { taken: 0, sent: 0 } })
  expect(await stage.done('backfill', { ...only, only: '*' })).toMatchObject({ done: { taken: 1, sent: 1 } })
  expect(stage.sent('a').toSorted()).toEqual(['c1', 'p1', 'w1', 'w2', 'w3'])
  expect(stage.acts('b')).toContain('withheld_sent ann@ops mended')
})

test('a crash while withheld events are on their way sends them all, and none unasked for', async () => {
  stage.speaks = false
  stage.exclude = ['workflow.*']
  const lines = Array.from({ length: 40 }, (_, n) => event(`e${n}`, n % 2 === 0 ? 'workflow.start' : 'context.create'))
  stage.bucket.put(30, ...lines)
  await stage.start()
  const answer = stage.outlets.a.answer
  stage.outlets.a.answer = () => new Promise(() => {})
  const id = stage.ask('backfill', { ...range, only: 'workflow.*' })
  await stage.clock.advance(5_000)
  await stage.stop(true)
  stage.outlets.a.answer = answer
  await stage.start()
  expect(await stage.answered(id)).toMatchObject({ done: expect.objectContaining({ events: 20, sent: 20 }) })
  expect(stage.account('a')).toMatchObject({ delivered: 40, outstanding: 0 })
  expect(new Set(stage.sent('a')).size).toBe(40)
})

test('withheld events of an object that has gone stay withheld, and that is said', async () => {
  stage.exclude = ['workflow.*']
  stage.bucket.put(30, event('w', 'workflow.start'))
  await stage.start()
  stage.bucket.objects.clear()
  const answer = await stage.done('backfill', { ...range, only: '*' })
  expect(answer).toMatchObject({ done: { objects: 1, taken: 0, unreadable: 1, sent: 0 } })
  expect(stage.account('a')).toMatchObject({ lostObjects: 0, outstanding: 0 })
})

test('alone, the command lists and delivers by itself', async () => {
  stage.bucket.put(150, event('old'))
  await stage.start()
  await stage.stop()
  expect(await stage.alone('backfill', range)).toMatchObject({ done: { objects: 1, taken: 2, sent: 2 } })
  expect([stage.sent('a'), stage.sent('b')]).toEqual([['old'], ['old']])
})
