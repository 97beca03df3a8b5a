import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { type FauxqsServer, type S3SpyEvent, startFauxqs } from 'fauxqs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openS3Store, type S3Store } from '../../../src/receiver/s3/store.ts'
import { openSqsNotifications, type SqsNotifications } from '../../../src/receiver/sqs/queue.ts'
import { listening } from '../whole-path.ts'

// The whole path on a real S3, SNS and SQS protocol: uploads are announced as S3 would (the emulator announces nothing).

let server: FauxqsServer
let client: S3Client
let store: S3Store
let queue: SqsNotifications

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
  server = await startFauxqs({ port: 0, logger: false, messageSpies: true })
  server.createBucket('acme')
  server.createTopic('uploads')
  const { queueUrl } = server.createQueue('audit')
  server.subscribe({ topic: 'uploads', queue: 'audit' })
  const endpoint = server.address
  client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true })
  const clock = { now: Date.now, sleep: async () => undefined }
  store = await openS3Store({ bucket: 'acme', prefix: 'logs', endpoint, force_path_style: true }, { clock })
  queue = await openSqsNotifications({ queue_url: queueUrl, endpoint }, { waitSeconds: 1 })
})
afterAll(async () => {
  store.close()
  client.destroy()
  await queue.close()
  await server.stop()
  vi.unstubAllEnvs()
})

function keyAt(time: number, name: string): string {
  const at = new Date(time)
  const day = `year=${at.getUTCFullYear()}/month=${at.getUTCMonth() + 1}/day=${at.getUTCDate()}`
  return `logs/${day}/hour=${at.getUTCHours()}/${at.toISOString().slice(0, 19)}_${name}`
}

async function upload(name: string, announce: (body: string) => void): Promise<string> {
  const Key = keyAt(Date.now(), name)
  await client.send(new PutObjectCommand({ Bucket: 'acme', Key, Body: `{"id":"${name}"}` }))
  const written = await server.spy.waitForMessage({ service: 's3', bucket: 'acme', key: Key, status: 'uploaded' })
  const { key } = written as S3SpyEvent
  const object = { key: encodeURIComponent(key).replaceAll('%2F', '/') }
  const record = { eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'acme' }, object } }
  announce(JSON.stringify({ Records: [record] }))
  return Key
}

test('uploads are seen by their messages, direct and through SNS, and the one without a message by the sweep', async () => {
  const { receiver, sink, told, stop } = await listening(store, queue)

  const direct = await upload('direct', (body) => server.sendMessage('audit', body))
  const wrapped = await upload('wrapped', (body) => server.publish('uploads', body))
  const silent = await upload('silent', () => undefined)
  await vi.waitFor(() => expect(sink.known.size).toBe(2), 20_000)
  expect([...sink.known.keys()].map((known) => known.split(' ')[0]).sort()).toEqual([direct, wrapped].sort())
  expect([...sink.known.values()]).toEqual(['notified', 'notified'])
  await vi.waitFor(() => expect(server.inspectQueue('audit')!.messages.inflight).toHaveLength(0), 20_000)
  expect(server.inspectQueue('audit')!.messages.ready).toHaveLength(0)
  await stop()

  expect(await receiver.sweepOnce(new AbortController().signal)).toBe(true)
  expect([...sink.known.entries()].filter(([, how]) => how === 'swept').map(([known]) => known.split(' ')[0])).toEqual([
    silent,
  ])
  expect(sink.known.size).toBe(3)
  expect(told.filter((event) => event.type === 'receive_failed' || event.type === 'sweep_failed')).toEqual([])
})
