import { auditRecord, auditRecords, canary } from '@circleci-audit-forwarder/contract/testing'
import { expect, test } from 'vitest'
import { outcomeOf } from '../src/answer.ts'
import { codes, EVENT_BYTES_MAX, module, SplunkHecExporter } from '../src/index.ts'
import { eventRequests } from './fake-hec.ts'
import { hecParts, never } from './hec-world.ts'

const sent = auditRecords(3).map((record) =>
  new SplunkHecExporter({ endpoint: 'http://h', token: canary('hec') }).encode(record),
)

function answer(status: number, body: unknown, more: object = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { status, headers: {}, body: text, bytes: Buffer.from(text), ...more }
}

const outcomes: Record<number, object> = {
  0: { status: 'delivered' },
  1: { status: 'stopped', cause: 'credentials' },
  2: { status: 'stopped', cause: 'credentials' },
  3: { status: 'stopped', cause: 'credentials' },
  4: { status: 'stopped', cause: 'credentials' },
  5: { status: 'unreadable' },
  6: { status: 'unreadable' },
  7: { status: 'stopped', cause: 'configuration' },
  8: { status: 'retry', ambiguous: true },
  9: { status: 'retry', ambiguous: false },
  10: { status: 'stopped', cause: 'configuration' },
  11: { status: 'stopped', cause: 'configuration' },
  12: { status: 'unreadable' },
  13: { status: 'unreadable' },
  14: { status: 'stopped', cause: 'configuration' },
  15: { status: 'unreadable' },
  16: { status: 'stopped', cause: 'configuration' },
  17: { status: 'stopped', cause: 'configuration' },
  18: { status: 'retry', ambiguous: false },
  19: { status: 'retry', ambiguous: false },
  20: { status: 'retry', ambiguous: false },
  21: { status: 'stopped', cause: 'credentials' },
  22: { status: 'stopped', cause: 'credentials' },
  23: { status: 'retry', ambiguous: false },
  24: { status: 'delivered', notice: 'HEC is healthy, queue approaching capacity (code 24)' },
  25: { status: 'delivered', notice: 'HEC is healthy, ACK approaching capacity (code 25)' },
  26: { status: 'retry', ambiguous: false },
  27: { status: 'retry', ambiguous: false },
  28: { status: 'stopped', cause: 'configuration' },
}

test.each(Object.entries(outcomes))('code %s without an event number: %j', (code, expected) => {
  const { http, text } = codes.get(Number(code))!
  expect(outcomeOf(answer(http, { text, code: Number(code) }), sent)).toMatchObject(expected)
})

test('a plain success has nothing to remark', () => {
  expect(outcomeOf(answer(200, { text: 'Success', code: 0 }), sent)).toEqual({ status: 'delivered' })
})

test('the table of codes is whole', () => {
  expect([...codes.keys()]).toEqual(Object.keys(outcomes).map(Number))
})

test.each([6, 12, 13, 15])('code %i names the event, from 0', (code) => {
  const said = answer(400, { text: 'x', code, 'invalid-event-number': 1 })
  const records = [{ index: 1, reason: `x (code ${code})` }]
  expect(outcomeOf(said, sent)).toEqual({ status: 'rejected', records, taken: 1 })
  expect(outcomeOf(answer(400, { text: 'x', code, 'invalid-event-number': 3 }), sent)).toMatchObject({
    status: 'unreadable',
  })
})

test('what stood before a refused event is stored, and is counted where it goes again', async () => {
  const said = answer(400, { text: 'x', code: 6, 'invalid-event-number': 0 })
  expect(outcomeOf(said, sent)).not.toHaveProperty('taken')
  const { exporter, server, batch } = await hecParts({}, { trustEventNumber: true })
  server.answer({ kind: 'refuse record', index: 2 })
  expect(await exporter.send(batch(), never)).not.toHaveProperty('taken')
})

test('code 7 names the event from 1, and only an index that the event chose is its own fault', () => {
  const said = answer(400, { text: 'Incorrect index', code: 7, 'invalid-event-number': 2 })
  expect(outcomeOf(said, sent)).toMatchObject({ status: 'stopped', reason: expect.stringContaining('allow the index') })
  const chosen = sent.map((event, index) => (index === 1 ? { ...event, ownIndex: true } : event))
  expect(outcomeOf(said, chosen)).toMatchObject({ status: 'rejected', records: [{ index: 1 }] })
})

test.each([
  [400, 'bad request', { status: 'unreadable' }],
  [400, '<html><title>400 Bad Request</title></html>', { status: 'unreadable', reason: 'HTTP 400: 400 Bad Request' }],
  [400, '', { status: 'unreadable' }],
  [400, '{"text":"new","code":99}', { status: 'unreadable' }],
  [413, '{"text":"too large","code":413}', { status: 'split' }],
  [
    404,
    '{"text":"The requested URL was not found on this server.","code":404}',
    { status: 'stopped', cause: 'configuration' },
  ],
  [
    405,
    '{"text":"The requested URL was not found on this server.","code":404}',
    { status: 'stopped', cause: 'configuration' },
  ],
  [
    415,
    '<html><body><h1>Unsupported Media Type</h1></body></html>',
    { status: 'stopped', cause: 'configuration', reason: 'HTTP 415: Unsupported Media Type' },
  ],
  [302, '', { status: 'stopped', cause: 'configuration' }],
  [408, '', { status: 'retry', ambiguous: true }],
  [502, '<html>Bad Gateway</html>', { status: 'retry', ambiguous: true }],
  [504, '', { status: 'retry', ambiguous: true }],
  [503, '<html>Service Unavailable</html>', { status: 'retry', ambiguous: false }],
  [429, '', { status: 'retry', ambiguous: false }],
  [401, '', { status: 'stopped', cause: 'credentials' }],
  [200, '<html><form>Sign in</form></html>', { status: 'stopped', cause: 'configuration' }],
  [200, '', { status: 'stopped', cause: 'configuration' }],
  [200, 'OK', { status: 'stopped', cause: 'configuration' }],
  [200, '{"text":"Succ', { status: 'retry', ambiguous: true }],
  [200, '{"text":"Server is busy","code":9}', { status: 'retry', strained: true }],
])('HTTP %i %j', (status, body, expected) => {
  expect(outcomeOf(answer(status, body), sent)).toMatchObject(expected)
})

test('a delay is passed on', () => {
  expect(outcomeOf(answer(503, { text: 'busy', code: 9 }, { retryAfterMs: 30_000 }), sent)).toMatchObject({
    retryAfterMs: 30_000,
  })
  expect(outcomeOf(answer(503, 'busy', { retryAfterMs: 30_000 }), sent)).toMatchObject({ retryAfterMs: 30_000 })
})

test('S1: of three events the middle one is refused; the others are stored when the rest is sent again', async () => {
  const { exporter, hec, server, batch, now } = await hecParts()
  server.answer({ kind: 'refuse record', index: 1 })
  const three = batch()
  expect(await exporter.send(three, never)).toMatchObject({ status: 'rejected', records: [{ index: 1 }] })
  const members = three.members.filter((_, index) => index !== 1)
  expect(await exporter.send({ members, token: 'u', now }, never)).toEqual({ status: 'delivered' })
  expect(new Set(hec.ids)).toEqual(new Set(['record-0000', 'record-0002']))
})

test('S1: an index that is not allowed stops the destination; mended, everything arrives', async () => {
  const { exporter, batch } = await hecParts({ indexes: ['main'] }, { envelope: { index: 'audit' } })
  expect(await exporter.send(batch(), never)).toMatchObject({ status: 'stopped', cause: 'configuration' })
  const chosen = await hecParts({ indexes: ['main'] })
  const records = [
    auditRecord({ id: 'a' }),
    auditRecord({ id: 'b', attributes: { 'com.splunk.index': 'no' } }),
    auditRecord({ id: 'c' }),
  ]
  const outcome = await chosen.exporter.send(chosen.batchOf(records), never)
  const reason = 'Incorrect index (code 7)'
  expect(outcome).toEqual({ status: 'rejected', records: [{ index: 1, reason }], taken: 1 })
})

test('with trust_event_number what came before a refused event is not sent again', async () => {
  const { exporter, hec, server, batch, now } = await hecParts({}, { trustEventNumber: true })
  server.answer({ kind: 'refuse record', index: 2 })
  const five = batch(5)
  expect(await exporter.send(five, never)).toMatchObject({ status: 'rejected', records: [{ index: 2 }] })
  const members = five.members.filter((_, index) => index !== 2)
  server.answer({ kind: 'refuse record', index: 1 })
  expect(await exporter.send({ members, token: 'u', now }, never)).toMatchObject({ records: [{ index: 3 }] })
  expect(await exporter.send({ members: members.slice(0, 3), token: 'v', now }, never)).toEqual({ status: 'delivered' })
  expect(hec.ids).toEqual(['record-0000', 'record-0001', 'record-0003'])
  expect(eventRequests(server)).toHaveLength(2)
})

test('S3: a disabled token stops the destination for as long as it lasts and loses nothing', async () => {
  const { exporter, hec, batch } = await hecParts()
  hec.disabled = true
  const same = batch()
  for (let hour = 0; hour < 3; hour++) {
    const outcome = await exporter.send(same, never)
    expect(outcome).toMatchObject({
      status: 'stopped',
      cause: 'credentials',
      reason: expect.stringContaining('enable the token'),
    })
  }
  hec.disabled = false
  expect(await exporter.send(same, never)).toEqual({ status: 'delivered' })
  expect(hec.ids).toHaveLength(3)
})

test('S4: a compression the collector does not take: 415 in HTML stops with readable text', async () => {
  const { exporter, hec, batch } = await hecParts()
  hec.unsupported = true
  const reason = expect.stringMatching(/^HTTP 415: Unsupported Media Type$/)
  expect(await exporter.send(batch(), never)).toEqual({ status: 'stopped', cause: 'configuration', reason })
  expect(hec.stored).toHaveLength(0)
})

test('S4: a login page behind a redirect stops with readable text', async () => {
  const { exporter, server, batch } = await hecParts()
  server.answer({ kind: 'redirect', location: 'https://splunk.example/en-US/account/login' })
  const outcome = await exporter.send(batch(), never)
  expect(outcome).toMatchObject({
    status: 'stopped',
    cause: 'configuration',
    reason: expect.stringContaining('splunk.example'),
  })
})

test('an event that is too large is refused here, and nothing is sent', async () => {
  const { exporter, hec, server, batchOf } = await hecParts()
  const records = [auditRecord({ id: 'a' }), auditRecord({ id: 'b', attributes: { x: 'y'.repeat(EVENT_BYTES_MAX) } })]
  const outcome = await exporter.send(batchOf(records), never)
  expect(outcome).toMatchObject({
    status: 'rejected',
    records: [{ index: 1, certain: true, reason: expect.stringContaining('maxEventSize') }],
  })
  expect(server.arrived).toHaveLength(0)
  expect(hec.stored).toHaveLength(0)
})

test.each([
  ['http://h:8088', 'http://h:8088/services/collector/event', 'http://h:8088/services/collector/ack'],
  ['https://h/', 'https://h/services/collector/event', 'https://h/services/collector/ack'],
  ['https://h/services/collector', 'https://h/services/collector', 'https://h/services/collector/ack'],
  [
    'https://h/services/collector/event/1.0',
    'https://h/services/collector/event/1.0',
    'https://h/services/collector/ack',
  ],
  ['https://gw/splunk/hec', 'https://gw/splunk/hec', 'https://gw/splunk/hec/ack'],
])('endpoint %s', async (endpoint, event, ack) => {
  const { hecUrls } = await import('../src/requests.ts')
  expect(hecUrls(endpoint)).toMatchObject({ event, ack })
})

test('where the operator says nothing, a request stays within what Splunk advises: 1 MB, 500 events, 5 s', () => {
  expect(module.defaults).toMatchObject({ bytes: 1_000_000, records: 500, lingerMs: 5_000 })
  expect(module.schema.parse({ endpoint: 'https://h', token: canary('hec') })).toMatchObject({
    compression: 'gzip',
    ack: 'auto',
  })
})

test('settings: what cannot work is refused with the reason', () => {
  const good = { endpoint: 'https://h:8088', token: canary('hec') }
  const reasons = (settings: object) => module.schema.safeParse({ ...good, ...settings }).error?.issues[0]?.message
  expect(reasons({})).toBeUndefined()
  expect(reasons({ compression: 'zstd' })).toContain('415')
  expect(reasons({ endpoint: 'splunk:8088' })).toContain('no http or https URL')
  expect(reasons({ token: ` ${canary('hec')}` })).toBeDefined()
  expect(reasons({ tokn: 'x' })).toBeDefined()
  const make = (endpoint: string) => () => module.create(module.schema.parse({ ...good, endpoint }))
  expect(make('https://h/services/collector/raw')).toThrow(/endpoint: .*raw/)
  expect(make(`https://h/?token=${canary('query')}`)).toThrow(/endpoint: must not carry credentials/)
  expect(make(`https://u:${canary('userinfo')}@h/`)).toThrow(/endpoint: must not carry credentials/)
  expect(make('https://h')).not.toThrow()
})
