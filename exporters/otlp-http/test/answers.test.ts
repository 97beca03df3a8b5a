import type { HttpAnswer } from '@circleci-audit-forwarder/contract'
import { auditRecords, canary, FakeServer, type VendorAnswer } from '@circleci-audit-forwarder/contract/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { config, OtlpHttpExporter, otlpHttp } from '../src/index.ts'
import { outcomeOf } from '../src/send.ts'
import { decode, encodeResponse, recordIds } from './receiver.ts'

const never = new AbortController().signal
let server: FakeServer
let answer: VendorAnswer

beforeEach(async () => {
  server = await FakeServer.start(() => answer)
})
afterEach(() => server.stop())

function exporter(settings: object = {}): OtlpHttpExporter {
  return new OtlpHttpExporter(config.parse({ endpoint: server.url, ...settings }))
}

async function send(count: number, settings?: object) {
  const otlp = exporter(settings)
  const members = auditRecords(count).map((record) => otlp.encode(record))
  const outcome = await otlp.send({ members, token: 't', now: 0 }, never)
  await otlp.close()
  return outcome
}

const json = { 'content-type': 'application/json' }
const proto = { 'content-type': 'application/x-protobuf' }

function partial(rejectedLogRecords: unknown, errorMessage = ''): VendorAnswer {
  return { status: 200, headers: json, body: JSON.stringify({ partialSuccess: { rejectedLogRecords, errorMessage } }) }
}

describe('a partial success is never a success', () => {
  test('some of the batch: the culprit is searched', async () => {
    answer = partial('1', 'attribute too long')
    const reason = '1 of 3 records refused: attribute too long'
    expect(await send(3)).toEqual({ status: 'unreadable', reason, taken: 2 })
  })

  test('a record alone: it is refused', async () => {
    answer = partial('1', 'attribute too long')
    const reason = '1 of 1 records refused: attribute too long'
    expect(await send(1)).toEqual({ status: 'rejected', records: [{ index: 0, reason }] })
  })

  test('the whole batch: all are refused, without another request', async () => {
    answer = partial(2)
    expect(await send(2)).toMatchObject({ status: 'rejected', records: [{ index: 0 }, { index: 1 }] })
    expect(await send(2)).not.toHaveProperty('taken')
  })

  test.each([0, 1])('a message in protobuf that quotes a secret is not passed on (%i refused)', async (refused) => {
    answer = { status: 200, headers: proto, body: encodeResponse(refused, `bad request: x-key ${canary('header')}`) }
    expect(JSON.stringify(await send(3, { headers: { 'x-key': canary('header') } }))).not.toContain(canary('header'))
  })

  test('in protobuf too, whatever was sent', async () => {
    answer = { status: 200, headers: proto, body: encodeResponse(200, 'é'.repeat(100)) }
    expect(await send(300, { encoding: 'proto' })).toMatchObject({ status: 'unreadable' })
    expect(await send(200)).toMatchObject({ status: 'rejected' })
  })

  test.each(['many', '', -1, 1.5, true])('%j is no count and the answer no OTLP answer', async (count) => {
    answer = partial(count)
    expect(await send(2)).toMatchObject({ status: 'stopped', cause: 'configuration' })
  })

  test('nor is one whose answer is cut off behind the count', async () => {
    const message = 'attribute too long '.repeat(10_000)
    answer = partial('1', message)
    expect(await send(3)).toMatchObject({ status: 'unreadable', taken: 2 })
    answer = { status: 200, headers: proto, body: encodeResponse(1, message) }
    expect(await send(3)).toMatchObject({ status: 'unreadable', taken: 2 })
  })
})

describe('a success', () => {
  test.each<[string, VendorAnswer]>([
    ['an empty JSON object', { status: 200, headers: json, body: '{}' }],
    ['no body', { status: 200 }],
    ['no content', { status: 204 }],
    ['an empty message', { status: 200, headers: proto }],
    ['a null partial success', { status: 200, headers: json, body: '{"partialSuccess":null}' }],
    ['JSON without a type', { status: 200, body: '{}' }],
  ])('%s', async (_, given) => {
    answer = given
    expect(await send(2)).toEqual({ status: 'delivered' })
  })
})

test.each<[string, VendorAnswer]>([
  ['a login page that calls itself JSON', { status: 200, headers: json, body: '<html>log in</html>' }],
  ['text', { status: 200, headers: { 'content-type': 'text/plain' }, body: 'OK' }],
  ['a JSON list', { status: 200, headers: json, body: '[]' }],
  ['a login page that calls itself protobuf', { status: 200, headers: proto, body: '<!DOCTYPE html><p>log in' }],
])('%s with 200 is no receipt: the destination stops', async (_, given) => {
  answer = given
  expect(await send(2)).toMatchObject({ status: 'stopped', cause: 'configuration' })
})

test.each<[string, VendorAnswer]>([
  ['in JSON', { status: 200, headers: json, body: '{"partialSuccess":{"rejected' }],
  ['in JSON without a type', { status: 200, body: '{"partialSucc' }],
  ['in protobuf', { status: 200, headers: proto, body: Buffer.from([0x0a, 0xff]) }],
])('an answer cut off %s may have been a success: again, and ambiguous', async (_, given) => {
  answer = given
  const reason = expect.stringContaining('cut off')
  expect(await send(2)).toEqual({ status: 'retry', reason, ambiguous: true })
})

test.each<[number, object]>([
  [301, { status: 'stopped', cause: 'configuration' }],
  [302, { status: 'stopped', cause: 'configuration' }],
  [307, { status: 'stopped', cause: 'configuration' }],
  [401, { status: 'stopped', cause: 'credentials' }],
  [403, { status: 'stopped', cause: 'credentials' }],
  [404, { status: 'stopped', cause: 'configuration' }],
  [405, { status: 'stopped', cause: 'configuration' }],
  [408, { status: 'retry', ambiguous: true }],
  [413, { status: 'split' }],
  [415, { status: 'stopped', cause: 'configuration' }],
  [429, { status: 'retry', ambiguous: false }],
  [500, { status: 'retry', ambiguous: true }],
  [502, { status: 'retry', ambiguous: true }],
  [503, { status: 'retry', ambiguous: false }],
  [504, { status: 'retry', ambiguous: true }],
])('HTTP %i drops nothing: %j', async (status, expected) => {
  answer = { status, headers: { location: 'https://sso.example/login' } }
  expect(await send(2)).toMatchObject(expected)
})

test('400: the culprit is searched, and a record alone is refused', async () => {
  answer = { status: 400, headers: json, body: '{"code":3,"message":"cannot read"}' }
  expect(await send(2)).toMatchObject({ status: 'unreadable' })
  expect(await send(1)).toMatchObject({ status: 'rejected', records: [{ index: 0 }] })
})

test('400 to a large body may mean "too large": it is halved', () => {
  const refused: HttpAnswer = { status: 400, headers: {}, body: '', bytes: new Uint8Array() }
  expect(outcomeOf(refused, 100, 2 * 1024 * 1024).status).toBe('split')
  expect(outcomeOf(refused, 100, 1024 * 1024).status).toBe('unreadable')
})

test('Retry-After is reported, in seconds or as a date, for any status that means "later"', async () => {
  answer = { status: 503, headers: { 'retry-after': '30' } }
  expect(await send(1)).toMatchObject({ status: 'retry', retryAfterMs: 30_000, ambiguous: false })
  answer = { status: 429, headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() } }
  const wait = await send(1)
  expect(wait.status === 'retry' && wait.retryAfterMs).toBeGreaterThan(50_000)
  answer = { status: 502, headers: { 'retry-after': '30' } }
  expect(await send(1)).toMatchObject({ status: 'retry', retryAfterMs: 30_000, ambiguous: true })
})

test('log.record.original is sent unless it is switched off', async () => {
  answer = { status: 200 }
  await send(1)
  await send(1, { original: false })
  const sent = server.arrived.map((request) => request.body.toString().includes('"log.record.original"'))
  expect(sent).toEqual([true, false])
})

test.each([
  ['', '/v1/logs'],
  ['/', '/v1/logs'],
  ['/otlp/v1/logs', '/otlp/v1/logs'],
  ['/base/', '/base/'],
  ['/?tenant=a', '/v1/logs?tenant=a'],
])('endpoint with path %j posts to %j', async (path, expected) => {
  answer = { status: 200 }
  await send(1, { endpoint: server.url + path })
  expect(server.arrived[0]?.path).toBe(expected)
})

test('a whole batch of 512 goes out as protobuf under zstd', async () => {
  answer = { status: 200 }
  await send(512, { encoding: 'proto', compression: 'zstd', original: false })
  expect(server.arrived[0]?.headers['content-encoding']).toBe('zstd')
  expect(recordIds(decode(server.arrived[0]!))).toEqual(auditRecords(512).map((r) => r.attributes['log.record.uid']))
})

describe('check', () => {
  async function check(given: VendorAnswer, settings?: object) {
    answer = given
    const otlp = exporter(settings)
    const findings = await otlp.check(never)
    await otlp.close()
    return findings
  }

  test('asks with a request that holds no records', async () => {
    expect((await check({ status: 200 }))[0]?.level).toBe('ok')
    await check({ status: 200 }, { encoding: 'proto' })
    expect(server.arrived.map((request) => request.body.toString())).toEqual(['{"resourceLogs":[]}', ''])
    expect(server.arrived.map((request) => request.headers['content-type'])).toEqual([
      'application/json',
      'application/x-protobuf',
    ])
  })

  test('says what stands in the way and what to do', async () => {
    expect(await check({ status: 401 })).toMatchObject([
      { level: 'error', next: expect.stringContaining('credentials') },
    ])
    expect(await check({ status: 404 })).toMatchObject([{ level: 'error', next: expect.stringContaining('path') }])
    expect(await check({ status: 302, headers: { location: 'https://sso/login' } })).toMatchObject([
      { level: 'error', detail: expect.stringContaining('redirected to host sso') },
    ])
  })

  test('415: it tries the other encoding once, and says which one the receiver takes', async () => {
    const types: unknown[] = []
    const takes = async (...taken: string[]) => {
      const receiver = await FakeServer.start(({ headers }) => {
        types.push(headers['content-type'])
        return taken.includes(`${headers['content-type']}`) ? { status: 200 } : { status: 415 }
      })
      const otlp = exporter({ endpoint: receiver.url })
      const findings = await otlp.check(never)
      await otlp.close()
      await receiver.stop()
      return findings
    }
    expect(await takes('application/x-protobuf')).toMatchObject([{ level: 'error', next: 'set encoding: proto' }])
    expect(await takes()).toMatchObject([{ level: 'error', next: expect.stringContaining('neither') }])
    expect(types).toEqual(['application/json', 'application/x-protobuf', 'application/json', 'application/x-protobuf'])
  })

  test('claims nothing where a receiver refuses empty requests', async () => {
    expect(await check({ status: 400 })).toMatchObject([{ level: 'unknown' }])
  })

  test('shows no query: it may hold a key', async () => {
    expect(JSON.stringify(await check({ status: 200 }, { endpoint: `${server.url}/?api_key=hunter22` }))).not.toContain(
      'hunter22',
    )
  })
})

test('O1: tells what the receiver remarked beside a success', async () => {
  answer = partial('0', 'deprecated\nfield')
  expect(await send(2)).toEqual({ status: 'delivered', notice: 'deprecated field' })
  answer = { status: 200, headers: proto, body: encodeResponse(0, 'attribute too long') }
  expect(await send(2)).toEqual({ status: 'delivered', notice: 'attribute too long' })
  for (const silent of [partial('0'), partial('0', ' '), { status: 200 }]) {
    answer = silent
    expect(await send(2)).toEqual({ status: 'delivered' })
  }
})

test('the module parses and creates', async () => {
  const made = otlpHttp.create(config.parse({ endpoint: 'http://127.0.0.1:4318' }))
  expect(otlpHttp.type).toBe('otlp_http')
  expect(made).toBeInstanceOf(OtlpHttpExporter)
  await made.close()
  for (const endpoint of ['otel:4318', `http://user:${canary('userinfo')}@otel:4318`, 'ftp://otel'])
    expect(config.safeParse({ endpoint }).success).toBe(false)
})

describe('a key in the query of the endpoint', () => {
  const keyed = (): object => ({ endpoint: `${server.url}/v1/logs?tenant=acme&api_key=${canary('query%2B')}` })

  test('is sent as it was written', async () => {
    answer = { status: 200 }
    expect(await send(1, keyed())).toEqual({ status: 'delivered' })
    expect(server.arrived[0]?.path).toBe(`/v1/logs?tenant=acme&api_key=${canary('query%2B')}`)
  })

  test.each(['query%2B', 'query+'])('is in no answer that quotes it (%s)', async (spelling) => {
    answer = { status: 403, body: `no such key: ${canary(spelling)}` }
    const otlp = exporter(keyed())
    const told = JSON.stringify([await send(1, keyed()), await otlp.check(never)])
    expect(told).toContain('no such key: ***')
    expect(told).not.toContain(canary(''))
    await otlp.close()
  })

  test('is in no error of the network', async () => {
    const [url = ''] = [server.url]
    await server.stop()
    const otlp = new OtlpHttpExporter(config.parse({ endpoint: `${url}?api_key=${canary('query')}` }))
    const told = JSON.stringify(await otlp.check(never))
    expect(told).toContain('ECONNREFUSED')
    expect(told).not.toContain(canary(''))
    await otlp.close()
    server = await FakeServer.start(() => answer)
  })
})
