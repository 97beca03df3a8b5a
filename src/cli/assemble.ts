// From a valid configuration to the pipeline's parts: opens stores, queues and exporters. Wiring only; whatever could be
// called a rule lives in the room it belongs to.
import { type ExporterModule, httpOptions } from '@circleci-audit-forwarder/contract'
import type { Path } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import type { LaneOptions } from '../delivery/options.ts'
import type { Clock } from '../domain/clock.ts'
import { mappingOptions } from '../mapping/map.ts'
import { Webhook } from '../notify/webhook.ts'
import type { DestinationSpec, ReceiverSpec, RouteSpec } from '../pipeline/parts.ts'
import type { Databases } from '../processors/processor.ts'
import type { InspectedQueue, InspectedStore } from '../receiver/inspection.ts'
import { type Counted, uncounted } from '../receiver/requests.ts'
import type { Tell } from '../telemetry/events.ts'
import { openChain } from './processors.ts'
import type { Current } from './renewals.ts'

type ReceiverConfig = Config['receivers'][string]
type ExporterConfig = Config['exporters'][string]

/** Longest attempt the lane allows, in milliseconds; an exporter's own timeout is shorter. */
const ATTEMPT_MS = 15 * 60_000

/** Every secret as it stands in the configuration: for commands that are done before it is replaced. */
const asLoaded: Current = () => undefined

/** The receivers that some pipeline uses, opened. Nothing is sent yet. */
export async function openReceivers(
  config: Config,
  clock: Clock,
  version: string,
  tell: Tell,
  current: Current = asLoaded,
): Promise<readonly ReceiverSpec[]> {
  const used = new Set(Object.values(config.service.pipelines).flatMap(({ receivers }) => receivers))
  const opened = Object.entries(config.receivers).filter(([id]) => used.has(id))
  return Promise.all(opened.map(([id, receiver]) => openReceiver(id, receiver, { clock, version, tell, current })))
}

interface Surroundings {
  readonly clock: Clock
  readonly version: string
  readonly tell: Tell
  readonly current: Current
}

async function openReceiver(
  id: string,
  config: ReceiverConfig,
  { clock, version, tell, current }: Surroundings,
): Promise<ReceiverSpec> {
  const counted: Counted = (service, operation) => tell({ type: 'source_requested', receiver: id, service, operation })
  const here: Current = (path) => current(['receivers', id, ...path])
  return {
    id,
    store: await openStore(config, clock, counted, here),
    notifications: await openNotifications(config, clock, counted, here),
    imports: await openImports(config, clock, counted, here),
    sweepIntervalMs: config.sweep.interval,
    lookbackMs: config.sweep.lookback,
    attributes: config.attributes,
    expectOrganization: config.expect_organization,
    mapping: mappingOptions(version, config.severity),
  }
}

/** The place in a receiver's store where files to be imported are laid. */
async function openImports(
  { store, imports }: ReceiverConfig,
  clock: Clock,
  counted: Counted,
  current: Current,
): Promise<ReceiverSpec['imports']> {
  if (imports === undefined) return undefined
  return {
    store: await openStore({ store: below(store, imports.prefix) }, clock, counted, current),
    intervalMs: imports.interval,
  }
}

/** The same store with another prefix. */
export function below(store: ReceiverConfig['store'], prefix: string): ReceiverConfig['store'] {
  const { s3, gcs, azure_blob, directory } = store
  if (s3 !== undefined) return { s3: { ...s3, prefix } }
  if (gcs !== undefined) return { gcs: { ...gcs, prefix } }
  if (azure_blob !== undefined) return { azure_blob: { ...azure_blob, prefix } }
  return { directory: { path: directory?.path ?? '.', prefix } }
}

/** A receiver's store. The SDK of a cloud is loaded only here. `current` takes paths below the receiver. */
export async function openStore(
  { store }: Pick<ReceiverConfig, 'store'>,
  clock: Clock,
  counted: Counted = uncounted,
  current: Current = asLoaded,
): Promise<InspectedStore> {
  if (store.s3 !== undefined) {
    const { openS3Store } = await import('../receiver/s3/store.ts')
    return openS3Store(store.s3, { clock, counted })
  }
  if (store.gcs !== undefined) {
    const { openGcsStore } = await import('../receiver/gcs/store.ts')
    return openGcsStore(store.gcs, { clock, counted })
  }
  if (store.azure_blob !== undefined) {
    const { openAzureBlobStore } = await import('../receiver/azure-blob/store.ts')
    return openAzureBlobStore(store.azure_blob, { clock, counted, ...signed(current, ['store', 'azure_blob']) })
  }
  const { DirectoryStore } = await import('../receiver/directory/store.ts')
  return new DirectoryStore(store.directory ?? { path: '.' }, { clock })
}

function signed(current: Current, path: Path): { readonly signature?: () => string } {
  const signature = current([...path, 'sas_token'])
  return signature === undefined ? {} : { signature }
}

/** A receiver's queues; mostly one, or none. */
export async function openNotifications(
  { notifications }: Pick<ReceiverConfig, 'notifications'>,
  clock: Clock,
  counted: Counted = uncounted,
  current: Current = asLoaded,
): Promise<readonly InspectedQueue[]> {
  const { sqs, azure_queue } = notifications ?? {}
  if (sqs !== undefined) {
    const { openSqsNotifications } = await import('../receiver/sqs/queue.ts')
    return Promise.all([sqs].flat().map((queue) => openSqsNotifications(inSeconds(queue), { counted })))
  }
  if (azure_queue !== undefined) {
    const { openAzureQueue } = await import('../receiver/azure-queue/queue.ts')
    const path = (index: number): Path => [
      'notifications',
      'azure_queue',
      ...(Array.isArray(azure_queue) ? [index] : []),
    ]
    const queues = [azure_queue].flat().map((queue, index) => ({ queue, ...signed(current, path(index)) }))
    return Promise.all(
      queues.map(({ queue, ...seam }) => openAzureQueue(inSeconds(queue), { clock, counted, ...seam })),
    )
  }
  return []
}

/** Queues count in seconds. */
function inSeconds<Queue extends { readonly visibility_timeout: number }>(queue: Queue): Queue {
  return { ...queue, visibility_timeout: Math.ceil(queue.visibility_timeout / 1000) }
}

/**
 * The exporters that some pipeline uses, opened, with the receivers that feed them and through what. `modules` are those
 * the configuration was checked with, plugins included.
 */
export function openDestinations(
  config: Config,
  modules: readonly ExporterModule[],
  databases: Databases,
): readonly DestinationSpec[] {
  return Object.entries(config.exporters).flatMap(([id, exporter]): DestinationSpec[] => {
    const routes = routesTo(id, exporter, config, databases)
    if (routes.length === 0) return []
    const module = modules.find(({ type }) => type === exporter.type)
    if (module === undefined) throw new Error(`there is no exporter of type ${exporter.type}`)
    return [openDestination(id, exporter, module, routes, config.service.memory.exporter)]
  })
}

function openDestination(
  id: string,
  config: ExporterConfig,
  module: ExporterModule,
  routes: readonly RouteSpec[],
  bufferBytes: number,
): DestinationSpec {
  const exporter = module.create(config.settings)
  const { renamed_from: renamedFrom } = config
  const options = laneOptions(config, exporter.limits, bufferBytes)
  const told = config.own_records ? 'everything' : 'nothing'
  return { id, exporter, options, routes, told, ...(renamedFrom !== undefined && { renamedFrom }) }
}

/** Who tells people, in the ledger and in whatever is said of it: the place in the configuration. No exporter is called so. */
export const notifier = 'service.notify'

/** The address where people are told, opened as a destination that no receiver feeds; undefined if there is none. */
export function openNotify({ service: { notify } }: Config): DestinationSpec | undefined {
  if (notify === undefined) return undefined
  const exporter = new Webhook(notify.endpoint, httpOptions({ ...notify, compression: 'none' }))
  const { limits } = exporter
  const batch = { ...limits, lingerMs: 0 }
  const retry = { initialMs: notify.retry.initial_interval, maxMs: notify.retry.max_interval }
  // One at a time, so that of what happened first is told first.
  const options = { batch, concurrency: { min: 1, max: 1 }, retry, bufferBytes: limits.bytes, attemptMs: ATTEMPT_MS }
  return { id: notifier, exporter, options, routes: [], told: 'gaps' }
}

function laneOptions(
  config: ExporterConfig,
  limits: { readonly records: number; readonly bytes: number },
  bufferBytes: number,
): LaneOptions {
  const { batch, concurrency, retry } = config
  return {
    batch: {
      records: Math.min(batch.max_records, limits.records),
      bytes: Math.min(batch.max_bytes, limits.bytes),
      lingerMs: batch.linger,
    },
    concurrency,
    retry: { initialMs: retry.initial_interval, maxMs: retry.max_interval },
    bufferBytes,
    attemptMs: ATTEMPT_MS,
  }
}

function routesTo(id: string, exporter: ExporterConfig, config: Config, databases: Databases): readonly RouteSpec[] {
  const pipelines = Object.values(config.service.pipelines).filter((pipeline) => pipeline.exporters.includes(id))
  return pipelines.flatMap(({ receivers, processors }) => {
    const processing = openChain(processors, config, databases)
    return receivers.map((receiver): RouteSpec => {
      const startAt = exporter.start_at ?? config.receivers[receiver]?.start_at ?? { from: 'now' }
      return { receiver, startAt, processing }
    })
  })
}
