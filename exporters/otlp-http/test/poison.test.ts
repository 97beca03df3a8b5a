// One record must never cost a batch: whatever values it holds, a receiver that refuses what it cannot read takes the
// request, and the records beside it arrive as they were.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { auditRecord, hostileValues } from '@circleci-audit-forwarder/contract/testing'
import { JsonLogsSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Encoding, encodeRecord, formats, requestBody } from '../src/encode.ts'
import { decode, recordIds } from './receiver.ts'
import { refusal } from './strict.ts'

const numbers: Readonly<Record<string, number | bigint>> = {
  'not a number': Number.NaN,
  infinity: Number.POSITIVE_INFINITY,
  'minus infinity': Number.NEGATIVE_INFINITY,
  'negative zero': -0,
  'the smallest number': Number.MIN_VALUE,
  'the greatest number': Number.MAX_VALUE,
  '2^53': 2 ** 53,
  'the greatest int64 a number holds': 2 ** 63 - 1024,
  '2^63': 2 ** 63,
  '-2^63': -(2 ** 63),
  '1e21': 1e21,
  'a BigInt within int64': -(2n ** 63n),
  'a BigInt beyond int64': 2n ** 63n,
}

function request(encoding: Encoding, records: readonly LogRecord[]) {
  const format = formats[encoding]
  const members = records.map((record) => encodeRecord(format, record, true))
  return { headers: { 'content-type': format.contentType }, body: Buffer.concat(requestBody(format, members)) }
}

/** The record between two good ones. */
function expectTaken(encoding: Encoding, record: LogRecord): void {
  const batch = request(encoding, [auditRecord({ id: 'before' }), record, auditRecord({ id: 'after' })])
  expect(refusal(batch)).toBeUndefined()
  const ids = recordIds(decode(batch))
  expect(ids).toHaveLength(3)
  expect(ids).toEqual(expect.arrayContaining(['before', 'bad', 'after']))
}

/** A record that holds a value wherever a record can hold one. */
function everywhere(value: unknown): LogRecord {
  const number = value as number
  return auditRecord({
    id: 'bad',
    attributes: { value, list: [value, [value]], map: { value, inner: { value } } },
    body: { value, list: [value] },
    hrTime: [number, number],
    hrTimeObserved: [number, 1],
    severityNumber: number,
    droppedAttributesCount: number,
    spanContext: { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: number },
    resource: resourceFromAttributes({ 'service.name': 'x', value: value as string }),
    instrumentationScope: { name: 's', attributes: { value: value as string }, droppedAttributesCount: number },
  })
}

describe.each<Encoding>(['json', 'proto'])('%s', (encoding) => {
  test.each(Object.entries(numbers))('%s anywhere in a record leaves its batch readable', (_, value) => {
    expectTaken(encoding, everywhere(value))
  })

  test.each([...hostileValues()])('%s anywhere in a record leaves its batch readable', (_, value) => {
    expectTaken(encoding, everywhere(value))
  })

  test('texts that are none leave the batch readable: names, versions, schemas, severities', () => {
    const none = 7 as unknown as string
    const instrumentationScope = { name: none, version: none, schemaUrl: none }
    const resource = resourceFromAttributes({}, { schemaUrl: none })
    const texts = { severityText: none, eventName: none, instrumentationScope, resource }
    expectTaken(encoding, auditRecord({ id: 'bad', ...texts }))
    expectTaken(encoding, auditRecord({ id: 'bad', instrumentationScope: {} as never }))
  })

  test('any record at all leaves its batch readable', () => {
    const any = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true })
    fc.assert(
      fc.property(any, (value) => expectTaken(encoding, everywhere(value))),
      { seed: 1, examples: [[new Map([[{ toString: 0 }, 0]])]] },
    )
  })
})

test("the strict receiver is no formality: it refuses what OpenTelemetry's own exporter would send", () => {
  const headers = { 'content-type': 'application/json' }
  for (const value of [Number.NaN, 1e300, 2 ** 63]) {
    const body = Buffer.from(JsonLogsSerializer.serializeRequest([auditRecord({ attributes: { value } })]) ?? [])
    expect(refusal({ headers, body }), String(value)).toBeDefined()
  }
})
