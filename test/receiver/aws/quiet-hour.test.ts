// What a forwarder costs while nothing happens: listings, reads and polls of an hour in which CircleCI writes nothing. The
// whole pipeline runs over the real clients; S3 and SQS are the emulator's, behind a server that keeps the time of the
// test, which moves on only while every client waits.
import { request as ask, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { type FauxqsServer, startFauxqs } from 'fauxqs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Sighting } from '../../../src/domain/objects.ts'
import type { ReceiverSpec } from '../../../src/pipeline/parts.ts'
import type { Notifications } from '../../../src/receiver/notifications.ts'
import { openS3Store } from '../../../src/receiver/s3/store.ts'
import { openSqsNotifications } from '../../../src/receiver/sqs/queue.ts'
import type { Store } from '../../../src/receiver/store.ts'
import { receiver, Stage } from '../../pipeline/stage.ts'
import { FakeClock } from '../../tools/fake-clock.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** SQS answers an empty poll after that. */
const POLL = 20 * SECOND
const STEP = 10 * SECOND

let emulator: FauxqsServer
let server: Server
let address: string
let clock = new FakeClock()
/** What a client is doing just now. A poll that waits for time to pass is not. */
let busy = 0

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
  emulator = await startFauxqs({ port: 0, logger: false })
  server = createServer((request, response) => {
    if (String(request.headers['x-amz-target']).endsWith('ReceiveMessage')) void hold(request, response)
    else pass(request, response)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  vi.unstubAllEnvs()
  server.closeAllConnections()
  server.close()
  await emulator.stop()
})

function pass(request: IncomingMessage, response: ServerResponse): void {
  const { method, url: path, headers } = request
  const upstream = ask({ port: emulator.port, host: '127.0.0.1', method, path, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, { ...answer.headers, date: new Date(clock.now()).toUTCString() })
    answer.pipe(response)
  })
  request.pipe(upstream)
}

async function hold(request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume()
  busy -= 1
  await clock.sleep(POLL)
  busy += 1
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}')
}

async function* watched<T>(work: () => AsyncIterable<T>): AsyncGenerator<T> {
  busy += 1
  try {
    yield* work()
  } finally {
    busy -= 1
  }
}

async function done<T>(work: () => Promise<T>): Promise<T> {
  busy += 1
  return work().finally(() => {
    busy -= 1
  })
}

function watchedStore(store: Store): Store {
  return {
    uri: store.uri,
    prefix: store.prefix,
    list: (under, signal) => watched(() => store.list(under, signal)),
    stat: (key, signal) => done(() => store.stat(key, signal)),
    read: async (object: Sighting, signal: AbortSignal) => {
      const body = await done(() => store.read(object, signal))
      return watched(() => body)
    },
  }
}

function watchedQueue(queue: Notifications): Notifications {
  return {
    name: queue.name,
    receive: (signal) => done(() => queue.receive(signal)),
    delete: (messages) => done(() => queue.delete(messages)),
    release: (messages) => queue.release(messages),
    depth: (signal) => done(() => queue.depth!(signal)),
    close: () => queue.close(),
  }
}

async function quiet(): Promise<void> {
  for (let still = 0; still < 5; still += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    for (; busy > 0; still = 0) await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

async function passes(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += STEP) {
    await quiet()
    await clock.advance(STEP)
  }
}

/** A bucket with one object of half an hour before. */
async function bucketAt(bucket: string, now: number): Promise<void> {
  emulator.createBucket(bucket)
  emulator.createQueue(bucket)
  const at = new Date(now - HOUR / 2)
  const day = `year=${at.getUTCFullYear()}/month=${at.getUTCMonth() + 1}/day=${at.getUTCDate()}`
  const Key = `audit-logs/${day}/hour=${at.getUTCHours()}/${at.toISOString().slice(0, 19)}_a1`
  const Body = '{"id":"1","action":"project.add","occurred_at":"2026-03-15T11:00:00Z"}\n'
  const s3 = new S3Client({ endpoint: emulator.address, region: 'us-east-1', forcePathStyle: true })
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }))
  s3.destroy()
}

type Counts = Record<string, number>

/** A receiver of that bucket as the program would make it by default, and what it asks. */
async function counting(bucket: string): Promise<{ readonly spec: ReceiverSpec; readonly counts: Counts }> {
  const counts: Counts = {}
  const counted = (service: string, operation: string): void => {
    counts[`${service} ${operation}`] = (counts[`${service} ${operation}`] ?? 0) + 1
  }
  const settings = { endpoint: address, region: 'us-east-1' }
  const place = { ...settings, bucket, prefix: 'audit-logs', force_path_style: true }
  const store = watchedStore(await openS3Store(place, { clock: { now: () => clock.now(), sleep: never }, counted }))
  const queue_url = `${emulator.address}/000000000000/${bucket}`
  const notifications = [watchedQueue(await openSqsNotifications({ ...settings, queue_url }, { counted }))]
  const times = { sweepIntervalMs: 2 * MINUTE, lookbackMs: 48 * HOUR }
  return { spec: { ...receiver('circleci_audit', store), notifications, ...times }, counts }
}

/** No answer is waited for so long. */
function never(): Promise<void> {
  return new Promise(() => undefined)
}

/** Requests of an hour, after everything there is was delivered. */
async function quietHour(bucket: string, from: number): Promise<Counts> {
  await bucketAt(bucket, from)
  const { spec, counts } = await counting(bucket)
  const stage = new Stage((time) => {
    clock = time
    clock.jump(from - clock.now())
    return [spec]
  })
  const running = new AbortController()
  const run = stage.pipeline().run(running.signal)
  await passes(10 * MINUTE)
  expect(stage.outlet.sent).toHaveLength(1)
  expect(counts['s3 GetObject']).toBeGreaterThan(0)
  for (const name of Object.keys(counts)) delete counts[name]
  await passes(HOUR)
  const hour = { ...counts }
  running.abort()
  await stage.finished(run)
  return hour
}

test.each([
  // Partitions of one digit are asked for in both spellings: the most there is.
  ['2026-03-05T05:00:00Z', 310],
  ['2026-11-21T15:00:00Z', 155],
])('the hour from %s: at most %i listings, no read, no more polls than must be', async (from, listings) => {
  const hour = await quietHour(`quiet-${listings}`, Date.parse(from))
  expect(Object.keys(hour).toSorted()).toEqual(['s3 ListObjectsV2', 'sqs GetQueueAttributes', 'sqs ReceiveMessage'])
  expect(hour['s3 ListObjectsV2']).toBeLessThanOrEqual(listings)
  expect(hour['s3 ListObjectsV2']).toBeGreaterThanOrEqual(listings * 0.9)
  expect(hour['sqs GetQueueAttributes']).toBeLessThanOrEqual(HOUR / MINUTE + 1)
  expect(hour['sqs ReceiveMessage']).toBeLessThanOrEqual(HOUR / POLL + 1)
})
