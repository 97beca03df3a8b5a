import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/cli/clock.ts'
import { type Finding, isWrong } from '../../../src/domain/finding.ts'
import { checkStore } from '../../../src/receiver/check/store.ts'
import { openGcsStore } from '../../../src/receiver/gcs/store.ts'
import { FakeGcs, type GcsScript, refuse } from '../gcs/fake.ts'
import { about, event, hour, keyAt, never } from './bench.ts'

const bucket = 'acme-audit'
let fake: FakeGcs
beforeAll(async () => {
  fake = await FakeGcs.start()
})
afterAll(() => fake.stop())
beforeEach(() => {
  fake.createBucket(bucket, { location: 'EU', projectNumber: '1234' })
  fake.script = () => false
})

async function check(prefix = 'audit-logs'): Promise<readonly Finding[]> {
  const store = await openGcsStore({ bucket, prefix, endpoint: fake.address }, { clock: systemClock, retries: 0 })
  return checkStore(store, Date.now, never)
}

const denies =
  (what: string, permission: string): GcsScript =>
  (asked, response) => {
    if (asked.what !== what) return false
    refuse(response, 403, 'forbidden', `x does not have ${permission} access to the Google Cloud Storage ${what}.`)
    return true
  }

test("a bucket of Google's that is as it should be", async () => {
  fake.put(bucket, keyAt(Date.now() - hour), event)
  const findings = await check()
  expect(findings.map(({ level }) => level)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'ok'])
  expect(about(findings, 'whose it is').detail).toBe('it lies in EU and belongs to project number 1234')
  expect(about(findings, 'kept').detail).toBe('no lifecycle rule expires them')
})

test('without the right to list, to read, or to see the settings', async () => {
  fake.put(bucket, keyAt(Date.now() - hour), event)
  fake.script = denies('list', 'storage.objects.list')
  expect((await check())[0]).toMatchObject({ level: 'error', next: expect.stringContaining('storage.objects.list') })
  fake.script = denies('media', 'storage.objects.get')
  expect(about(await check(), 'decoded')).toMatchObject({
    level: 'error',
    next: expect.stringContaining('roles/storage.objectViewer'),
  })
  fake.script = denies('bucket', 'storage.buckets.get')
  const least = await check()
  expect(about(least, 'kept')).toMatchObject({ level: 'unknown', next: expect.stringContaining('storage.buckets.get') })
  expect(isWrong(least)).toBe(false)
})

test('rules that delete: how long the buffer is', async () => {
  const withRules = async (...rule: object[]) => {
    fake.createBucket(bucket, { lifecycle: { rule } })
    return about(await check(), 'kept')
  }
  const rule = (condition: object, type = 'Delete') => ({ action: { type }, condition })
  expect(await withRules(rule({ age: 30 }))).toMatchObject({ level: 'ok', detail: expect.stringContaining('30 days') })
  expect(await withRules(rule({ age: 90 }), rule({ age: 2, matchesPrefix: ['audit-logs/year'] }))).toMatchObject({
    level: 'warning',
    detail: expect.stringContaining('2 days'),
  })
  const harmless = [
    rule({ age: 1 }, 'SetStorageClass'),
    rule({ age: 1, matchesPrefix: ['other/'] }),
    rule({ age: 1, matchesSuffix: ['.tmp'] }),
    rule({ age: 1, isLive: false }),
    rule({ numNewerVersions: 1 }),
    rule({ daysSinceCustomTime: 1 }),
    rule({ createdBefore: '2020-01-01' }),
  ]
  expect(await withRules(...harmless)).toMatchObject({ level: 'ok', detail: 'no lifecycle rule expires them' })
})

test('objects beside the prefix, and a bucket that is not there', async () => {
  fake.put(bucket, keyAt(Date.now() - hour, 'audit/circleci/'), event)
  expect(about(await check('audit'), 'lie under').next).toBe('set store.gcs.prefix: "audit/circleci"')
  const store = await openGcsStore({ bucket: 'nowhere', endpoint: fake.address }, { clock: systemClock, retries: 0 })
  expect((await checkStore(store, Date.now, never))[0]).toMatchObject({
    level: 'error',
    next: expect.stringContaining('store.gcs.bucket'),
  })
})
