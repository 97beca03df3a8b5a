// A bucket that is asked too much says so, each cloud in its own way. A sweep that meets it is not over: it is tried again,
// later and later, asks for nothing twice in between, and nothing is taken for swept that was not listed. A listing of many
// pages goes on at the page that was refused.
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { startFauxqs } from 'fauxqs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Clock } from '../../src/domain/clock.ts'
import { openAzureBlobStore } from '../../src/receiver/azure-blob/store.ts'
import { openGcsStore } from '../../src/receiver/gcs/store.ts'
import { Receiver } from '../../src/receiver/receiver.ts'
import { openS3Store } from '../../src/receiver/s3/store.ts'
import type { Store } from '../../src/receiver/store.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { account, startBlobs } from './azure/azurite.ts'
import { BusyStore } from './busy.ts'
import { refusal } from './check/front.ts'
import { FakeGcs, refuse } from './gcs/fake.ts'
import { ScriptedSink } from './scripted.ts'

const bucket = 'acme-audit'
const HOUR = 3_600_000
/** Where every number has one digit, so that both spellings of a partition differ. */
const now = Date.parse('2026-03-05T07:30:00Z')
const recent = keyAt(now, 'recent')
const old = keyAt(now - 30 * HOUR, 'old')

function keyAt(time: number, name: string): string {
  const at = new Date(time)
  const day = `year=${at.getUTCFullYear()}/month=${at.getUTCMonth() + 1}/day=${at.getUTCDate()}`
  return `${day}/hour=${at.getUTCHours()}/${at.toISOString().slice(0, 19)}_${name}`
}

beforeAll(() => {
  // Amazon's SDK pauses between its own attempts, in real time and by this.
  vi.spyOn(Math, 'random').mockReturnValue(0)
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
})
afterAll(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

interface Place {
  readonly busy: BusyStore
  readonly store: Store
  /** How often one request is sent before the sweep hears of it. */
  readonly attempts: number
  readonly says: RegExp
  readonly close: () => Promise<unknown>
}

interface Contents {
  readonly keys?: readonly string[]
  /** Pages of two. */
  readonly small?: boolean
  /** What the store waits for is noted here, in milliseconds. */
  readonly pauses?: number[]
}

async function s3({ keys = [recent, old], small = false, pauses = [] }: Contents = {}): Promise<Place> {
  const server = await startFauxqs({ port: 0, logger: false })
  server.createBucket(bucket)
  const client = new S3Client({ endpoint: server.address, region: 'us-east-1', forcePathStyle: true })
  for (const Key of keys) await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: '{}' }))
  client.destroy()
  const { status, body, headers } = refusal(503, 'SlowDown', 'Please reduce your request rate.')
  const busy = await BusyStore.before(server.address, {
    now,
    isListing: (url) => url.includes('list-type=2'),
    refuse: (response) => void response.writeHead(status, headers).end(body),
    ...(small && { small: 'max-keys=2' }),
  })
  const settings = { bucket, endpoint: busy.address, region: 'us-east-1', force_path_style: true }
  const store = await openS3Store(settings, { clock: swift(pauses) })
  const close = async () => [store.close(), await busy.stop(), await server.stop()]
  return { busy, store, attempts: 3, says: /SlowDown/, close }
}

async function gcs({ keys = [recent, old], small = false, pauses = [] }: Contents = {}): Promise<Place> {
  const fake = await FakeGcs.start()
  fake.createBucket(bucket)
  for (const key of keys) fake.put(bucket, key, '{}')
  if (small) fake.pageSize = 2
  const busy = await BusyStore.before(fake.address, {
    now,
    isListing: (url) => /\/o\?/.test(url),
    refuse: (response) => refuse(response, 429, 'rateLimitExceeded', 'Too many requests.'),
  })
  const store = await openGcsStore({ bucket, endpoint: busy.address }, { clock: swift(pauses), retries: 0 })
  return {
    busy,
    store,
    attempts: 1,
    says: /Too many requests|429/,
    close: async () => [await busy.stop(), await fake.stop()],
  }
}

async function azure({ keys = [recent, old], small = false, pauses = [] }: Contents = {}): Promise<Place> {
  const azurite = await startBlobs(bucket)
  for (const key of keys) await azurite.container.getBlockBlobClient(key).upload('{}', 2)
  const { origin, pathname } = new URL(azurite.endpoint)
  const busy = await BusyStore.before(origin, {
    now,
    isListing: (url) => url.includes('comp=list'),
    refuse: (response) => {
      const body = '<?xml version="1.0"?><Error><Code>ServerBusy</Code><Message>The server is busy.</Message></Error>'
      response.writeHead(503, { 'x-ms-error-code': 'ServerBusy', 'content-type': 'application/xml' }).end(body)
    },
    ...(small && { small: 'maxresults=2' }),
  })
  const settings = {
    account,
    container: bucket,
    endpoint: `${busy.address}${pathname}`,
    sas_token: azurite.signature('rl'),
  }
  const store = await openAzureBlobStore(settings, { clock: swift(pauses), attempts: 1 })
  return {
    busy,
    store,
    attempts: 1,
    says: /ServerBusy/,
    close: async () => [await busy.stop(), await azurite.close()],
  }
}

/** Pauses are noted, and over at once. */
function swift(pauses: number[]): Clock {
  const sleep = async (ms: number) => {
    pauses.push(ms)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { now: () => now, sleep }
}

/** Sweeps until one is complete. */
async function sweep(store: Store, startAt = now) {
  const pauses: number[] = []
  const told: TelemetryEvent[] = []
  const sink = new ScriptedSink([])
  const stop = new AbortController()
  const tell = (event: TelemetryEvent): void => {
    told.push(event)
    if (event.type === 'sweep_completed') stop.abort()
  }
  const options = { sweepIntervalMs: 60_000, lookbackMs: 48 * HOUR, startAt }
  const parts = {
    id: 'circleci_audit',
    store,
    notifications: [],
    options,
    clock: swift(pauses),
    random: () => 1,
    tell,
    sink,
  }
  const known: number[] = []
  const advance = sink.swept.bind(sink)
  sink.swept = (startedAt) => {
    known.push(sink.known.size)
    advance(startedAt)
  }
  await new Receiver(parts).run(stop.signal)
  const failures = told.flatMap((event) => (event.type === 'sweep_failed' ? [event] : []))
  return {
    pauses,
    failures,
    known,
    advances: sink.advances,
    keys: [...sink.known.keys()].map((one) => one.split(' ')[0]),
  }
}

test.concurrent.each(Object.entries({ s3, gcs, azure }))(
  'a listing that %s throttles is tried again, later and later, and then whole',
  async (_name, open) => {
    const { busy, store, attempts, says, close } = await open()
    // Twelve listings go through: all hours around now, in both spellings, and some of the days before. Then four sweeps fail.
    busy.isBusy = (listing) => listing > 12 && busy.refused < 4 * attempts
    const { pauses, failures, known, advances, keys } = await sweep(store)
    const later = [5_000, 10_000, 20_000, 40_000]
    expect(failures.map(({ retryInMs }) => retryInMs)).toEqual(later)
    expect(pauses.slice(0, 4)).toEqual(later)
    for (const { reason, hint } of failures) {
      expect(reason).toMatch(says)
      expect(hint).toMatch(/busy|tried again|slow/i)
    }
    // Nothing was said to be swept before all of it was.
    expect([known, advances.length]).toEqual([[2], 1])
    expect(keys.sort()).toEqual([old, recent].sort())
    // Each failed sweep asked for the hours around now once more, and for nothing else that it had.
    const hours = failures.length * 10
    expect(busy.listings - busy.refused).toBeLessThanOrEqual(hours + 10 + 6)
    await close()
  },
)

// From the beginning a bucket is listed as a whole: ten pages of two here, a thousand of a thousand in a large one.
const many = Array.from({ length: 20 }, (_, n) => keyAt(now - n * 7 * HOUR, `no${n}`))

test.concurrent.each(Object.entries({ s3, gcs, azure }))(
  'a page that %s throttles is asked for again, and those before it are not',
  async (_name, open) => {
    const waits: number[] = []
    const { busy, store, attempts, close } = await open({ keys: many, small: true, pauses: waits })
    const hours = 10
    // Of the pages of the whole, the fourth is refused twice, and the seventh five times.
    const fourth = [hours + 4, hours + 3 + 2 * attempts]
    const seventh = [hours + 7 + 2 * attempts, hours + 6 + 7 * attempts]
    busy.isBusy = (n) => [fourth, seventh].some(([first = 0, last = 0]) => n >= first && n <= last)
    const { failures, known, keys } = await sweep(store, 0)
    expect(failures).toEqual([])
    expect(busy.refused).toBe(7 * attempts)
    expect(waits).toEqual([1_000, 2_000, 1_000, 2_000, 4_000, 8_000, 16_000])
    // Every page once: those of the hours around now, which hold one object between them, and the ten.
    expect(busy.listings - busy.refused).toBe(hours + 10)
    expect(known).toEqual([20])
    expect(keys.toSorted()).toEqual(many.toSorted())
    await close()
  },
)

test('a page that stays throttled for a minute fails the sweep, which says so', async () => {
  const waits: number[] = []
  const { busy, store, says, close } = await gcs({ keys: many, small: true, pauses: waits })
  busy.isBusy = (n) => n > 13 && busy.refused < 7
  const { failures, known, keys } = await sweep(store, 0)
  expect(failures).toMatchObject([{ reason: expect.stringMatching(says) }])
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000])
  expect(known).toEqual([20])
  expect(keys).toHaveLength(20)
  await close()
})

test('a refusal that will not pass is not asked for again, on whichever page', async () => {
  const { busy, store, close } = await gcs({ keys: many, small: true })
  const pages: number[] = []
  await expect(async () => {
    for await (const { objects } of store.list('', new AbortController().signal)) {
      pages.push(objects.length)
      busy.refuse = (response) => refuse(response, 403, 'forbidden', 'no access')
      busy.isBusy = () => true
    }
  }).rejects.toMatchObject({ passing: false, message: expect.stringContaining('no access') })
  expect([pages, busy.refused]).toEqual([[2], 1])
  await close()
})
