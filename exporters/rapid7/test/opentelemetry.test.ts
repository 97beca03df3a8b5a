// In a stock OpenTelemetry JS application, over real HTTP, on both generations of its SDK.
import { type OtelLogRecordExporter, toLogRecordExporter } from '@circleci-audit-forwarder/contract'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import * as previous from 'otel-sdk-logs-0.2xx'
import { expect, test } from 'vitest'
import { type Rapid7World, rapid7World } from './rapid7-world.ts'

const event = { eventName: 'user.login', body: 'hello', attributes: { 'log.record.uid': 'u1', n: 1 } }
const arrived = { event_id: 'u1', 'otel.event.name': 'user.login', body: 'hello', attributes: { n: 1 } }

function stock({ exporter }: Rapid7World): OtelLogRecordExporter {
  return toLogRecordExporter(exporter, { concurrency: 16 })
}

function entries({ vendor }: Rapid7World): unknown[] {
  return vendor.stored.map((entry) => JSON.parse(entry))
}

test('an application on SDK 3.x emits, and it arrives', async () => {
  const world = await rapid7World()
  const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter: stock(world) })] })
  provider.getLogger('app').emit(event)
  await provider.forceFlush()
  expect(entries(world)).toMatchObject([arrived])
  await provider.shutdown()
})

test('an application on SDK 0.2xx emits, and it arrives', async () => {
  const world = await rapid7World()
  const processor = new previous.BatchLogRecordProcessor({ exporter: stock(world) })
  const provider = new previous.LoggerProvider({ processors: [processor] })
  provider.getLogger('app').emit(event)
  await provider.forceFlush()
  expect(entries(world)).toMatchObject([arrived])
  await provider.shutdown()
})

test('a whole batch of the SDK arrives, each record by itself, over a few connections', async () => {
  const world = await rapid7World()
  const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter: stock(world) })] })
  const wanted = Array.from({ length: 512 }, (_, n) => `id-${n}`)
  for (const id of wanted) provider.getLogger('app').emit({ body: 'x', attributes: { 'log.record.uid': id } })
  await provider.forceFlush()
  expect(world.vendor.ids.toSorted()).toEqual(wanted.toSorted())
  expect(world.server.connections).toBeLessThan(64)
  await provider.shutdown()
})
