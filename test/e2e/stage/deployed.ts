// What deploy/ starts, as its files say it and as a cluster would read them: a container's arguments, the configuration
// that is mounted where they look for it, the variables it is given and the files it can see. A container that is not
// given a Secret does not have it here either.
import { writeFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import { examples } from '../../../deploy/helm/generator/chart.ts'
import { renderedObjects } from '../../deploy/chart.ts'
import { commandOf, dockerfile } from '../../deploy/image/dockerfile.ts'
import { type Container, type Manifest, manifestsOf, type Placed, type PodSpec, podOf } from '../../deploy/manifests.ts'
import { textOf } from '../../docs/checkout.ts'
import { canary, canaryGuid, canaryHex } from '../../tools/secrets.ts'
import { must } from './case.ts'
import type { Forwarder } from './forwarder.ts'
import type { Scene } from './scene.ts'

const HOME = '/etc/circleci-audit-forwarder'
const CONFIG = `${HOME}/config.yaml`

/** One container that runs the program. */
export interface Deployed {
  readonly args: readonly string[]
  readonly config: string
  readonly env: Readonly<Record<string, string>>
  /** Folders that are mounted. */
  readonly mounts: readonly string[]
  /** Paths that are asked for health. */
  readonly probes: readonly string[]
}

/** One way to run the program that deploy/ describes. */
export interface Deployment {
  readonly name: string
  readonly forwarder: Deployed
  /** The hook that judges the configuration before the forwarder gets it. */
  readonly validate?: Deployed
  /** `helm test`. */
  readonly doctor?: Deployed
}

/** The keys of the Secrets that the files of deploy/ tell the operator to create. */
const secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'circleci-audit-forwarder': {
    SPLUNK_TOKEN: canaryGuid(0xec),
    CH_PASSWORD: canary('clickhouse'),
    RAPID7_TOKEN: canaryGuid(0x7),
  },
  'audit-forwarder': { SPLUNK_TOKEN: canaryGuid(0xec) },
}

/** What is in the volumes that containers mount beside the configuration. */
const files: Readonly<Record<string, string>> = {
  '/run/secrets/datadog/api-key': `${canaryHex(0xdd)}\n`,
  '/etc/ssl/acme/ca.crt': rootCertificates[0] ?? '',
}

export function chartExamples(): readonly Deployment[] {
  return examples().map(chartExample)
}

export function chartExample(name: string): Deployment {
  const placed = renderedObjects(name)
  const [validate, doctor] = [one(placed, 'Job'), one(placed, 'Pod')]
  return {
    name,
    forwarder: containerOf(placed, one(placed, 'Deployment'), 'forwarder'),
    validate: containerOf(placed, validate, 'validate'),
    doctor: containerOf(placed, doctor, 'doctor'),
  }
}

/** The sidecars that are alone, by their files in deploy/sidecar. */
export function sidecars(): readonly Deployment[] {
  return ['beside-collector', 'beside-any-app'].map((name) => ({ name, forwarder: sidecar(name) }))
}

export function sidecar(name: string): Deployed {
  const placed = manifestsOf(`deploy/sidecar/${name}.yaml`)
  const workload = placed.find(({ object: { kind } }) => kind === 'Deployment' || kind === 'StatefulSet')
  return containerOf(placed, workload?.object, 'forwarder')
}

/** How many replicas there are, and how they are replaced. */
export function rollingOf(name: string): unknown {
  const placed = manifestsOf(`deploy/sidecar/${name}.yaml`)
  const { replicas, strategy } = (one(placed, 'Deployment')?.spec ?? {}) as Readonly<Record<string, unknown>>
  return { replicas, strategy }
}

export function compose(): Deployment {
  const image = dockerfile('deploy/docker/Dockerfile').stages.at(-1)!
  const said = (name: string) => commandOf(image.instructions.find((instruction) => instruction.name === name)!)
  const probes = [/\/[a-z]+z\b/.exec(said('HEALTHCHECK').at(-1) ?? '')?.[0] ?? '']
  const env = { CH_PASSWORD: canary('compose') }
  const config = textOf('deploy/docker/config.yaml')
  return { name: 'compose', forwarder: { args: said('CMD'), config, env, mounts: [HOME], probes } }
}

function one(placed: readonly Placed[], kind: string): Manifest | undefined {
  return placed.find(({ object }) => object.kind === kind)?.object
}

function containerOf(placed: readonly Placed[], owner: Manifest | undefined, name: string): Deployed {
  const pod = owner === undefined ? undefined : podOf(owner)
  const all = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])]
  const container = all.find((each) => each.name === name)
  if (pod === undefined || container === undefined) throw new Error(`there is no container ${name} in ${owner?.kind}`)
  const probes = Object.entries(container).filter(([key]) => key.endsWith('Probe')) as [string, Container['xProbe']][]
  return {
    args: container.args ?? [],
    config: configOf(placed, pod, container),
    env: environmentOf(container),
    mounts: (container.volumeMounts ?? []).map(({ mountPath }) => mountPath),
    probes: probes.flatMap(([, probe]) => probe?.httpGet?.path ?? []),
  }
}

interface Volume {
  readonly name: string
  readonly configMap?: { readonly name: string }
}

function configOf(placed: readonly Placed[], { volumes = [] }: PodSpec, { volumeMounts = [] }: Container): string {
  const mount = volumeMounts.find(({ mountPath }) => mountPath === HOME)
  const volume = (volumes as unknown as readonly Volume[]).find(({ name }) => name === mount?.name)
  const objects = placed.map(({ object }) => object)
  const map = objects.find(({ kind, metadata: { name } }) => kind === 'ConfigMap' && name === volume?.configMap?.name)
  const text = map?.data?.['config.yaml']
  if (text === undefined) throw new Error(`no configuration is mounted at ${HOME}`)
  return text
}

function environmentOf({ env = [], envFrom = [] }: Container): Readonly<Record<string, string>> {
  const given = envFrom.map(({ secretRef }) => {
    const content = secrets[secretRef?.name ?? '']
    if (content === undefined) throw new Error(`nobody was told what is in the Secret ${secretRef?.name}`)
    return content
  })
  const literal = env.map(({ name, value = '' }) => [name, value] as const)
  return Object.assign({}, ...given, Object.fromEntries(literal)) as Record<string, string>
}

/** Starts the container's program with its own arguments. What it finds where they point is this text. */
export function startDeployed(scene: Scene, { args, env, mounts }: Deployed, name: string, config: string): Forwarder {
  must(args.includes(CONFIG), `the container does not read its configuration: ${args.join(' ')}`)
  const path = scene.path(`${name}.yaml`)
  writeFileSync(path, withFiles(scene, mounts, config))
  return scene.startExactly(
    args.map((arg) => (arg === CONFIG ? path : arg)),
    env,
  )
}

/** The text with the files that the container can see where they are here. */
function withFiles(scene: Scene, mounts: readonly string[], config: string): string {
  let text = config
  for (const [path, content] of Object.entries(files)) {
    if (!mounts.some((mount) => path.startsWith(`${mount}/`))) continue
    const here = scene.path(path.replaceAll('/', '_'))
    writeFileSync(here, content)
    text = text.replaceAll(path, here)
  }
  return text
}
