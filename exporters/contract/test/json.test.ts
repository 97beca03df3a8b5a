import { expect, test } from 'vitest'
import { jsonText, oneLineJson, recordJson, recordLine } from '../src/json.ts'
import { type LogRecord, ORIGINAL, WELL_FORMED } from '../src/record.ts'
import { auditRecord } from '../src/testing.ts'

test('plain values are what JSON.stringify writes', () => {
  const value = { a: [1, 'x', null, true, undefined], b: { c: 1.5 }, d: undefined }
  expect(jsonText(value)).toBe(JSON.stringify(value))
})

test('what JSON has no form for keeps its value', () => {
  const value = {
    bytes: new Uint8Array([1, 2]),
    big: 2n ** 64n,
    nan: Number.NaN,
    at: new Date(0),
    m: new Map([[1, -0]]),
  }
  expect(jsonText(value)).toBe(
    '{"bytes":"AQI=","big":"18446744073709551616","nan":"NaN","at":"1970-01-01T00:00:00.000Z","m":{"1":0}}',
  )
  expect(jsonText(undefined)).toBe('null')
  expect(jsonText(() => 1)).toBe('null')
})

test('a key named __proto__ is a key, also beside values that need care', () => {
  expect(jsonText(JSON.parse('{"__proto__":{"a":1e999}}'))).toBe('{"__proto__":{"a":"Infinity"}}')
})

test('circles and depths end', () => {
  const circle: Record<string, unknown> = { n: 1 }
  circle['self'] = circle
  circle['also'] = circle
  expect(jsonText(circle)).toBe('{"n":1,"self":"[circular]","also":"[circular]"}')
  const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`)
  expect(jsonText(deep)).toContain('[nested deeper than 64 levels]')
})

test('the text is one well-formed line', () => {
  const text = jsonText({ lone: '\ud800\ud800', pair: '😀', literal: '\\ud800', line: '\u2028\u2029\n' })
  expect(text).toBe('{"lone":"\\ufffd\\ufffd","pair":"😀","literal":"\\\\ud800","line":"\\u2028\\u2029\\n"}')
  expect(JSON.parse(text).literal).toBe('\\ud800')
})

test('escaped surrogate pairs of foreign JSON stay pairs, halves become the replacement character', () => {
  expect(oneLineJson(String.raw`{"a":"\ud83d\uDE00 \uD83D x \\ud83d \ude00"}`)).toBe(
    String.raw`{"a":"\ud83d\uDE00 \ufffd x \\ud83d \ufffd"}`,
  )
})

/** A record whose maker vouches for its attributes. */
function vouched(attributes: LogRecord['attributes'], fields: object = {}): LogRecord {
  return { ...auditRecord(fields), attributes, [WELL_FORMED]: attributes }
}

const half = '\ud800'

test.each([
  ['an attribute', { ...vouched({ a: 'x' }), attributes: { a: half } }],
  ['the name of an attribute', { ...vouched({ a: 'x' }), attributes: { [half]: 'x' } }],
  ['the body', vouched({ a: 'x' }, { body: half })],
  ['a body of many parts', vouched({ a: 'x' }, { body: { [half]: [half] } })],
  ['the original text', vouched({ a: 'x' }, { [ORIGINAL]: `{"a":"${half}"}` })],
])('half a surrogate pair in %s is repaired, whoever vouched for the attributes before', (_, record) => {
  const json = recordJson(record as LogRecord)
  expect(json).toContain('\\ufffd')
  expect(json).not.toMatch(/\\ud800/i)
})

test('a line is the JSON of the record and a line feed, also when others were written in between', () => {
  const records = [
    vouched({ a: 'x' }),
    auditRecord({ hrTimeObserved: [0, 0] }),
    auditRecord({ resource: { attributes: { 'service.name': 'other' } } as never }),
    auditRecord({ instrumentationScope: { name: 'other' } }),
    vouched({ line: '\u2028' }),
  ]
  for (const record of [...records, ...records.toReversed()]) {
    const { observedTimeUnixNano, resource, scope } = JSON.parse(recordJson(record))
    expect(Buffer.from(recordLine(record)).toString()).toBe(`${recordJson(record)}\n`)
    expect(resource.attributes).toEqual(record.resource.attributes)
    expect(scope.name).toBe(record.instrumentationScope.name)
    expect(observedTimeUnixNano === undefined).toBe(record.hrTimeObserved[0] === 0)
  }
})

test('a resource that is still being found out is asked again', () => {
  const resource = { attributes: { a: '1' }, asyncAttributesPending: true }
  const record = auditRecord({ resource: resource as never })
  expect(recordJson(record)).toContain('"resource":{"attributes":{"a":"1"}}')
  Object.assign(resource, { attributes: { a: '2' }, asyncAttributesPending: false })
  expect(recordJson(record)).toContain('"resource":{"attributes":{"a":"2"}}')
})
