import { type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import { auditRecord, hostileValues } from '@circleci-audit-forwarder/contract/testing'
import { resourceFromAttributes } from '@opentelemetry/resources'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type EncodeSettings, encodeLog } from '../src/index.ts'
import { auditEvents } from './events.ts'

const bare: LogRecord = {
  hrTime: [0, 0],
  hrTimeObserved: [0, 0],
  attributes: {},
  droppedAttributesCount: 0,
  resource: resourceFromAttributes({}),
  instrumentationScope: { name: '' },
}

function textOf(record: LogRecord, settings: EncodeSettings = {}): string {
  return Buffer.from(encodeLog(record, settings).bytes).toString()
}

// biome-ignore lint/suspicious/noExplicitAny: the shape is what is tested
function logOf(record: LogRecord, settings: EncodeSettings = {}): any {
  return JSON.parse(textOf(record, settings).replace(/,$/, ''))
}

/** Everything that may stand at the root, and nothing else ever. */
const root = [
  ...['timestamp', 'ddtags', 'ddsource', 'service', 'hostname', 'status', 'message'],
  ...['evt', 'usr', 'network', 'http', 'asset', 'dd', 'otel', 'attributes', 'circleci', 'resource'],
  ...['truncated', 'untruncated_bytes', 'late', 'early', 'original_timestamp'],
]

/** What Datadog takes from the root, wherever it comes from. */
const reserved = [
  ...['@timestamp', 'timestamp', '_timestamp', 'Timestamp', 'eventTime', 'date', 'published_date', 'syslog'],
  ...['syslog.timestamp', 'host', 'hostname', 'syslog.hostname', 'status', 'severity', 'level', 'syslog.severity'],
  ...[
    'service',
    'syslog.appname',
    'dd.trace_id',
    'contextMap.dd.trace_id',
    'contextMap',
    'message',
    'ddsource',
    'ddtags',
  ],
]

test('the bytes of typical and awkward events', async () => {
  const settings = { tags: ['env:prod', 'team:security'] }
  const lines = auditEvents.map((record) => `${textOf(record, settings)}\n`)
  await expect(lines.join('')).toMatchFileSnapshot('golden/logs.jsonl')
})

test('reserved keys are never taken by accident: whatever an event or an attribute is called, the root is ours', () => {
  const name = fc.oneof(fc.constantFrom(...reserved), fc.constantFrom(...root), fc.string())
  const attributes = fc.dictionary(name, fc.oneof(fc.string(), fc.integer(), fc.constant({ a: 1 })))
  const clean = logOf(bare)
  fc.assert(
    fc.property(attributes, fc.dictionary(name, fc.jsonValue()), fc.boolean(), (some, event, audit) => {
      const action = audit ? { 'circleci.audit.action': 'org.create' } : {}
      const said = Object.fromEntries(Object.entries(some).filter(([key]) => key.length < 99))
      const original = JSON.stringify(event)
      const record = { ...bare, attributes: { ...said, ...action }, [ORIGINAL]: original }
      const log = logOf(record)
      expect(Object.keys(log).filter((key) => !root.includes(key))).toEqual([])
      expect({ ...log, ddsource: 0 }).toMatchObject({ status: clean.status, message: clean.message, ddsource: 0 })
      expect([log.timestamp, log.service, log.hostname, log.ddtags]).toEqual([undefined, undefined, undefined, ''])
      if (audit && original !== '{}') expect(log.circleci).toEqual(JSON.parse(original))
    }),
  )
})

test('one event, in Datadog’s standard attributes', () => {
  const attributes = {
    'log.record.uid': 'u-1',
    'circleci.audit.action': 'context.secrets.accessed',
    'circleci.audit.actor.id': '5a1b',
    'circleci.audit.actor.type': 'user',
    'circleci.audit.actor.name': 'github: octocat',
    'circleci.audit.actor.email': 'octocat@acme.dev',
    'user.id': '5a1b',
    'user.name': 'octocat',
    'circleci.audit.target.id': 'c0ff',
    'circleci.audit.target.type': 'context',
    'circleci.audit.target.name': 'aws-prod',
    'circleci.audit.organization.name': 'Acme, Inc.',
    'circleci.audit.success': false,
    'circleci.audit.request.id': '1-65e5d1c3',
    'client.address': '203.0.113.7',
    'geo.country.iso_code': 'DE',
    'geo.locality.name': 'Köln',
    'geo.location.lat': 50.9,
    'geo.location.lon': Number.NaN,
    'client.as.number': 64500,
    'client.as.organization': 'Example Net',
    'user_agent.original': 'curl/8',
    'http.request.header.x-client-trace-id': ['t-7'],
    'aws.s3.key': 'a/b.json.gz',
  }
  const fields = { severityNumber: 18, severityText: 'critical', hrTime: [1772632931, 123456789] as [number, number] }
  const record = { ...auditRecord(fields), attributes, [ORIGINAL]: '{"id":"u-1","eventTime":1,"status":"info"}' }
  expect(logOf(record, { tags: ['env:prod'] })).toEqual({
    timestamp: 1772632931123,
    ddtags: 'env:prod,org:acme_inc.',
    ddsource: 'circleci',
    service: 'circleci',
    hostname: 'Acme, Inc.',
    status: 'critical',
    message: 'alice created context aws-prod',
    evt: { name: 'context.secrets.accessed', category: 'context', outcome: 'failure', id: 'u-1' },
    usr: { id: '5a1b', name: 'octocat', email: 'octocat@acme.dev', type: 'user' },
    network: {
      client: {
        ip: '203.0.113.7',
        geoip: {
          country: { iso_code: 'DE' },
          city: { name: 'Köln' },
          location: { latitude: 50.9 },
          as: { number: 'AS64500', name: 'Example Net' },
        },
      },
    },
    http: { useragent: 'curl/8', request_id: '1-65e5d1c3' },
    asset: { id: 'c0ff', type: 'context', name: 'aws-prod' },
    otel: {
      timestamp: '1772632931123456789',
      event_name: 'circleci.audit.context.create',
      severity_number: 18,
      severity_text: 'critical',
    },
    attributes: {
      'geo.country.iso_code': 'DE',
      'geo.locality.name': 'Köln',
      'geo.location.lat': 50.9,
      'geo.location.lon': 'NaN',
      'client.as.number': 64500,
      'client.as.organization': 'Example Net',
      'aws.s3.key': 'a/b.json.gz',
    },
    circleci: { id: 'u-1', eventTime: 1, status: 'info' },
  })
})

test('the original goes in as it was: no number loses a digit, no space is lost', () => {
  const original = '{"id":"x", "big":12345678901234567890, "one":1.0, "e":1e400}'
  expect(textOf(auditRecord({ [ORIGINAL]: ` ${original}\n` }))).toContain(`"circleci":${original}},`)
})

test('half a surrogate pair in the original becomes U+FFFD: the body stays what every parser reads', () => {
  const text = textOf(auditRecord({ [ORIGINAL]: '{"id":"x","name":"a\\ud83e, \\\\ud83e, \\ud83e\\udd8a"}' }))
  expect(text).toContain('"name":"a\\ufffd, \\\\ud83e, \\ud83e\\udd8a"')
})

test.each(['id,action\r\n', '{a,b}', '{', '', undefined])(
  'an original that is no object (%j): made of attributes',
  (csv) => {
    const attributes = {
      'circleci.audit.actor.id': 'a-1',
      'circleci.audit.actor': 'not a map',
      'circleci.audit.metadata.team.name': 'infra',
      'circleci.audit.metadata.__proto__': 'm',
      'circleci.audit.request': 'r',
      'circleci.audit.request.id': 'r-1',
      'http.request.header.x-client-trace-id': ['t-7'],
    }
    const { [ORIGINAL]: _, ...record } = auditRecord({ id: 'u-1', attributes })
    const log = logOf(csv === undefined ? record : { ...record, [ORIGINAL]: csv })
    expect(log.circleci).toMatchObject({
      id: 'u-1',
      occurred_at: '2026-10-01T00:00:00.123456789Z',
      action: 'context.create',
      success: true,
      actor: { id: 'a-1', value: 'not a map' },
      request: { id: 'r-1', value: 'r' },
      payload: { context: { name: 'aws-prod' } },
    })
    expect(Object.entries(log.circleci.metadata)).toEqual([
      ['team.name', 'infra'],
      ['__proto__', 'm'],
    ])
    expect(log.attributes).toEqual({ 'http.request.header.x-client-trace-id': ['t-7'] })
  },
)

test("any application's record: attributes, resource and trace, each where it cannot be mistaken", () => {
  const record: LogRecord = {
    ...bare,
    hrTime: [1772632931, 5],
    severityNumber: 17,
    eventName: 'order.failed',
    body: { order: 7 },
    attributes: { 'log.record.uid': 'u1', n: 1.5, level: 'x', 'user.email': 'a@b.c' },
    resource: resourceFromAttributes({
      'service.name': 'shop',
      'host.name': 'web-1',
      'deployment.environment.name': 'Prod EU',
      'service.version': '1.2',
    }),
    spanContext: { traceId: `${'a'.repeat(16)}00000000000000ff`, spanId: 'ffffffffffffffff', traceFlags: 1 },
  }
  expect(logOf(record)).toEqual({
    timestamp: 1772632931000,
    ddtags: 'env:prod_eu,version:1.2',
    ddsource: 'opentelemetry',
    service: 'shop',
    hostname: 'web-1',
    status: 'error',
    message: '{"order":7}',
    evt: { name: 'order.failed', id: 'u1' },
    usr: { email: 'a@b.c' },
    dd: { trace_id: '255', span_id: '18446744073709551615' },
    otel: {
      timestamp: '1772632931000000005',
      event_name: 'order.failed',
      severity_number: 17,
      trace_id: `${'a'.repeat(16)}00000000000000ff`,
      span_id: 'ffffffffffffffff',
    },
    attributes: { 'log.record.uid': 'u1', n: 1.5, level: 'x', 'user.email': 'a@b.c' },
    resource: {
      'service.name': 'shop',
      'host.name': 'web-1',
      'deployment.environment.name': 'Prod EU',
      'service.version': '1.2',
    },
  })
})

test('a record with nothing in it is a log', () => {
  const filed = { ddtags: '', ddsource: 'opentelemetry', status: 'info' }
  const rest = { attributes: {}, resource: {} }
  expect(logOf(bare)).toEqual({ ...filed, message: 'log record without a body', ...rest })
})

test('what the operator sets wins, for all records', () => {
  const settings = { service: 's', source: 'x', hostname: 'h', tags: ['Team:Sec Ops', 'team:sec_ops'] }
  for (const record of [auditRecord(), bare]) {
    expect(logOf(record, settings)).toMatchObject({
      service: 's',
      ddsource: 'x',
      hostname: 'h',
      ddtags: 'team:sec_ops',
    })
  }
})

test('tags are cut at 200 characters, and a comma in a name makes no second tag', () => {
  const name = `a,b ${'🦊'.repeat(3)}${'é'.repeat(300)}\ud800`
  const record = auditRecord({ attributes: { 'circleci.audit.organization.name': name } })
  const { ddtags } = logOf(record)
  expect(ddtags).toBe(`org:a_b_${'é'.repeat(192)}`)
})

test.each([
  ['info', 9, 'info'],
  ['warning', 13, 'warn'],
  ['Critical', 18, 'critical'],
  ['WARN', undefined, 'warn'],
  ['my own', 21, 'fatal'],
  ['', 18, 'error'],
  [undefined, 5, 'debug'],
  [undefined, 1, 'trace'],
  [undefined, undefined, 'info'],
  [undefined, 99, 'info'],
])('severity %s %s is the status %s', (severityText, severityNumber, status) => {
  const severity = { ...(severityText !== undefined && { severityText }), ...(severityNumber && { severityNumber }) }
  expect(logOf({ ...bare, ...severity }).status).toBe(status)
})

const categories = { 'schedule-create': 'schedule', 'project.env_var.create': 'project', '': undefined }

test.each(Object.entries(categories))('the category of %s is %s', (action, category) => {
  expect(logOf({ ...bare, attributes: { 'circleci.audit.action': action } }).evt?.category).toBe(category)
})

/** Ten times in one record it stays below what Datadog takes. */
const isSmall = (value: unknown): boolean => typeof value !== 'string' || value.length < 100_000

test('whatever values a record holds, it is one JSON object on one line', () => {
  for (const value of [...hostileValues().values(), '\ud800'.repeat(99)].filter(isSmall)) {
    const attributes = {
      'circleci.audit.payload': value,
      'user.name': value,
      'host.name': value,
      [String(value)]: value,
    }
    const hostile = { ...bare, body: value, eventName: value, severityText: value, severityNumber: value } as LogRecord
    const spanContext = { traceId: value, spanId: value } as NonNullable<LogRecord['spanContext']>
    for (const action of [{}, { 'circleci.audit.action': 'x' }]) {
      const text = textOf({ ...hostile, spanContext, attributes: { ...attributes, ...action } })
      expect(text).toMatch(/^\{.*\},$/)
      expect(text).not.toMatch(/[\u2028\u2029\r\n]|\\ud[89a-f]/i)
      expect(() => JSON.parse(text.slice(0, -1))).not.toThrow()
    }
  }
})
