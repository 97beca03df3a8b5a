import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { PutBucketLifecycleConfigurationCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../../src/cli/clock.ts'
import { type Finding, isWrong } from '../../../src/domain/finding.ts'
import { checkStore } from '../../../src/receiver/check/store.ts'
import { DirectoryStore } from '../../../src/receiver/directory/store.ts'
import { openS3Store, type S3Settings } from '../../../src/receiver/s3/store.ts'
import { Front, refusal, type Script } from './front.ts'

const never = new AbortController().signal
const hour = 3_600_000
const secrets = ['AKIAFORWARDERTEST', 'thesecretkey']
const event = '{"id":"1","action":"project.add","occurred_at":"2026-03-15T11:00:00Z"}\n'

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', secrets[0])
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secrets[1])
  vi.stubEnv('AWS_REGION', '')
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
})
afterAll(() => vi.unstubAllEnvs())

function keyAt(time: number, prefix = 'audit-logs/'): string {
  const iso = new Date(time).toISOString()
  const [year, month, day] = iso.slice(0, 10).split('-')
  return `${prefix}year=${year}/month=${month}/day=${day}/hour=${iso.slice(11, 13)}/${iso.slice(0, 19)}_0a1b`
}

const about = (findings: readonly Finding[], part: string): Finding => {
  const found = findings.find(({ what }) => what.includes(part))
  if (found === undefined) throw new Error(`nothing about ${part} in ${JSON.stringify(findings, null, 1)}`)
  return found
}

describe('a bucket', () => {
  let front: Front
  let client: S3Client
  let bucket = 0
  const settings = (more: Partial<S3Settings> = {}): S3Settings => ({
    bucket: `acme-audit-${bucket}`,
    prefix: 'audit-logs',
    endpoint: front.address,
    force_path_style: true,
    ...more,
  })

  beforeAll(async () => {
    front = await Front.start()
    client = new S3Client({ endpoint: front.emulator.address, region: 'us-east-1', forcePathStyle: true })
  })
  afterAll(async () => {
    client.destroy()
    await front.stop()
  })
  beforeEach(() => {
    bucket += 1
    front.emulator.createBucket(`acme-audit-${bucket}`)
    front.script = () => undefined
    front.asked.splice(0)
  })

  const put = async (Key: string, Body: string | Buffer) =>
    void (await client.send(new PutObjectCommand({ Bucket: `acme-audit-${bucket}`, Key, Body })))

  const check = async (more: Partial<S3Settings> = {}, script: Script = () => undefined, signal = never) => {
    front.script = script
    const store = await openS3Store(settings(more), { clock: systemClock })
    try {
      const findings = await checkStore(store, Date.now, signal)
      expect(JSON.stringify(findings)).not.toMatch(new RegExp(secrets.join('|')))
      return findings
    } finally {
      store.close()
    }
  }

  test('in order: listed, read, decoded, fresh, clocks agree, objects kept', async () => {
    await put(keyAt(Date.now() - 30 * hour), event)
    await put(keyAt(Date.now() - hour), gzipSync(event.repeat(3)))
    const findings = await check()
    expect(findings.map(({ level, what }) => `${level}: ${what}`)).toEqual([
      `ok: objects under s3://acme-audit-${bucket}/audit-logs can be listed`,
      'ok: the newest object can be read and decoded',
      'ok: CircleCI keeps writing',
      "ok: this machine's clock agrees with the store's",
      'ok: objects are kept long enough',
    ])
    expect(findings[1]?.detail).toMatch(/^audit-logs\/year=.*: gzip ndjson, \d+ B, 3 events$/)
    expect(isWrong(findings)).toBe(false)
    expect(front.asked.some(({ what }) => what === 'PUT')).toBe(false)
  })

  test.each([
    ['AccessDenied', 403, 'grant s3:ListBucket'],
    ['NoSuchBucket', 404, 'store.s3.bucket'],
    ['InvalidAccessKeyId', 403, 'renew the AWS credentials'],
    ['AllAccessDisabled', 403, 'grant s3:ListBucket'],
  ])('a listing refused with %s: what to do', async (code, status, next) => {
    const findings = await check({}, ({ what }) => (what === 'ListObjectsV2' ? refusal(status, code) : undefined))
    expect(findings[0]).toMatchObject({ level: 'error', detail: expect.stringContaining(code) })
    expect(findings[0]?.next).toContain(next)
    expect(isWrong(findings)).toBe(true)
  })

  test.each([
    ['s3:GetObject', refusal(403, 'AccessDenied'), 'grant s3:GetObject on arn:aws:s3:::acme-audit-'],
    [
      'kms:Decrypt',
      refusal(403, 'AccessDenied', 'User: x is not authorized to perform: kms:Decrypt on resource'),
      'grant kms:Decrypt',
    ],
    ['a restore', refusal(403, 'InvalidObjectState'), 'restore the object'],
  ])('a newest object that cannot be read for want of %s', async (_, answer, next) => {
    await put(keyAt(Date.now() - hour), event)
    const findings = await check({}, ({ what }) => (what === 'GetObject' ? answer : undefined))
    expect(findings[0]?.level).toBe('ok')
    expect(findings[1]).toMatchObject({ level: 'error', next: expect.stringContaining(next) })
  })

  test('something else under the keys of audit logs', async () => {
    await put(keyAt(Date.now() - hour), '<html>Not found</html>')
    expect(about(await check(), 'decoded')).toMatchObject({ level: 'error', next: expect.stringContaining('profile') })
    await put(keyAt(Date.now()), `${event}torn {`)
    expect(about(await check(), 'decoded')).toMatchObject({
      level: 'warning',
      detail: expect.stringContaining('1 event, 1 stretch that cannot be read'),
    })
  })

  test('nothing for days, and a stamp of the future', async () => {
    await put(keyAt(Date.now() - 5 * 24 * hour), event)
    expect(about(await check(), 'keeps writing')).toMatchObject({
      level: 'warning',
      detail: expect.stringContaining('5 d ago'),
      next: expect.stringContaining('Audit Logs in CircleCI'),
    })
    await put(keyAt(Date.now() + hour), event)
    expect(about(await check(), 'keeps writing')).toMatchObject({
      level: 'warning',
      detail: expect.stringContaining("ahead of the store's clock"),
    })
  })

  test('an object too old for the first look is found all the same', async () => {
    await put(keyAt(Date.now() - 100 * 24 * hour), event)
    const findings = await check()
    expect(about(findings, 'decoded').level).toBe('ok')
    expect(about(findings, 'keeps writing').detail).toContain('there may be newer ones')
  })

  test.each([
    ['', 'audit-logs', 'audit-logs'],
    ['audit-log', 'audit-logs', 'audit-logs'],
    ['audit-logs/circleci', 'audit-logs', 'audit-logs'],
    ['audit-logs', 'audit-logs/circleci', 'audit-logs/circleci'],
    ['audit-logs', '', ''],
    ['security/circle', 'security/circleci', 'security/circleci'],
  ])('prefix "%s" where the objects lie under "%s": set "%s"', async (prefix, actual, advice) => {
    await put(keyAt(Date.now() - hour, actual === '' ? '' : `${actual}/`), event)
    const findings = await check({ prefix })
    expect(about(findings, 'audit objects lie under')).toMatchObject({
      level: 'error',
      next: `set store.s3.prefix: "${advice}"`,
    })
    expect(isWrong(findings)).toBe(true)
  })

  test('a prefix beside which we may not look', async () => {
    await put('audit-logs/notes.txt', 'hello')
    const findings = await check({}, ({ what, url }) => {
      const prefix = new URL(url, 'http://x').searchParams.get('prefix') ?? ''
      return what === 'ListObjectsV2' && !prefix.startsWith('audit-logs/') ? refusal(403, 'AccessDenied') : undefined
    })
    const finding = about(findings, 'audit objects lie under')
    expect(finding).toMatchObject({ level: 'error', detail: expect.stringContaining('audit-logs/notes.txt') })
    expect(finding.detail).toContain('may not be looked at')
  })

  test('an empty prefix is no fault, and the connectivity probe says more', async () => {
    const empty = await check()
    expect(about(empty, 'audit objects lie under')).toMatchObject({ level: 'warning', detail: 'nothing lies there' })
    expect(isWrong(empty)).toBe(false)
    await put('audit-logs/circleci_connectivity_test_2026-03-15T11:00:00', '')
    expect(about(await check(), 'audit objects lie under').detail).toContain('connectivity probe is there')
  })

  test('a clock that is wrong', async () => {
    const past = new Date(Date.now() - 20 * 60_000).toUTCString()
    const list = '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'
    const findings = await check({}, ({ what }) =>
      what === 'ListObjectsV2' ? { status: 200, body: list, headers: { date: past } } : undefined,
    )
    expect(about(findings, 'clock')).toMatchObject({ level: 'warning', detail: '20 min apart' })
  })

  test('the bucket lies in another region, told even by a refusal', async () => {
    const elsewhere: Script = ({ what }) => {
      if (what !== 'HEAD') return refusal(301, 'PermanentRedirect')
      return { status: 400, headers: { 'x-amz-bucket-region': 'eu-west-1' } }
    }
    expect(about(await check({}, elsewhere), 'region')).toMatchObject({
      level: 'error',
      next: 'set store.s3.region: eu-west-1',
    })
    const right = await check({ region: 'eu-west-1' }, elsewhere)
    expect(about(right, 'region')).toMatchObject({ level: 'ok', detail: 'the bucket lies in eu-west-1' })
  })

  test('the expected owner is not the owner', async () => {
    const owned: Script = ({ what, headers }) => {
      const named = headers['x-amz-expected-bucket-owner'] !== undefined
      if (!named) return undefined
      return what === 'HEAD' ? { status: 403 } : refusal(403, 'AccessDenied')
    }
    const findings = await check({ expected_bucket_owner: '111122223333' }, owned)
    expect(about(findings, 'belongs to account 111122223333')).toMatchObject({
      level: 'error',
      next: expect.stringContaining('expected_bucket_owner'),
    })
    const ignored = await check({ expected_bucket_owner: '111122223333' })
    expect(about(ignored, 'belongs to account')).toMatchObject({ level: 'unknown' })
  })

  test('lifecycle rules: how long the buffer is, and when it becomes unreadable', async () => {
    const rule = (more: object) => ({ ID: 'r', Status: 'Enabled' as const, Filter: { Prefix: '' }, ...more })
    const withRules = async (...Rules: object[]) => {
      const LifecycleConfiguration = { Rules: Rules as never }
      const request = { Bucket: `acme-audit-${bucket}`, LifecycleConfiguration }
      await client.send(new PutBucketLifecycleConfigurationCommand(request))
      return check()
    }
    const month = await withRules(rule({ Expiration: { Days: 30 } }))
    expect(about(month, 'kept')).toMatchObject({ level: 'ok', detail: expect.stringContaining('after 30 days') })
    const short = await withRules(rule({ Expiration: { Days: 90 } }), rule({ ID: 's', Expiration: { Days: 2 } }))
    expect(about(short, 'kept')).toMatchObject({ level: 'warning', detail: expect.stringContaining('after 2 days') })
    const other = await withRules(rule({ Filter: { Prefix: 'other/' }, Expiration: { Days: 1 } }))
    expect(about(other, 'kept')).toMatchObject({ level: 'ok', detail: 'no lifecycle rule expires them' })
    const frozen = await withRules(rule({ Transitions: [{ Days: 1, StorageClass: 'GLACIER' }] }))
    expect(about(frozen, 'readable')).toMatchObject({
      level: 'warning',
      detail: expect.stringContaining('after 1 day;'),
    })
  })

  test('a lifecycle that may not be read is not proven, and no fault', async () => {
    await put(keyAt(Date.now() - hour), event)
    const findings = await check({}, ({ what }) => (what === 'lifecycle' ? refusal(403, 'AccessDenied') : undefined))
    expect(about(findings, 'kept')).toMatchObject({
      level: 'unknown',
      next: expect.stringContaining('grant s3:GetLifecycleConfiguration'),
    })
    expect(isWrong(findings)).toBe(false)
  })

  test('a store that never answers ends with the signal, and says so', async () => {
    const stop = AbortSignal.timeout(200)
    const findings = await check({}, () => 'hang', stop)
    expect(findings[0]).toMatchObject({ level: 'error', what: expect.stringContaining('can be listed') })
    expect(isWrong(findings)).toBe(true)
  })
})

describe('a folder', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'check-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const put = (key: string, body: string | Buffer): void => {
    const path = join(folder, key)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, body)
    const old = Date.now() / 1000 - 60
    utimesSync(path, old, old)
  }
  const check = (prefix = '', path = folder) => {
    const clock = { now: () => Date.now() + 10_000, sleep: async () => undefined }
    return checkStore(new DirectoryStore({ path, prefix }, { clock }), Date.now, never)
  }

  test('is listed and read', async () => {
    put(keyAt(Date.now() - hour, ''), event)
    const findings = await check()
    expect(findings.map(({ level }) => level)).toEqual(['ok', 'ok', 'ok'])
  })

  test('that is not there, and one whose objects lie deeper', async () => {
    expect(await check('', join(folder, 'nowhere'))).toMatchObject([
      { level: 'error', next: expect.stringContaining('store.directory.path') },
    ])
    put(keyAt(Date.now() - hour, 'acme/'), event)
    expect(about(await check(), 'lie under').next).toBe('set store.directory.prefix: "acme"')
  })
})
