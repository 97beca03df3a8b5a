import { hostname } from 'node:os'
import type { Loaded } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { discreet } from '../delivery/discreet.ts'
import { fenced } from '../delivery/fenced.ts'
import type { Fence } from '../domain/fence.ts'
import { startedAt } from '../domain/start.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { DestinationSpec, OwnParts, PipelineParts, ReceiverSpec } from '../pipeline/parts.ts'
import { Pipeline } from '../pipeline.ts'
import { fencedNotifications } from '../receiver/fenced.ts'
import { redact } from '../telemetry/redact.ts'
import { createTelemetry, type Telemetry } from '../telemetry/telemetry.ts'
import type { Level } from '../telemetry/wording.ts'
import { openDestinations, openNotify, openReceivers } from './assemble.ts'
import { systemClock } from './clock.ts'
import { openDatabases } from './processors.ts'
import { Renewals } from './renewals.ts'
import { openStaging } from './staging.ts'
import { version } from './version.ts'
import { watchRules } from './watching.ts'
import { whoAsks } from './who.ts'

/** The program's telemetry as configured; with `level`, no line below it. */
export function openTelemetry({ config, secrets }: Loaded, level?: Level): Telemetry {
  const { format } = config.service.telemetry.logs
  const stream = process.stderr
  const settings = { level: level ?? config.service.telemetry.logs.level, format }
  const log = { ...settings, stream, isTTY: stream.isTTY === true, now: Date.now, secrets }
  return createTelemetry({ version: version(), log })
}

/** How the forwarder speaks of itself. */
export function ownParts({ service: { instance, heartbeat } }: Config): OwnParts {
  const name = instance ?? hostname()
  return { instance: name, version: version(), operator: whoAsks(), heartbeatMs: heartbeat.interval }
}

/** What a pipeline that is one of several replicas' is opened with. */
export interface Share {
  readonly fence: Fence
  /** Where a ledger that is empty begins, in place of now; in milliseconds since 1970. */
  readonly since: number | undefined
}

/** A pipeline over this ledger, with everything it needs opened, and those it is between. `end` stops what is watched. */
export async function openPipeline(
  loaded: Loaded,
  ledger: Ledger,
  { tell, metrics }: Telemetry,
  end: AbortSignal,
  share?: Share,
): Promise<{
  readonly pipeline: Pipeline
  readonly receivers: readonly ReceiverSpec[]
  readonly destinations: readonly DestinationSpec[]
  /** Where the token of the admin address can change. */
  readonly adminToken: (() => string) | undefined
}> {
  const { config, components, secrets } = loaded
  const { deduplication, memory, stop_timeout } = config.service
  const renewals = new Renewals(loaded, tell)
  const receivers = shared(await openReceivers(config, systemClock, version(), tell, renewals.current), share)
  const databases = await openDatabases(config, tell)
  const clean = (text: string): string => redact(text, secrets)
  const notify = openNotify(config)
  const opened = [...openDestinations(config, components.exporters, databases), ...(notify ? [notify] : [])]
  const told = opened.map((one) => ({ ...one, exporter: discreet(renewals.exporter(one.id, one.exporter), clean) }))
  const destinations = share === undefined ? told : told.map((one) => sharing(one, share))
  const pipeline = new Pipeline({
    receivers,
    destinations,
    ledger,
    decode: {},
    clock: systemClock,
    random: Math.random,
    tell,
    deduplicationMs: deduplication.window,
    own: ownParts(config),
    watch: watchRules(config),
    cacheBytes: memory.cache,
    ...(await importsBeside(config)),
    stopMs: stop_timeout,
  })
  void databases.watch(systemClock, end)
  void renewals.watch(systemClock, end)
  metrics.watchExpiries(() => renewals.expiries())
  return { pipeline, receivers, destinations, adminToken: renewals.current(['service', 'admin', 'token']) }
}

function shared(receivers: readonly ReceiverSpec[], share: Share | undefined): readonly ReceiverSpec[] {
  if (share === undefined) return receivers
  return receivers.map(({ notifications, ...rest }) => {
    return { ...rest, notifications: notifications.map((queue) => fencedNotifications(queue, share.fence)) }
  })
}

function sharing({ exporter, routes, ...rest }: DestinationSpec, { fence, since }: Share): DestinationSpec {
  const begun = routes.map(({ startAt, ...route }) => ({ ...route, startAt: startedAt(startAt, since) }))
  return { ...rest, exporter: fenced(exporter, fence), routes: begun }
}

/** Files are staged beside a ledger that is a file, and nowhere else. */
async function importsBeside(config: Config): Promise<Pick<PipelineParts, 'imports'>> {
  const staging = openStaging(config)
  if (staging === undefined) return {}
  const { openComparison } = await import('../ledger/sqlite/comparison.ts')
  return { imports: { staging, openComparison } }
}
