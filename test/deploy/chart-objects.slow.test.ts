// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language of the configuration
// What each value of the chart makes of the objects, by the real helm: where there is none (HELM or PATH), this is skipped.
import { expect, test as testAlways } from 'vitest'
import { parse, stringify } from 'yaml'
import { hasHelm, template } from '../../deploy/helm/generator/helm.ts'
import { textOf } from '../docs/checkout.ts'
import { config, service } from './chart-values.ts'
import { type Container, type Manifest, manifestsIn, podOf } from './manifests.ts'

const test = testAlways.skipIf(!hasHelm)
const known = new Map<string, readonly Manifest[]>()

test('taken: references where a secret belongs, alone or within a text, and addresses that hold none', () => {
  const settings = { headers: { authorization: 'Bearer ${env:T}', 'x-org': '${ORG}' }, proxy_url: 'http://proxy:3128' }
  const exporters = {
    otlp_http: { endpoint: 'https://otlp.acme.dev', ...settings },
    'otlp_http/b': { endpoint: 'https://a.dev/v1/logs?key=${file:/run/secrets/b/key}' },
    splunk_hec: { endpoint: '${env:URL:-https://hec.acme.dev}', token: '${file:/run/secrets/splunk/token}' },
  }
  const { ok, err } = template(
    ['-f', '-'],
    stringify({ config: { ...config, exporters, service: { proxy: 'http://p:1' } } }),
  )
  expect([ok, err]).toEqual([true, ''])
})

/** What values become, by kind and the name's end. */
function become(values: object): (kind: string, suffix?: string) => Manifest | undefined {
  const text = stringify(values)
  const objects = known.get(text) ?? objectsOf(text)
  known.set(text, objects)
  return (kind, suffix = '-forwarder') =>
    objects.find((object) => object.kind === kind && object.metadata.name.endsWith(suffix))
}

function objectsOf(values: string): readonly Manifest[] {
  const { ok, out, err } = template(['-f', '-'], values)
  expect(ok, err).toBe(true)
  return manifestsIn(out, 'helm').map(({ object }) => object)
}

function deploymentOf(values: object) {
  const one = become(values)
  const deployment = one('Deployment')!
  const pod = podOf(deployment)!
  const template = templateOf(deployment)
  return {
    one,
    pod,
    container: pod.containers[0] as Container,
    annotations: template.metadata.annotations ?? {},
    template,
  }
}

function templateOf({ spec }: Manifest): Manifest {
  return (spec as { readonly template: Manifest }).template
}

const ledgerVolume = (values: object) => deploymentOf(values).pod.volumes?.find(({ name }) => name === 'ledger')

test('the image is the chart’s version, a tag, or a digest before both', () => {
  const image = (values: object) => deploymentOf({ config, image: values }).container.image
  const digest = `sha256:${'a'.repeat(64)}`
  expect(image({})).toBe('circleci-audit-forwarder:0.1.0')
  expect(image({ repository: 'r', tag: 't' })).toBe('r:t')
  expect(image({ repository: 'r', tag: 't', digest })).toBe(`r@${digest}`)
})

test('the ledger is on the chart’s claim, on another, or lost with the pod', () => {
  expect(ledgerVolume({ config })).toHaveProperty('persistentVolumeClaim.claimName', 'audit-circleci-audit-forwarder')
  expect(become({ config })('PersistentVolumeClaim')?.metadata.annotations).toHaveProperty(
    ['helm.sh/resource-policy'],
    'keep',
  )
  const kept = become({ config, persistence: { keep: false } })('PersistentVolumeClaim')
  expect(kept?.metadata.annotations).toBeUndefined()
  const own = { config, persistence: { existingClaim: 'mine' } }
  expect(ledgerVolume(own)).toHaveProperty('persistentVolumeClaim.claimName', 'mine')
  expect(become(own)('PersistentVolumeClaim')).toBeUndefined()
  const none = { config, persistence: { enabled: false } }
  expect(ledgerVolume(none)).toHaveProperty('emptyDir')
  expect(become(none)('PersistentVolumeClaim')).toBeUndefined()
})

test('without pipelines all receivers feed all exporters; with them nothing is added', () => {
  const two = { ...config, exporters: { console: {}, ...config.exporters } }
  const pipelines = (values: object) =>
    parse(become(values)('ConfigMap')?.data?.['config.yaml'] ?? '').service.pipelines
  expect(pipelines({ config: two })).toEqual({
    logs: { receivers: ['circleci_audit'], exporters: ['console', 'otlp_http'] },
  })
  const own = { 'logs/a': { receivers: ['circleci_audit'], exporters: ['console'] } }
  expect(pipelines({ config: { ...two, service: { pipelines: own } } })).toEqual(own)
})

test('a configuration given as text is kept byte for byte, in a Secret, for all three pods', () => {
  const text = `# a comment\n\nreceivers: {circleci_audit: {store: {directory: {path: /x}}, severity: {"b*": info, a*: critical}}}
service: {telemetry: {metrics: {endpoint: "0.0.0.0:1234"}}, stop_timeout: 1m30s}   \nexporters: {console: {}}\n\n`
  const { one, pod, container } = deploymentOf({ configFile: text })
  const secret = (suffix?: string) => one('Secret', suffix) as (Manifest & { stringData: object }) | undefined
  expect(secret()?.stringData).toEqual({ 'config.yaml': text })
  expect(secret('-validate')?.stringData).toEqual({ 'config.yaml': text })
  expect(one('ConfigMap')).toBeUndefined()
  const pods = [pod, podOf(one('Job', '-validate')!)!, podOf(one('Pod', '-doctor')!)!]
  for (const { volumes } of pods) expect(volumes?.find(({ name }) => name === 'config')).toHaveProperty('secret')
  expect(container.ports?.[0]?.containerPort).toBe(1234)
  expect(one('Service')).toMatchObject({ spec: { ports: [{ port: 1234, targetPort: 'metrics' }] } })
  expect(pod.terminationGracePeriodSeconds).toBe(105)
})

test('a changed configuration makes another pod, another value of the chart does not', () => {
  const checksum = (values: object) => deploymentOf(values).annotations['checksum/config']
  const before = checksum({ config })
  expect(checksum({ config: service({ stop_timeout: '20s' }) })).not.toBe(before)
  expect(checksum({ config, persistence: { size: '9Gi' }, labels: { a: 'b' } })).toBe(before)
})

test('grace is longer than the stop, in any unit, and may be given', () => {
  const grace = (stop_timeout: string, more = {}) =>
    deploymentOf({ config: service({ stop_timeout }), ...more }).pod.terminationGracePeriodSeconds
  expect([grace('25s'), grace('2m'), grace('1m0.5s'), grace('1500ms')]).toEqual([40, 135, 76, 17])
  expect(grace('25s', { terminationGracePeriodSeconds: 300 })).toBe(300)
})

test('environment, secret files and identity reach the forwarder and whoever must judge with them', () => {
  const values = {
    config,
    existingSecret: 'tokens',
    secretFiles: ['datadog'],
    env: [{ name: 'A', value: '1' }],
    envFrom: [{ configMapRef: { name: 'more' } }],
    serviceAccount: { name: 'audit', annotations: { 'iam.gke.io/gcp-service-account': 'a@b' } },
    podLabels: { 'azure.workload.identity/use': 'true' },
    extraVolumes: [
      { name: 'mounted', configMap: { name: 'x' } },
      { name: 'other', configMap: { name: 'y' } },
    ],
    extraVolumeMounts: [{ name: 'mounted', mountPath: '/x' }],
  }
  const { one, pod, template } = deploymentOf(values)
  const [job, doctor] = [podOf(one('Job', '-validate')!)!, podOf(one('Pod', '-doctor')!)!]
  for (const { containers } of [pod, job, doctor]) {
    expect(containers[0]).toMatchObject({
      envFrom: [{ secretRef: { name: 'tokens' } }, { configMapRef: { name: 'more' } }],
      env: [{ name: 'A', value: '1' }],
    })
    expect(containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath)).toContain('/run/secrets/datadog')
  }
  const names = [pod, job, doctor].map(({ volumes }) => volumes?.map(({ name }) => name))
  expect(names.map((of) => of?.includes('other'))).toEqual([true, false, true])
  expect(names.map((of) => of?.includes('mounted'))).toEqual([true, true, true])
  expect([pod, job, doctor].map((of) => of['serviceAccountName'])).toEqual(['audit', undefined, 'audit'])
  expect(one('ServiceAccount', 'audit')?.metadata.annotations).toEqual(values.serviceAccount.annotations)
  const labels = [template.metadata.labels, one('Pod', '-doctor')?.metadata.labels]
  for (const of of labels) expect(of).toMatchObject(values.podLabels)
  const without = become({ config, serviceAccount: { create: false } })
  expect(podOf(without('Deployment')!)?.['serviceAccountName']).toBe('default')
  expect(without('ServiceAccount', '')).toBeUndefined()
})

test('selectors find what they are for, and nothing else', () => {
  const { one, template } = deploymentOf({
    config,
    serviceMonitor: { enabled: true },
    networkPolicy: { enabled: true },
  })
  const job = templateOf(one('Job', '-validate')!).metadata.labels
  const doctor = one('Pod', '-doctor')?.metadata.labels
  const finds = (selector: object, labels: object = {}) =>
    Object.entries({ ...labels, ...selector }).toString() === Object.entries(labels).toString()
  const all = [template.metadata.labels, job, doctor]
  const by = (selector: object) => all.map((labels) => finds(selector, labels))
  expect(by(selectorOf(one('Deployment')))).toEqual([true, false, false])
  expect(by(selectorOf(one('Service')))).toEqual([true, false, false])
  expect(by(selectorOf(one('NetworkPolicy')))).toEqual([true, true, true])
  expect(finds(selectorOf(one('ServiceMonitor')), one('Service')?.metadata.labels)).toBe(true)
})

function selectorOf(object: Manifest | undefined): object {
  const spec = object?.spec as { readonly selector?: object; readonly podSelector?: object }
  const selector = spec.selector ?? spec.podSelector ?? {}
  return 'matchLabels' in selector ? (selector.matchLabels as object) : selector
}

test('alerts and dashboard are made when they are asked for, as they are, where their readers look for them', () => {
  const none = become({ config })
  expect([none('PrometheusRule'), none('ConfigMap', '-dashboard')]).toEqual([undefined, undefined])
  const prometheusRule = { enabled: true, labels: { release: 'prometheus' } }
  const dashboard = { enabled: true, annotations: { grafana_folder: 'Audit' } }
  const one = become({ config, prometheusRule, dashboard })
  expect(one('PrometheusRule')?.metadata.labels).toMatchObject(prometheusRule.labels)
  expect(one('PrometheusRule')?.spec).toEqual(parse(textOf('deploy/prometheus/rules.yaml')))
  const { metadata, data = {} } = one('ConfigMap', '-dashboard')!
  expect(metadata.labels).toMatchObject({ grafana_dashboard: '1' })
  expect(metadata.annotations).toEqual(dashboard.annotations)
  expect(data['circleci-audit-forwarder.json']).toBe(textOf('deploy/grafana/dashboard.json'))
  const slashed = become({ config, prometheusRule: { ...prometheusRule, runbookUrl: 'https://git.acme.dev/f/' } })
  expect(JSON.stringify(slashed('PrometheusRule'))).toContain('"https://git.acme.dev/f/docs/runbook/forwarder-down.md"')
})

test('the check runs before anything is changed, the test when it is asked for; either may be left out', () => {
  const one = become({ config })
  const hook = (kind: string, suffix: string) => one(kind, suffix)?.metadata.annotations?.['helm.sh/hook']
  expect(hook('ConfigMap', '-validate')).toBe('pre-install,pre-upgrade')
  expect(hook('Job', '-validate')).toBe('pre-install,pre-upgrade')
  expect(hook('Pod', '-doctor')).toBe('test')
  const weight = (kind: string) => Number(one(kind, '-validate')?.metadata.annotations?.['helm.sh/hook-weight'])
  expect(weight('ConfigMap')).toBeLessThan(weight('Job'))
  expect(become({ config, validate: { enabled: false } })('Job', '-validate')).toBeUndefined()
})

test('the cluster may choose the user, as OpenShift does', () => {
  const podSecurityContext = { runAsUser: null, runAsGroup: null, fsGroup: null }
  expect(Object.keys(deploymentOf({ config, podSecurityContext }).pod.securityContext ?? {}).sort()).toEqual([
    'fsGroupChangePolicy',
    'runAsNonRoot',
    'seccompProfile',
  ])
})

test('placement, priority, sidecars and extra objects are passed on', () => {
  const values = {
    config,
    nodeSelector: { a: 'b' },
    tolerations: [{ key: 'x', operator: 'Exists' }],
    affinity: { nodeAffinity: {} },
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
    priorityClassName: 'high',
    initContainers: [{ name: 'collector', image: 'c', restartPolicy: 'Always' }],
    extraObjects: [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine' }, data: { a: '{{ not a template }}' } },
    ],
  }
  const { config: _, extraObjects, ...passed } = values
  const { one, pod } = deploymentOf(values)
  expect(pod).toMatchObject(passed)
  expect(one('ConfigMap', 'mine')).toEqual(extraObjects[0])
})

test('every object has a name that Kubernetes takes, however long or dotted that of the release', () => {
  const fullnameOverride = `an.odd-${'x'.repeat(80)}`
  const made = { serviceMonitor: { enabled: true }, prometheusRule: { enabled: true }, dashboard: { enabled: true } }
  const objects = objectsOf(stringify({ config, fullnameOverride, ...made }))
  expect(objects.length).toBeGreaterThan(8)
  for (const { metadata } of objects) expect(metadata.name).toMatch(/^[a-z][a-z0-9-]{0,61}[a-z0-9]$/)
  const deployment = objects.find(({ kind }) => kind === 'Deployment')!
  expect(podOf(deployment)?.['hostname']).toBe(deployment.metadata.name)
})

test('a cluster that is too old is refused', () => {
  const { ok, err } = template(['-f', '-', '--kube-version', '1.28.0'], stringify({ config }))
  expect([ok, err]).toEqual([false, expect.stringContaining('kubeVersion')])
})
