import { readFileSync } from 'node:fs'
import { type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import { auditRecord, auditRecords, hostileValues } from '@circleci-audit-forwarder/contract/testing'
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Encoding, encodeRecord, formats, requestBody } from '../src/encode.ts'
import { type DecodedPair, type DecodedRecord, decode, recordsOf } from './receiver.ts'

const official = { json: JsonLogsSerializer, proto: ProtobufLogsSerializer }

function body(encoding: Encoding, records: readonly LogRecord[], original = false): Buffer {
  const format = formats[encoding]
  return Buffer.concat(
    requestBody(
      format,
      records.map((record) => encodeRecord(format, record, original)),
    ),
  )
}

function expectOfficial(encoding: Encoding, records: LogRecord[]): void {
  const theirs = Buffer.from(official[encoding].serializeRequest(records) ?? [])
  expect(body(encoding, records).toString('latin1')).toBe(theirs.toString('latin1'))
}

function decoded(encoding: Encoding, records: readonly LogRecord[], original = false): DecodedRecord[] {
  const headers = { 'content-type': formats[encoding].contentType }
  return recordsOf(decode({ headers, body: body(encoding, records, original) }))
}

function attribute(record: DecodedRecord | undefined, key: string): DecodedPair['value'] {
  return record?.attributes.find((pair) => pair.key === key)?.value
}

const resourceB = resourceFromAttributes({ 'service.name': 'other', n: 1 }, { schemaUrl: 'https://example.com/schema' })
const scopeB = { name: 'b', attributes: { tenant: 'acme' }, droppedAttributesCount: 2 }

const { body: _, severityText: __, severityNumber: ___, eventName: ____, ...bare } = auditRecord()
const varied: LogRecord[] = [
  auditRecord(),
  bare,
  auditRecord({ body: { nested: [1, -1, 1.5, -7e9, 2 ** 40, true, null, 'é😀"\\\n', new Uint8Array([0, 255])] } }),
  auditRecord({ hrTime: [0, 0], hrTimeObserved: [0, 7], droppedAttributesCount: 300 }),
  auditRecord({ hrTime: [1_790_812_800, 1], hrTimeObserved: [4_294_967_296, 999_999_999] }),
  auditRecord({ attributes: { '': '', empty: {}, none: [], long: 'x'.repeat(100), wide: 'é'.repeat(20_000) } }),
  auditRecord({ spanContext: { traceId: 'af'.repeat(16), spanId: '0b'.repeat(8), traceFlags: 1 } }),
]

describe.each<Encoding>(['json', 'proto'])('%s', (encoding) => {
  test("gives the bytes of OpenTelemetry's own serializer", () => {
    for (const record of varied) expectOfficial(encoding, [record])
    expectOfficial(encoding, varied)
  })

  test('gives them for several resources and scopes', () => {
    const records = varied.flatMap((record) => [
      record,
      { ...record, resource: resourceB },
      { ...record, instrumentationScope: scopeB },
      { ...record, resource: resourceB, instrumentationScope: scopeB },
    ])
    expectOfficial(encoding, records)
  })

  test('gives them for any sound value', () => {
    const leaf = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 100 }),
      fc.maxSafeInteger(),
      fc
        .double({ noDefaultInfinity: true, noNaN: true })
        .filter((n) => !Number.isInteger(n) || Number.isSafeInteger(n)),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array({ maxLength: 20 }),
    )
    const value = fc.letrec((tie) => ({
      attribute: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('attribute')),
        fc.dictionary(fc.string({ maxLength: 8 }), tie('attribute')),
      ),
    })).attribute
    const times = fc.tuple(fc.nat(4_300_000_000), fc.nat(999_999_999)) as fc.Arbitrary<[number, number]>
    fc.assert(
      fc.property(value, fc.dictionary(fc.string({ maxLength: 8 }), value), times, (body, attributes, hrTime) => {
        expectOfficial(encoding, [auditRecord({ body, attributes, hrTime })])
      }),
    )
  })

  test('puts records of equal resources together, whichever objects say so', () => {
    const copy = () => ({
      resource: resourceFromAttributes({ 'service.name': 'circleci' }),
      instrumentationScope: { name: 's' },
    })
    const request = decode({
      headers: { 'content-type': formats[encoding].contentType },
      body: body(encoding, [auditRecord(copy()), auditRecord(copy())]),
    })
    expect(request.resourceLogs?.map((one) => one.scopeLogs.map((scope) => scope.logRecords.length))).toEqual([[2]])
  })

  test('sends the original text as an attribute, unless told not to or it is there', () => {
    const [sent] = decoded(encoding, [auditRecord({ [ORIGINAL]: '{"a":"é"}' })], true)
    expect(attribute(sent, 'log.record.original')).toEqual({ stringValue: '{"a":"é"}' })
    const [withheld] = decoded(encoding, [auditRecord()], false)
    expect(attribute(withheld, 'log.record.original')).toBeUndefined()
    const own = auditRecord({ attributes: { 'log.record.original': 'redacted' } })
    const originals = decoded(encoding, [own], true)[0]?.attributes.filter((pair) => pair.key === 'log.record.original')
    expect(originals).toEqual([{ key: 'log.record.original', value: { stringValue: 'redacted' } }])
  })

  test('carries as text what OTLP has no number for', () => {
    const attributes = {
      nan: Number.NaN,
      infinity: -Infinity,
      huge: 1e300,
      beyond: 2 ** 63,
      big: 2n ** 64n,
      sound: -5n,
    }
    const [record] = decoded(encoding, [auditRecord({ attributes })])
    expect(attribute(record, 'nan')).toEqual({ stringValue: 'NaN' })
    expect(attribute(record, 'infinity')).toEqual({ stringValue: '-Infinity' })
    expect(attribute(record, 'huge')).toEqual({ stringValue: '1e+300' })
    expect(attribute(record, 'beyond')).toEqual({ stringValue: '9223372036854776000' })
    expect(attribute(record, 'big')).toEqual({ stringValue: '18446744073709551616' })
    expect(attribute(record, 'sound')).toEqual({ intValue: '-5' })
  })

  test('keeps every integer that int64 holds an integer, and negative zero a zero', () => {
    const attributes = { unsafe: 2 ** 53, great: 2 ** 63 - 1024, least: -(2 ** 63), zero: -0 }
    const [record] = decoded(encoding, [auditRecord({ attributes })])
    const integer = (key: string) => BigInt(attribute(record, key)?.intValue ?? Number.NaN)
    expect(integer('unsafe')).toBe(2n ** 53n)
    expect(integer('great')).toBe(2n ** 63n - 1024n)
    expect(integer('least')).toBe(-(2n ** 63n))
    expect(attribute(record, 'zero')).toEqual({ intValue: encoding === 'json' ? 0 : '0' })
    // In JSON OpenTelemetry's own serializer rounds the digits.
    if (encoding === 'proto') expectOfficial(encoding, [auditRecord({ attributes })])
    else expect(`${body(encoding, [auditRecord({ attributes })])}`).toContain('"intValue":-9223372036854775808}')
  })

  test('keeps what naive encoders lose', () => {
    const attributes = Object.fromEntries(hostileValues())
    const [record] = decoded(encoding, [auditRecord({ attributes })])
    const text = (key: string): string => JSON.stringify(attribute(record, key))
    expect(text('a lone surrogate')).toBe('{"stringValue":"before \ufffd after"}')
    expect(text('__proto__ as a key')).toContain('"key":"__proto__"')
    expect(text('a cycle')).toContain('[circular]')
    expect(text('deep nesting')).toContain('bottom')
    expect(text('a map')).toContain('"key":"k"')
    expect(text('a date')).toBe('{"stringValue":"Invalid Date"}')
    expect(attribute(record, 'a huge string')?.stringValue).toHaveLength(300_000)
  })

  test('calls a time, a severity or an id that is none unknown', () => {
    const spanContext = { traceId: 'not hex', spanId: 'x', traceFlags: Number.NaN }
    const broken = auditRecord({
      hrTime: [Number.NaN, 5],
      hrTimeObserved: [-1, 0],
      severityNumber: Number.NaN,
      droppedAttributesCount: -1,
      spanContext,
    })
    const [record] = decoded(encoding, [broken])
    expect(record).toMatchObject({ timeUnixNano: '0', observedTimeUnixNano: '0' })
    expect(record).not.toHaveProperty('traceId')
    expect(record?.severityNumber ?? 0).toBe(0)
  })

  test('keeps nine digits of a time', () => {
    const [record] = decoded(encoding, [auditRecord({ hrTime: [1_772_632_931, 123_456_789] })])
    expect(record?.timeUnixNano).toBe('1772632931123456789')
  })

  test('writes the bytes that are on record', () => {
    const golden = new URL(`golden.${encoding === 'json' ? 'json.txt' : 'proto.hex'}`, import.meta.url)
    const bytes = body(encoding, auditRecords(2), true)
    expect(encoding === 'json' ? `${bytes}\n` : `${bytes.toString('hex')}\n`).toBe(readFileSync(golden, 'utf8'))
  })
})

test('a request of any size decodes: buffers grow while a record is written', () => {
  const records = [1, 63, 64, 65, 127, 128, 16_383, 70_000, 5_000_000].map((length) =>
    auditRecord({ id: `${length}`, attributes: { short: 'é', text: 'é'.repeat(length), ascii: 'a'.repeat(length) } }),
  )
  const back = decoded('proto', records)
  for (const [index, record] of records.entries()) {
    expect(attribute(back[index], 'text')?.stringValue).toBe(record.attributes['text'])
    expect(attribute(back[index], 'ascii')?.stringValue).toBe(record.attributes['ascii'])
  }
})
