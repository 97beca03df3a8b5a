import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { isWrong } from '../../../src/domain/finding.ts'
import { about, Bench, event, hour, keyAt } from './bench.ts'
import { refusal } from './front.ts'

const bench = new Bench()

test('in order: listed, read, decoded, fresh, clocks agree, objects kept', async () => {
  await bench.put(keyAt(Date.now() - 30 * hour), event)
  await bench.put(keyAt(Date.now() - hour), gzipSync(event.repeat(3)))
  const findings = await bench.check()
  expect(findings.map(({ level, what }) => `${level}: ${what}`)).toEqual([
    `ok: objects under s3://${bench.bucket}/audit-logs can be listed`,
    'ok: the newest object can be read and decoded',
    'ok: CircleCI keeps writing',
    "ok: this machine's clock agrees with the store's",
    'ok: objects are kept long enough',
  ])
  expect(findings[1]?.detail).toMatch(/^audit-logs\/year=.*: gzip ndjson, \d+ B, 3 events$/)
  expect(isWrong(findings)).toBe(false)
  expect(bench.front.asked.some(({ what }) => what === 'PUT')).toBe(false)
})

test.each([
  ['AccessDenied', 403, 'grant s3:ListBucket'],
  ['NoSuchBucket', 404, 'store.s3.bucket'],
  ['InvalidAccessKeyId', 403, 'renew the AWS credentials'],
  ['AllAccessDisabled', 403, 'grant s3:ListBucket'],
])('a listing refused with %s: what to do', async (code, status, next) => {
  const findings = await bench.check({}, ({ what }) => (what === 'ListObjectsV2' ? refusal(status, code) : undefined))
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
  await bench.put(keyAt(Date.now() - hour), event)
  const findings = await bench.check({}, ({ what }) => (what === 'GetObject' ? answer : undefined))
  expect(findings[0]?.level).toBe('ok')
  expect(findings[1]).toMatchObject({ level: 'error', next: expect.stringContaining(next) })
})

test('something else under the keys of audit logs', async () => {
  await bench.put(keyAt(Date.now() - hour), '<html>Not found</html>')
  expect(about(await bench.check(), 'decoded')).toMatchObject({
    level: 'error',
    next: expect.stringContaining('profile'),
  })
  await bench.put(keyAt(Date.now()), `${event}torn {`)
  expect(about(await bench.check(), 'decoded')).toMatchObject({
    level: 'warning',
    detail: expect.stringContaining('1 event, 1 stretch that cannot be read'),
  })
})

test('nothing for days, and a stamp of the future', async () => {
  await bench.put(keyAt(Date.now() - 5 * 24 * hour), event)
  expect(about(await bench.check(), 'keeps writing')).toMatchObject({
    level: 'warning',
    detail: expect.stringContaining('5 d ago'),
    next: expect.stringContaining('Audit Logs in CircleCI'),
  })
  await bench.put(keyAt(Date.now() + hour), event)
  expect(about(await bench.check(), 'keeps writing')).toMatchObject({
    level: 'warning',
    detail: expect.stringContaining("ahead of the store's clock"),
  })
})

test('an object too old for the first look is found all the same', async () => {
  await bench.put(keyAt(Date.now() - 100 * 24 * hour), event)
  const findings = await bench.check()
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
  await bench.put(keyAt(Date.now() - hour, actual === '' ? '' : `${actual}/`), event)
  const findings = await bench.check({ prefix })
  expect(about(findings, 'audit objects lie under')).toMatchObject({
    level: 'error',
    next: `set store.s3.prefix: "${advice}"`,
  })
  expect(isWrong(findings)).toBe(true)
})

test('a prefix beside which we may not look', async () => {
  await bench.put('audit-logs/notes.txt', 'hello')
  const findings = await bench.check({}, ({ what, url }) => {
    const prefix = new URL(url, 'http://x').searchParams.get('prefix') ?? ''
    return what === 'ListObjectsV2' && !prefix.startsWith('audit-logs/') ? refusal(403, 'AccessDenied') : undefined
  })
  const finding = about(findings, 'audit objects lie under')
  expect(finding).toMatchObject({ level: 'error', detail: expect.stringContaining('audit-logs/notes.txt') })
  expect(finding.detail).toContain('may not be looked at')
})

test('an empty prefix is no fault, and the connectivity probe says more', async () => {
  const empty = await bench.check()
  expect(about(empty, 'audit objects lie under')).toMatchObject({ level: 'warning', detail: 'nothing lies there' })
  expect(isWrong(empty)).toBe(false)
  await bench.put('audit-logs/circleci_connectivity_test_2026-03-15T11:00:00', '')
  expect(about(await bench.check(), 'audit objects lie under').detail).toContain('connectivity probe is there')
})

test('a clock that is wrong', async () => {
  const past = new Date(Date.now() - 20 * 60_000).toUTCString()
  const list = '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'
  const findings = await bench.check({}, ({ what }) =>
    what === 'ListObjectsV2' ? { status: 200, body: list, headers: { date: past } } : undefined,
  )
  expect(about(findings, 'clock')).toMatchObject({ level: 'warning', detail: '20 min apart' })
})

test('a store that never answers ends with the signal, and says so', async () => {
  const stop = AbortSignal.timeout(200)
  const findings = await bench.check({}, () => 'hang', stop)
  expect(findings[0]).toMatchObject({ level: 'error', what: expect.stringContaining('can be listed') })
  expect(isWrong(findings)).toBe(true)
})
