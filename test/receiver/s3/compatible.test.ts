import { DeleteObjectCommand, PutObjectCommand, S3, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../../src/cli/clock.ts'
import { checkStore } from '../../../src/receiver/check/store.ts'
import type { S3Settings } from '../../../src/receiver/s3/client.ts'
import { openS3Store } from '../../../src/receiver/s3/store.ts'
import { FakeClock } from '../../tools/fake-clock.ts'
import { Front, type Script } from '../check/front.ts'
import { listed, storeSuite } from '../store-suite.ts'
import { minio, r2 } from './compatible.ts'

const never = new AbortController().signal
const bucket = 'acme-audit'

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
  vi.stubEnv('AWS_REGION', 'eu-central-1')
})
afterAll(() => vi.unstubAllEnvs())

const services: readonly (readonly [name: string, script: Script, settings: Partial<S3Settings>])[] = [
  ['R2', r2, { region: 'auto', force_path_style: true }],
  ['MinIO', minio, { force_path_style: true }],
]

for (const [name, script, settings] of services) {
  storeSuite(`a bucket of ${name}`, async () => {
    const front = await Front.start()
    front.emulator.createBucket(bucket)
    front.script = script
    const endpoint = front.address
    const store = await openS3Store({ bucket, prefix: 'audit-logs', endpoint, ...settings }, { clock: new FakeClock() })
    const client = new S3Client({ endpoint: front.emulator.address, region: 'us-east-1', forcePathStyle: true })
    return {
      store,
      put: async (Key, Body) => void (await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }))),
      remove: async (Key) => void (await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }))),
      close: async () => {
        store.close()
        client.destroy()
        await front.stop()
      },
    }
  })
}

describe('a service that speaks the protocol of S3', () => {
  let front: Front
  beforeAll(async () => {
    front = await Front.start()
    front.emulator.createBucket(bucket)
  })
  afterAll(() => front.stop())
  const open = (script: Script, settings: Partial<S3Settings>) => {
    front.script = script
    return openS3Store({ bucket, endpoint: front.address, force_path_style: true, ...settings }, { clock: systemClock })
  }

  test('would refuse what the SDK sends by default', async () => {
    front.script = r2
    const usual = new S3({ endpoint: front.address, region: 'auto', forcePathStyle: true })
    await expect(usual.getObject({ Bucket: bucket, Key: 'x', ChecksumMode: 'ENABLED' })).rejects.toThrow()
    await expect(usual.putObject({ Bucket: bucket, Key: 'x', Body: 'x' })).rejects.toMatchObject({
      name: 'NotImplemented',
    })
    await expect(usual.getObject({ Bucket: bucket, Key: 'x' })).rejects.toMatchObject({ name: 'NotImplemented' })
    usual.destroy()
  })

  test('is asked in the region of nowhere if none is set, whatever region this machine is in', async () => {
    const store = await open(minio, {})
    expect(await listed(store, '')).toEqual([])
    store.close()
  })

  test('that does not know owners: said, and what to do', async () => {
    const store = await open(r2, { region: 'auto', expected_bucket_owner: '111122223333' })
    await expect(listed(store, '')).rejects.toMatchObject({
      message: expect.stringContaining('NotImplemented'),
      hint: expect.stringContaining('leave expected_bucket_owner out'),
    })
    const object = { key: 'x', version: 'v', size: 1, modified: 0 }
    await expect(store.read(object, never)).rejects.toMatchObject({
      kind: 'unreachable',
      hint: expect.stringContaining('leave expected_bucket_owner out'),
    })
    store.close()
  })

  test('in a region it does not know: said', async () => {
    const store = await open(r2, { region: 'eu-west-1' })
    await expect(listed(store, '')).rejects.toMatchObject({ message: expect.stringContaining('Must be one of: auto') })
    store.close()
  })

  test('is looked at by the doctor without a fault that is none', async () => {
    const store = await open(r2, { region: 'auto' })
    const findings = await checkStore(store, Date.now, never)
    expect(findings.filter(({ level }) => level === 'error')).toEqual([])
    await expect(store.inspection().announces(never)).rejects.toMatchObject({ name: 'SourceFailure' })
    store.close()
  })
})
