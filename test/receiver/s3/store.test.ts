import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { startFauxqs } from 'fauxqs'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ReadFailure, SourceFailure } from '../../../src/domain/failures.ts'
import type { S3Settings } from '../../../src/receiver/s3/client.ts'
import { openS3Store } from '../../../src/receiver/s3/store.ts'
import { collect } from '../../tools/collect.ts'
import { FakeClock, settled } from '../../tools/fake-clock.ts'
import { storeSuite } from '../store-suite.ts'

const never = new AbortController().signal
const secrets = ['AKIAFORWARDERTEST', 'thesecretkey', 'thesessiontoken']

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', secrets[0])
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secrets[1])
  vi.stubEnv('AWS_SESSION_TOKEN', secrets[2])
})
afterAll(() => vi.unstubAllEnvs())

storeSuite('an S3 bucket', async () => {
  const server = await startFauxqs({ port: 0, logger: false })
  server.createBucket('acme-audit')
  const settings = { bucket: 'acme-audit', prefix: 'audit-logs/', endpoint: server.address, force_path_style: true }
  const store = await openS3Store(settings, { clock: new FakeClock() })
  const client = new S3Client({ endpoint: server.address, region: 'us-east-1', forcePathStyle: true })
  return {
    store,
    put: async (Key, Body) => void (await client.send(new PutObjectCommand({ Bucket: 'acme-audit', Key, Body }))),
    remove: async (Key) => void (await client.send(new DeleteObjectCommand({ Bucket: 'acme-audit', Key }))),
    close: async () => {
      store.close()
      client.destroy()
      await server.stop()
    },
  }
})

describe('an S3 bucket that refuses', () => {
  const object = { key: 'audit-logs/year=2026/x', version: 'abc', size: 10, modified: 0 }
  const open: (() => void)[] = []
  afterEach(() => {
    for (const close of open.splice(0)) close()
  })

  async function storeOn(answer: RequestListener, settings: Partial<S3Settings> = {}, clock = new FakeClock()) {
    const server = createServer(answer).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const store = await openS3Store(
      { bucket: 'acme-audit', prefix: 'audit-logs', endpoint, force_path_style: true, ...settings },
      { clock },
    )
    open.push(() => {
      store.close()
      server.closeAllConnections()
      server.close()
    })
    return store
  }

  const refuse =
    (status: number, code: string, message = 'No.', more = ''): RequestListener =>
    (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/xml' })
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message>${more}</Error>`)
    }

  const readFailure = async (answer: RequestListener) => {
    const store = await storeOn(answer)
    const reading = async () => collect(await store.read(object, never))
    return reading().then(
      () => expect.unreachable('the read succeeded'),
      (error: ReadFailure) => error,
    )
  }

  const listFailure = async (answer: RequestListener, settings: Partial<S3Settings> = {}) => {
    const store = await storeOn(answer, settings)
    return collect(store.list('year=2026/', never)).then(
      () => expect.unreachable('the listing succeeded'),
      (error: SourceFailure) => error,
    )
  }

  test.each([
    [404, 'NoSuchKey', 'gone', 's3:GetLifecycleConfiguration'],
    [412, 'PreconditionFailed', 'gone', undefined],
    [403, 'InvalidObjectState', 'archived', 'restore'],
    [403, 'AccessDenied', 'denied', 's3:GetObject on arn:aws:s3:::acme-audit/audit-logs/*'],
    [
      403,
      'AccessDenied',
      'denied',
      's3:ListBucket on arn:aws:s3:::acme-audit too: without it S3 answers 403 for what is',
    ],
    [400, 'KMS.DisabledException', 'denied', 'kms:Decrypt'],
    [403, 'ExpiredToken', 'denied', 'credentials'],
    [404, 'NoSuchBucket', 'denied', 'store.s3.bucket'],
    [503, 'SlowDown', 'unreachable', 'tried again'],
    [500, 'InternalError', 'unreachable', 'tried again'],
  ])('%i %s on a read is %s', async (status, code, kind, hint) => {
    const failure = await readFailure(refuse(status, code))
    expect(failure).toMatchObject({ name: 'ReadFailure', kind })
    expect(failure.message).toContain(`s3://acme-audit/${object.key}`)
    if (hint === undefined) expect(failure.hint).toBeUndefined()
    else expect(failure.hint).toContain(hint)
  })

  test("believes no 404 but S3's own", async () => {
    const failure = await readFailure((_request, response) => {
      response.writeHead(404, { 'content-type': 'text/html' })
      response.end('<html>Not found</html>')
    })
    expect(failure.kind).toBe('unreachable')
  })

  test('names KMS when the refusal does', async () => {
    const text = 'User is not authorized to perform: kms:Decrypt on the resource'
    expect((await readFailure(refuse(403, 'AccessDenied', text))).hint).toMatch(/^grant kms:Decrypt/)
  })

  test.each([
    [403, 'AccessDenied', 's3:ListBucket on arn:aws:s3:::acme-audit'],
    [404, 'NoSuchBucket', 'store.s3.bucket'],
    [301, 'PermanentRedirect', 'region'],
    [403, 'InvalidAccessKeyId', 'credentials'],
    [403, 'RequestTimeTooSkewed', 'clock'],
  ])('%i %s on a listing says what to do', async (status, code, hint) => {
    const failure = await listFailure(refuse(status, code))
    expect(failure).toMatchObject({ name: 'SourceFailure', message: expect.stringContaining(code) })
    expect(failure.message).toContain('s3://acme-audit/audit-logs/year=2026/')
    expect(failure.hint).toContain(hint)
  })

  test('asks with the expected owner, and suspects it when refused', async () => {
    const asked: unknown[] = []
    const failure = await listFailure(
      (request, response) => {
        asked.push(request.headers['x-amz-expected-bucket-owner'])
        refuse(403, 'AccessDenied')(request, response)
      },
      { expected_bucket_owner: '111122223333' },
    )
    expect(asked).toEqual(['111122223333'])
    expect(failure.hint).toContain('expected_bucket_owner')
  })

  test('tries three times what may pass, once what may not', async () => {
    let requests = 0
    const counted =
      (answer: RequestListener): RequestListener =>
      (request, response) => {
        requests += 1
        answer(request, response)
      }
    await listFailure(counted(refuse(503, 'SlowDown')))
    expect(requests).toBe(3)
    requests = 0
    await listFailure(counted(refuse(403, 'AccessDenied')))
    expect(requests).toBe(1)
  })

  test('a refused signature carries no credential, not even in its cause', async () => {
    const request = `x-amz-security-token:${secrets[2]}`
    const more = `<AWSAccessKeyId>${secrets[0]}</AWSAccessKeyId><CanonicalRequest>${request}</CanonicalRequest>`
    const failure = await listFailure(refuse(403, 'SignatureDoesNotMatch', 'No match.', more))
    const cause = failure.cause as Error
    const told = [failure, cause].flatMap((error) => [error.message, error.stack, JSON.stringify({ ...error })]).join()
    for (const secret of secrets) expect(told).not.toContain(secret)
    expect(failure.message).toContain('SignatureDoesNotMatch')
  })

  test('an endpoint where nobody listens is unreachable', async () => {
    const store = await storeOn(() => undefined, { endpoint: 'http://127.0.0.1:1' })
    const failure = await store.read(object, never).catch((error: ReadFailure) => error)
    expect(failure).toMatchObject({ kind: 'unreachable', message: expect.stringContaining('ECONNREFUSED') })
    await expect(store.stat(object.key, never)).rejects.toMatchObject({ name: 'SourceFailure' })
  })

  test('a body that ends early is a failure, never an end', async () => {
    const failure = await readFailure((_request, response) => {
      response.writeHead(200, { 'content-length': 10, etag: '"abc"' })
      response.write('short')
      setImmediate(() => response.destroy())
    })
    expect(failure.kind).toBe('unreachable')
  })

  test('so is one that ends early without having said how long it would be', async () => {
    const failure = await readFailure((_request, response) => response.writeHead(200, { etag: '"abc"' }).end('short'))
    expect(failure).toMatchObject({ kind: 'unreachable', message: expect.stringContaining('5 of 10 bytes') })
  })

  test('a body that stalls is given up after the idle limit, which every chunk renews', async () => {
    const clock = new FakeClock()
    let send: (text: string) => void = () => undefined
    const answer: RequestListener = (_request, response) => {
      response.writeHead(200, { 'content-length': 10, etag: '"abc"' })
      response.write('ab')
      send = (text) => response.write(text)
    }
    const store = await storeOn(answer, {}, clock)
    const chunks = (await store.read(object, never))[Symbol.asyncIterator]()
    expect(Buffer.from((await chunks.next()).value).toString()).toBe('ab')
    const second = chunks.next()
    await clock.advance(59_000)
    send('cd')
    expect(Buffer.from((await second).value).toString()).toBe('cd')
    const third = chunks.next()
    const failed = expect(third).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining('stalled'),
    })
    await clock.advance(59_000)
    expect(clock.sleepers).toBe(1)
    await clock.advance(1_000)
    await failed
  })

  test('stops in the middle of a body when told to', async () => {
    const stop = new AbortController()
    const store = await storeOn((_request, response) => {
      response.writeHead(200, { 'content-length': 10, etag: '"abc"' })
      response.write('ab')
    })
    const chunks = (await store.read(object, stop.signal))[Symbol.asyncIterator]()
    await chunks.next()
    const second = chunks.next()
    const failed = expect(second).rejects.toMatchObject({ name: 'ReadFailure', kind: 'unreachable' })
    await settled()
    stop.abort()
    await failed
  })

  test('a truncated listing that cannot be continued is a failure, never an end', async () => {
    const page = (token: string) =>
      `<?xml version="1.0"?><ListBucketResult><IsTruncated>true</IsTruncated>${token}</ListBucketResult>`
    const endless = '<NextContinuationToken>again</NextContinuationToken>'
    for (const token of ['', endless]) {
      const failure = await listFailure((_request, response) => response.writeHead(200).end(page(token)))
      expect(failure.message).toContain('no way to continue')
    }
  })
})

describe('an S3 bucket read as a role', () => {
  test("exchanges the chain's credentials for the role's, with the external id", async () => {
    const bodies: string[] = []
    const sts = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        bodies.push(body)
        response.end(`<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId>
          <SecretAccessKey>role</SecretAccessKey><SessionToken>role</SessionToken>
          <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
      })
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => sts.once('listening', resolve))
    const signed: string[] = []
    const s3 = createServer((request, response) => {
      signed.push(String(request.headers.authorization))
      response.end('<?xml version="1.0"?><ListBucketResult></ListBucketResult>')
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => s3.once('listening', resolve))
    const at = (server: typeof s3) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    vi.stubEnv('AWS_ENDPOINT_URL_STS', at(sts))
    const store = await openS3Store(
      {
        bucket: 'acme-audit',
        region: 'eu-west-1',
        endpoint: at(s3),
        force_path_style: true,
        role_arn: 'arn:aws:iam::111122223333:role/audit-reader',
        external_id: 'acme-42',
      },
      { clock: new FakeClock() },
    )
    await collect(store.list('', never))
    expect(new URLSearchParams(bodies[0]).get('RoleArn')).toBe('arn:aws:iam::111122223333:role/audit-reader')
    expect(new URLSearchParams(bodies[0]).get('ExternalId')).toBe('acme-42')
    expect(signed[0]).toContain('ASIAROLE')
    store.close()
    for (const server of [sts, s3]) {
      server.closeAllConnections()
      server.close()
    }
  })
})
