// The whole path on Azure's own protocols: uploads are announced as Event Grid would (the emulator announces nothing), in both
// schemas, in plain text and base64, and the one that nobody announced is found by the sweep.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type AzureBlobStore, openAzureBlobStore } from '../../../src/receiver/azure-blob/store.ts'
import { openAzureQueue } from '../../../src/receiver/azure-queue/queue.ts'
import type { Notifications } from '../../../src/receiver/notifications.ts'
import { listening } from '../whole-path.ts'
import { type AzuriteBlobs, type AzuriteQueue, account, startBlobs, startQueue } from './azurite.ts'

let blobs: AzuriteBlobs
let queued: AzuriteQueue
let store: AzureBlobStore
let queue: Notifications
const clock = {
  now: Date.now,
  // Pauses of seconds would only be waited for.
  sleep: (ms: number, signal?: AbortSignal) => sleep(Math.min(ms, 50), undefined, { signal }).catch(() => undefined),
}

beforeAll(async () => {
  blobs = await startBlobs('circleci')
  queued = await startQueue('audit')
  const place = { account, container: 'circleci', prefix: 'logs', endpoint: blobs.endpoint }
  store = await openAzureBlobStore({ ...place, sas_token: blobs.signature('rl') }, { clock })
  const settings = { account, queue: 'audit', endpoint: queued.endpoint, visibility_timeout: 60 }
  queue = await openAzureQueue({ ...settings, sas_token: queued.signature('up') }, { clock })
})
afterAll(() => Promise.all([blobs.close(), queued.close()]))

async function upload(name: string): Promise<{ readonly key: string; readonly etag: string }> {
  const at = new Date()
  const day = `year=${at.getUTCFullYear()}/month=${at.getUTCMonth() + 1}/day=${at.getUTCDate()}`
  const key = `logs/${day}/hour=${at.getUTCHours()}/${at.toISOString().slice(0, 19)}_${name}`
  const body = `{"id":"${name}"}`
  const { etag = '' } = await blobs.container.getBlockBlobClient(key).upload(body, body.length)
  return { key, etag }
}

const topic = `/subscriptions/1/resourceGroups/audit/providers/Microsoft.Storage/storageAccounts/${account}`
const about = ({ key, etag }: { key: string; etag: string }, api = 'PutBlob') => ({
  subject: `/blobServices/default/containers/circleci/blobs/${key}`,
  data: { api, eTag: etag, contentLength: 13 },
})
const eventGrid = (event: object) =>
  JSON.stringify({ ...event, topic, eventType: 'Microsoft.Storage.BlobCreated', eventTime: new Date() })
const cloudEvent = (event: object) =>
  JSON.stringify({
    ...event,
    specversion: '1.0',
    source: topic,
    type: 'Microsoft.Storage.BlobCreated',
    time: new Date(),
  })
const base64 = (text: string) => Buffer.from(text).toString('base64')

test('uploads are seen by their events, in either schema and encoding, and the one without an event by the sweep', async () => {
  const { receiver, sink, told, stop } = await listening(store, queue)

  const announced = [await upload('plain'), await upload('base64'), await upload('cloud'), await upload('flushed')]
  const [plain, encoded, cloud, flushed] = announced as [
    (typeof announced)[0],
    (typeof announced)[0],
    (typeof announced)[0],
    (typeof announced)[0],
  ]
  const bodies = [
    eventGrid(about(plain)),
    base64(eventGrid(about(encoded))),
    base64(cloudEvent(about(cloud))),
    // Its version is asked of the store.
    cloudEvent(about({ ...flushed, etag: '0xOLD' }, 'FlushWithClose')),
    'what is this?',
  ]
  for (const body of bodies) await queued.queue.sendMessage(body)
  const silent = await upload('silent')
  await vi.waitFor(() => expect(sink.known.size).toBe(4), 20_000)
  const identity = ({ key, etag }: { key: string; etag: string }) => `${key} ${etag.replaceAll('"', '')}`
  expect([...sink.known.keys()].sort()).toEqual(announced.map(identity).sort())
  expect([...sink.known.values()]).toEqual(Array(4).fill('notified'))
  await vi.waitFor(() => expect(sink.quarantined).toEqual(['what is this?']), 20_000)
  await vi.waitFor(async () => expect((await queued.queue.getProperties()).approximateMessagesCount).toBe(0), 20_000)
  await stop()

  expect(await receiver.sweepOnce(new AbortController().signal)).toBe(true)
  expect(sink.known.get(identity(silent))).toBe('swept')
  expect(sink.known.size).toBe(5)
  expect(told.filter((event) => event.type === 'receive_failed' || event.type === 'sweep_failed')).toEqual([])
})
