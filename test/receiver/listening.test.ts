import { expect, test } from 'vitest'
import { uploaded, world } from './scripted.ts'

const key = 'year=2026/month=03/day=15/hour=12/2026-03-15T12:00:00_sha'

test('what a message announces is committed before the message is deleted', async () => {
  const { clock, store, queue, sink, journal, start } = world()
  const running = start()
  await clock.advance(10_000)
  journal.splice(0)
  queue.send(uploaded(store.put(key)))
  await clock.advance(2_000)
  expect(journal).toEqual(['see', 'delete m1'])
  expect(sink.how(key)).toBe('notified')
  await running.stop()
})

test('messages received together are one commit', async () => {
  const { clock, store, queue, journal, events, start } = world()
  for (let n = 0; n < 10; n++) queue.send(uploaded(store.put(`${key}${n}`)))
  const running = start()
  await clock.advance(1_000)
  expect(events('messages_received')).toMatchObject([{ count: 10 }])
  expect(journal.filter((entry) => entry.startsWith('delete'))).toHaveLength(10)
  expect(events('objects_seen').filter((event) => event.how === 'notified')).toHaveLength(1)
  await running.stop()
})

test('a commit that fails leaves the message in the queue, and receiving waits longer each time', async () => {
  const { clock, store, queue, sink, journal, events, start } = world()
  sink.failing = true
  queue.send(uploaded(store.put(key)))
  const running = start()
  await clock.advance(60_000)
  expect(journal.filter((entry) => entry.startsWith('delete'))).toEqual([])
  expect(journal).toContain('release m1')
  const waits = events('receive_failed').map((event) => event.retryInMs)
  expect(waits.slice(0, 5).map((ms) => Math.round(ms / 100) / 10)).toEqual([0.5, 1, 2, 4, 8])
  expect(events('receive_failed')[0]).toMatchObject({ reason: 'database is locked' })
  sink.failing = false
  await clock.advance(60_000)
  expect(journal.filter((entry) => entry.endsWith('m1')).at(-1)).toBe('delete m1')
  expect(journal.filter((entry) => entry === 'delete m1')).toHaveLength(1)
  expect(journal.indexOf('see')).toBeLessThan(journal.indexOf('delete m1'))
  expect(sink.how(key)).toBeDefined()
  await running.stop()
})

test('a queue that cannot be read is told of with what to do, asked again within half a minute, and never given up', async () => {
  const { clock, queue, store, sink, events, start } = world()
  queue.failing = true
  const running = start()
  await clock.advance(3_600_000)
  const failures = events('receive_failed')
  expect(failures.length).toBeGreaterThanOrEqual(120)
  expect(failures.length).toBeLessThan(140)
  expect(failures[0]).toMatchObject({ reason: 'cannot receive from queue', hint: 'grant sqs:ReceiveMessage' })
  expect(Math.max(...failures.map((event) => event.retryInMs))).toBeLessThanOrEqual(30_000)
  queue.failing = false
  queue.send(uploaded(store.put(key)))
  await clock.advance(31_000)
  expect(sink.how(key)).toBe('notified')
  await running.stop()
})

test('what a message leaves out is asked of the store', async () => {
  const { clock, store, queue, sink, start } = world()
  const running = start()
  await clock.advance(1_000)
  queue.send(uploaded(store.put(key), { bare: true }))
  await clock.advance(2_000)
  expect(sink.how(key)).toBe('notified')
  await running.stop()
})

test('a store that cannot be asked leaves the message in the queue', async () => {
  const { clock, store, queue, sink, journal, events, start } = world()
  const running = start()
  await clock.advance(1_000)
  store.broken.add('stat')
  queue.send(uploaded(store.put(key), { bare: true }))
  await clock.advance(3_000)
  expect(journal).toContain('release m1')
  expect(journal).not.toContain('delete m1')
  expect(events('receive_failed')[0]).toMatchObject({ hint: 'grant s3:ListBucket' })
  store.broken.clear()
  await clock.advance(20_000)
  expect(journal).toContain('delete m1')
  expect(sink.how(key)).toBe('notified')
  await running.stop()
})

test('a body nobody understands is kept, deleted and never received again', async () => {
  const { clock, queue, sink, journal, events, start } = world()
  queue.send('what is this?')
  const running = start()
  await clock.advance(120_000)
  expect(sink.quarantined).toEqual(['what is this?'])
  expect(journal.filter((entry) => entry !== 'see')).toEqual(['quarantine', 'delete m1'])
  expect(events('message_quarantined')).toMatchObject([{ reason: 'the body is not a JSON object' }])
  await running.stop()
})

test("the bucket's test event is deleted without a word", async () => {
  const { clock, queue, sink, journal, events, start } = world()
  queue.send({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'acme' })
  const running = start()
  await clock.advance(1_000)
  expect(journal).toEqual(['delete m1'])
  expect(sink.quarantined).toEqual([])
  expect(events('objects_ignored')).toEqual([])
  await running.stop()
})

test('objects that are none of ours are told of and their messages deleted', async () => {
  const { clock, store, queue, sink, journal, events, start } = world()
  const ours = store.put(key)
  queue.send(uploaded(ours, { bucket: 'other' }))
  queue.send(uploaded({ ...ours, key: `elsewhere/${key}` }))
  queue.send(uploaded({ ...ours, key: `logs-2/${key}` }))
  queue.send(uploaded({ ...ours, key: 'logs/report.pdf' }))
  queue.send(uploaded({ ...ours, key: `logs/${key}-vanished` }, { bare: true }))
  store.objects.clear()
  const running = start()
  await clock.advance(1_000)
  expect(events('objects_ignored').map(({ count, reason }) => `${count} ${reason}`)).toEqual([
    '1 in another bucket',
    '2 outside the prefix',
    "1 not in CircleCI's layout",
    '1 announced, but not in the store',
  ])
  expect(journal).toEqual(['delete m1', 'delete m2', 'delete m3', 'delete m4', 'delete m5'])
  expect(sink.known.size).toBe(0)
  await running.stop()
})

test('probes and empty objects are passed over without a word', async () => {
  const { clock, store, queue, sink, journal, events, start } = world()
  queue.send(uploaded(store.put('circleci_connectivity_test_1773568351', { size: 0 })))
  queue.send(uploaded(store.put('circleci_connectivity_test_1773568352', { size: 0 }), { bare: true }))
  queue.send(uploaded(store.put(key, { size: 0 }), { bare: true }))
  const running = start()
  await clock.advance(1_000)
  expect(journal).toEqual(['delete m1', 'delete m2', 'delete m3'])
  expect(sink.known.size).toBe(0)
  expect(events('objects_ignored')).toEqual([])
  await running.stop()
})

test('stopping ends the long poll and the pause at once', async () => {
  const { clock, start } = world()
  const running = start()
  await clock.advance(5_000)
  await running.stop()
  expect(clock.sleepers).toBe(0)
})
