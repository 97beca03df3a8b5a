import { AdminServer } from '../admin/admin-server.ts'
import type { HoursDocument } from '../admin/hours.ts'
import { MetricsServer } from '../admin/metrics-server.ts'
import type { StatusDocument } from '../admin/status.ts'
import type { Config } from '../config/schema.ts'
import type { FailingLedger } from '../ledger/failure.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'

export interface Served {
  readonly addresses: { readonly admin: string; readonly metrics: string }
  close(): Promise<void>
}

/** What the admin address shows, made anew whenever it is asked for. */
export interface Shown {
  readonly status: () => StatusDocument
  readonly hours: () => HoursDocument
  /** The token as it is now, where it can change. */
  readonly adminToken?: (() => string) | undefined
  /** Why the ledger cannot be used and what to do; undefined while it can. A destination is no reason. */
  readonly notReady: () => string | undefined
  /** What there is to say about a process that is ready, and does not forward; undefined for nothing. */
  readonly remark?: () => string | undefined
}

/** Opens both doors: metrics and probes, status. Throws SetupError if a port is taken. */
export async function serve(config: Config, telemetry: Telemetry, shown: Shown): Promise<Served> {
  const { admin, telemetry: settings } = config.service
  const scrape = telemetry.metrics.handle.bind(telemetry.metrics)
  const endpoint = address(settings.metrics.endpoint)
  const ready = { notReady: shown.notReady, remark: () => shown.remark?.() }
  const metricsServer = new MetricsServer({ endpoint, scrape, ...ready })
  const token = admin.token === undefined ? {} : { token: shown.adminToken ?? admin.token }
  const adminServer = new AdminServer({
    endpoint: address(admin.endpoint),
    ...token,
    status: shown.status,
    hours: shown.hours,
  })
  const addresses = { metrics: await metricsServer.listen(), admin: await adminServer.listen() }
  return { addresses, close: async () => void (await Promise.all([metricsServer.close(), adminServer.close()])) }
}

function address({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** A ledger's failure as readiness tells it. */
export function notReadyText(ledger: FailingLedger): string | undefined {
  const failure = ledger.failing()
  return failure === undefined ? undefined : `${failure.message}; what next: ${failure.hint}`
}
