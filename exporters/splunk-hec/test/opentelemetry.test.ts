// The exporter inside a stock OpenTelemetry JS application, both generations of its SDK, over real HTTP.
import { type OtelLogRecordExporter, toLogRecordExporter } from '@circleci-audit-forwarder/contract'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import * as previous from 'otel-sdk-logs-0.2xx'
import { describe, expect, test } from 'vitest'
import type { HecSetup } from './fake-hec.ts'
import { type HecWorld, hecWorld } from './hec-world.ts'

type Provider = Pick<LoggerProvider, 'getLogger' | 'forceFlush' | 'shutdown'>

const generations: readonly [string, (exporter: OtelLogRecordExporter) => Provider][] = [
  ['3.x', (exporter) => new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] })],
  [
    '0.2xx',
    (exporter) => {
      const processors = [new previous.BatchLogRecordProcessor({ exporter })]
      return new previous.LoggerProvider({ processors }) as unknown as Provider
    },
  ],
]

describe.each(generations)('SDK %s', (_, providerOf) => {
  async function emitted(setup: HecSetup, ...bodies: readonly string[]): Promise<HecWorld> {
    const world = await hecWorld(setup)
    const provider = providerOf(toLogRecordExporter(world.exporter))
    for (const body of bodies) provider.getLogger('app').emit({ eventName: 'user.login', body, attributes: { n: 1 } })
    await provider.forceFlush()
    await provider.shutdown()
    return world
  }

  test('an application emits, and it is stored', async () => {
    const { hec } = await emitted({}, 'one', 'two')
    expect(hec.stored).toMatchObject([{ event: { name: 'user.login', body: 'one', attributes: { n: 1 } } }, {}])
  })

  test('flushing waits for the acknowledgement, where the token asks for one', async () => {
    const { hec, server } = await emitted({ useAck: true }, 'one')
    expect(hec.stored).toHaveLength(1)
    expect(server.arrived.filter(({ path }) => path.endsWith('/ack')).length).toBeGreaterThan(0)
  })
})
