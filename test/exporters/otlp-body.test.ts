// The same records through OpenTelemetry's own exporter and through ours: the bodies are the same bytes. For every
// documented action and every oddity of the mapping's corpus; what OpenTelemetry's would be refused for is named.
import { fromLogRecordExporter, type LogRecord } from '@circleci-audit-forwarder/contract'
import { type Arrived, FakeServer } from '@circleci-audit-forwarder/contract/testing'
import { config, OtlpHttpExporter } from '@circleci-audit-forwarder/exporter-otlp-http'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { refusal } from '../../exporters/otlp-http/test/strict.ts'
import { mapEvent, mappingOptions } from '../../src/mapping/map.ts'
import { actions, itemOf, oddities, textWith } from '../mapping/corpus.ts'

const never = new AbortController().signal
const source = { store: 's3://acme-circleci-audit', key: 'year=2026/month=03/x', seenAt: 1_772_633_000_123 }
const options = mappingOptions('0.0.0')
const recordOf = (text: string): LogRecord => mapEvent(itemOf(text, 3, 700), source, options)

const byAction = actions.map((action) => [action, recordOf(textWith({ action }))] as const)
const odd = Object.entries(oddities).map(([name, text]) => [name, recordOf(text)] as const)
/** JSON of OpenTelemetry's own says `1e+300` where an int64 must stand. */
const refusedOfTheirs = ['great integer']

let server: FakeServer
beforeEach(async () => {
  server = await FakeServer.start(() => ({ status: 200, headers: { 'content-type': 'application/json' }, body: '{}' }))
})
afterEach(() => server.stop())

/** The request as it arrived from our exporter. The original text is no part of OpenTelemetry's record. */
async function ours(records: readonly LogRecord[], encoding: 'json' | 'proto'): Promise<Arrived> {
  const exporter = new OtlpHttpExporter(config.parse({ endpoint: server.url, encoding, original: false }))
  const members = records.map((record) => exporter.encode(record))
  expect(await exporter.send({ members, token: 't', now: 0 }, never)).toEqual({ status: 'delivered' })
  await exporter.close()
  return server.arrived.at(-1) as Arrived
}

/** As it arrived from OpenTelemetry's exporter, run as a destination of ours. */
async function theirs(records: readonly LogRecord[]): Promise<Arrived> {
  const exporter = fromLogRecordExporter(new OTLPLogExporter({ url: `${server.url}/v1/logs` }), { name: 'official' })
  const members = records.map((record) => exporter.encode(record))
  expect(await exporter.send({ members, token: 't', now: 0 }, never)).toEqual({ status: 'delivered' })
  await exporter.close()
  return server.arrived.at(-1) as Arrived
}

const sound = [...byAction, ...odd.filter(([name]) => !refusedOfTheirs.includes(name))]

describe('JSON, as both arrived over HTTP', () => {
  test.each(sound)('%s', async (_, record) => {
    const [one, other] = [await ours([record], 'json'), await theirs([record])]
    expect(one.path).toBe(other.path)
    expect(one.headers['content-type']).toBe(other.headers['content-type'])
    expect(one.body.toString()).toBe(other.body.toString())
  })

  test('all in one request', async () => {
    const records = sound.map(([, record]) => record)
    expect((await ours(records, 'json')).body.equals((await theirs(records)).body)).toBe(true)
  })
})

describe('protobuf, against the serializer of their protobuf exporter', () => {
  test.each(sound)('%s', async (_, record) => {
    const body = Buffer.from(ProtobufLogsSerializer.serializeRequest([record]) ?? [])
    expect((await ours([record], 'proto')).body.toString('hex')).toBe(body.toString('hex'))
  })

  test('all in one request', async () => {
    const records = sound.map(([, record]) => record)
    const body = Buffer.from(ProtobufLogsSerializer.serializeRequest(records) ?? [])
    expect((await ours(records, 'proto')).body.equals(body)).toBe(true)
  })
})

test.each(refusedOfTheirs)('%s: a strict receiver refuses theirs and takes ours', async (name) => {
  const record = recordOf(oddities[name] ?? '')
  expect(refusal(await theirs([record]))).toBeDefined()
  expect(refusal(await ours([record], 'json'))).toBeUndefined()
  expect(refusal(await ours([record], 'proto'))).toBeUndefined()
})

test('no oddity makes a strict receiver refuse a request', async () => {
  for (const encoding of ['json', 'proto'] as const) {
    expect(
      refusal(
        await ours(
          odd.map(([, record]) => record),
          encoding,
        ),
      ),
    ).toBeUndefined()
  }
})
