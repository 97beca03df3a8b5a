// The client against real servers, and against a network that breaks at each point of an exchange.
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Fault, FaultProxy } from '../../../test/tools/fault-proxy.ts'
import { type HttpAnswer, HttpClient, type HttpOptions, SettingError } from '../src/index.ts'
import { type Arrived, canariesIn, canary, canaryGuid, FakeServer, type VendorAnswer } from '../src/testing.ts'

const never = new AbortController().signal
const body = [Buffer.from('first '), Buffer.from('second')]
let server: FakeServer
let answer: VendorAnswer
const clients: HttpClient[] = []

beforeEach(async () => {
  answer = { status: 200, body: 'fine' }
  server = await FakeServer.start(() => answer)
})
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
  await server.stop()
})

function client(options: HttpOptions = {}, now?: () => number): HttpClient {
  const made = new HttpClient(options, now)
  clients.push(made)
  return made
}

function post(options?: HttpOptions, url = server.url): Promise<HttpAnswer> {
  return client(options).request({ method: 'POST', url, body }, never)
}

describe('a request', () => {
  test.each(['gzip', 'zstd', 'none'] as const)('arrives whole under %s, with its length', async (compression) => {
    expect(await post({ compression })).toMatchObject({ status: 200, body: 'fine' })
    const [request] = server.arrived as [Arrived]
    expect(request.body.toString()).toBe('first second')
    expect(request.headers['content-encoding']).toBe(compression === 'none' ? undefined : compression)
    expect(Number(request.headers['content-length'])).toBeGreaterThan(0)
    expect(request.headers['transfer-encoding']).toBeUndefined()
  })

  test('without a body says so', async () => {
    await client().request({ method: 'POST', url: server.url, body: [] }, never)
    expect(server.arrived[0]?.headers).toMatchObject({ 'content-length': '0' })
    expect(server.arrived[0]?.headers['content-encoding']).toBeUndefined()
  })

  test("its own headers win over the settings', whatever their case", async () => {
    const headers = { 'Content-Type': 'text/plain', 'X-Team': 'security' }
    const request = { method: 'POST', url: server.url, body, headers: { 'content-type': 'application/json' } } as const
    await client({ headers }).request(request, never)
    expect(server.arrived[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'x-team': 'security' })
  })
})

describe('an answer', () => {
  test('is read up to 64 KiB, and the connection is used again', async () => {
    answer = { status: 200, body: 'x'.repeat(300_000) }
    const one = client()
    for (let round = 0; round < 3; round++) {
      const given = await one.request({ method: 'POST', url: server.url, body }, never)
      expect(given.status !== 'failed' && given.body.length).toBe(65_536)
      expect(server.connections).toBe(1)
    }
  })

  test('is kept as far as the request asks for', async () => {
    answer = { status: 200, body: 'x'.repeat(3_000_000) }
    const request = { method: 'GET', url: server.url } as const
    expect(await client().request({ ...request, answerBytes: 2_500_000 }, never)).toMatchObject({
      bytes: { length: 2_500_000 },
    })
    expect(await client().request({ ...request, answerBytes: 100 }, never)).toMatchObject({ bytes: { length: 100 } })
  })

  test('without end is given up', async () => {
    answer = { status: 200, body: 'x'.repeat(50_000_000) }
    expect(await post()).toMatchObject({ status: 200 })
    await expect.poll(() => server.connections).toBe(0)
  })

  test('with a redirect is an answer', async () => {
    answer = { status: 302, headers: { location: '/elsewhere' } }
    expect(await post()).toMatchObject({ status: 302 })
    expect(server.arrived).toHaveLength(1)
  })

  test.each([
    ['30', 30_000],
    ['Thu, 01 Jan 1970 00:01:00 GMT', 50_000],
    ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
    ['86400', 900_000],
    ['soon', undefined],
    ['-5', undefined],
  ])('with Retry-After %s', async (value, expected) => {
    answer = { status: 503, headers: { 'retry-after': value } }
    const given = await client({}, () => 10_000).request({ method: 'POST', url: server.url, body }, never)
    expect(given.status !== 'failed' && given.retryAfterMs).toBe(expected)
  })

  test('repeats no secret that the server repeats', async () => {
    const [header, token] = [`Splunk ${canaryGuid(1)}`, canary('token')]
    answer = { status: 401, body: `bad header ${header}, bad token ${token}` }
    const given = await post({ headers: { authorization: header }, secrets: [token] })
    expect(given).toMatchObject({ body: 'bad header ***, bad token ***' })
  })
})

describe('what may have arrived', () => {
  async function through(fault: Fault, options?: HttpOptions): Promise<HttpAnswer> {
    const { hostname, port } = new URL(server.url)
    const proxy = await FaultProxy.start({ host: hostname, port: Number(port) })
    proxy.set(fault)
    const given = await post(options, `http://127.0.0.1:${proxy.port}/path?token=hunter22`)
    await proxy.stop()
    return given
  }

  test.each<[string, Fault, HttpOptions]>([
    ['an answer that is dropped', { kind: 'dropResponse' }, {}],
    ['an answer that is cut', { kind: 'cutResponse', after: 30 }, {}],
    ['a request that is cut', { kind: 'cutRequest', after: 20 }, {}],
    ['silence', { kind: 'hang' }, { timeoutMs: 100 }],
    ['an answer that drips past the deadline', { kind: 'bandwidth', bytesPerSecond: 100 }, { timeoutMs: 100 }],
  ])('%s: ambiguous', async (_, fault, options) => {
    const given = await through(fault, options)
    expect(given).toMatchObject({ status: 'failed', ambiguous: true, tls: false })
    expect('timedOut' in given).toBe(options.timeoutMs !== undefined)
    expect(JSON.stringify(given)).not.toContain('hunter22')
  })

  test('nobody listens, no such name, cancelled before: not ambiguous', async () => {
    const { port } = new URL(server.url)
    await server.stop()
    expect(await post({}, `http://127.0.0.1:${port}`)).toMatchObject({ status: 'failed', ambiguous: false, tls: false })
    expect(await post({}, 'http://host.invalid')).toMatchObject({ status: 'failed', ambiguous: false, tls: false })
    const cancelled = await client().request({ method: 'POST', url: 'http://127.0.0.1', body }, AbortSignal.abort())
    expect(cancelled).toMatchObject({ status: 'failed', ambiguous: false })
    server = await FakeServer.start()
  })

  test('after close nothing is sent', async () => {
    const closed = new HttpClient({})
    await closed.close()
    await closed.close()
    const given = await closed.request({ method: 'POST', url: server.url, body }, never)
    expect(given).toMatchObject({ status: 'failed', ambiguous: false })
    expect(server.arrived).toHaveLength(0)
  })

  test('what of a URL is shown can be narrowed', async () => {
    const redactUrl = (url: URL): string => `${url.origin}/…`
    const given = await post({ redactUrl }, 'http://u5er:p4ssw0rd@host.invalid/v1/t0ken-in-path')
    expect(JSON.stringify(given)).toContain('host.invalid/…')
    expect(JSON.stringify(given)).not.toMatch(/p4ssw0rd|t0ken/)
  })
})

describe.skipIf(spawnSync('openssl', ['version']).error !== undefined)('over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'http-test-'))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const secure = { requests: 0, url: '', stop: () => {} }

  beforeAll(async () => {
    const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,DNS:other.example']
    const files = ['-keyout', key, '-out', cert, '-days', '2', '-nodes']
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', ...files, ...name],
      {
        stdio: 'ignore',
      },
    )
    const tls = { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(cert), requestCert: true }
    const https = createTlsServer({ ...tls, rejectUnauthorized: false }, (request, response) => {
      secure.requests++
      response.end((request.socket as import('node:tls').TLSSocket).authorized ? 'known' : 'unknown')
      request.resume()
    })
    https.listen(0, '127.0.0.1')
    await once(https, 'listening')
    secure.url = `https://127.0.0.1:${(https.address() as AddressInfo).port}`
    secure.stop = () => https.close()
  })
  afterAll(() => {
    secure.stop()
    rmSync(folder, { recursive: true })
  })

  test('an unknown authority is a handshake failure; nothing arrived', async () => {
    expect(await post({}, secure.url)).toMatchObject({ status: 'failed', tls: true, ambiguous: false })
    expect(secure.requests).toBe(0)
  })

  test('a name that is not in the certificate, likewise', async () => {
    expect(await post({ tls: { caFile: cert } }, secure.url)).toMatchObject({ status: 'failed', tls: true })
  })

  test('authority, name and client certificate from the settings', async () => {
    const tls = { caFile: cert, serverName: 'other.example', certFile: cert, keyFile: key }
    expect(await post({ tls }, secure.url)).toMatchObject({ status: 200, body: 'known' })
    expect(await post({ tls: { insecureSkipVerify: true } }, secure.url)).toMatchObject({ body: 'unknown' })
  })

  test('a server that speaks no TLS is a handshake failure', async () => {
    expect(await post({}, server.url.replace('http:', 'https:'))).toMatchObject({ tls: true, ambiguous: false })
  })

  test('a connection reset in the handshake is no verdict on the settings', async () => {
    const rude = createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())).listen(0, '127.0.0.1')
    await once(rude, 'listening')
    const given = await post({}, `https://127.0.0.1:${(rude.address() as AddressInfo).port}`)
    expect(given).toMatchObject({ status: 'failed', tls: false, ambiguous: false })
    rude.close()
  })

  test.each<[string, HttpOptions, RegExp]>([
    ['tls.ca_file', { tls: { caFile: '/nowhere/ca.pem' } }, /cannot use \/nowhere\/ca.pem/],
    ['tls', { tls: { certFile: cert } }, /go together/],
    ['proxy_url', { proxyUrl: 'proxy:3128' }, /http:\/\//],
    ['headers.bad name', { headers: { 'bad name': 'v' } }, /no valid HTTP header/],
    ['headers.x-key', { headers: { 'x-key': 'hunter22\n' } }, /no line breaks/],
  ])('%s that cannot work is refused when the client is made', (setting, options, message) => {
    const made = (): HttpClient => new HttpClient(options)
    expect(made).toThrow(message)
    expect(made).toThrow(expect.objectContaining({ name: SettingError.name, setting }))
    expect(made).not.toThrow(/hunter22/)
  })

  test('a file that is no certificate is refused when the client is made', () => {
    const garbage = join(folder, 'garbage.pem')
    writeFileSync(garbage, 'no certificate')
    expect(() => new HttpClient({ tls: { caFile: garbage } })).toThrow(/^tls.ca_file: cannot use/)
  })
})

describe('through a proxy', () => {
  test.each([
    ['quoted as it came', (header: string) => header],
    ['decoded', (header: string) => Buffer.from(header.slice('Basic '.length), 'base64').toString()],
    ['in JSON', (header: string) => JSON.stringify({ header })],
  ])("the proxy's password shows nowhere, %s by the proxy", async (_, quoted) => {
    const proxy = await FakeServer.start(({ headers }) => {
      return { status: 403, body: quoted(String(headers['proxy-authorization'])) }
    })
    const { host } = new URL(proxy.url)
    const proxyUrl = `http://user:${encodeURIComponent(canary('p@ss/w"'))}@${host}`
    const given = await post({ proxyUrl }, 'http://destination.invalid/logs')
    expect(given).toMatchObject({ status: 403, body: expect.stringContaining('***') })
    expect(canariesIn(JSON.stringify(given))).toEqual([])
    await proxy.stop()
  })

  test('that is named, or that the environment names unless excepted', async () => {
    expect(await post({ proxyUrl: server.url }, 'http://destination.invalid/logs')).toMatchObject({ status: 200 })
    expect(server.arrived[0]?.path).toBe('http://destination.invalid/logs')
    Object.assign(process.env, { HTTP_PROXY: server.url, NO_PROXY: 'excepted.invalid' })
    try {
      expect(await post({}, 'http://destination.invalid/logs')).toMatchObject({ status: 200 })
      expect(await post({}, 'http://excepted.invalid/logs')).toMatchObject({ status: 'failed' })
    } finally {
      delete process.env['HTTP_PROXY']
      delete process.env['NO_PROXY']
    }
  })

  test('that refuses the tunnel: not ambiguous', async () => {
    const given = await post({ proxyUrl: server.url }, 'https://destination.invalid/logs')
    expect(given).toMatchObject({ status: 'failed', ambiguous: false })
  })
})
