import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/cli/clock.ts'
import type { ReadFailure, SourceFailure } from '../../../src/domain/failures.ts'
import { type AzureBlobSeams, type AzureBlobStore, openAzureBlobStore } from '../../../src/receiver/azure-blob/store.ts'
import { collect } from '../../tools/collect.ts'
import { FakeClock, settled } from '../../tools/fake-clock.ts'
import { type AzuriteBlobs, account, startBlobs } from '../azure/azurite.ts'
import { bytes, listed, storeSuite } from '../store-suite.ts'

const never = new AbortController().signal
const container = 'acme-audit'
const key = 'audit-logs/year=2026/month=03/day=1/hour=9/2026-03-01T09:00:00_a1'

storeSuite('a container of Azure Blob Storage', async () => {
  const azurite = await startBlobs(container)
  const settings = { account, container, prefix: 'audit-logs/', endpoint: azurite.endpoint }
  const store = await openAzureBlobStore(
    { ...settings, sas_token: azurite.signature('rl') },
    { clock: new FakeClock() },
  )
  const blob = (name: string) => azurite.container.getBlockBlobClient(name)
  return {
    store,
    put: async (name, body) => void (await blob(name).upload(body, Buffer.byteLength(body))),
    remove: async (name) => void (await blob(name).delete()),
    close: azurite.close,
  }
})

describe('a container of Azure Blob Storage, beyond what all stores do,', () => {
  let azurite: AzuriteBlobs
  beforeAll(async () => {
    azurite = await startBlobs(container)
  })
  afterAll(() => azurite.close())
  const open = (sas_token: string): Promise<AzureBlobStore> =>
    openAzureBlobStore(
      { account, container, endpoint: azurite.endpoint, sas_token },
      { clock: systemClock, attempts: 1 },
    )
  const put = (name: string, body: Buffer, blobContentEncoding?: string) => {
    const options = blobContentEncoding === undefined ? {} : { blobHTTPHeaders: { blobContentEncoding } }
    return azurite.container.getBlockBlobClient(name).upload(body, body.length, options)
  }

  test('names itself by account and container, without its signature', async () => {
    expect((await open(azurite.signature('rl'))).uri).toBe(`azblob://${account}/${container}`)
  })

  test('takes a signature with its question mark, too', async () => {
    expect(await listed(await open(`?${azurite.signature('rl')}`), 'nothing')).toEqual([])
  })

  test('asks with the signature as it is at that moment', async () => {
    let signature = azurite.signature('l', { expiresOn: new Date(Date.now() - 3_600_000) })
    const seams = { clock: systemClock, attempts: 1, signature: () => signature }
    const store = await openAzureBlobStore({ account, container, endpoint: azurite.endpoint }, seams)
    await expect(listed(store, 'nothing')).rejects.toThrow(/AuthorizationFailure|AuthenticationFailed|403/)
    signature = azurite.signature('rl')
    expect(await listed(store, 'nothing')).toEqual([])
  })

  test('reads what was uploaded compressed as it is stored', async () => {
    const packed = gzipSync('{"id":"1"}')
    await put(key, packed, 'gzip')
    const store = await open(azurite.signature('rl'))
    const [object] = await listed(store, 'audit-logs/')
    expect(object?.size).toBe(packed.length)
    expect(Buffer.concat(await collect(await store.read(object!, never))).equals(packed)).toBe(true)
  })

  test('says of a blob in the archive tier that it is archived', async () => {
    await put('archived', Buffer.from('x'))
    await azurite.container.getBlobClient('archived').setAccessTier('Archive')
    const store = await open(azurite.signature('rl'))
    const object = await store.stat('archived', never)
    await expect(bytes(store, object!)).rejects.toMatchObject({
      kind: 'archived',
      hint: expect.stringContaining('archive tier'),
    })
  })

  test('names what a signature is missing, and never the signature', async () => {
    const token = azurite.signature('w')
    const store = await open(token)
    const told: Error[] = []
    const keep = (error: Error) => told.push(error)
    await listed(store, '').catch(keep)
    await store.stat(key, never).catch(keep)
    await bytes(store, { key, version: 'x', size: 1, modified: 0 }).catch(keep)
    expect(told).toMatchObject([
      { name: 'SourceFailure', hint: expect.stringContaining('sp=rl') },
      { name: 'SourceFailure', hint: expect.stringContaining('sp=rl') },
      { name: 'ReadFailure', kind: 'denied', hint: expect.stringContaining('sp=rl') },
    ])
    const signature = new URLSearchParams(token).get('sig') as string
    const text = told
      .flatMap((error) => [error, error.cause as Error])
      .map(everything)
      .join()
    expect(text).not.toContain(signature)
    expect(text).not.toContain(encodeURIComponent(signature))
  })

  test('says of an expired signature that the signature may be why', async () => {
    const store = await open(azurite.signature('rl', { expiresOn: new Date(Date.now() - 60_000) }))
    await expect(listed(store, '')).rejects.toMatchObject({
      hint: expect.stringContaining('the signature still holds'),
    })
  })

  test('a container that is not there is neither an empty one nor a lost blob', async () => {
    const settings = { account, container: 'not-there', endpoint: azurite.endpoint, sas_token: azurite.signature('rl') }
    const store = await openAzureBlobStore(settings, { clock: systemClock, attempts: 1 })
    await expect(listed(store, '')).rejects.toMatchObject({ name: 'SourceFailure' })
    await expect(store.stat(key, never)).rejects.toMatchObject({ name: 'SourceFailure' })
  })
})

function everything(error: Error): string {
  return [error.message, error.stack, JSON.stringify({ ...error })].join()
}

describe('a container of Azure Blob Storage that refuses', () => {
  const object = { key, version: '0x8D', size: 10, modified: 0 }
  const close: (() => void)[] = []
  afterEach(() => {
    for (const each of close.splice(0)) each()
  })

  async function storeOn(answer: RequestListener, seams: Partial<AzureBlobSeams> = {}): Promise<AzureBlobStore> {
    const server = createServer(answer).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    close.push(() => {
      server.closeAllConnections()
      server.close()
    })
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${account}`
    const settings = { account, container, endpoint, sas_token: 'sv=2026-01-01&sig=thesignature-5ec4e7ca4a4e' }
    return openAzureBlobStore(settings, { clock: systemClock, attempts: 1, ...seams })
  }
  const refuse =
    (status: number, code: string): RequestListener =>
    (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/xml', 'x-ms-error-code': code })
      response.end(
        `<?xml version="1.0"?><Error><Code>${code}</Code><Message>No.\nRequestId:1\nTime:2</Message></Error>`,
      )
    }
  const failureOf = (reading: Promise<unknown>) =>
    reading.then(
      () => expect.unreachable('it succeeded'),
      (error: ReadFailure & SourceFailure) => error,
    )
  const readFailure = async (answer: RequestListener) => failureOf(bytes(await storeOn(answer), object))

  test.each([
    [404, 'BlobNotFound', 'gone', undefined, 'vanished'],
    [412, 'ConditionNotMet', 'gone', undefined, 'replaced'],
    [409, 'BlobArchived', 'archived', 'archive tier'],
    [409, 'BlobBeingRehydrated', 'archived', 'archive tier'],
    [404, 'ContainerNotFound', 'denied', 'store.azure_blob'],
    [404, 'ResourceNotFound', 'denied', 'store.azure_blob'],
    [403, 'AuthorizationPermissionMismatch', 'denied', 'sp=rl'],
    [403, 'AuthorizationFailure', 'denied', 'firewall'],
    [403, 'AuthenticationFailed', 'denied', 'new shared access signature'],
    [403, 'KeyBasedAuthenticationNotPermitted', 'denied', 'user delegation'],
    [403, 'KeyVaultEncryptionKeyNotFound', 'denied', 'key vault'],
    [503, 'ServerBusy', 'unreachable', 'tried again'],
    [500, 'OperationTimedOut', 'unreachable', 'tried again'],
  ] as const)('%i %s on a read is %s', async (status, code, kind, hint, absence = undefined) => {
    const failure = await readFailure(refuse(status, code))
    expect(failure.absence).toBe(absence)
    expect(failure).toMatchObject({ name: 'ReadFailure', kind, message: expect.stringContaining(code) })
    expect(failure.message).toContain(`azblob://${account}/${container}/${key}`)
    expect(failure.message).not.toContain('RequestId')
    if (hint === undefined) expect(failure.hint).toBeUndefined()
    else expect(failure.hint).toContain(hint)
  })

  test("believes no 404 but Azure's own", async () => {
    const failure = await readFailure((_request, response) => {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<html>Not found</html>')
    })
    expect(failure.kind).toBe('unreachable')
  })

  test('tries three times what may pass, once what may not', async () => {
    let requests = 0
    const counted =
      (answer: RequestListener): RequestListener =>
      (request, response) => {
        requests += 1
        answer(request, response)
      }
    await failureOf(listed(await storeOn(counted(refuse(503, 'ServerBusy')), { attempts: 3 }), ''))
    expect(requests).toBe(3)
    requests = 0
    await failureOf(listed(await storeOn(counted(refuse(403, 'AuthorizationFailure')), { attempts: 3 }), ''))
    expect(requests).toBe(1)
  })

  test('an account that does not exist is told as such', async () => {
    const settings = {
      account: 'nowhere',
      container,
      endpoint: 'http://nowhere.invalid',
      sas_token: 'sig=thesignature-5ec4e7ca4a4e',
    }
    const store = await openAzureBlobStore(settings, { clock: systemClock, attempts: 1 })
    const failure = await failureOf(listed(store, ''))
    expect(failure.hint).toContain('check account')
    expect(everything(failure) + everything(failure.cause as Error)).not.toContain('thesignature')
  })

  test('an answer that does not come is given up', async () => {
    const store = await storeOn(() => undefined, { answerMs: 50 })
    expect(await failureOf(listed(store, ''))).toMatchObject({ message: expect.stringContaining('no answer within') })
    expect(await failureOf(bytes(store, object))).toMatchObject({ kind: 'unreachable' })
  })

  test('a body that ends early is a failure, never an end, and not asked for again behind our back', async () => {
    let requests = 0
    const failure = await readFailure((_request, response) => {
      requests += 1
      response.writeHead(200, { 'content-length': 10, etag: '"0x8D"' }).write('short')
      setImmediate(() => response.destroy())
    })
    expect(failure.kind).toBe('unreachable')
    expect(requests).toBe(1)
  })

  test('a body that stalls is given up after the idle limit, which every chunk renews', async () => {
    const clock = new FakeClock()
    let send: (text: string) => void = () => undefined
    const store = await storeOn(
      (_request, response) => {
        response.writeHead(200, { 'content-length': 10, etag: '"0x8D"' }).write('ab')
        send = (text) => response.write(text)
      },
      { clock },
    )
    const chunks = (await store.read(object, never))[Symbol.asyncIterator]()
    expect(Buffer.from((await chunks.next()).value).toString()).toBe('ab')
    const second = chunks.next()
    await clock.advance(59_000)
    send('cd')
    expect(Buffer.from((await second).value).toString()).toBe('cd')
    const failed = expect(chunks.next()).rejects.toMatchObject({ message: expect.stringContaining('stalled') })
    await clock.advance(60_000)
    await failed
  })

  test('stops in the middle of a body when told to', async () => {
    const stop = new AbortController()
    const store = await storeOn((_request, response) => {
      response.writeHead(200, { 'content-length': 10, etag: '"0x8D"' }).write('ab')
    })
    const chunks = (await store.read(object, stop.signal))[Symbol.asyncIterator]()
    await chunks.next()
    const failed = expect(chunks.next()).rejects.toMatchObject({ name: 'ReadFailure', kind: 'unreachable' })
    await settled()
    stop.abort()
    await failed
  })

  test('a listing whose marker does not change is a failure, never endless', async () => {
    const page = '<?xml version="1.0"?><EnumerationResults><Blobs/><NextMarker>same</NextMarker></EnumerationResults>'
    const store = await storeOn((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/xml' }).end(page)
    })
    expect((await failureOf(listed(store, ''))).message).toContain('marker')
  })
})
