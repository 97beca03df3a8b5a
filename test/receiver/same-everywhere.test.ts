// One corpus in every store there is, read by the whole pipeline: what is delivered from each is the same, byte for byte, but
// for the attributes that name the store. Which those are, is said here, and nothing else may differ.
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { type Exporter, type LogRecord, recordJson } from '@circleci-audit-forwarder/contract'
import { Storage } from '@google-cloud/storage'
import { startFauxqs } from 'fauxqs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openStore } from '../../src/cli/assemble.ts'
import type { Clock } from '../../src/domain/clock.ts'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { mappingOptions } from '../../src/mapping/map.ts'
import { Pipeline } from '../../src/pipeline.ts'
import type { InspectedStore } from '../../src/receiver/inspection.ts'
import { laneOptions } from '../delivery/harness.ts'
import { actions, actionText, oddities } from '../mapping/corpus.ts'
import { account, startBlobs } from './azure/azurite.ts'
import { Front } from './check/front.ts'
import { FakeGcs } from './gcs/fake.ts'
import { r2 } from './s3/compatible.ts'

const bucket = 'acme-audit'
const prefix = 'audit-logs'
const never = new AbortController().signal

/** The id that the corpus gives its events. */
const id: string = JSON.parse(oddities['plain'] ?? '').id

/** The time stands still, so that everything is seen at the same moment; pauses are short and real. */
const now = Date.now()
const clock: Clock = {
  now: () => now,
  sleep: (ms, signal) => sleep(Math.min(ms, 20), undefined, { signal }).catch(() => undefined),
}

/** Objects by key: every documented action and every oddity, in every form that an object may have. */
function corpus(): ReadonlyMap<string, Buffer> {
  const objects = new Map<string, Buffer>()
  const put = (at: number, body: Buffer, spelling = 2, odd = ''): void => {
    const iso = new Date(at).toISOString()
    const [year, month = 0, day = 0, hour = 0] = iso.split(/\D/).map(Number)
    const pad = (value: number): string => String(value).padStart(spelling, '0')
    const sha1 = createHash('sha1').update(body).digest('hex')
    const partition = `year=${year}/month=${pad(month)}/day=${pad(day)}/hour=${pad(hour)}`
    objects.set(`${prefix}/${partition}/${iso.slice(0, 19)}_${sha1}${odd}`, body)
  }
  const lines = actions.map((action, index) => actionText(action, index % 2 === 0))
  const strange = Object.values(oddities)
  const hour = 3_600_000
  put(now - hour, Buffer.from(under('plain', lines).join('\n')))
  put(now - 2 * hour, gzipSync(Buffer.from(`${under('gzip', strange).join('\n')}\n`)), 1)
  put(now - 26 * hour, Buffer.from(`[${under('array', lines).join(',\r\n')}]`))
  put(now - 27 * hour, Buffer.from(`\ufeff${under('crlf', lines).join('\r\n')}\r\n`), 1, ' a+b%41&é')
  const members = [under('first', lines), under('second', lines)].map((texts) => gzipSync(`${texts.join('\n')}\n`))
  put(now - 28 * hour, Buffer.concat(members))
  put(now - 29 * hour, Buffer.from(`${under('torn', lines).join('\n')}\n{"id": torn\n`))
  // Each event twice. Copies across objects are left out: which of two objects owns an event depends on what is read first.
  put(
    now - 30 * hour,
    Buffer.from(
      under('twice', lines)
        .flatMap((text) => [text, text])
        .join('\n'),
    ),
  )
  objects.set(`${prefix}/circleci_connectivity_test_1773568351`, Buffer.alloc(0))
  objects.set(`${prefix}/notes.txt`, Buffer.from('not an audit object'))
  return objects
}

/** The same events, each under an id of its own where it had the corpus's, so that none is a copy. */
function under(name: string, texts: readonly string[]): readonly string[] {
  return texts.map((text, index) => text.replaceAll(id, `${name} ${index}`))
}

interface Place {
  readonly store: InspectedStore
  readonly close: () => Promise<void>
}

type Objects = ReadonlyMap<string, Buffer>

async function s3(objects: Objects): Promise<Place> {
  const server = await startFauxqs({ port: 0, logger: false })
  server.createBucket(bucket)
  await uploaded(server.address, objects)
  const settings = { bucket, prefix, endpoint: server.address, force_path_style: true }
  return { store: await openStore({ store: { s3: settings } }, clock), close: () => server.stop() }
}

async function compatible(objects: Objects): Promise<Place> {
  const front = await Front.start()
  front.emulator.createBucket(bucket)
  await uploaded(front.emulator.address, objects)
  front.script = r2
  const settings = { bucket, prefix, endpoint: front.address, region: 'auto', force_path_style: true }
  return { store: await openStore({ store: { s3: settings } }, clock), close: () => front.stop() }
}

async function uploaded(endpoint: string, objects: Objects): Promise<void> {
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true })
  for (const [Key, Body] of objects) await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }))
  client.destroy()
}

async function gcs(objects: Objects): Promise<Place> {
  const fake = await FakeGcs.start()
  fake.createBucket(bucket)
  const client = new Storage({ apiEndpoint: fake.address })
  for (const [key, body] of objects) await client.bucket(bucket).file(key).save(body, { resumable: false })
  return {
    store: await openStore({ store: { gcs: { bucket, prefix, endpoint: fake.address } } }, clock),
    close: () => fake.stop(),
  }
}

async function azure(objects: Objects): Promise<Place> {
  const azurite = await startBlobs(bucket)
  for (const [key, body] of objects) await azurite.container.getBlockBlobClient(key).upload(body, body.length)
  const place = { account, container: bucket, prefix, endpoint: azurite.endpoint }
  const store = await openStore({ store: { azure_blob: { ...place, sas_token: azurite.signature('rl') } } }, clock)
  return { store, close: azurite.close }
}

async function directory(objects: Objects): Promise<Place> {
  const path = await mkdtemp(join(tmpdir(), 'same-'))
  for (const [key, body] of objects) {
    await mkdir(dirname(join(path, key)), { recursive: true })
    await writeFile(join(path, key), body)
  }
  // Files count once nothing has touched them for two seconds.
  const later: Clock = { ...clock, now: () => Date.now() + 10_000 }
  return {
    store: await openStore({ store: { directory: { path, prefix } } }, later),
    close: () => rm(path, { recursive: true }),
  }
}

/** All records of a store, in the order of their places, and the account of what became of everything. */
async function delivered(store: InspectedStore) {
  const records: LogRecord[] = []
  const encoded = new WeakMap<Uint8Array, LogRecord>()
  const exporter: Exporter = {
    limits: { records: 1000, bytes: 1 << 24 },
    encode: (record) => {
      const bytes = Buffer.from(recordJson(record))
      encoded.set(bytes, record)
      return { bytes }
    },
    send: async ({ members }) => {
      for (const { bytes } of members) records.push(encoded.get(bytes) ?? expect.unreachable('never encoded'))
      return { status: 'delivered' }
    },
    check: async () => [],
    close: async () => undefined,
  }
  const ledger = new MemoryLedger()
  const processing = { process: <T>(record: T): T => record, transform: <T>(record: T): T => record }
  const route = { receiver: 'circleci_audit', startAt: { from: 'beginning' }, processing } as const
  const receiver = {
    store,
    notifications: [],
    sweepIntervalMs: 60_000,
    lookbackMs: 3_600_000,
    attributes: { team: 'a' },
  }
  const pipeline = new Pipeline({
    receivers: [{ ...receiver, id: 'circleci_audit', mapping: mappingOptions('1.0.0', {}) }],
    destinations: [{ id: 'd', exporter, options: laneOptions, routes: [route] }],
    ledger,
    decode: {},
    clock,
    random: () => 1,
    tell: () => undefined,
    deduplicationMs: 86_400_000,
    cacheBytes: 1 << 20,
    stopMs: 1000,
  })
  const finish = await pipeline.runOnce(never, 60_000)
  expect(finish).toEqual({ unswept: [], unfinished: [], unanswered: [] })
  store.close?.()
  const [account] = ledger.accounts()
  const { delivered, duplicates, quarantined } = account ?? expect.unreachable('no account')
  return { records: records.sort(byPlace), counts: { delivered, duplicates, quarantined } }
}

const key = 'circleci_audit_forwarder.source.key'
const offset = 'circleci_audit_forwarder.source.offset'

function byPlace({ attributes: a }: LogRecord, { attributes: b }: LogRecord): number {
  return String(a[key]).localeCompare(String(b[key])) || Number(a[offset]) - Number(b[offset])
}

/** The attributes that name the store. */
const naming = ['circleci_audit_forwarder.source.store', 'aws.s3.bucket', 'aws.s3.key', 'log.file.path']

function namesOf(record: LogRecord | undefined): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    naming.flatMap((name) => (name in (record?.attributes ?? {}) ? [[name, record?.attributes[name]]] : [])),
  )
}

function unnamed(record: LogRecord): string {
  const attributes = Object.fromEntries(Object.entries(record.attributes).filter(([name]) => !naming.includes(name)))
  return recordJson({ ...record, attributes } as LogRecord)
}

const places = { s3, compatible, gcs, azure, directory }
type Name = keyof typeof places

describe('the same objects in every store', () => {
  const objects = corpus()
  const results = new Map<Name, Awaited<ReturnType<typeof delivered>>>()
  const of = (name: Name) => results.get(name) ?? expect.unreachable(`nothing of ${name}`)

  beforeAll(async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
    for (const [name, fill] of Object.entries(places)) {
      const place = await fill(objects)
      results.set(name as Name, await delivered(place.store))
      await place.close()
    }
  })
  afterAll(() => vi.unstubAllEnvs())

  test('are all read: every action, every oddity, in every form, and the torn line is kept', () => {
    const { records, counts } = of('s3')
    const actionsSeen = new Set(records.map(({ attributes }) => attributes['circleci.audit.action']))
    expect([...actions].filter((action) => !actionsSeen.has(action))).toEqual([])
    expect(new Set(records.map(({ attributes }) => attributes[key])).size).toBe(7)
    expect(records.length).toBeGreaterThan(6 * actions.length)
    expect(counts.delivered).toBe(records.length)
    expect(counts.duplicates).toBeGreaterThanOrEqual(actions.length)
    expect(counts.quarantined).toBeGreaterThanOrEqual(1)
  })

  test.each(['compatible', 'gcs', 'azure', 'directory'] as const)(
    'give the same records from %s, byte for byte',
    (name) => {
      expect(of(name).counts).toEqual(of('s3').counts)
      const [expected = [], actual = []] = [of('s3'), of(name)].map(({ records }) => records.map(unnamed))
      const first = actual.findIndex((text, index) => text !== expected[index])
      expect(actual[first]).toBe(expected[first])
      expect(actual).toHaveLength(expected.length)
    },
  )

  test('differ in the attributes that name the store, and in no other', () => {
    const first = of('s3').records[0]
    const at = String(first?.attributes[key])
    const store = 'circleci_audit_forwarder.source.store'
    const inS3 = { [store]: `s3://${bucket}`, 'aws.s3.bucket': bucket, 'aws.s3.key': at }
    expect(namesOf(first)).toEqual(inS3)
    expect(namesOf(of('compatible').records[0])).toEqual(inS3)
    expect(namesOf(of('gcs').records[0])).toEqual({ [store]: `gs://${bucket}` })
    expect(namesOf(of('azure').records[0])).toEqual({ [store]: `azblob://${account}/${bucket}` })
    const { [store]: uri, ...path } = namesOf(of('directory').records[0])
    expect(uri).toMatch(/^dir:\//)
    expect(path).toEqual({ 'log.file.path': `${String(uri).slice(4)}/${at}` })
  })
})
