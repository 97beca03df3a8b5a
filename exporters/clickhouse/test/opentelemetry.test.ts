// The exporter inside a stock OpenTelemetry JS application, both generations of its SDK, against the real engine.
import { type OtelLogRecordExporter, toLogRecordExporter } from '@circleci-audit-forwarder/contract'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import * as previous from 'otel-sdk-logs-0.2xx'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { circleciAuditLogs, type Layout, otelLogs } from '../src/index.ts'
import { ClickHouse } from './engine/front.ts'
import { createTable, exporterTo } from './world.ts'

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

let server: ClickHouse
beforeAll(async () => {
  server = await ClickHouse.start()
}, 60_000)
afterAll(() => server.stop())

describe.each(generations)('SDK %s', (_, providerOf) => {
  beforeEach(async () => {
    for (const layout of [circleciAuditLogs, otelLogs]) await createTable(server, layout)
  })

  async function emitted(layout: Layout): Promise<void> {
    const provider = providerOf(toLogRecordExporter(exporterTo(server, layout)))
    const logger = provider.getLogger('app', '1.2.3')
    for (const body of ['one', 'two'])
      logger.emit({ eventName: 'user.login', body, severityText: 'WARN', attributes: { n: 1, list: ['x'] } })
    await provider.forceFlush()
    await provider.shutdown()
  }

  test('an application emits, and it is a row of otel_logs', async () => {
    await emitted(otelLogs)
    const columns =
      "Body, EventName, ScopeName, ScopeVersion, SeverityText, LogAttributes['n'] AS n, LogAttributes['list'] AS list"
    expect(await server.query(`SELECT ${columns} FROM otel_logs ORDER BY Body`)).toEqual([
      {
        Body: 'one',
        EventName: 'user.login',
        ScopeName: 'app',
        ScopeVersion: '1.2.3',
        SeverityText: 'WARN',
        n: '1',
        list: '["x"]',
      },
      {
        Body: 'two',
        EventName: 'user.login',
        ScopeName: 'app',
        ScopeVersion: '1.2.3',
        SeverityText: 'WARN',
        n: '1',
        list: '["x"]',
      },
    ])
  })

  test('and a row of circleci_audit_logs, whole in rawLog', async () => {
    await emitted(circleciAuditLogs)
    const rows = await server.query<{ rawLog: string }>('SELECT rawLog, eventName FROM circleci_audit_logs FINAL')
    expect(rows.map(({ rawLog }) => JSON.parse(rawLog).body).sort()).toEqual(['one', 'two'])
    expect(rows).toMatchObject([{ eventName: 'user.login' }, { eventName: 'user.login' }])
  })
})
