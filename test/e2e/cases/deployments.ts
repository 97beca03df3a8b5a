// Every configuration in deploy/, run as a cluster or Compose would run it: the text from the ConfigMap or file, the
// arguments from the container, health asked at its port. Only what names a place or an identity there is another:
// addresses, ports, files, roles. The rest (ids, filters, pipelines, prefixes, secrets) is run as it stands.
import { writeFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import { parse, stringify } from 'yaml'
import { examples } from '../../../deploy/helm/generator/chart.ts'
import { renderedObjects } from '../../deploy/chart.ts'
import { commandOf, dockerfile } from '../../deploy/image/dockerfile.ts'
import { type Container, manifestsOf, type Placed, type PodSpec, type Probe, podOf } from '../../deploy/manifests.ts'
import { textOf } from '../../docs/checkout.ts'
import { freePort } from '../../tools/free-port.ts'
import { canary, canaryGuid, canaryHex } from '../../tools/secrets.ts'
import type { Aws } from '../stage/aws.ts'
import type { Case, Figures } from '../stage/case.ts'
import { must } from '../stage/case.ts'
import type { Destination, Vendor } from '../stage/destination.ts'
import { Scene } from '../stage/scene.ts'
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

/** One way to run the program that deploy/ describes. */
interface Deployment {
  readonly name: string
  readonly config: string
  /** The container's arguments. */
  readonly args: readonly string[]
  /** Paths that are asked for health. */
  readonly probes: readonly string[]
}

/** `small`: the chart's fullest example. */
export const deployments: Case = {
  name: 'deployments',
  run: async (size) => {
    const figures: Record<string, number> = {}
    const all = size === 'full' ? [...charts(), ...sidecars(), compose()] : [chartExample('five-destinations')]
    for (const one of all) figures[one.name] = await played(one)
    return figures satisfies Figures
  },
}

function charts(): readonly Deployment[] {
  return examples().map(chartExample)
}

function chartExample(example: string): Deployment {
  return ofObjects(example, renderedObjects(example), ({ containers }) => containers[0])
}

function sidecars(): readonly Deployment[] {
  return ['beside-collector', 'beside-any-app'].map((name) => {
    return ofObjects(name, manifestsOf(`deploy/sidecar/${name}.yaml`), ({ initContainers }) => initContainers?.[0])
  })
}

function ofObjects(name: string, placed: readonly Placed[], pick: (pod: PodSpec) => Container | undefined): Deployment {
  const objects = placed.map(({ object }) => object)
  const pod = podOf(objects.find(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')!)!
  const container = pick(pod)!
  const probes = Object.entries(container).filter(([key]) => key.endsWith('Probe')) as [string, Probe][]
  const paths = probes.flatMap(([, { httpGet }]) => httpGet?.path ?? [])
  const config = objects.find(({ kind, data }) => kind === 'ConfigMap' && data?.['config.yaml'])?.data?.['config.yaml']
  return { name, config: config ?? '', args: container.args ?? [], probes: paths }
}

function compose(): Deployment {
  const image = dockerfile('deploy/docker/Dockerfile').stages.at(-1)!
  const said = (name: string) => commandOf(image.instructions.find((one) => one.name === name)!)
  const probes = [/\/[a-z]+z\b/.exec(said('HEALTHCHECK').at(-1) ?? '')?.[0] ?? '']
  return { name: 'compose', config: textOf('deploy/docker/config.yaml'), args: said('CMD'), probes }
}

/** Runs it until everything has arrived everywhere. Returns to how many destinations. */
async function played(deployment: Deployment): Promise<number> {
  const scene = new Scene(deployment.name)
  try {
    const port = await freePort()
    const stage = await staged(scene, parse(deployment.config) as Configuration, port)
    writeFileSync(scene.configPath, withFiles(stringify(stage.config), scene))
    await run(scene, deployment, port, stage)
    return stage.destinations.size
  } finally {
    await scene.close()
  }
}

/** The configuration with the files that it names, each of the kind it must be. */
function withFiles(config: string, scene: Scene): string {
  const [key, authority] = [scene.path('api-key'), scene.path('ca.crt')]
  writeFileSync(key, `${canaryHex(0xdd)}\n`)
  writeFileSync(authority, rootCertificates[0] ?? '')
  return config.replaceAll('/run/secrets/datadog/api-key', key).replaceAll('/etc/ssl/acme/ca.crt', authority)
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
  { args, probes }: Deployment,
  port: number,
  { destinations, wantedAt }: Staged,
): Promise<void> {
  must(args[0] === 'run' && args[1] === '--config', `the container does not run the program: ${args.join(' ')}`)
  const forwarder = scene.start([args[0] ?? ''], { env })
  for (const [id, destination] of destinations) {
    const whole = async (): Promise<boolean> => (await destination.records()) >= wantedAt(id).length
    await forwarder.until(`${id} has everything`, whole, 60_000)
  }
  must(probes.length > 0, 'nobody asks for its health')
  for (const path of probes) {
    const { status } = await scene.page(`http://127.0.0.1:${port}${path}`)
    must(status === 200, `${path} answers ${status}`)
  }
  await forwarder.stop()
  await forwarder.mustExit(0)
  for (const [id, destination] of destinations) mustBeWhole(id, wantedAt(id), await destination.ids())
}
