import { type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import { auditRecord, bareRecord, hostileValues } from '@circleci-audit-forwarder/contract/testing'
import { resourceFromAttributes } from '@opentelemetry/resources'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { classify, EVENT_BYTES_MAX, encodeEvent } from '../src/index.ts'
import { auditEvents } from './events.ts'

const bare = bareRecord

function textOf(record: LogRecord, defaults = {}): string {
  return Buffer.from(encodeEvent(record, defaults).bytes).toString()
}

interface Envelope {
  readonly time?: number
  readonly event: Readonly<Record<string, unknown>>
  readonly fields: Readonly<Record<string, string>>
}

function envelopeOf(record: LogRecord, defaults = {}): Envelope {
  return JSON.parse(textOf(record, defaults)) as Envelope
}

test('the bytes of typical and awkward events', async () => {
  const lines = auditEvents.map((record) => textOf(record, { index: 'audit' }))
  await expect(lines.join('')).toMatchFileSnapshot('golden/events.jsonl')
})

test('every envelope is one line of whitelisted keys', () => {
  for (const record of [...auditEvents, bare]) {
    const line = textOf(record)
    expect(line.indexOf('\n')).toBe(line.length - 1)
    expect(line).not.toMatch(/[\u2028\u2029\r]/)
    const known = ['time', 'host', 'source', 'sourcetype', 'index', 'event', 'fields']
    expect(known).toEqual(expect.arrayContaining(Object.keys(JSON.parse(line))))
  }
})

test.each([
  [[1772632931, 123456789], '"time":1772632931.123456,'],
  [[1772632931, 123000000], '"time":1772632931.123,'],
  [[1772632931, 999999999], '"time":1772632931.999999,'],
  [[1772632931, 1], '"time":1772632931.000,'],
  [[1, 0], '"time":1.000,'],
])('time %j is written as text: %s', (hrTime, written) => {
  expect(textOf({ ...bare, hrTime: hrTime as [number, number] })).toContain(written)
})

test('time is text of seconds and at most six digits, for any time: no exponent, no noise of a float', () => {
  const times = fc.tuple(fc.integer({ min: 1, max: 253_402_300_799 }), fc.nat(999_999_999))
  fc.assert(
    fc.property(times, ([seconds, nanos]) => {
      const written = /"time":([^,]*),/.exec(textOf({ ...bare, hrTime: [seconds, nanos] }))?.[1] ?? ''
      expect(written).toMatch(/^\d+\.(\d{3}|\d{6})$/)
      const [whole, decimals = ''] = written.split('.')
      expect([Number(whole), Number(decimals.padEnd(6, '0'))]).toEqual([seconds, Math.trunc(nanos / 1000)])
    }),
  )
})

test('fields are flat and strings, whatever a record holds', () => {
  const any = fc.anything({ withBigInt: true, withDate: true, withMap: true })
  fc.assert(
    fc.property(any, fc.boolean(), (value, isAudit) => {
      const names = ['log.record.uid', 'circleci.audit.success', 'circleci.audit.organization.name', 'host.name']
      const attributes = Object.fromEntries(names.map((name) => [name, value]))
      const wrong = value as never
      const spanContext = { traceId: wrong, spanId: wrong, traceFlags: 1 }
      const eventName = isAudit ? 'circleci.audit.context.create' : wrong
      const record = { ...bare, attributes, spanContext, eventName, severityText: wrong, severityNumber: wrong }
      for (const field of Object.values(envelopeOf(record).fields)) expect(field).toBeTypeOf('string')
    }),
    { examples: [[[{ toString: 0 }], true]] },
  )
})

test('time is the observed time where there is no other, and absent where there is none', () => {
  expect(envelopeOf({ ...bare, hrTimeObserved: [5, 0] }).time).toBe(5)
  expect(envelopeOf(bare)).not.toHaveProperty('time')
  expect(envelopeOf({ ...bare, hrTime: [Number.NaN, 0] })).not.toHaveProperty('time')
  expect(envelopeOf({ ...bare, hrTime: [-5, 0] })).not.toHaveProperty('time')
})

test('a record with nothing in it is no blank event', () => {
  expect(textOf(bare)).toBe('{"event":{"severity":"unspecified","attributes":{},"resource":{}},"fields":{}}\n')
})

test("any application's record: attributes, body, resource and trace, under the token's own source type", () => {
  const record = {
    ...bare,
    hrTime: [1772632931, 5] as [number, number],
    severityNumber: 17,
    eventName: 'order.failed',
    body: { order: 7 },
    attributes: { 'log.record.uid': 'u1', n: 1.5, list: [1, 'x'] },
    resource: resourceFromAttributes({ 'service.name': 'shop', 'host.name': 'web-1' }),
    spanContext: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 },
  }
  expect(envelopeOf(record)).toEqual({
    time: 1772632931,
    host: 'web-1',
    source: 'shop',
    event: {
      event_id: 'u1',
      name: 'order.failed',
      severity: 'error',
      body: { order: 7 },
      attributes: { 'log.record.uid': 'u1', n: 1.5, list: [1, 'x'] },
      resource: { 'service.name': 'shop', 'host.name': 'web-1' },
    },
    fields: {
      event_id: 'u1',
      'otel.log.name': 'order.failed',
      'otel.log.severity.number': '17',
      trace_id: 'a'.repeat(32),
      span_id: 'b'.repeat(16),
    },
  })
})

test('com.splunk.* attributes choose, as in the OpenTelemetry Collector', () => {
  const attributes = { 'com.splunk.index': 'i', 'com.splunk.source': 's', 'com.splunk.sourcetype': 't' }
  const defaults = { index: 'x', source: 'y', sourcetype: 'z', host: 'h' }
  expect(envelopeOf({ ...bare, attributes }, defaults)).toMatchObject({
    index: 'i',
    source: 's',
    sourcetype: 't',
    host: 'h',
  })
  expect(envelopeOf({ ...bare, resource: resourceFromAttributes(attributes) }, defaults)).toMatchObject({ index: 'i' })
  expect(envelopeOf(bare, defaults)).toMatchObject({ index: 'x', source: 'y', sourcetype: 'z' })
  expect(encodeEvent({ ...bare, attributes }, defaults).ownIndex).toBe(true)
  expect(encodeEvent(bare, defaults).ownIndex).toBeUndefined()
})

test('the original goes in as it was: no number loses a digit', () => {
  const original = '{"id":"x", "big":12345678901234567890, "one":1.0, "e":1e400}'
  expect(textOf(auditRecord({ [ORIGINAL]: ` ${original}\n` }))).toContain(`"circleci":${original}}`)
})

test('a pretty-printed original becomes one line, its strings untouched', () => {
  const original = '{\r\n  "id": "x",\n\n  "text": "a  b\\n  c",\n  "big": 12345678901234567890\n}'
  expect(textOf(auditRecord({ [ORIGINAL]: original }))).toContain(
    '"circleci":{"id": "x","text": "a  b\\n  c","big": 12345678901234567890}}',
  )
})

test('an original that is no JSON object is replaced by the attributes', () => {
  for (const original of ['a,b,c', '{},x,{}', '{x}', '[1]', '"x"', '', '{"torn":']) {
    const { event } = envelopeOf(auditRecord({ [ORIGINAL]: original }))
    expect(event).not.toHaveProperty('circleci')
    expect(event['attributes']).toMatchObject({ 'circleci.audit.version': 1 })
  }
})

test('what is known beyond the event goes along, what repeats it does not', () => {
  const attributes = {
    'geo.country.iso_code': 'DE',
    'aws.s3.key': 'k',
    'user.id': 'u',
    'circleci.audit.metadata.x': 'y',
  }
  const { event } = envelopeOf(auditRecord({ attributes }))
  expect(event['attributes']).toEqual({ 'geo.country.iso_code': 'DE', 'aws.s3.key': 'k' })
})

test('values no JSON has a form for do no harm', () => {
  for (const [name, value] of hostileValues()) {
    const record = { ...bare, attributes: { value, [name]: name }, body: value }
    expect(() => envelopeOf(record), name).not.toThrow()
    expect(
      () => envelopeOf(auditRecord({ attributes: { 'circleci.audit.actor.name': value, x: value } })),
      name,
    ).not.toThrow()
  }
})

test('encode changes nothing and says the same every time', () => {
  for (const record of auditEvents) {
    const before = JSON.stringify([record.attributes, record.body, record[ORIGINAL], record.resource.attributes])
    expect(textOf(Object.freeze({ ...record }))).toBe(textOf(record))
    expect(JSON.stringify([record.attributes, record.body, record[ORIGINAL], record.resource.attributes])).toBe(before)
  }
})

test('an event beyond what Splunk takes says so', () => {
  const big = encodeEvent({ ...bare, body: 'x'.repeat(EVENT_BYTES_MAX) }, {})
  expect(big.refusal).toMatch(/event of 5000\d+ bytes: Splunk takes 5000000/)
  expect(encodeEvent({ ...bare, body: 'x'.repeat(EVENT_BYTES_MAX - 200) }, {}).refusal).toBeUndefined()
})

test.each([
  ['context.create', 'created', 'Change'],
  ['project.setup', 'created', 'Change'],
  ['context.env_var.store', 'modified', 'Change'],
  ['schedule-update', 'modified', 'Change'],
  ['project.toggle-abusive', 'modified', 'Change'],
  ['org.rename', 'modified', 'Change'],
  ['checkout-key.delete-all', 'deleted', 'Change'],
  ['release_integration.token.revoke', 'deleted', 'Change'],
  ['context.secrets.accessed', 'read', 'Change'],
  ['audit_log.download_url.generated', 'read', 'Change'],
  ['project.stop_building', 'stopped', 'Change'],
  ['component.cancel_release', 'stopped', 'Change'],
  ['role_grant.update', 'acl_modified', 'Change'],
  ['project_group_role_grant.create', 'acl_modified', 'Change'],
  ['context.restriction.delete', 'acl_modified', 'Change'],
  ['context.group_add', 'acl_modified', 'Change'],
  ['group_member.remove', 'acl_modified', 'Change'],
  ['workflow.cancel', 'stopped', 'Change'],
  ['workflow.job.start', 'start', undefined],
  ['build.create', 'create', undefined],
  ['user.logged_out', 'logged_out', undefined],
  ['user.logged_in', 'logged_in', 'Authentication'],
  ['something.new.frobnicated', 'frobnicated', undefined],
])('%s is %s in CIM (%s)', (action, cim, model) => {
  expect(classify(action)).toMatchObject({ action: cim, model })
})
