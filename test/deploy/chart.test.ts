// The chart without a helm: what is generated is up to date, and what the examples become is what Kubernetes, the
// `restricted` standard and the program accept. chart-helm and chart-objects ask the real helm.
import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { chart, examples } from '../../deploy/helm/generator/chart.ts'
import { digest, digestFile } from '../../deploy/helm/generator/digest.ts'
import { copies } from '../../deploy/helm/generator/files.ts'
import { readme } from '../../deploy/helm/generator/readme.ts'
import { textOf } from '../docs/checkout.ts'
import { loaded } from '../docs/loading.ts'
import { type Alert, alerts } from './alerts.ts'
import { renderedObjects } from './chart.ts'
import { defaults } from './defaults.ts'
import { problemsOf } from './kubernetes.ts'
import { type Container, type Manifest, type Placed, podOf } from './manifests.ts'
import { refusals } from './restricted.ts'

test('the table in the README is what the comments of values.yaml say', () => {
  expect(textOf(`${chart}/README.md`), '`npm run chart` writes it').toBe(readme())
})

test.each([...copies])('%s is %s', (copy, original) => {
  expect(textOf(copy)).toBe(textOf(original))
})

test('the alerts go into the cluster as they are, with links to where the repository is kept', () => {
  const rule = renderedObjects('five-destinations').find(({ object }) => object.kind === 'PrometheusRule')!
  const { groups } = rule.object.spec as { readonly groups: readonly { readonly rules: readonly Alert[] }[] }
  const at = 'https://git.acme.dev/circleci-audit-forwarder/blob/main/docs/runbook/'
  const linked = ({ annotations, ...rest }: Alert) => {
    const { runbook_url: page = '', ...said } = annotations
    return { ...rest, annotations: { ...said, runbook_url: page.replace('docs/runbook/', at) } }
  }
  expect(groups.flatMap(({ rules }) => rules)).toEqual(alerts.map(linked))
})

test('nothing that the rendered examples are made of has changed since', () => {
  expect(textOf(digestFile), '`npm run chart`, with a helm, writes it').toBe(digest())
})

const all = examples().flatMap(renderedObjects)

test('every rendered object is one that Kubernetes takes, without unknown properties', async () => {
  expect(all.length).toBeGreaterThan(40)
  expect(await problemsOf(all)).toEqual([])
})

test('an unknown property, a wrong type and a missing one are seen, at any depth', async () => {
  const { object, where } = all.find(({ object: { kind } }) => kind === 'Deployment')!
  const text = JSON.stringify(object)
  const changed = (from: string, to: string): Placed => ({
    where,
    object: JSON.parse(text.replace(from, to)) as Manifest,
  })
  const monitor = { apiVersion: 'monitoring.coreos.com/v1', kind: 'ServiceMonitor', metadata: { name: 'x' } }
  const spec = { selector: {}, endpoints: [{ port: 'metrics', pth: '/metrics' }] }
  const wrong = {
    livenesProbe: changed('"livenessProbe"', '"livenesProbe"'),
    metadta: changed('"metadata"', '"metadta"'),
    "not assignable to type 'number'": changed('"replicas":1', '"replicas":"1"'),
    'must have required property': changed('"selector":', '"selektor":'),
    pth: { where, object: { ...monitor, spec } },
    'no schema': { where, object: { ...monitor, kind: 'Nothing' } },
  }
  const problems = (await problemsOf(Object.values(wrong))).join('\n')
  for (const words of Object.keys(wrong)) expect(problems).toContain(words)
})

const pods = all.flatMap(({ where, object }) => {
  const pod = podOf(object)
  return pod === undefined ? [] : [[where, pod] as const]
})

test('every pod passes the restricted standard', () => {
  expect(pods.length).toBeGreaterThanOrEqual(3 * examples().length)
  for (const [where, pod] of pods) expect(refusals(pod), where).toEqual([])
})

test('every container has a read-only root, a memory limit and no token of the cluster', () => {
  for (const [where, pod] of pods) {
    expect(pod['automountServiceAccountToken'], where).toBe(false)
    for (const container of [...pod.containers, ...(pod.initContainers ?? [])]) {
      expect(container.securityContext?.['readOnlyRootFilesystem'], where).toBe(true)
      expect(container.resources?.limits?.['memory'], where).toMatch(/^\d+Mi$/)
    }
  }
})

function parts(example: string) {
  const objects = renderedObjects(example).map(({ object }) => object)
  const one = (kind: string, suffix = '') =>
    objects.find(({ kind: found, metadata: { name } }) => found === kind && name.endsWith(`-forwarder${suffix}`))!
  const pod = podOf(one('Deployment'))!
  return { one, pod, container: pod.containers[0] as Container, config: one('ConfigMap').data?.['config.yaml'] ?? '' }
}

test.each(examples())('%s: the program accepts the configuration', async (example) => {
  const { config, one } = parts(example)
  await loaded(config)
  expect(one('ConfigMap', '-validate').data).toEqual(one('ConfigMap').data)
})

test.each(examples())('%s: the pod fits the configuration', async (example) => {
  const { config, pod, container, one } = parts(example)
  const { service } = await loaded(config)
  const { host, port } = service.telemetry.metrics.endpoint
  expect(host).toBe('0.0.0.0')
  expect(container.ports).toEqual([{ name: 'metrics', containerPort: port }])
  expect(pod.terminationGracePeriodSeconds! * 1000).toBeGreaterThan(service.stop_timeout)
  const ledger = container.volumeMounts?.find(({ name }) => name === 'ledger')
  expect(ledger?.mountPath).toBe(dirname(service.ledger.sqlite!.path))
  const annotations = (one('Deployment').spec as { template: Manifest }).template.metadata.annotations
  expect(annotations?.['checksum/config']).toBe(createHash('sha256').update(config).digest('hex'))
})

test('what the pod assumes is what the program does where nothing is said', async () => {
  const { service } = await defaults()
  const { container, pod } = parts('minimal')
  expect(container.ports?.[0]?.containerPort).toBe(service.telemetry.metrics.endpoint.port)
  expect(pod.terminationGracePeriodSeconds).toBe(service.stop_timeout / 1000 + 15)
})
