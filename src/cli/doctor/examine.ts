// Who is asked what: the configuration, the ledger, each receiver's store and queue, each processor's databases, each
// destination. All at once, each within its time, told in the order of the configuration. Nothing that fails here keeps
// another from being looked at.
import { randomUUID } from 'node:crypto'
import type { Exporter } from '@circleci-audit-forwarder/contract'
import { expiries } from '../../config/expiry.ts'
import { type Loaded, processSources } from '../../config/load.ts'
import { type Path, pathText } from '../../config/problem.ts'
import type { Config } from '../../config/schema.ts'
import { sendCanary } from '../../delivery/canary.ts'
import { type Finding, failedFinding } from '../../domain/finding.ts'
import type { LedgerCheck } from '../../ledger/sqlite/check.ts'
import { canaryRecord } from '../../mapping/canary.ts'
import { checkStore } from '../../receiver/check/store.ts'
import type { InspectedQueue, InspectedStore } from '../../receiver/inspection.ts'
import { count, duration } from '../../telemetry/units.ts'
import { openNotifications, openNotify, openStore } from '../assemble.ts'
import { systemClock } from '../clock.ts'
import { databaseFiles } from '../processors.ts'
import { version } from '../version.ts'
import { bounded } from './bounded.ts'
import { examineCheckpoint } from './checkpoint.ts'
import { databaseFinding } from './databases.ts'
import { expiryFindings } from './expiries.ts'
import type { Component } from './report.ts'

export interface Examination {
  /** For one component's checks, in milliseconds. */
  readonly timeoutMs: number
  /** Whether to send a record, and for how long to look for it then, in milliseconds. */
  readonly canary: boolean
  readonly canaryPatienceMs: number
}

type ReceiverConfig = Config['receivers'][string]
type ExporterConfig = Config['exporters'][string]

/** Everything that some pipeline uses. Never rejects for what is found. */
export async function examine(loaded: Loaded, options: Examination): Promise<readonly Component[]> {
  const { receivers, exporters, service } = loaded.config
  const { findings, held } = await ledgerCheck(loaded.config)
  const pipelines = Object.values(service.pipelines)
  const feeding = new Set(pipelines.flatMap((pipeline) => pipeline.receivers))
  const fed = new Set(pipelines.flatMap((pipeline) => pipeline.exporters))
  const sides = await Promise.all([
    examineCheckpoint(loaded.config, options.timeoutMs),
    ...used(receivers, feeding).map(([id, receiver]) => examineReceiver(id, receiver, options)),
    ...[...databaseFiles(loaded.config)].map(([id, files]) => examineProcessor(id, files, options)),
    ...used(exporters, fed).map(([id, exporter]) => examineDestination(id, exporter, loaded, options, held)),
    ...examineNotify(loaded, options),
  ])
  return [
    { kind: 'configuration', id: 'configuration', findings: configurationFindings(loaded) },
    { kind: 'ledger', id: 'ledger', findings },
    ...sides.flat(),
  ]
}

function used<T>(all: Readonly<Record<string, T>>, ids: ReadonlySet<string>): readonly (readonly [string, T])[] {
  return Object.entries(all).filter(([id]) => ids.has(id))
}

function configurationFindings(loaded: Loaded): readonly Finding[] {
  const { file, config, warnings } = loaded
  const { receivers, exporters } = config
  const size = `${count(Object.keys(receivers).length, 'receiver')}, ${count(Object.keys(exporters).length, 'exporter')}`
  return [
    { level: 'ok', what: `${file} is valid`, detail: size },
    ...warnings.map(({ line, path, message, hint }): Finding => {
      const what = `line ${line}: ${path} ${message}`
      return { level: 'warning', what, ...(hint === undefined ? {} : { next: hint }) }
    }),
    ...ends(loaded, ['service']),
  ]
}

/** How long the certificates hold that one component names. Signatures are the store's and the queue's to judge. */
function ends(loaded: Loaded, path: Path): readonly Finding[] {
  const now = Date.now()
  const certificates = expiries(loaded, processSources(), now).filter(({ setting }) => setting.endsWith('_file'))
  return expiryFindings(
    certificates.filter(({ component }) => component === pathText(path)),
    now,
  )
}

/** Which needs no time limit: it asks this machine alone. */
async function ledgerCheck({ service }: Config): Promise<LedgerCheck> {
  if (service.ledger.sqlite === undefined) {
    return { findings: inMemory, held: false }
  }
  const { checkLedger } = await import('../../ledger/sqlite/check.ts')
  return checkLedger(service.ledger.sqlite.path)
}

const inMemory: readonly Finding[] = [
  {
    level: 'warning',
    what: 'progress survives a restart',
    detail: 'the ledger is in memory: every start is a first start',
    next: 'set service.ledger.sqlite.path, save for trying things out',
  },
]

async function examineReceiver(
  id: string,
  config: ReceiverConfig,
  { timeoutMs }: Examination,
): Promise<readonly Component[]> {
  let opened: readonly [InspectedStore, readonly InspectedQueue[]]
  try {
    opened = await Promise.all([openStore(config, systemClock), openNotifications(config, systemClock)])
  } catch (error) {
    return [{ kind: 'store', id, findings: [failedFinding('store and notifications can be opened', error)] }]
  }
  const [store, queues] = opened
  const [ofStore, ...ofQueues] = await Promise.all([
    bounded(`${store.uri} answers`, timeoutMs, (signal) => checkStore(store, Date.now, signal)),
    ...queues.map((queue) => bounded(`${queue.name} answers`, timeoutMs, (signal) => queue.check(store, signal))),
  ])
  store.close?.()
  await Promise.all(queues.map((queue) => queue.close()))
  return [
    { kind: 'store', id, findings: ofStore },
    ...ofQueues.map((found, index) => ofQueue(id, queues, found, index)),
  ]
}

/** Several queues of one receiver are told apart by their names. */
function ofQueue(id: string, queues: readonly InspectedQueue[], found: readonly Finding[], index: number): Component {
  const { name } = queues[index] as InspectedQueue
  const findings =
    queues.length === 1 ? found : found.map((finding) => ({ ...finding, what: `${name}: ${finding.what}` }))
  return { kind: 'queue', id, findings }
}

/** Processors are arithmetic; only the databases that some of them look things up in can be wrong. */
async function examineProcessor(
  id: string,
  files: readonly string[],
  { timeoutMs }: Examination,
): Promise<readonly Component[]> {
  if (files.length === 0) return []
  const findings = await bounded('its databases can be read', timeoutMs, () =>
    Promise.all(files.map((path) => databaseFinding(path, Date.now()))),
  )
  return [{ kind: 'processor', id, findings }]
}

async function examineDestination(
  id: string,
  config: ExporterConfig,
  loaded: Loaded,
  options: Examination,
  held: boolean,
): Promise<Component> {
  const { components } = loaded
  let exporter: Exporter | undefined
  try {
    exporter = components.exporters.find(({ type }) => type === config.type)?.create(config.settings)
    if (exporter === undefined) throw new Error(`there is no exporter of type ${config.type}`)
    const findings = await examineExporter(id, config.type, exporter, options, held)
    return { kind: 'destination', id, findings: [...findings, ...ends(loaded, ['exporters', id])] }
  } catch (error) {
    return { kind: 'destination', id, findings: [failedFinding('the exporter can be made', error)] }
  } finally {
    // Whatever hangs here has been told already; the program's end does not wait for it.
    void exporter?.close().catch(() => undefined)
  }
}

/** The address where people are told is asked like a destination. */
function examineNotify({ config }: Loaded, options: Examination): readonly Promise<Component>[] {
  const notify = openNotify(config)
  if (notify === undefined) return []
  const { id, exporter } = notify
  const examined = examineExporter(id, id, exporter, options, false)
  void examined.finally(() => exporter.close()).catch(() => undefined)
  return [examined.then((findings) => ({ kind: 'destination', id, findings }))]
}

async function examineExporter(
  id: string,
  type: string,
  exporter: Exporter,
  options: Examination,
  held: boolean,
): Promise<readonly Finding[]> {
  const { timeoutMs, canary, canaryPatienceMs: patienceMs } = options
  const checked = await bounded('the destination answers', timeoutMs, (signal) => exporter.check(signal))
  if (!canary) return checked
  const unsent = whyNoCanary(type, held)
  if (unsent !== undefined) return [...checked, { level: 'unknown', what: 'a canary is taken', ...unsent }]
  const flight = { exporter, id: randomUUID(), clock: systemClock, patienceMs }
  const record = canaryRecord({ id: flight.id, destination: id, now: Date.now(), version: version() })
  const sent = await bounded(
    `a canary is taken within ${duration(timeoutMs + patienceMs)}`,
    timeoutMs + patienceMs,
    (signal) => sendCanary({ ...flight, record }, signal),
  )
  return [...checked, ...sent]
}

/** Two kinds of destination are this process's own output or another process's file. */
function whyNoCanary(type: string, held: boolean): { readonly detail: string } | undefined {
  if (type === 'console') return { detail: 'not sent: standard output belongs to this report' }
  if (type === 'file' && held) {
    return { detail: 'not sent: the running forwarder writes this file, and a second writer would harm it' }
  }
  return undefined
}
