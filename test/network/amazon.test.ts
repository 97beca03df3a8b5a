// Every call to AWS, by the addresses AWS has, through a proxy and with certificates of a private authority.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { canary } from '@circleci-audit-forwarder/contract/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/cli/clock.ts'
import type { S3Settings } from '../../src/receiver/s3/client.ts'
import { openS3Store } from '../../src/receiver/s3/store.ts'
import { openSqsNotifications, type SqsSettings } from '../../src/receiver/sqs/queue.ts'
import { listed } from '../receiver/store-suite.ts'
import { Amazon } from './amazon.ts'
import { canSign } from './certificates.ts'
import { useHere } from './here.ts'

const never = new AbortController().signal
const role_arn = 'arn:aws:iam::111122223333:role/audit-reader'
const key = 'year=2026/month=03/day=15/hour=11/2026-03-15T11:00:00_a1'
let queues = 0
const body = '{"id":"1"}\n'
const regions = ['us-east-1', 'eu-west-1', 'us-gov-west-1']

describe.skipIf(!canSign)('AWS behind a proxy, with certificates of a private authority', () => {
  let aws: Amazon
  let back: () => void

  beforeAll(async () => {
    aws = await Amazon.start(regions, { credentials: `forwarder:${canary('proxy')}` })
    aws.emulator.createBucket('acme')
    const put = { method: 'PUT', headers: { host: 'acme.s3.us-east-1.amazonaws.com' }, body }
    await fetch(`${aws.emulator.address}/acme/${key}`, put)
  })
  afterAll(() => aws.stop())
  beforeEach(() => {
    aws.network.through.splice(0)
    for (const name of ['AWS_REGION', 'AWS_PROFILE', 'AWS_ENDPOINT_URL_STS']) vi.stubEnv(name, undefined)
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'THE-PROCESS')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', canary('aws'))
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    back = useHere({ proxy: aws.network.proxy, ca_file: aws.network.caFile })
  })
  afterEach(() => back())

  /** Lists and reads as one store, and returns where that went. */
  async function bucket(settings: Partial<S3Settings>): Promise<readonly string[]> {
    const store = await openS3Store({ bucket: 'acme', ...settings }, { clock: systemClock })
    const [object] = await listed(store, '')
    const pieces: Uint8Array[] = []
    for await (const piece of await store.read(object!, never)) pieces.push(piece)
    store.close()
    expect(Buffer.concat(pieces).toString()).toBe(body)
    return [...aws.network.through]
  }

  /** Receives and deletes a message, and returns where that went. */
  async function queue(settings: Partial<SqsSettings>, host?: string): Promise<readonly string[]> {
    const region = settings.region ?? 'us-east-1'
    queues += 1
    const name = `audit-${queues}`
    aws.emulator.createQueue(name, { region })
    aws.emulator.sendMessage(name, 'hello', { region })
    const queue_url = `${host ?? `https://sqs.${region}.amazonaws.com`}/000000000000/${name}`
    const notifications = await openSqsNotifications({ queue_url, ...settings }, { waitSeconds: 1 })
    const messages = await notifications.receive(never)
    expect(messages).toMatchObject([{ body: 'hello' }])
    await notifications.delete(messages)
    await notifications.close()
    return [...aws.network.through]
  }

  describe('a bucket', () => {
    test.each<[string, Partial<S3Settings>, Record<string, string>, string]>([
      ['in its region', { region: 'eu-west-1' }, {}, 'acme.s3.eu-west-1.amazonaws.com'],
      ['in GovCloud', { region: 'us-gov-west-1' }, {}, 'acme.s3.us-gov-west-1.amazonaws.com'],
      [
        'by FIPS',
        { region: 'us-gov-west-1' },
        { AWS_USE_FIPS_ENDPOINT: 'true' },
        'acme.s3-fips.us-gov-west-1.amazonaws.com',
      ],
      [
        'over IPv6 too',
        { region: 'eu-west-1' },
        { AWS_USE_DUALSTACK_ENDPOINT: 'true' },
        'acme.s3.dualstack.eu-west-1.amazonaws.com',
      ],
      [
        'both',
        { region: 'us-east-1' },
        { AWS_USE_FIPS_ENDPOINT: 'true', AWS_USE_DUALSTACK_ENDPOINT: 'true' },
        'acme.s3-fips.dualstack.us-east-1.amazonaws.com',
      ],
      [
        'by a VPC endpoint, whatever kind of address is asked for elsewhere',
        { endpoint: 'https://bucket.vpce-0a1b-2c3d.s3.eu-west-1.vpce.amazonaws.com' },
        { AWS_USE_FIPS_ENDPOINT: 'true', AWS_USE_DUALSTACK_ENDPOINT: 'true' },
        'acme.bucket.vpce-0a1b-2c3d.s3.eu-west-1.vpce.amazonaws.com',
      ],
    ])('%s', async (_, settings, env, host) => {
      for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
      expect(await bucket(settings)).toEqual([`${host}:443`])
    })

    test('of a VPC endpoint is signed for the region of the endpoint', async () => {
      vi.stubEnv('AWS_REGION', 'us-east-1')
      await bucket({ endpoint: 'https://bucket.vpce-0a1b-2c3d.s3.us-gov-west-1.vpce.amazonaws.com' })
      expect([...aws.signed]).toContain('s3 us-gov-west-1 as THE-PROCESS')
    })
  })

  describe('a queue', () => {
    test.each<[string, Partial<SqsSettings>, Record<string, string>, string, string?]>([
      ['in its region', { region: 'eu-west-1' }, {}, 'sqs.eu-west-1.amazonaws.com'],
      ['in GovCloud', { region: 'us-gov-west-1' }, {}, 'sqs.us-gov-west-1.amazonaws.com'],
      // The URL that SQS gives a queue names the host that is not FIPS's.
      ['by FIPS', { region: 'us-east-1' }, { AWS_USE_FIPS_ENDPOINT: 'true' }, 'sqs-fips.us-east-1.amazonaws.com'],
      ['over IPv6 too', { region: 'us-east-1' }, { AWS_USE_DUALSTACK_ENDPOINT: 'true' }, 'sqs.us-east-1.api.aws'],
      [
        'by a VPC endpoint',
        { region: 'eu-west-1', endpoint: 'https://vpce-0a1b-2c3d.sqs.eu-west-1.vpce.amazonaws.com' },
        { AWS_USE_FIPS_ENDPOINT: 'true' },
        'vpce-0a1b-2c3d.sqs.eu-west-1.vpce.amazonaws.com',
      ],
      [
        "by the environment's endpoint",
        { region: 'eu-west-1' },
        { AWS_ENDPOINT_URL_SQS: 'https://vpce-0a1b-2c3d.sqs.eu-west-1.vpce.amazonaws.com' },
        'vpce-0a1b-2c3d.sqs.eu-west-1.vpce.amazonaws.com',
      ],
      [
        'whose URL names another host of AWS',
        {},
        {},
        'sqs-fips.us-east-1.amazonaws.com',
        'https://sqs-fips.us-east-1.amazonaws.com',
      ],
    ])('%s', async (_, settings, env, host, url) => {
      for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
      expect(await queue(settings, url)).toEqual([`${host}:443`])
    })
  })

  describe('who we are', () => {
    const podToken = (): void => {
      const file = join(aws.network.caFile, '../token')
      writeFileSync(file, canary('web-identity'))
      for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, undefined)
      vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', file)
      vi.stubEnv('AWS_ROLE_ARN', 'arn:aws:iam::111122223333:role/pod')
    }

    test('is asked in the region of the bucket, as a role', async () => {
      const through = await bucket({ region: 'eu-west-1', role_arn, external_id: 'acme' })
      expect(through).toEqual(['sts.eu-west-1.amazonaws.com:443', 'acme.s3.eu-west-1.amazonaws.com:443'])
      expect(aws.assumed.at(-1)).toEqual({ action: 'AssumeRole', role: role_arn, externalId: 'acme' })
      expect([...aws.signed]).toContain('s3 eu-west-1 as THE-ROLE')
    })

    test("is asked with a pod's token", async () => {
      podToken()
      const through = await queue({ region: 'eu-west-1' })
      expect(through).toEqual(['sts.eu-west-1.amazonaws.com:443', 'sqs.eu-west-1.amazonaws.com:443'])
      expect(aws.assumed.at(-1)?.action).toBe('AssumeRoleWithWebIdentity')
      expect([...aws.signed]).toContain('sqs eu-west-1 as THE-POD')
    })

    test("is asked with a pod's token, and then as a role", async () => {
      podToken()
      const before = aws.assumed.length
      await bucket({ region: 'us-east-1', role_arn })
      expect(aws.assumed.slice(before).map(({ action }) => action)).toEqual(['AssumeRoleWithWebIdentity', 'AssumeRole'])
    })

    test('is asked by FIPS and over IPv6 too', async () => {
      vi.stubEnv('AWS_USE_FIPS_ENDPOINT', 'true')
      vi.stubEnv('AWS_USE_DUALSTACK_ENDPOINT', 'true')
      podToken()
      const [identity] = await bucket({ region: 'us-east-1', role_arn })
      expect(identity).toBe('sts-fips.us-east-1.api.aws:443')
    })

    test('is asked in GovCloud, whose identity service has one address for both', async () => {
      vi.stubEnv('AWS_USE_FIPS_ENDPOINT', 'true')
      const role = 'arn:aws-us-gov:iam::111122223333:role/audit-reader'
      const through = await bucket({ region: 'us-gov-west-1', role_arn: role })
      expect(through[0]).toBe('sts.us-gov-west-1.amazonaws.com:443')
      expect(aws.assumed.at(-1)?.role).toBe(role)
    })

    test('is asked at a VPC endpoint', async () => {
      vi.stubEnv('AWS_ENDPOINT_URL_STS', 'https://vpce-0a1b-2c3d.sts.eu-west-1.vpce.amazonaws.com')
      podToken()
      const [identity] = await bucket({ region: 'eu-west-1', role_arn })
      expect(identity).toBe('vpce-0a1b-2c3d.sts.eu-west-1.vpce.amazonaws.com:443')
    })
  })

  test('what NO_PROXY names is asked directly', async () => {
    vi.stubEnv('no_proxy', 'localhost')
    const endpoint = `https://${aws.network.host}`
    expect(await queue({ endpoint }, endpoint)).toEqual([])
  })
})

describe.skipIf(!canSign)('what stands in the way is told', () => {
  let aws: Amazon
  let back: () => void = () => undefined

  beforeAll(async () => {
    aws = await Amazon.start(['eu-west-1'], { credentials: `forwarder:${canary('proxy')}` })
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'THE-PROCESS')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', canary('aws'))
  })
  afterEach(() => back())
  afterAll(() => aws.stop())

  async function failure(): Promise<{ readonly message: string; readonly hint?: string }> {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'THE-PROCESS')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', canary('aws'))
    const store = await openS3Store({ bucket: 'acme', region: 'eu-west-1' }, { clock: systemClock })
    const error = await listed(store, '').then(
      () => expect.fail('it was listed'),
      (error: Error) => error,
    )
    store.close()
    expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toContain(canary('proxy'))
    return error
  }

  test('an authority that is not known', async () => {
    back = useHere({ proxy: aws.network.proxy })
    const { message, hint } = await failure()
    expect(message).toMatch(/cannot list s3:\/\/acme\/: .*(certificate|issuer)/)
    expect(hint).toContain('service.ca_file')
  })

  test('a proxy that lets nobody through', async () => {
    const proxy = aws.network.proxy.replace(canary('proxy'), canary('wrong'))
    back = useHere({ proxy, ca_file: aws.network.caFile })
    const { message, hint } = await failure()
    expect(message).toContain('407 Proxy Authentication Required')
    expect(hint).toContain('service.proxy')
  })

  test('a proxy of the environment that is no URL, without what may be its password', async () => {
    vi.stubEnv('https_proxy', `http://forwarder:${canary('proxy')}@not a host`)
    const opening = openS3Store({ bucket: 'acme', region: 'eu-west-1' }, { clock: systemClock })
    const error = await opening.catch((error: Error) => error)
    vi.stubEnv('https_proxy', undefined)
    expect(error).toMatchObject({ name: 'SetupError', hint: expect.stringContaining('service.proxy') })
    expect(String(error)).not.toContain(canary('proxy'))
  })

  test('a proxy that is not there', async () => {
    back = useHere({ proxy: 'http://127.0.0.1:9', ca_file: aws.network.caFile })
    const { message, hint } = await failure()
    expect(message).toContain('ECONNREFUSED')
    expect(hint).toContain('proxy')
  })
})
