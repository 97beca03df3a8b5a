// One life of the product: the whole pipeline, with the simulated world at every seam.
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { mappingOptions } from '../../src/mapping/map.ts'
import type { DestinationSpec, PipelineParts, ReceiverSpec } from '../../src/pipeline/parts.ts'
import type { Inflate } from '../../src/receiver/decode/inflate.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import type { Bucket } from './bucket.ts'
import type { Chance } from './chance.ts'
import type { Epoch } from './epoch.ts'
import type { Medium } from './medium.ts'
import { observed } from './observed.ts'
import { Outlet } from './outlet.ts'
import { type DestinationPlan, type Life, MINUTE, type Plan } from './plan.ts'
import type { Queue } from './queue.ts'
import type { Attempt, Server } from './server.ts'
import type { Spoken } from './spoken.ts'
import type { VirtualTime } from './time.ts'
import type { Trace, Verdict } from './trace.ts'
import type { Occurrence, Truth } from './truth.ts'
import type { Watch } from './watch.ts'

export interface Setting {
  readonly plan: Plan
  readonly time: VirtualTime
  readonly chance: Chance
  readonly trace: Trace
  readonly verdict: Verdict
  readonly truth: Truth
  readonly watch: Watch
  readonly medium: Medium
  readonly servers: ReadonlyMap<string, Server>
  readonly buckets: readonly Bucket[]
  readonly queues: readonly Queue[]
  readonly fingerprints: Map<Occurrence, string>
  readonly stopMs: number
  /** An answer was lost on its way to the process. */
  readonly unanswered: (epoch: Epoch, attempt: Attempt) => void
  readonly spoken: Spoken
  /** Numbers requests. */
  readonly request: (audit: boolean) => number
}

export interface Birth {
  readonly index: number
  readonly life: Life
  readonly epoch: Epoch
}

export function assemble(setting: Setting, birth: Birth): PipelineParts {
  const { plan, medium, watch, chance, stopMs } = setting
  const { index, life, epoch } = birth
  return {
    receivers: setting.buckets.map((_, place) => receiver(setting, place, epoch)),
    destinations: plan.destinations
      .filter(({ id }) => life.filters.has(id))
      .map((destination) => assembled(setting, destination, birth)),
    ledger: observed({
      medium,
      epoch,
      watch,
      spoken: setting.spoken,
      isFull: () => plan.disk.at(setting.time.now) !== undefined,
    }),
    decode: { inflate: syncInflate, limits: { chunkItems: plan.chunkItems } },
    ...(plan.own && { own: { ...who, heartbeatMs: plan.own.heartbeatMs } }),
    ...(plan.watched && { watch: { streams: new Map(), allowedLagMs: 60 * MINUTE } }),
    clock: epoch.clock(() => skew(setting)),
    random: chance.fork(100 + index).random,
    tell: (event) => told(setting, event, epoch),
    deduplicationMs: plan.deduplicationMs,
    sealedMs: plan.lookbackMs / 2,
    cacheBytes: plan.cacheBytes,
    stopMs,
  }
}

const who = { instance: 'simulated', version: '0.0.0', operator: 'the author' }

function skew({ plan, time: { now } }: Setting): number {
  return plan.skews.find(({ from, to }) => from <= now && now < to)?.ms ?? 0
}

function receiver({ plan, buckets, queues }: Setting, place: number, epoch: Epoch): ReceiverSpec {
  const { sweepIntervalMs, lookbackMs } = plan
  const queued = plan.buckets[place]?.queued === true
  return {
    id: `circleci_audit/${place}`,
    store: (buckets[place] as Bucket).store(epoch),
    notifications: queued ? [(queues[place] as Queue).notifications(epoch)] : [],
    sweepIntervalMs,
    lookbackMs,
    attributes: {},
    mapping: mappingOptions('0.0.0'),
  }
}

function assembled(setting: Setting, plan: DestinationPlan, birth: Birth): DestinationSpec {
  const { records, bytes, lingerMs, concurrencyMax, retryMaxMs, startAt, id } = plan
  const withheld = birth.life.filters.get(id) ?? new Set()
  const processing: DestinationSpec['routes'][number]['processing'] = {
    process: (record) => (withheld.has(String(record.attributes['circleci.audit.action'])) ? undefined : record),
    transform: (record) => record,
  }
  return {
    id,
    exporter: outlet(setting, plan, birth),
    options: {
      batch: { records, bytes, lingerMs },
      concurrency: { min: 1, max: concurrencyMax },
      retry: { initialMs: 2000, maxMs: retryMaxMs },
      bufferBytes: setting.plan.bufferBytes,
      attemptMs: MINUTE,
    },
    told: setting.plan.own?.told.get(id) ?? 'nothing',
    routes: setting.buckets.map((_, place) => ({ receiver: `circleci_audit/${place}`, startAt, processing })),
  }
}

function outlet(
  setting: Setting,
  { id, records, bytes, concurrencyMax }: DestinationPlan,
  { index, epoch }: Birth,
): Outlet {
  const { time, truth, trace, verdict, fingerprints, spoken } = setting
  return new Outlet({
    server: setting.servers.get(id) as Server,
    epoch,
    life: index,
    time,
    truth,
    trace,
    verdict,
    limits: { records, bytes },
    concurrencyMax,
    fingerprints,
    replayed: setting.plan.mended,
    spoken,
    unanswered: (attempt) => setting.unanswered(epoch, attempt),
    next: setting.request,
  })
}

function told({ trace, time, verdict }: Setting, event: TelemetryEvent, epoch: Epoch): void {
  if (!epoch.alive) return
  trace.say(time.now, `  tells ${JSON.stringify(event).slice(0, 300)}`)
  if (event.type !== 'bug') return
  const error = event.error instanceof Error ? event.error : new Error(String(event.error))
  if (!error.message.startsWith('simulated')) verdict.breaks(`bug: in ${event.where}: ${error.stack}`)
}

/** Without threads: they would finish in another order in every run. */
const syncInflate: Inflate = {
  gunzip: (body) => inflated(body, gunzipSync),
  unzstd: (body) => inflated(body, zstdDecompressSync),
}

async function* inflated(
  body: AsyncIterable<Uint8Array>,
  inflate: (bytes: Uint8Array) => Uint8Array,
): AsyncGenerator<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  yield inflate(Buffer.concat(parts))
}
