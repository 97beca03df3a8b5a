import { PutBucketLifecycleConfigurationCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { isWrong } from '../../../src/domain/finding.ts'
import { about, Bench, event, hour, keyAt } from './bench.ts'
import { refusal, type Script } from './front.ts'

const bench = new Bench()

test('the bucket lies in another region, told even by a refusal', async () => {
  const elsewhere =
    (region: string): Script =>
    ({ what }) =>
      what === 'HEAD' ? { status: 400, headers: { 'x-amz-bucket-region': region } } : refusal(301, 'PermanentRedirect')
  expect(about(await bench.asAws(undefined, elsewhere('us-west-2')), 'region')).toMatchObject({
    level: 'error',
    detail: 'the bucket lies in us-west-2, and we ask eu-west-1',
    next: 'set store.s3.region: us-west-2',
  })
  const right = await bench.asAws(undefined, elsewhere('eu-west-1'))
  expect(about(right, 'region')).toMatchObject({ level: 'ok', detail: 'the bucket lies in eu-west-1' })
})

test('the expected owner is not the owner', async () => {
  const owned: Script = ({ headers }) =>
    headers['x-amz-expected-bucket-owner'] === undefined ? undefined : refusal(403, 'AccessDenied')
  const findings = await bench.check({ expected_bucket_owner: '111122223333' }, owned)
  expect(about(findings, 'belongs to account 111122223333')).toMatchObject({
    level: 'error',
    next: expect.stringContaining('expected_bucket_owner'),
  })
  const ignored = await bench.check({ expected_bucket_owner: '111122223333' })
  expect(about(ignored, 'belongs to account')).toMatchObject({ level: 'unknown' })
})

test('under the least policy, which refuses HEAD, region and owner are proven all the same', async () => {
  const least: Script = ({ what, url }) => {
    if (what === 'HEAD') return { status: 403, headers: { 'x-amz-bucket-region': 'eu-west-1' } }
    const under = new URL(url, 'http://x').searchParams.get('prefix') ?? ''
    return under.startsWith('audit-logs/') ? undefined : refusal(403, 'AccessDenied')
  }
  const findings = await bench.asAws('111122223333', least)
  expect(findings.map(({ level, what }) => `${level}: ${what}`)).toEqual([
    'ok: the region is right',
    'ok: the bucket belongs to account 111122223333',
    'unknown: objects are kept long enough',
  ])
  expect(bench.front.asked.filter(({ what }) => what === 'ListObjectsV2')[0]?.headers).toMatchObject({
    'x-amz-expected-bucket-owner': '111122223333',
  })
})

test('without an expected owner nobody knows whose bucket it is', async () => {
  const findings = await bench.asAws(undefined, ({ what }) => (what === 'HEAD' ? { status: 404 } : undefined))
  expect(about(findings, 'region')).toMatchObject({ level: 'unknown' })
  expect(about(findings, 'whose bucket')).toMatchObject({
    level: 'unknown',
    next: expect.stringContaining('expected_bucket_owner'),
  })
})

test('lifecycle rules: how long the buffer is, and when it becomes unreadable', async () => {
  const rule = (more: object) => ({ ID: 'r', Status: 'Enabled' as const, Filter: { Prefix: '' }, ...more })
  const withRules = async (...Rules: object[]) => {
    const LifecycleConfiguration = { Rules: Rules as never }
    const request = { Bucket: bench.bucket, LifecycleConfiguration }
    await bench.client.send(new PutBucketLifecycleConfigurationCommand(request))
    return bench.check()
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
  await bench.put(keyAt(Date.now() - hour), event)
  const findings = await bench.check({}, ({ what }) =>
    what === 'lifecycle' ? refusal(403, 'AccessDenied') : undefined,
  )
  expect(about(findings, 'kept')).toMatchObject({
    level: 'unknown',
    next: expect.stringContaining('grant s3:GetLifecycleConfiguration'),
  })
  expect(isWrong(findings)).toBe(false)
})
