// Every request to a cloud is counted, as the service calls it: those the SDKs repeat by themselves, too.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { canary } from '@circleci-audit-forwarder/contract/testing'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/cli/clock.ts'
import { openAzureBlobStore } from '../../src/receiver/azure-blob/store.ts'
import { openAzureQueue } from '../../src/receiver/azure-queue/queue.ts'
import { openGcsStore } from '../../src/receiver/gcs/store.ts'
import { openS3Store } from '../../src/receiver/s3/store.ts'
import { openSqsNotifications } from '../../src/receiver/sqs/queue.ts'
import type { Store } from '../../src/receiver/store.ts'

const never = new AbortController().signal
const requests: string[] = []
const counted = (service: string, operation: string) => requests.push(`${service} ${operation}`)
const clock = systemClock

/** Answers are as the services' own, as far as the clients look; the first ones are what a busy service says. */
let busy = 0
const server = createServer((request, response) => {
  const target = String(request.headers['x-amz-target'] ?? '')
  request.resume().once('end', () => {
    if (busy > 0) {
      busy -= 1
      response.writeHead(503).end()
      return
    }
    if (target !== '') return void response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}')
    const isGoogle = request.url?.startsWith('/storage/v1/')
    const list = request.url?.includes('/messages') ? 'QueueMessagesList' : 'EnumerationResults'
    const xml = `<${list}><Blobs/><ListBucketResult/></${list}>`
    response.writeHead(200, { 'content-type': isGoogle ? 'application/json' : 'application/xml' })
    response.end(isGoogle ? '{}' : `<?xml version="1.0"?>${xml}`)
  })
}).listen(0, '127.0.0.1')
const endpoint = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const azure = (): { account: string; sas_token: string; endpoint: string } => ({
  account: 'acmeaudit',
  sas_token: `sv=1&sig=${canary('sas')}`,
  endpoint: `${endpoint()}/acmeaudit`,
})

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
})
afterAll(() => {
  vi.unstubAllEnvs()
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  busy = 0
  requests.splice(0)
})

async function exercised(store: Store): Promise<readonly string[]> {
  const object = { key: 'logs/a', version: '', size: 1, modified: 0 }
  for await (const _ of store.list('', never)) break
  await store.stat('logs/a', never).catch(() => undefined)
  const body = await store.read(object, never).catch(() => undefined)
  if (body !== undefined) for await (const _ of body) break
  return requests
}

const bucket = { bucket: 'acme', prefix: 'logs' }

test('S3', async () => {
  const store = await openS3Store({ ...bucket, endpoint: endpoint(), force_path_style: true }, { clock, counted })
  expect(await exercised(store)).toEqual(['s3 ListObjectsV2', 's3 ListObjectsV2', 's3 GetObject'])
  store.close()
})

test('S3, every attempt', async () => {
  const store = await openS3Store({ ...bucket, endpoint: endpoint(), force_path_style: true }, { clock, counted })
  busy = 2
  for await (const _ of store.list('', never)) break
  expect(requests).toEqual(Array.from({ length: 3 }, () => 's3 ListObjectsV2'))
  store.close()
})

test('SQS, and who we are to it', async () => {
  const sts = createServer((_, response) =>
    response.end(`<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId>
    <SecretAccessKey>role</SecretAccessKey><SessionToken>role</SessionToken>
    <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`),
  ).listen(0, '127.0.0.1')
  await new Promise((resolve) => sts.once('listening', resolve))
  vi.stubEnv('AWS_ENDPOINT_URL_STS', `http://127.0.0.1:${(sts.address() as AddressInfo).port}`)
  const role_arn = 'arn:aws:iam::111122223333:role/audit-reader'
  const queue_url = `${endpoint()}/111122223333/audit`
  const queue = await openSqsNotifications({ queue_url, endpoint: endpoint(), role_arn }, { counted })
  const held = [{ id: '1', body: '', receipt: 'r' }]
  await queue.receive(never)
  await queue.delete(held)
  await queue.release(held)
  const asked = ['ReceiveMessage', 'DeleteMessageBatch', 'ChangeMessageVisibilityBatch'].map((name) => `sqs ${name}`)
  // Which of the two is told first is the SDK's affair: it signs a request after it has made it.
  expect(requests.toSorted()).toEqual(['sts AssumeRole', ...asked].toSorted())
  await queue.close()
  sts.closeAllConnections()
  sts.close()
})

test('Google, every attempt', async () => {
  busy = 1
  const store = await openGcsStore({ ...bucket, endpoint: endpoint() }, { clock, counted })
  const asked = ['gcs objects.list', 'gcs objects.list', 'gcs objects.get', 'gcs objects.get']
  expect(await exercised(store)).toEqual(asked)
})

test('Azure', async () => {
  const store = await openAzureBlobStore({ ...azure(), container: 'circleci' }, { clock, counted, attempts: 1 })
  expect(await exercised(store)).toEqual(
    ['ListBlobs', 'GetBlobProperties', 'GetBlob'].map((name) => `azure_blob ${name}`),
  )
  requests.splice(0)
  const place = { ...azure(), queue: 'audit', visibility_timeout: 60 }
  const queue = await openAzureQueue(place, { clock, counted, attempts: 1 })
  const held = [{ id: '1', body: '', receipt: 'r' }]
  await queue.receive(never)
  await queue.delete(held).catch(() => undefined)
  await queue.release(held)
  expect(requests).toEqual(['GetMessages', 'DeleteMessage', 'UpdateMessage'].map((name) => `azure_queue ${name}`))
})
