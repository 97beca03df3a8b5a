// The exporter inside both generations of stock OpenTelemetry JS, over real HTTP.
import { type OtelLogRecordExporter, toLogRecordExporter } from '@circleci-audit-forwarder/contract'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import * as previous from 'otel-sdk-logs-0.2xx'
import { expect, test } from 'vitest'
import { DatadogExporter } from '../src/index.ts'
import { type DatadogWorld, datadogWorld, KEY } from './datadog-world.ts'

const resource = resourceFromAttributes({ 'service.name': 'shop', 'host.name': 'web-1', 'service.version': '1.2.3' })
const event = {
  eventName: 'user.login',
  body: 'hello',
  severityNumber: 17,
  attributes: { level: 'none of your business', date: '1999-01-01', 'user.name': 'alice' },
}

async function appWorld(): Promise<DatadogWorld> {
  const world = await datadogWorld()
  world.datadog.now = Date.now()
  return world
}

function stock({ server }: DatadogWorld): OtelLogRecordExporter {
  return toLogRecordExporter(new DatadogExporter({ endpoint: server.url, apiKey: KEY }))
}

const filed = {
  service: 'shop',
  host: 'web-1',
  status: 'error',
  source: 'opentelemetry',
  tags: ['version:1.2.3'],
  log: {
    message: 'hello',
    evt: { name: 'user.login' },
    usr: { name: 'alice' },
    attributes: event.attributes,
    resource: expect.objectContaining({ 'service.name': 'shop' }),
  },
}

test('an application on SDK 3.x emits, and Datadog files it under its time, status, service and host', async () => {
  const world = await appWorld()
  const processors = [new BatchLogRecordProcessor({ exporter: stock(world) })]
  const provider = new LoggerProvider({ resource, processors })
  provider.getLogger('app').emit(event)
  await provider.forceFlush()
  expect(world.datadog.stored).toMatchObject([filed])
  await provider.shutdown()
})

test('an application on SDK 0.2xx emits, and Datadog files it under its time, status, service and host', async () => {
  const world = await appWorld()
  const processors = [new previous.BatchLogRecordProcessor({ exporter: stock(world) })]
  const provider = new previous.LoggerProvider({ resource, processors })
  provider.getLogger('app').emit(event)
  await provider.forceFlush()
  expect(world.datadog.stored).toMatchObject([filed])
  await provider.shutdown()
})

test('through the adapter, a late record is sent under the current time and nothing else changes', async () => {
  const world = await appWorld()
  const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter: stock(world) })] })
  provider.getLogger('app').emit({ ...event, timestamp: Date.now() - 20 * 3_600_000 })
  await provider.forceFlush()
  expect(world.datadog.dropped).toEqual([])
  expect(world.datadog.stored).toMatchObject([{ tags: ['late:true'], log: { late: true, message: 'hello' } }])
  await provider.shutdown()
})
