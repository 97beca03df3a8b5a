import { expect, test } from 'vitest'
import { uploaded, world } from './scripted.ts'

const never = new AbortController().signal
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
// The fake clock starts at 2026-03-15T12:00:00Z.
const days = (lists: readonly string[]) =>
  lists.filter((under) => !under.includes('hour=') && under.includes('month=03'))

test('the first sweep is at once and lists the look-back and the hours around now', async () => {
  const { clock, store, sink, events, start } = world()
  const begun = clock.now()
  const running = start()
  await clock.advance(0)
  expect(days(store.lists)).toEqual([15, 14, 13].map((day) => `year=2026/month=03/day=${day}/`))
  expect(store.lists.filter((under) => under.includes('hour='))).toHaveLength(10)
  expect(sink.advances).toEqual([begun])
  expect(events('sweep_completed')).toMatchObject([{ full: true }])
  await running.stop()
})

test('an object is found in whichever spelling its key has, even in a partition that sorts wrongly', async () => {
  const { store, sink, receiver } = world()
  const keys = [
    'year=2026/month=03/day=15/hour=09/2026-03-15T09:00:00_padded',
    'year=2026/month=3/day=15/hour=9/2026-03-15T09:00:00_plain',
    'year=2026/month=3/day=15/hour=10/2026-03-15T10:00:00_plain',
    'year=2026/month=3/day=15/hour=13/2026-03-15T13:00:00_ahead',
  ]
  for (const key of keys) store.put(key)
  expect(await receiver.sweepOnce(never)).toBe(true)
  for (const key of keys) expect(sink.how(key)).toBe('swept')
})

test('from the beginning everything is listed', async () => {
  const { store, sink, receiver } = world({ startAt: 0 })
  store.put('year=2024/month=1/day=1/hour=0/2024-01-01T00:00:00_old')
  await receiver.sweepOnce(never)
  expect(store.lists).toContain('')
  expect(sink.how('year=2024/month=1/day=1/hour=0/2024-01-01T00:00:00_old')).toBe('swept')
})

test('a forwarder that was off for ten days lists ten days and the look-back before them', async () => {
  const { clock, store, sink, receiver } = world()
  sink.advances = [clock.now() - 10 * DAY]
  await receiver.sweepOnce(never)
  expect(days(store.lists)).toHaveLength(13)
  expect(days(store.lists).at(-1)).toBe('year=2026/month=03/day=03/')
})

test('between the hourly listings of everything only the hours around now are listed, and the sweep still advances', async () => {
  const { clock, store, sink, events, start } = world()
  const running = start()
  await clock.advance(0)
  store.lists.splice(0)
  await clock.advance(58 * MINUTE)
  expect(days(store.lists)).toEqual([])
  expect(sink.advances).toHaveLength(30)
  expect(sink.advances.at(-1)).toBe(clock.now())
  await clock.advance(2 * MINUTE)
  expect(days(store.lists)).toHaveLength(3)
  expect(events('sweep_completed').filter((event) => event.full)).toHaveLength(2)
  await running.stop()
})

test('an object that comes late, into an old partition, is found within the hour', async () => {
  const { clock, store, sink, start } = world()
  const running = start()
  await clock.advance(5 * MINUTE)
  const key = 'year=2026/month=03/day=13/hour=20/2026-03-13T20:00:00_late'
  store.put(key)
  await clock.advance(HOUR)
  expect(sink.how(key)).toBe('swept')
  await running.stop()
})

test('no partition goes unlisted for more than an hour as time passes over hours and days', async () => {
  const { clock, store, sink, start } = world({ now: '2026-03-15T22:31:00Z' })
  const running = start()
  const late: string[] = []
  for (let step = 0; step < 40; step++) {
    await clock.advance(7 * MINUTE)
    const at = new Date(clock.now() - (step % 10) * 5 * HOUR).toISOString()
    const hour = Number(at.slice(11, 13))
    const key = `year=2026/month=3/day=${Number(at.slice(8, 10))}/hour=${hour}/${at.slice(0, 19)}_${step}`
    late.push(key)
    store.put(key)
  }
  await clock.advance(HOUR + 2 * MINUTE)
  expect(late.filter((key) => sink.how(key) === undefined)).toEqual([])
  await running.stop()
})

test('a failed listing advances nothing, says what to do, and is tried again soon', async () => {
  const { clock, store, sink, events, start } = world()
  store.broken.add('day=14/')
  const running = start()
  await clock.advance(10 * MINUTE)
  expect(sink.advances).toEqual([])
  const failures = events('sweep_failed')
  expect(failures[0]).toMatchObject({ hint: 'grant s3:ListBucket', retryInMs: expect.any(Number) })
  expect(failures[0]!.retryInMs).toBeLessThanOrEqual(5_000)
  expect(Math.max(...failures.map((event) => event.retryInMs))).toBeLessThanOrEqual(2 * MINUTE)
  store.broken.clear()
  await clock.advance(2 * MINUTE)
  expect(sink.advances.length).toBeGreaterThan(0)
  await running.stop()
})

test('what was listed before a failure need not be listed again, and what failed must', async () => {
  const { clock, store, sink, receiver } = world()
  sink.advances = [clock.now() - 3 * DAY]
  store.broken.add('day=12/')
  expect(await receiver.sweepOnce(never)).toBe(false)
  expect(days(store.lists).at(-1)).toBe('year=2026/month=03/day=12/')
  store.lists.splice(0)
  store.broken.clear()
  expect(await receiver.sweepOnce(never)).toBe(true)
  expect(days(store.lists)).toEqual([
    'year=2026/month=03/day=12/',
    'year=2026/month=03/day=11/',
    'year=2026/month=03/day=10/',
  ])
})

test('a failure between two pages fails the partition, not only the page', async () => {
  const { store, sink, receiver } = world()
  store.pageSize = 1
  store.put('year=2026/month=03/day=14/hour=09/2026-03-14T09:00:00_a')
  store.put('year=2026/month=03/day=14/hour=09/2026-03-14T09:00:00_b')
  store.broken.add('day=14/')
  expect(await receiver.sweepOnce(never)).toBe(false)
  expect(sink.known.size).toBe(1)
  store.broken.clear()
  await receiver.sweepOnce(never)
  expect(sink.known.size).toBe(2)
})

test('a commit that fails fails the sweep', async () => {
  const { store, sink, receiver, events } = world()
  store.put('year=2026/month=03/day=15/hour=12/2026-03-15T12:00:00_a')
  sink.failing = true
  expect(await receiver.sweepOnce(never)).toBe(false)
  expect(events('sweep_failed')).toMatchObject([{ reason: 'database is locked' }])
  sink.failing = false
  expect(await receiver.sweepOnce(never)).toBe(true)
  expect(sink.advances).toHaveLength(1)
})

test('a sweep that is stopped advances nothing and complains of nothing', async () => {
  const { sink, receiver, told } = world()
  expect(await receiver.sweepOnce(AbortSignal.abort())).toBe(false)
  expect(sink.advances).toEqual([])
  expect(told).toEqual([])
})

test('a huge listing is handed over a few hundred objects at a time, and others have their turn in between', async () => {
  const { store, sink, receiver } = world()
  for (let n = 0; n < 2500; n++) store.put(`year=2026/month=03/day=15/hour=08/2026-03-15T08:00:00_${n}`)
  const known: number[] = []
  const look = (): void => {
    known.push(sink.known.size)
    if (sink.known.size < 2500) setImmediate(look)
  }
  setImmediate(look)
  await receiver.sweepOnce(never)
  expect(sink.known.size).toBe(2500)
  expect(sink.largest).toBe(250)
  expect(new Set(known).size).toBeGreaterThanOrEqual(6)
})

test('a sweep that is stopped within a page goes no further', async () => {
  const { store, sink, receiver, told } = world()
  for (let n = 0; n < 1000; n++) store.put(`year=2026/month=03/day=15/hour=08/2026-03-15T08:00:00_${n}`)
  const stop = new AbortController()
  const { see } = sink
  sink.see = (...found) => {
    stop.abort()
    return see.apply(sink, found)
  }
  expect(await receiver.sweepOnce(stop.signal)).toBe(false)
  expect([sink.known.size, sink.advances, told.filter(({ type }) => type === 'sweep_failed')]).toEqual([250, [], []])
})

test('foreign keys are told of once a sweep, and probes never', async () => {
  const { store, sink, receiver, events } = world({ startAt: 0 })
  store.put('report.pdf')
  store.put('year=2026/readme.txt')
  store.put('circleci_connectivity_test_17', { size: 0 })
  await receiver.sweepOnce(never)
  expect(events('objects_ignored')).toMatchObject([{ count: 2, key: 'logs/report.pdf' }])
  expect(sink.known.size).toBe(0)
})

test("a sweep's start is the store's clock", async () => {
  const { clock, store, sink, receiver } = world()
  store.skewMs = 90_000
  await receiver.sweepOnce(never)
  expect(sink.advances).toEqual([clock.now() + 90_000])
  expect(sink.skews).toEqual([90_000])
})

test('without a clock of the store ours has to do', async () => {
  const { clock, store, sink, receiver } = world()
  store.skewMs = undefined
  await receiver.sweepOnce(never)
  expect(sink.advances).toEqual([clock.now()])
})

test.each([-3 * DAY, 3 * DAY])('a clock that is wrong by days (%i ms) hides nothing', async (skewMs) => {
  const { clock, store, sink, receiver } = world()
  store.skewMs = skewMs
  const there = new Date(clock.now() + skewMs).toISOString()
  const key = `year=2026/month=03/day=${there.slice(8, 10)}/hour=${there.slice(11, 13)}/${there.slice(0, 19)}_now`
  store.put(key)
  expect(await receiver.sweepOnce(never)).toBe(true)
  expect(sink.how(key)).toBe('swept')
  expect(sink.advances).toEqual([clock.now() + skewMs])
})

test.each([-3 * DAY, 3 * DAY])('nor does one that jumps by days (%i ms) between sweeps', async (jump) => {
  const { clock, store, sink, receiver } = world()
  await receiver.sweepOnce(never)
  clock.jump(jump)
  store.skewMs = -jump
  await clock.advance(10 * MINUTE)
  const key = 'year=2026/month=03/day=15/hour=12/2026-03-15T12:09:00_after'
  store.put(key)
  expect(await receiver.sweepOnce(never)).toBe(true)
  expect(sink.how(key)).toBe('swept')
})

test('a clock that is set back a little makes no listing look fresher than it is', async () => {
  const { clock, store, receiver } = world()
  await receiver.sweepOnce(never)
  store.lists.splice(0)
  clock.jump(-10 * MINUTE)
  await receiver.sweepOnce(never)
  expect(days(store.lists)).toHaveLength(3)
})

test('objects found without their message are counted as missed, once it had the time to come', async () => {
  const { clock, store, queue, events, start } = world()
  store.put('year=2026/month=03/day=15/hour=11/2026-03-15T11:00:00_before-we-listened')
  const running = start()
  await clock.advance(30_000)
  store.put('year=2026/month=03/day=15/hour=12/2026-03-15T12:00:30_unannounced')
  queue.send(uploaded(store.put('year=2026/month=03/day=15/hour=12/2026-03-15T12:00:31_announced')))
  await clock.advance(85_000)
  store.put('year=2026/month=03/day=15/hour=12/2026-03-15T12:01:55_on-its-way')
  await clock.advance(10_000)
  expect(events('sweep_completed').map((event) => event.missed)).toEqual([0, 1])
  await running.stop()
})

test('without notifications nothing is missed', async () => {
  const { clock, store, sink, events, start } = world({ deaf: true })
  const running = start()
  await clock.advance(1_000)
  const key = 'year=2026/month=03/day=15/hour=12/2026-03-15T12:00:01_x'
  store.put(key)
  await clock.advance(5 * MINUTE)
  expect(sink.how(key)).toBe('swept')
  expect(events('sweep_completed').every((event) => event.missed === 0)).toBe(true)
  await running.stop()
})
