// What each of the webhook's answers leads to, and that its address is shown nowhere.
import { inspect } from 'node:util'
import { auditRecord, canariesIn, type VendorAnswer } from '@circleci-audit-forwarder/contract/testing'
import { describe, expect, test } from 'vitest'
import { module, Rapid7Exporter } from '../src/index.ts'
import { API_KEY, TOKEN } from './fake-rapid7.ts'
import { never, type Rapid7World, rapid7World } from './rapid7-world.ts'

/** A webhook that gives this answer to everything. */
async function answering(answer: VendorAnswer): Promise<Rapid7World> {
  const world = await rapid7World()
  world.vendor.fixed = answer
  return world
}

describe('an answer', () => {
  test.each([200, 202, 204])('%s is delivered', async (status) => {
    const world = await answering({ status })
    expect(await world.send(auditRecord())).toEqual({ status: 'delivered' })
  })

  test.each([301, 308, 410])('%s stops the destination: the address is retired', async (status) => {
    const world = await answering({ status, headers: { location: `/v2/noformat/${TOKEN}` } })
    const outcome = await world.send(auditRecord())
    expect(outcome).toMatchObject({ status: 'stopped', cause: 'configuration' })
    expect(outcome).toMatchObject({ reason: expect.stringContaining('retired') })
  })

  test('404 stops the destination: the token is malformed', async () => {
    const world = await answering({ status: 404 })
    expect(await world.send(auditRecord())).toMatchObject({
      status: 'stopped',
      cause: 'configuration',
      reason: 'HTTP 404: no webhook there: compare endpoint and token',
    })
  })

  test.each([401, 403, 407])('%s stops the destination: credentials', async (status) => {
    const world = await answering({ status })
    expect(await world.send(auditRecord())).toMatchObject({ status: 'stopped', cause: 'credentials' })
  })

  test.each([405, 415, 451])('%s says nothing about the event, so it stops the destination', async (status) => {
    const world = await answering({ status })
    expect(await world.send(auditRecord())).toMatchObject({ status: 'stopped', cause: 'configuration' })
  })

  test('413 leads to quarantine: a single event cannot be halved', async () => {
    const world = await answering({ status: 413 })
    expect(await world.send(auditRecord())).toEqual({ status: 'split', reason: 'HTTP 413' })
  })

  test.each([
    [429, false],
    [503, false],
    [408, true],
    [500, true],
    [502, true],
  ])('%s is retried after as long as it says (ambiguous: %s)', async (status, ambiguous) => {
    const world = await answering({ status, headers: { 'retry-after': '17' } })
    expect(await world.send(auditRecord())).toMatchObject({ status: 'retry', retryAfterMs: 17_000, ambiguous })
  })

  test.each([400, 422])('%s is asked twice before the event is blamed', async (status) => {
    const world = await answering({ status, body: 'bad request' })
    const [one, other] = [world.batch(auditRecord({ id: 'one' })), world.batch(auditRecord({ id: 'other' }))]
    const retry = { status: 'retry', reason: `HTTP ${status}: bad request` }
    expect(await world.exporter.send(one, never)).toEqual(retry)
    expect(await world.exporter.send(other, never)).toEqual(retry)
    expect(await world.exporter.send(one, never)).toEqual({ ...retry, status: 'unreadable' })
  })

  test('a page for people with 200 is no success', async () => {
    const world = await answering({
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<html>Log in</html>',
    })
    expect(await world.send(auditRecord())).toMatchObject({ status: 'stopped', cause: 'configuration' })
  })
})

describe('a request', () => {
  test('is one line of JSON with its length, uncompressed', async () => {
    const world = await rapid7World()
    await world.send(auditRecord())
    const [request] = world.server.arrived
    expect(request?.path).toBe(`/v1/noformat/${TOKEN}`)
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(request?.body.length),
    })
    expect(request?.headers).not.toHaveProperty('content-encoding')
    expect(request?.headers).not.toHaveProperty('transfer-encoding')
  })

  test('never holds two events, whoever asks for it', async () => {
    const world = await rapid7World()
    const members = [auditRecord({ id: 'a' }), auditRecord({ id: 'b' })].map((record) => world.exporter.encode(record))
    expect(await world.exporter.send({ members, token: 't', now: 0 }, never)).toMatchObject({ status: 'split' })
    expect(world.server.arrived).toEqual([])
  })

  test('uses its connections again', async () => {
    const world = await rapid7World()
    for (let n = 0; n < 20; n++) await world.send(auditRecord())
    // A connection is free again a moment after its answer is there, so that a second one comes into play.
    expect(world.server.connections).toBeLessThanOrEqual(2)
  })
})

describe('the token', () => {
  const GUIDS = [TOKEN, TOKEN.toUpperCase()]
  const echo = (text: string): string =>
    `refused ${text} https://eu.webhook.logs.insight.rapid7.com/v1/noformat/${text}`

  test.each([200, 301, 400, 401, 404, 410, 413, 429, 500])('shows in no outcome of HTTP %s', async (status) => {
    const body = GUIDS.map(echo).join(' ')
    const world = await answering({ status, headers: { location: echo(TOKEN), 'content-type': 'text/html' }, body })
    const said = [await world.send(auditRecord()), await world.exporter.check(never)]
    for (const guid of GUIDS) expect(JSON.stringify(said)).not.toContain(guid)
  })

  test('shows in no failure of the network, which names the address without it', async () => {
    const exporter = new Rapid7Exporter({ endpoint: 'http://127.0.0.1:1', token: TOKEN })
    const outcome = await exporter.send({ members: [exporter.encode(auditRecord())], token: 't', now: 0 }, never)
    expect(JSON.stringify(outcome)).not.toContain(TOKEN)
    expect(outcome).toMatchObject({ reason: expect.stringContaining('127.0.0.1:1/v1/noformat/***') })
  })

  test('shows in no dump of the exporter', () => {
    const exporter = new Rapid7Exporter({ region: 'eu', token: TOKEN, apiKey: API_KEY })
    expect(canariesIn(inspect(exporter, { depth: 10, showHidden: true }))).toEqual([])
  })
})

describe('settings', () => {
  const parsed = (settings: object) => module.create(module.schema.parse(settings))

  test('a region or an endpoint is required', () => {
    expect(() => parsed({ token: TOKEN })).toThrow(/region.*missing/)
    expect(() => parsed({ token: TOKEN, region: 'us2' })).not.toThrow()
    expect(() => parsed({ token: TOKEN, endpoint: 'https://gateway.acme.dev/rapid7/' })).not.toThrow()
  })

  test.each(['', 'EU', 'eu.evil.com/', 'eu/x', 'https://eu', 'eu west'])('%j is no region', (region) => {
    expect(() => parsed({ token: TOKEN, region })).toThrow()
    expect(() => new Rapid7Exporter({ token: TOKEN, region })).toThrow()
  })

  test.each(['token', `${TOKEN} `, TOKEN.slice(1), `${TOKEN}/x`, '../../x'])('%j is no token', (token) => {
    expect(() => parsed({ token, region: 'eu' })).toThrow()
    expect(() => new Rapid7Exporter({ token, region: 'eu' })).toThrow(/GUID/)
  })

  test('an endpoint that holds a token is refused without repeating it', () => {
    const endpoint = `https://eu.webhook.logs.insight.rapid7.com/v1/noformat/${TOKEN}`
    expect(() => parsed({ token: TOKEN, endpoint })).toThrow(/must not carry the token/)
    expect(() => parsed({ token: TOKEN, endpoint })).not.toThrow(new RegExp(TOKEN))
  })

  test.each(['https://u:p@host', 'https://host?x=1', 'ftp://host', 'nothing'])('%s is no endpoint', (endpoint) => {
    expect(() => new Rapid7Exporter({ token: TOKEN, endpoint })).toThrow()
  })

  test.each(['gzip', 'zstd'])('compression %s is refused', (compression) => {
    expect(() => parsed({ token: TOKEN, region: 'eu', compression })).toThrow(/must be none/)
  })

  test('an endpoint may end where the webhook begins, or before', async () => {
    for (const end of ['', '/', '/v1/noformat', '/v1/noformat/']) {
      const world = await rapid7World()
      const exporter = new Rapid7Exporter({ token: TOKEN, endpoint: world.server.url + end })
      await exporter.send({ members: [exporter.encode(auditRecord())], token: 't', now: 0 }, never)
      expect(world.server.arrived[0]?.path).toBe(`/v1/noformat/${TOKEN}`)
      await exporter.close()
    }
  })
})
