import { ORIGINAL } from '@circleci-audit-forwarder/contract'
import { auditRecord, bareRecord, hostileValues } from '@circleci-audit-forwarder/contract/testing'
import { expect, test } from 'vitest'
import { encodeLine, LINE_BYTES_MAX } from '../src/index.ts'
import { auditEvents, otherRecords, recordOf } from './events.ts'

type Lineable = Parameters<typeof encodeLine>[0]

function textOf(record: Lineable): string {
  return Buffer.from(encodeLine(record, 'trim').bytes).toString()
}

// biome-ignore lint/suspicious/noExplicitAny: the shape is what is tested
function lineOf(record: Lineable): any {
  return JSON.parse(textOf(record))
}

test('the bytes of typical and awkward events', async () => {
  const lines = [...auditEvents, ...otherRecords].map((record) => `${textOf(record)}\n`)
  await expect(lines.join('')).toMatchFileSnapshot('golden/lines.jsonl')
})

test('a line for LEQL: a flat head, then the event as it was', () => {
  const line = lineOf(auditEvents[0] as Lineable)
  const { circleci, attributes, ...head } = line
  expect(head).toEqual({
    time: '2026-03-04T14:02:11.123Z',
    vendor: 'CircleCI',
    product: 'audit-log',
    event_id: 'typical',
    'otel.event.name': 'circleci.audit.context.secrets.accessed',
    action: 'context.secrets.accessed',
    outcome: 'success',
    severity: 'info',
    user: 'octocat',
    user_id: '5a1b',
    user_type: 'user',
    source_ip: '203.0.113.7',
    target_type: 'context',
    target_name: 'aws-prod',
    target_id: 'c0ff',
    org: 'acme',
  })
  expect(attributes).toEqual({ 'aws.s3.bucket': 'acme', 'aws.s3.key': 'a/b.json.gz' })
  expect(circleci).toMatchObject({ id: 'typical', occurred_at: '2026-03-04T14:02:11.123456789Z' })
  expect(Object.keys(line).slice(0, 4)).toEqual(['time', 'vendor', 'product', 'event_id'])
})

test("any application's record: attributes, body, resource and trace", () => {
  expect(lineOf(otherRecords[1] as Lineable)).toEqual({
    time: '2026-03-04T14:02:11.000Z',
    event_id: 'u1',
    'otel.event.name': 'order.failed',
    severity_number: 17,
    body: { order: 7 },
    trace_id: 'a'.repeat(32),
    span_id: 'b'.repeat(16),
    attributes: { 'log.record.uid': 'u1', n: 1.5, list: [1, 'x'] },
    resource: { 'service.name': 'shop', 'host.name': 'web-1' },
  })
})

test('time is the observed time where there is no other, and absent where there is none', () => {
  expect(lineOf({ ...bareRecord, hrTimeObserved: [5, 0] }).time).toBe('1970-01-01T00:00:05.000Z')
  for (const seconds of [0, -5, Number.NaN, 1e300]) {
    expect(lineOf({ ...bareRecord, hrTime: [seconds, 0] })).not.toHaveProperty('time')
  }
})

test('the original goes in as it was: no number loses a digit', () => {
  const original = '{"id":"x", "big":12345678901234567890, "one":1.0, "e":1e400}'
  expect(textOf(auditRecord({ [ORIGINAL]: ` ${original}\n` }))).toContain(`"circleci":${original}}`)
})

test('a pretty-printed original becomes one line, its strings untouched', () => {
  const original = '{\r\n  "id": "x",\n\n  "text": "a  b\\n  c",\n  "big": 12345678901234567890\n}'
  expect(textOf(auditRecord({ [ORIGINAL]: original }))).toContain(
    '"circleci":{ "id": "x", "text": "a  b\\n  c", "big": 12345678901234567890 }}',
  )
})

test('an original that is no JSON object is replaced by the attributes', () => {
  for (const original of ['a,b,c', '{},x,{}', '{x}', '[1]', '"x"', '', '{"torn":']) {
    const line = lineOf(auditRecord({ [ORIGINAL]: original }))
    expect(line).not.toHaveProperty('circleci')
    expect(line.attributes).toMatchObject({ 'circleci.audit.version': 1 })
  }
})

test('no line holds what any reader takes for its end, and none ends with one', () => {
  const breaks = ['\n', '\r', '\r\n', '\u0085', '\u2028', '\u2029', '\u000b', '\u000c']
  for (const end of breaks) {
    const name = `one${end}two`
    const records = [
      recordOf(
        { id: end, action: 'org.create', target: { id: '1', type: name, name } },
        { attributes: { [name]: name } },
      ),
      recordOf({ id: end, action: name }, { [ORIGINAL]: name, eventName: name }),
      { ...bareRecord, body: name, attributes: { [name]: name } },
    ]
    for (const record of records) {
      expect(breaks.filter((one) => textOf(record).includes(one))).toEqual([])
      expect(JSON.stringify(lineOf(record))).toContain(JSON.stringify(end).slice(1, -1))
    }
  }
})

test('values no JSON has a form for do no harm', () => {
  for (const [name, value] of hostileValues()) {
    const record = { ...bareRecord, attributes: { value, [name]: name }, body: value }
    expect(() => lineOf(record), name).not.toThrow()
    const attributes = { 'circleci.audit.actor.name': value, 'circleci.audit.target.id': value, x: value }
    expect(() => lineOf(auditRecord({ attributes })), name).not.toThrow()
  }
})

test('every second of a day and every millisecond is what a date makes of it', () => {
  const midnight = Date.parse('2026-03-04T00:00:00Z') / 1000
  for (let second = 0; second < 86_400; second += 61) {
    const millis = (second * 7) % 1000
    const { time } = lineOf({ ...bareRecord, hrTime: [midnight + second, millis * 1e6 + 999_999] })
    expect(time).toBe(new Date((midnight + second) * 1000 + millis).toISOString())
  }
})

test('nanoseconds that are none leave the second, and a date that can be read', () => {
  for (const nanos of [-1e6, 1e9, 1e300, Number.NaN]) {
    expect(lineOf({ ...bareRecord, hrTime: [5, nanos] }).time).toBe('1970-01-01T00:00:05.000Z')
  }
  expect(lineOf({ ...bareRecord, hrTime: [5.5, 0] }).time).toBe('1970-01-01T00:00:05.000Z')
})

test('encode changes nothing and says the same every time', () => {
  for (const record of auditEvents) {
    const before = JSON.stringify([record.attributes, record.body, record[ORIGINAL], record.resource.attributes])
    expect(textOf(Object.freeze({ ...record }))).toBe(textOf(record))
    expect(JSON.stringify([record.attributes, record.body, record[ORIGINAL], record.resource.attributes])).toBe(before)
  }
})

test('an event above the limit is trimmed, or says that it is not to be sent', () => {
  const record = recordOf({ id: 'big', action: 'org.create', payload: JSON.stringify('x'.repeat(40_000)) })
  expect(encodeLine(record, 'trim').refusal).toBeUndefined()
  const whole = encodeLine(record, 'quarantine')
  expect(whole.refusal).toMatch(/^event of 40\d\d\d bytes: Rapid7 keeps 32767 in one piece$/)
  expect(whole.bytes.length).toBeGreaterThan(LINE_BYTES_MAX)
  const stubborn = encodeLine({ ...bareRecord, attributes: { 'log.record.uid': 'x'.repeat(40_000) } }, 'trim')
  expect(stubborn.refusal).toMatch(/trimming does not bring it below that$/)
})

test('the limit is bytes of UTF-8, exactly', () => {
  for (const unit of ['x', 'é', '€', '🦊']) {
    const size = Buffer.byteLength(unit)
    const empty = encodeLine({ ...bareRecord, body: '' }, 'quarantine').bytes.length
    const most = Math.floor((LINE_BYTES_MAX - empty) / size)
    const filling = 'x'.repeat(LINE_BYTES_MAX - empty - most * size)
    const fits = encodeLine({ ...bareRecord, body: unit.repeat(most) + filling }, 'quarantine')
    expect([fits.bytes.length, fits.refusal]).toEqual([LINE_BYTES_MAX, undefined])
    expect(encodeLine({ ...bareRecord, body: `${unit.repeat(most)}${filling}x` }, 'quarantine').refusal).toBeDefined()
  }
})
