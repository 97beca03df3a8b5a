import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import type { Levels } from '../../src/telemetry/levels.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'
import type { Standing } from '../../src/telemetry/observing.ts'

export const now = Date.UTC(2026, 10, 3, 8)

export const standing: Standing = {
  destination: 'splunk_hec/soc',
  receiver: 'circleci_audit',
  watermark: now - 600_000,
  sweptTo: now - 60_000,
  outstanding: 4,
  late: 1,
  oldest: { time: now - 900_000 },
  lastObjectTime: now - 120_000,
  lastEvent: now - 150_000,
  lastDelivery: { at: now - 90_000 },
  duplicates: 3,
  possibleDuplicates: 2,
  adopted: 1,
  quarantined: 7,
  provisional: 5,
  lostObjects: 1,
  lostBytes: 1000,
  stop: { cause: 'credentials' },
}

export const levels: Levels = {
  cache: () => ({ bytes: 1_000, capacity: 16_000 }),
  held: () => ({
    quarantine: { bytes: 2_000, capacity: 32_000 },
    disk: { bytes: 3_000, free: 4_000, size: 64_000 },
  }),
  batches: [{ destination: 'splunk_hec/soc', records: 500, bytes: 1_048_576 }],
  retentions: [{ receiver: 'circleci_audit', ms: 7 * 864e5 }],
  heartbeats: { destinations: ['splunk_hec/soc'], intervalMs: 300_000 },
}

export function toldMetrics(events: readonly TelemetryEvent[], standings: readonly Standing[]): Metrics {
  const metrics = new Metrics({ version: '0.1.0', now: () => now })
  metrics.watch(() => standings)
  metrics.watchLevels(levels)
  metrics.watchGaps(() => [{ kind: 'stream_silent', severity: 'critical' }])
  metrics.watchExpiries(() => [{ component: 'exporters.splunk_hec/soc', setting: 'tls.cert_file', at: now + 864e5 }])
  for (const event of events) metrics.tell(event)
  return metrics
}

/** The text a real scrape over HTTP gets. */
export async function scrape(metrics: Metrics): Promise<string> {
  const server = createServer((request, response) => metrics.handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = server.address() as AddressInfo
    return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  } finally {
    await new Promise((resolve) => server.close(resolve).closeAllConnections())
  }
}

export interface Family {
  readonly name: string
  readonly kind: string
  readonly help: string
  readonly labels: readonly string[]
}

export function families(text: string): readonly Family[] {
  return [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)\n(.*)$/gm)].map(
    ([, name = '', help = '', kind = '', first = '']) => ({
      name,
      kind,
      help,
      labels: [...first.matchAll(/[{,](\w+)="/g)]
        .flatMap(([, label]) => label ?? [])
        .filter((label) => label !== 'le')
        .sort(),
    }),
  )
}

/** The value of one series, written as Prometheus writes it. */
export function value(text: string, series: string): number | undefined {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`circleci_audit_forwarder_${series} `))
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1))
}
