// The bridge to stock OpenTelemetry JS, over real HTTP: our exporter inside both generations of its SDK, and its own
// exporter as a destination of ours.
import {
  type Exporter,
  fromLogRecordExporter,
  type OtelLogRecordExporter,
  toLogRecordExporter,
} from '@circleci-audit-forwarder/contract'
import { auditRecord, auditRecords, FakeServer } from '@circleci-audit-forwarder/contract/testing'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import * as previous from 'otel-sdk-logs-0.2xx'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { config, OtlpHttpExporter } from '../src/index.ts'
import { type DecodedRecord, decode, recordIds, recordsOf } from './receiver.ts'

const never = new AbortController().signal
const json = { 'content-type': 'application/json' }
let server: FakeServer

beforeEach(async () => {
  server = await FakeServer.start((_, { kind }) => {
    return kind === 'accept' ? { status: 200, headers: json, body: '{}' } : undefined
  })
})
afterEach(() => server.stop())

function stock(): OtelLogRecordExporter {
  return toLogRecordExporter(new OtlpHttpExporter(config.parse({ endpoint: server.url })))
}

function arrived(): DecodedRecord[] {
  return server.arrived.flatMap((request) => recordsOf(decode(request)))
}

test('an application on SDK 3.x emits, and it arrives', async () => {
  const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter: stock() })] })
  provider.getLogger('app').emit({ eventName: 'user.login', body: 'hello', attributes: { n: 1 } })
  await provider.forceFlush()
  expect(arrived()).toMatchObject([{ eventName: 'user.login', body: { stringValue: 'hello' } }])
  await provider.shutdown()
})

test('an application on SDK 0.2xx emits, and it arrives', async () => {
  const processor = new previous.BatchLogRecordProcessor({ exporter: stock() })
  const provider = new previous.LoggerProvider({ processors: [processor] })
  provider.getLogger('app').emit({ eventName: 'user.login', body: 'hello', attributes: { n: 1 } })
  await provider.forceFlush()
  expect(arrived()).toMatchObject([{ eventName: 'user.login', body: { stringValue: 'hello' } }])
  await provider.shutdown()
})

function official(): Exporter {
  return fromLogRecordExporter(new OTLPLogExporter({ url: `${server.url}/v1/logs`, timeoutMillis: 2_000 }), {
    name: 'official',
  })
}

test("OpenTelemetry's own exporter is a destination", async () => {
  const exporter = official()
  const members = auditRecords(3).map((record) => exporter.encode(record))
  expect(await exporter.send({ members, token: 't', now: 0 }, never)).toEqual({ status: 'delivered' })
  expect(server.arrived.flatMap((request) => recordIds(decode(request)))).toEqual([
    'record-0000',
    'record-0001',
    'record-0002',
  ])
  expect(await exporter.check(never)).toMatchObject([{ level: 'unknown', what: expect.stringContaining('unverified') }])
  await exporter.close()
})

test('why that destination is called unverified: a partial success is a success to it, and none here', async () => {
  const partial = JSON.stringify({ partialSuccess: { rejectedLogRecords: '1', errorMessage: 'attribute too long' } })
  const refusing = await FakeServer.start(() => ({ status: 200, headers: json, body: partial }))
  const theirs = fromLogRecordExporter(new OTLPLogExporter({ url: `${refusing.url}/v1/logs` }), { name: 'official' })
  const ours = new OtlpHttpExporter(config.parse({ endpoint: refusing.url }))
  const outcomes = [theirs, ours].map((exporter) => {
    const members = auditRecords(3).map((record) => exporter.encode(record))
    return exporter.send({ members, token: 't', now: 0 }, never)
  })
  expect(await Promise.all(outcomes)).toMatchObject([{ status: 'delivered' }, { status: 'unreadable', taken: 2 }])
  await Promise.all([theirs.close(), ours.close()])
  await refusing.stop()
})

test.each([
  ['refuse credentials', { status: 'stopped', cause: 'credentials' }],
  ['not found', { status: 'stopped', cause: 'configuration' }],
  ['too large', { status: 'split' }],
] as const)('it says %s, and that is kept', async (kind, expected) => {
  const exporter = official()
  server.answer({ kind })
  const batch = { members: [exporter.encode(auditRecord())], token: 't', now: 0 }
  expect(await exporter.send(batch, never)).toMatchObject(expected)
  await exporter.close()
})

test('what its serializer throws at is searched, not repeated for ever', async () => {
  const exporter = official()
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  const batch = { members: [exporter.encode(auditRecord({ attributes: { cycle } }))], token: 't', now: 0 }
  expect(await exporter.send(batch, never)).toMatchObject({ status: 'unreadable' })
  await exporter.close()
})
