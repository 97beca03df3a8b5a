import { gzipSync } from 'node:zlib'
import { Storage } from '@google-cloud/storage'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/cli/clock.ts'
import type { Clock } from '../../../src/domain/clock.ts'
import type { ReadFailure, SourceFailure } from '../../../src/domain/failures.ts'
import { type GcsStore, openGcsStore } from '../../../src/receiver/gcs/store.ts'
import { collect } from '../../tools/collect.ts'
import { FakeClock } from '../../tools/fake-clock.ts'
import { bytes, listed, storeSuite } from '../store-suite.ts'
import { crc32c, FakeGcs, type GcsScript, refuse } from './fake.ts'

const never = new AbortController().signal
const bucket = 'acme-audit'

const open = (endpoint: string, clock: Clock = new FakeClock()): Promise<GcsStore> =>
  openGcsStore({ bucket, prefix: 'audit-logs/', endpoint }, { clock, retries: 0 })

storeSuite('a bucket of Google Cloud Storage', async () => {
  const fake = await FakeGcs.start()
  fake.createBucket(bucket)
  const client = new Storage({ apiEndpoint: fake.address, retryOptions: { autoRetry: false } })
  return {
    store: await open(fake.address),
    // By Google's own client, so that the fake and the store do not merely agree with each other.
    put: async (key, body) => {
      await client.bucket(bucket).file(key).save(body, { resumable: false })
    },
    remove: async (key) => {
      await client.bucket(bucket).file(key).delete()
    },
    close: () => fake.stop(),
  }
})

test('the fake knows the check value of CRC32C', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(Buffer.from('e3069283', 'hex').toString('base64'))
})

describe('a bucket of Google Cloud Storage, beyond what all stores do,', () => {
  let fake: FakeGcs
  let store: GcsStore
  beforeAll(async () => {
    fake = await FakeGcs.start()
  })
  afterAll(() => fake.stop())
  beforeEach(async () => {
    fake.createBucket(bucket)
    fake.script = () => false
    fake.pageSize = 1000
    fake.asked.splice(0)
    store = await open(fake.address)
  })
  const key = 'audit-logs/year=2026/month=03/day=1/hour=9/2026-03-01T09:00:00_a1'

  test('reads what was uploaded compressed as it is stored, not as the service would unpack it', async () => {
    const packed = gzipSync('{"id":"1"}')
    fake.put(bucket, key, packed, 'gzip')
    const [object] = await listed(store, '')
    expect(object?.size).toBe(packed.length)
    const pieces = await collect(await store.read(object!, never))
    expect(Buffer.concat(pieces).equals(packed)).toBe(true)
  })

  test('asks for the generation that was seen', async () => {
    fake.put(bucket, key, 'x')
    const [object] = await listed(store, '')
    await bytes(store, object!)
    expect(fake.asked.at(-1)?.url.searchParams.get('generation')).toBe(object?.version)
  })

  test('shows an object as of its generation, whatever happened to its labels since', async () => {
    fake.script = ({ what }, response) => {
      if (what !== 'list') return false
      const item = {
        name: key,
        generation: '7',
        size: '1',
        timeCreated: '2026-03-01T09:00:01.5Z',
        updated: '2027-01-01',
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ items: [item] }))
      return true
    }
    const [object] = await listed(store, '')
    expect(object).toEqual({ key, version: '7', size: 1, modified: Date.parse('2026-03-01T09:00:01.5Z') })
  })

  test('goes on behind pages that are short or empty', async () => {
    for (let n = 0; n < 5; n++) fake.put(bucket, `${key}${n}`, 'x')
    fake.pageSize = 2
    let empty = true
    fake.script = ({ what, url }, response) => {
      if (what !== 'list' || !empty || url.searchParams.has('pageToken')) return false
      empty = false
      const nextPageToken = Buffer.from('audit-logs/').toString('base64')
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ nextPageToken }))
      return true
    }
    expect((await listed(store, '')).map((object) => object.key)).toEqual([0, 1, 2, 3, 4].map((n) => `${key}${n}`))
  })

  test('a listing whose token does not change is a failure, never endless', async () => {
    fake.script = (_asked, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"nextPageToken":"same"}')
      return true
    }
    await expect(listed(store, '')).rejects.toMatchObject({
      name: 'SourceFailure',
      message: expect.stringContaining('page token'),
    })
  })

  test('bytes that do not have the checksum of the object are a failure, never an end', async () => {
    fake.put(bucket, key, 'right')
    const [object] = await listed(store, '')
    fake.script = ({ what }, response) => {
      if (what !== 'media') return false
      const headers = {
        'x-goog-hash': `crc32c=${crc32c(Buffer.from('right'))}`,
        'x-goog-stored-content-encoding': 'identity',
      }
      response.writeHead(200, headers).end('wrong')
      return true
    }
    await expect(bytes(store, object!)).rejects.toMatchObject({
      name: 'ReadFailure',
      kind: 'unreachable',
      message: expect.stringContaining(`the object has ${crc32c(Buffer.from('right'))}`),
    })
  })

  test('a body that is left in the middle is not fetched to its end', async () => {
    fake.put(bucket, key, Buffer.alloc(8 * 1024 * 1024))
    const [object] = await listed(store, '')
    let closed: Promise<unknown> = Promise.resolve()
    fake.script = ({ what }, response) => {
      if (what === 'media') closed = new Promise((resolve) => response.once('close', resolve))
      return false
    }
    for await (const _ of await store.read(object!, never)) break
    await closed
  })

  const object = { key, version: '1', size: 10, modified: 0 }
  const readFailure = async (script: GcsScript): Promise<ReadFailure> => {
    fake.script = script
    return bytes(store, object).then(
      () => expect.unreachable('the read succeeded'),
      (error: ReadFailure) => error,
    )
  }
  const listFailure = async (script: GcsScript): Promise<SourceFailure> => {
    fake.script = script
    return listed(store, 'year=2026/').then(
      () => expect.unreachable('the listing succeeded'),
      (error: SourceFailure) => error,
    )
  }
  const says =
    (code: number, reason: string, message: string): GcsScript =>
    (_asked, response) => {
      refuse(response, code, reason, message)
      return true
    }
  const denied =
    'audit@acme.iam.gserviceaccount.com does not have storage.objects.get access to the Google Cloud Storage object. ' +
    "Permission 'storage.objects.get' denied on resource (or it may not exist)."

  test.each([
    [404, 'notFound', 'No such object: acme-audit/x', 'gone', 'storage.buckets.get'],
    [404, 'notFound', 'The specified bucket does not exist.', 'denied', 'store.gcs.bucket'],
    [403, 'forbidden', denied, 'denied', 'roles/storage.objectViewer'],
    [403, 'forbidden', 'Permission cloudkms.cryptoKeyVersions.useToDecrypt denied', 'denied', 'service agent'],
    [401, 'authError', 'Invalid Credentials', 'denied', 'renew'],
    [429, 'rateLimitExceeded', 'The object exceeded the rate limit', 'unreachable', 'tried again'],
    [403, 'userRateLimitExceeded', 'User Rate Limit Exceeded', 'unreachable', 'tried again'],
    [503, 'backendError', 'Backend Error', 'unreachable', 'tried again'],
  ])('%i %s "%s" on a read is %s', async (code, reason, message, kind, hint) => {
    const failure = await readFailure(says(code, reason, message))
    expect(failure).toMatchObject({ name: 'ReadFailure', kind })
    expect(failure.message).toContain(`cannot read gs://acme-audit/${key}: `)
    expect(failure.message).not.toContain('{')
    expect(failure.hint).toContain(hint)
  })

  test('tells what was written over from what expired and what somebody deleted', async () => {
    const day = 86_400_000
    const why = async (seen: object, rule?: object) => {
      fake.createBucket(bucket, rule === undefined ? {} : { lifecycle: { rule: [rule] } })
      if ('now' in seen) fake.put(bucket, key, 'another')
      const old = await open(fake.address, new FakeClock(new Date().toISOString()))
      const modified = Date.now() - 40 * day
      return bytes(old, { ...object, version: '1', modified }).catch((error: ReadFailure) => error)
    }
    const delete30 = { action: { type: 'Delete' }, condition: { age: 30, matchesPrefix: ['audit-logs/'] } }
    expect(await why({ now: true })).toMatchObject({ absence: 'replaced', message: expect.stringContaining('is now') })
    expect(await why({}, delete30)).toMatchObject({ absence: 'expired', message: expect.stringContaining('30 days') })
    const kept = await open(fake.address, new FakeClock(new Date().toISOString()))
    expect(await kept.retention(new AbortController().signal)).toBe(30 * day)
    const others = { ...delete30, condition: { age: 30, matchesPrefix: ['other/'] } }
    expect(await why({}, others)).toMatchObject({ absence: 'vanished', message: expect.stringContaining('somebody') })
    fake.script = (asked, response) => asked.what === 'bucket' && says(403, 'forbidden', 'No.')(asked, response)
    expect(await why({}, delete30)).toMatchObject({
      absence: 'vanished',
      hint: expect.stringContaining('storage.buckets.get'),
    })
  })

  test("believes no 404 but Google's own", async () => {
    const failure = await readFailure((_asked, response) => {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<html>Not found</html>')
      return true
    })
    expect(failure.kind).toBe('unreachable')
  })

  test.each([
    [403, 'forbidden', 'x does not have storage.objects.list access', 'storage.objects.list'],
    [404, 'notFound', 'The specified bucket does not exist.', 'store.gcs.bucket'],
    [401, 'required', 'Anonymous caller', 'credentials'],
    [429, 'rateLimitExceeded', 'slow down', 'busy'],
  ])('%i %s on a listing says what to do', async (code, reason, message, hint) => {
    const failure = await listFailure(says(code, reason, message))
    expect(failure.message).toContain('gs://acme-audit/audit-logs/year=2026/')
    expect(failure.message).toContain(message)
    expect(failure.hint).toContain(hint)
    if (code !== 404) await expect(store.stat(key, never)).rejects.toMatchObject({ name: 'SourceFailure' })
  })

  test('a bucket that is not there is no object that is not there', async () => {
    fake.script = says(404, 'notFound', 'The specified bucket does not exist.')
    await expect(store.stat(key, never)).rejects.toMatchObject({ name: 'SourceFailure' })
  })

  test('tries again what may pass', async () => {
    const patient = await openGcsStore({ bucket, endpoint: fake.address }, { clock: systemClock, retries: 1 })
    let times = 0
    fake.script = (asked, response) => {
      times += 1
      return times === 1 ? says(503, 'backendError', 'Backend Error')(asked, response) : false
    }
    expect(await listed(patient, '')).toEqual([])
    expect(times).toBe(2)
  })

  test('an answer that does not come is given up', async () => {
    const settings = { bucket, endpoint: fake.address }
    const hasty = await openGcsStore(settings, { clock: systemClock, retries: 0, answerMs: 100 })
    fake.script = () => true
    await expect(listed(hasty, '')).rejects.toMatchObject({ name: 'SourceFailure' })
  })

  test('a body that stalls is given up after the idle limit', async () => {
    const clock = new FakeClock()
    const stalling = await open(fake.address, clock)
    fake.script = (_asked, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('ab')
      return true
    }
    const chunks = (await stalling.read(object, never))[Symbol.asyncIterator]()
    expect(Buffer.from((await chunks.next()).value).toString()).toBe('ab')
    const failed = expect(chunks.next()).rejects.toMatchObject({ kind: 'unreachable' })
    await clock.advance(60_000)
    await failed
  })

  test('a body that ends early is a failure, never an end', async () => {
    const cut = await readFailure((_asked, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('short')
      setImmediate(() => response.destroy())
      return true
    })
    expect(cut.kind).toBe('unreachable')
    const short = await readFailure((_asked, response) => {
      response.writeHead(200).end('short')
      return true
    })
    expect(short).toMatchObject({ kind: 'unreachable', message: expect.stringContaining('5 of 10 bytes') })
  })

  test('an endpoint where nobody listens is unreachable', async () => {
    const nowhere = await open('http://127.0.0.1:1')
    await expect(listed(nowhere, '')).rejects.toMatchObject({ message: expect.stringContaining('ECONNREFUSED') })
    await expect(bytes(nowhere, object)).rejects.toMatchObject({ kind: 'unreachable' })
  })
})
