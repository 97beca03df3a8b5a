// The chart's examples, as a cluster would run them: the configuration from the rendered ConfigMap, the arguments from
// the rendered Deployment, the probes at its port. Only what names a place or an identity there is another: addresses,
// ports, files, roles. The rest (ids, filters, pipelines, prefixes, secrets) is run as it stands.
import { writeFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'
import { examples } from '../../../deploy/helm/generator/chart.ts'
import { renderedObjects } from '../../deploy/chart.ts'
import { type Container, podOf } from '../../deploy/manifests.ts'
import { canary, canaryGuid, canaryHex } from '../../tools/secrets.ts'
import type { Aws } from '../stage/aws.ts'
import type { Case, Figures } from '../stage/case.ts'
import { must } from '../stage/case.ts'
import type { Destination, Vendor } from '../stage/destination.ts'
import { freePort, Scene } from '../stage/scene.ts'
import { mustBeWhole } from '../stage/tally.ts'

const vendors: Readonly<Record<string, Vendor>> = {
  splunk_hec: 'hec',
  datadog: 'datadog',
  clickhouse: 'clickhouse',
  rapid7: 'rapid7',
  otlp_http: 'otlp',
}

const env = {
  SPLUNK_TOKEN: canaryGuid(0xec),
  CH_PASSWORD: canary('clickhouse'),
  RAPID7_TOKEN: canaryGuid(0x7),
}

type Mapping = Record<string, unknown>
interface Configuration {
  receivers: Record<string, Mapping & { store: { s3: Mapping }; notifications?: { sqs: Mapping } }>
  exporters: Record<string, Mapping>
  service: Mapping & {
    telemetry: { metrics: { endpoint: string } }
    pipelines: Record<string, { readonly processors?: readonly string[]; readonly exporters: readonly string[] }>
  }
}

/** `small`: the fullest of them. */
export const chart: Case = {
  name: 'chart',
  run: async (size) => {
    const chosen = examples().filter((name) => size === 'full' || name === 'five-destinations')
    const figures: Record<string, number> = {}
    for (const name of chosen) figures[name] = await played(name)
    return figures satisfies Figures
  },
}

/** Runs one example until everything has arrived everywhere. Returns to how many destinations. */
async function played(example: string): Promise<number> {
  const scene = new Scene(`chart-${example}`)
  try {
    const objects = renderedObjects(example).map(({ object }) => object)
    const text = objects.find(({ kind, data }) => kind === 'ConfigMap' && data?.['config.yaml'])?.data?.['config.yaml']
    const container = podOf(objects.find(({ kind }) => kind === 'Deployment')!)!.containers[0] as Container
    const port = await freePort()
    const stage = await staged(scene, parse(text ?? '') as Configuration, port)
    writeFileSync(scene.configPath, stringify(stage.config).replaceAll('/run/secrets/datadog/api-key', keyFile(scene)))
    await run(scene, container, port, stage)
    return stage.destinations.size
  } finally {
    await scene.close()
  }
}

function keyFile(scene: Scene): string {
  const path = scene.path('api-key')
  writeFileSync(path, `${canaryHex(0xdd)}\n`)
  return path
}

interface Staged {
  readonly config: Configuration
  readonly destinations: ReadonlyMap<string, Destination>
  /** Ids of the events that a destination must get. */
  readonly wantedAt: (id: string) => readonly string[]
}

async function staged(scene: Scene, config: Configuration, port: number): Promise<Staged> {
  const aws = await scene.aws()
  const receiver = Object.values(config.receivers)[0]!
  const file = scene.corpus.file(Date.now() - 60_000, 24)
  await aws.put([{ ...file, key: `${receiver.store.s3['prefix']}/${file.key}` }])
  const destinations = new Map<string, Destination>()
  for (const [id, settings] of Object.entries(config.exporters)) {
    const { site: _, region: __, tls: ___, ...rest } = settings
    const destination = await scene.destination(vendors[id.replace(/\/.*/, '')]!)
    destinations.set(id, destination)
    config.exporters[id] = { ...rest, endpoint: destination.endpoint, batch: { linger: '50ms' }, own_records: false }
  }
  place(receiver, aws)
  config.service['admin'] = { endpoint: `127.0.0.1:${await freePort()}` }
  config.service['ledger'] = { sqlite: { path: scene.path('ledger.db') } }
  config.service.telemetry.metrics.endpoint = config.service.telemetry.metrics.endpoint.replace(/\d+$/, String(port))
  const noJobs = new Set(
    Object.values(config.service.pipelines).flatMap((one) => (one.processors === undefined ? [] : one.exporters)),
  )
  const rest = idsOf(file.body, (action) => !action.startsWith('workflow.job.'))
  return { config, destinations, wantedAt: (id) => (noJobs.has(id) ? rest : file.ids) }
}

function idsOf(body: string, isWanted: (action: string) => boolean): readonly string[] {
  const events = body.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, string>]))
  return events.flatMap(({ id = '', action = '' }) => (isWanted(action) ? [id] : []))
}

function place(receiver: Configuration['receivers'][string], aws: Aws): void {
  const { store, notifications } = aws.settings() as { store: { s3: Mapping }; notifications: { sqs: Mapping } }
  const { prefix } = receiver.store.s3
  receiver.store = { s3: { ...store.s3, prefix } }
  if (receiver.notifications !== undefined) receiver.notifications = notifications
  receiver['start_at'] = 'beginning'
}

async function run(
  scene: Scene,
  container: Container,
  port: number,
  { destinations, wantedAt }: Staged,
): Promise<void> {
  const [command = '', flag] = container.args ?? []
  must(command === 'run' && flag === '--config', `the container does not run the program: ${container.args}`)
  const forwarder = scene.start([command], { env })
  for (const [id, destination] of destinations) {
    const whole = async (): Promise<boolean> => (await destination.records()) >= wantedAt(id).length
    await forwarder.until(`${id} has everything`, whole, 60_000)
  }
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const) {
    const { path = '' } = container[probe]?.httpGet ?? {}
    const { status } = await scene.page(`http://127.0.0.1:${port}${path}`)
    must(status === 200, `${probe} ${path} answers ${status}`)
  }
  await forwarder.stop()
  await forwarder.mustExit(0)
  for (const [id, destination] of destinations) mustBeWhole(id, wantedAt(id), await destination.ids())
}
