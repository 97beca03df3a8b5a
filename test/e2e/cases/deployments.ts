// Every configuration in deploy/, run as a cluster or Compose would run it: the text from the ConfigMap or file, the
// arguments and variables of the container, health asked at its port. Only what names a place or an identity there is
// another: addresses, ports, files, roles. The rest (ids, filters, pipelines, prefixes, secrets) is run as it stands. What
// stands beside the chart's forwarder runs too, each with its own arguments, configuration and secrets: the hook that
// judges the configuration, before; `helm test`, while the forwarder has its ledger.
import { mkdirSync, readdirSync } from 'node:fs'
import { parse, stringify } from 'yaml'
import { freePort } from '../../tools/free-port.ts'
import type { Aws } from '../stage/aws.ts'
import type { Case, Figures } from '../stage/case.ts'
import { must } from '../stage/case.ts'
import {
  chartExample,
  chartExamples,
  compose,
  type Deployed,
  type Deployment,
  sidecars,
  startDeployed,
} from '../stage/deployed.ts'
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

type Mapping = Record<string, unknown>
interface Configuration {
  receivers: Record<string, Mapping & { store: { s3: Mapping }; notifications?: { sqs: Mapping } }>
  exporters: Record<string, Mapping>
  service: Mapping & {
    telemetry: { metrics: { endpoint: string } }
    pipelines: Record<string, { readonly processors?: readonly string[]; readonly exporters: readonly string[] }>
  }
}

/** `small`: the forwarder of the chart's fullest example. */
export const deployments: Case = {
  name: 'deployments',
  run: async (size) => {
    const figures: Record<string, number> = {}
    const { name, forwarder } = chartExample('five-destinations')
    const all: readonly Deployment[] =
      size === 'full' ? [...chartExamples(), ...sidecars(), compose()] : [{ name, forwarder }]
    for (const one of all) figures[one.name] = await played(one)
    return figures satisfies Figures
  },
}

/** Runs it until everything has arrived everywhere. Returns to how many destinations. */
async function played(deployment: Deployment): Promise<number> {
  const scene = new Scene(deployment.name)
  try {
    if (deployment.validate !== undefined) await judged(scene, deployment.validate)
    const port = await freePort()
    const stage = await staged(scene, parse(deployment.forwarder.config) as Configuration, port)
    await run(scene, deployment, port, stage)
    return stage.destinations.size
  } finally {
    await scene.close()
  }
}

/** The hook takes the configuration as it stands, and refuses it with a misspelt key: a failed hook fails the release. */
async function judged(scene: Scene, validate: Deployed): Promise<void> {
  const good = startDeployed(scene, validate, 'validate', validate.config)
  await good.mustExit(0)
  const { exporters, ...rest } = parse(validate.config) as Configuration
  const bad = startDeployed(scene, validate, 'misspelt', stringify({ ...rest, exportrs: exporters }))
  await bad.mustExit(2)
  must(bad.stderr.includes('exportrs'), `the hook does not say what is wrong: ${bad.stderr}`)
}

/** `helm test`, with a ledger's folder of its own: an emptyDir, in which it must leave nothing. */
async function examined(scene: Scene, doctor: Deployed, config: Configuration): Promise<void> {
  mkdirSync(scene.path('doctor'))
  const ledger = { sqlite: { path: scene.path('doctor/ledger.db') } }
  const examination = startDeployed(scene, doctor, 'doctor-config', stringify(withLedger(config, ledger)))
  await examination.mustExit(0).catch((error: Error) => {
    throw new Error(`${error.message}\n${examination.stdout}`)
  })
  must(/^nothing is wrong \(\d+ proven/m.test(examination.stdout), examination.stdout)
  must(readdirSync(scene.path('doctor')).length === 0, 'it left something beside the ledger that it looked for')
}

function withLedger({ service, ...rest }: Configuration, ledger: Mapping): Configuration {
  return { ...rest, service: { ...service, ledger } }
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
  { forwarder: deployed, doctor }: Deployment,
  port: number,
  { config, destinations, wantedAt }: Staged,
): Promise<void> {
  must(deployed.args[0] === 'run', `the container does not run the program: ${deployed.args.join(' ')}`)
  const forwarder = startDeployed(scene, deployed, 'config', stringify(config))
  for (const [id, destination] of destinations) {
    const whole = async (): Promise<boolean> => (await destination.records()) >= wantedAt(id).length
    await forwarder.until(`${id} has everything`, whole, 60_000)
  }
  must(deployed.probes.length > 0, 'nobody asks for its health')
  for (const path of deployed.probes) {
    const { status } = await scene.page(`http://127.0.0.1:${port}${path}`)
    must(status === 200, `${path} answers ${status}`)
  }
  if (doctor !== undefined) await examined(scene, doctor, config)
  await forwarder.stop()
  await forwarder.mustExit(0)
  for (const [id, destination] of destinations) mustBeWhole(id, wantedAt(id), await destination.ids())
}
