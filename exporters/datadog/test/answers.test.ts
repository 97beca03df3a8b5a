import { SettingError } from '@circleci-audit-forwarder/contract'
import { CANARY_MARK, type Scripted } from '@circleci-audit-forwarder/contract/testing'
import { expect, test } from 'vitest'
import { outcomeOf } from '../src/answer.ts'
import { DatadogExporter, module, sites } from '../src/index.ts'
import { datadogUrls } from '../src/sites.ts'
import { datadogWorld, KEY, never } from './datadog-world.ts'

function answer(status: number, body: unknown, headers: Record<string, string> = {}, more: object = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { status, headers, body: text, bytes: Buffer.from(text), ...more }
}

const errors = (title: string, detail?: string) => ({ errors: [{ status: 'x', title, detail }] })
const page = '<!DOCTYPE html><html><body>Blocked by policy</body></html>'

test.each([
  [202, '{}', { status: 'delivered' }],
  [202, '', { status: 'delivered' }],
  [200, '', { status: 'delivered' }],
  [204, '', { status: 'delivered' }],
  [202, page, { status: 'stopped', cause: 'configuration' }],
  [200, errors('Bad', 'x'), { status: 'retry', ambiguous: true, reason: 'HTTP 200: Bad: x' }],
  [201, '', { status: 'stopped', cause: 'configuration' }],
  [206, '{}', { status: 'stopped', cause: 'configuration' }],
  [302, '', { status: 'stopped', cause: 'configuration' }],
  [400, errors('Bad Request', 'malformed'), { status: 'unreadable', reason: 'HTTP 400: Bad Request: malformed' }],
  [400, '', { status: 'unreadable' }],
  [400, page, { status: 'stopped', cause: 'configuration' }],
  [401, errors('Unauthorized'), { status: 'stopped', cause: 'credentials' }],
  [
    403,
    { errors: ['Forbidden'] },
    { status: 'stopped', cause: 'credentials', reason: /^HTTP 403: Forbidden; is this/ },
  ],
  [403, page, { status: 'stopped', cause: 'configuration', reason: /Blocked by policy: not Datadog's answer/ }],
  [404, errors('Not Found'), { status: 'stopped', cause: 'configuration' }],
  [405, '', { status: 'stopped', cause: 'configuration' }],
  [407, page, { status: 'stopped', cause: 'credentials' }],
  [408, errors('Request Timeout'), { status: 'retry' }],
  [413, errors('Payload Too Large'), { status: 'split' }],
  [415, '', { status: 'stopped', cause: 'configuration' }],
  [418, '', { status: 'stopped', cause: 'configuration' }],
  [422, '', { status: 'stopped', cause: 'configuration' }],
  [429, errors('Too Many Requests'), { status: 'retry', ambiguous: false, strained: true }],
  [500, errors('Internal'), { status: 'retry', ambiguous: true }],
  [502, page, { status: 'retry', ambiguous: true }],
  [503, '', { status: 'retry', ambiguous: false }],
  [504, '', { status: 'retry', ambiguous: true }],
])('HTTP %i %j', (status, body, { reason, ...expected }: Record<string, unknown>) => {
  const outcome = outcomeOf(answer(status, body))
  expect(outcome).toMatchObject(expected)
  if (typeof reason === 'string') expect(outcome).toMatchObject({ reason })
  if (reason instanceof RegExp) expect(outcome).toMatchObject({ reason: expect.stringMatching(reason) })
})

test('a wait is passed on: Retry-After, else the end of the period that Datadog names', () => {
  const outcome = (headers: Record<string, string>, more = {}) => outcomeOf(answer(429, '', headers, more))
  expect(outcome({}, { retryAfterMs: 30_000 })).toMatchObject({ retryAfterMs: 30_000 })
  expect(outcome({ 'x-ratelimit-reset': '9' })).toMatchObject({ retryAfterMs: 9_000 })
  expect(outcome({ 'x-ratelimit-reset': '9' }, { retryAfterMs: 30_000 })).toMatchObject({ retryAfterMs: 30_000 })
  expect(outcome({ 'x-ratelimit-reset': '99999' })).toMatchObject({ retryAfterMs: 900_000 })
  expect(outcome({ 'x-ratelimit-reset': 'soon' })).not.toHaveProperty('retryAfterMs')
})

test('D3: 413 is to be split, 429 names its wait, and nothing is lost', async () => {
  const world = await datadogWorld()
  const { server, datadog } = world
  const batch = world.batch(4)
  server.answer({ kind: 'too large' }, { kind: 'throttle', afterSeconds: 30 })
  expect(await world.send(batch)).toMatchObject({ status: 'split' })
  expect(await world.send(batch)).toMatchObject({ status: 'retry', retryAfterMs: 30_000, ambiguous: false })
  for (const half of [batch.members.slice(0, 2), batch.members.slice(2)]) {
    expect(await world.send({ ...batch, members: half })).toEqual({ status: 'delivered' })
  }
  expect(datadog.ids).toEqual(['record-0000', 'record-0001', 'record-0002', 'record-0003'])
})

test('a key that is not valid stops the destination for as long as it lasts and loses nothing', async () => {
  const world = await datadogWorld()
  const { datadog } = world
  const batch = world.batch()
  datadog.keyIsValid = false
  for (let hour = 0; hour < 3; hour++) {
    const outcome = await world.send(batch)
    const reason = expect.stringContaining('API key is invalid; is this an API key of this site?')
    expect(outcome).toMatchObject({ status: 'stopped', cause: 'credentials', reason })
  }
  datadog.keyIsValid = true
  expect(await world.send(batch)).toEqual({ status: 'delivered' })
  expect(datadog.ids).toHaveLength(3)
})

test('one request carries the key, JSON and its compression', async () => {
  for (const compression of ['gzip', 'zstd', 'none'] as const) {
    const world = await datadogWorld({ http: { compression } })
    expect(await world.send(world.batch())).toEqual({ status: 'delivered' })
    const { path, headers, body } = world.server.arrived[0]!
    const encoding = compression === 'none' ? {} : { 'content-encoding': compression }
    expect(headers).toMatchObject({ 'dd-api-key': KEY, 'content-type': 'application/json', ...encoding })
    expect(headers['content-encoding']).toBe(encoding['content-encoding'])
    expect(path).toBe('/api/v2/logs')
    expect(JSON.parse(body.toString())).toHaveLength(3)
  }
})

test.each(sites.map((site) => [site]))('site %s', (site) => {
  expect(datadogUrls({ site })).toEqual({
    intake: `https://http-intake.logs.${site}/api/v2/logs`,
    validate: `https://api.${site}/api/v1/validate`,
  })
})

test.each([
  ['http://worker:8282', 'http://worker:8282/api/v2/logs'],
  ['https://gw/', 'https://gw/api/v2/logs'],
  ['https://gw/datadog/v2/logs', 'https://gw/datadog/v2/logs'],
])('endpoint %s is in place of the site’s intake', (endpoint, intake) => {
  expect(datadogUrls({ endpoint })).toEqual({ intake, validate: undefined })
  expect(datadogUrls({ endpoint, site: 'datadoghq.eu' })).toEqual({
    intake,
    validate: 'https://api.datadoghq.eu/api/v1/validate',
  })
})

test('settings: what cannot work is refused with the reason', () => {
  const good = { site: 'datadoghq.eu', api_key: KEY }
  const reason = (settings: object) => module.schema.safeParse({ ...good, ...settings }).error?.issues[0]?.message
  expect(reason({})).toBeUndefined()
  expect(reason({ endpoint: 'http://worker:8282', site: undefined })).toBeUndefined()
  expect(reason({ site: undefined })).toContain('`endpoint` in its place')
  expect(reason({ site: 'datadoghq.de' })).toContain('datadoghq.eu')
  expect(reason({ api_key: `${'a'.repeat(28)}${CANARY_MARK}` })).toContain('application key')
  expect(reason({ api_key: `${KEY}\n` })).toBeDefined()
  expect(reason({ tags: ['a:b', 'c d'] })).toContain('is no tag')
  expect(reason({ tags: ['a,b'] })).toContain('is no tag')
  expect(reason({ compression: 'deflate' })).toBeDefined()
  expect(reason({ late_events: 'drop' })).toBeDefined()
  expect(reason({ api_keys: 'x' })).toBeDefined()
  expect(module.schema.parse(good)).toMatchObject({ late_events: 'restamp', oversize: 'trim', compression: 'gzip' })
  const make = (endpoint: string) => () => module.create(module.schema.parse({ ...good, endpoint }))
  expect(make('https://gw/?ddtags=a')).toThrow(SettingError)
  expect(make('https://gw/?ddtags=a')).toThrow(/^endpoint: must not carry credentials or a query/)
  expect(make('https://gw')).not.toThrow()
  expect(() => new DatadogExporter({ apiKey: KEY })).toThrow(/^site: must be set/)
})

test('check: key, way, clock; what only Datadog knows is unknown; no log is sent', async () => {
  const { exporter, datadog, server } = await datadogWorld({ site: 'datadoghq.eu' })
  expect(await exporter.check(never)).toMatchObject([
    { level: 'ok', what: 'API key is valid on datadoghq.eu' },
    { level: 'ok', what: 'intake takes requests with this key' },
    { level: 'ok', what: "clock agrees with Datadog's" },
    { level: 'unknown', what: 'accepted logs are indexed', next: expect.stringContaining('drop_count') },
  ])
  expect(server.arrived.map(({ method, path, body }) => `${method} ${path} ${body}`)).toEqual([
    'GET /api/v1/validate ',
    'POST /api/v2/logs {}',
  ])
  expect(datadog.stored).toEqual([])
  expect(datadog.dropped).toEqual([])
})

test('check: a wrong key is an error at both doors, with what to do', async () => {
  const { exporter, datadog } = await datadogWorld({ site: 'datadoghq.eu' })
  datadog.keyIsValid = false
  const findings = await exporter.check(never)
  expect(findings.filter(({ level }) => level === 'error')).toMatchObject([
    { what: 'API key is valid on datadoghq.eu', next: expect.stringContaining('site and key') },
    { what: 'intake takes requests with this key', next: expect.stringContaining('credentials') },
  ])
})

test('check: an API that is out of reach is unknown, for logs need the intake alone', async () => {
  const { exporter, server } = await datadogWorld()
  const html: Scripted = { kind: 'HTML 200' }
  server.answer(html)
  expect((await exporter.check(never)).map(({ level }) => level)).toEqual(['unknown', 'ok', 'ok', 'unknown'])
  const closed = new DatadogExporter({ endpoint: server.url, apiEndpoint: 'http://127.0.0.1:1', apiKey: KEY })
  expect((await closed.check(never)).slice(0, 2)).toMatchObject([{ level: 'unknown' }, { level: 'ok' }])
  const alone = new DatadogExporter({ endpoint: server.url, apiKey: KEY })
  expect((await alone.check(never))[0]).toMatchObject({ level: 'unknown', next: 'set site beside endpoint' })
  await closed.close()
  await alone.close()
})

test('check: a clock that is wrong, certificates nobody verifies', async () => {
  const { exporter, datadog } = await datadogWorld({ http: { tls: { insecureSkipVerify: true } } })
  datadog.now += 11 * 60_000
  expect(await exporter.check(never)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ level: 'warning', what: "clock agrees with Datadog's" }),
      expect.objectContaining({ level: 'warning', what: 'certificates are verified' }),
    ]),
  )
})
