// Custom resources, as far as this project writes them: strict schemas of the fields it uses. Names and types are those of
// the CustomResourceDefinitions that the projects publish (monitoring.coreos.com/v1, cilium.io/v2).
import { Ajv } from 'ajv'
import type { Manifest, Placed } from './manifests.ts'

const text = { type: 'string' }
const texts = { type: 'object', additionalProperties: text }
const strict = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
})
const listOf = (items: object) => ({ type: 'array', items })
const selector = strict({ matchLabels: texts })
const duration = { type: 'string', pattern: '^(\\d+(ms|[smhdwy]))+$' }

const serviceMonitor = strict(
  {
    selector,
    namespaceSelector: strict({ any: { type: 'boolean' }, matchNames: listOf(text) }),
    endpoints: listOf(strict({ port: text, path: text, interval: duration, scrapeTimeout: duration, scheme: text })),
  },
  ['selector', 'endpoints'],
)

const rule = strict(
  {
    alert: text,
    record: text,
    expr: { type: ['string', 'integer'] },
    for: duration,
    keep_firing_for: duration,
    labels: texts,
    annotations: texts,
  },
  ['expr'],
)
const prometheusRule = strict({
  groups: listOf(strict({ name: text, interval: duration, rules: listOf(rule) }, ['name'])),
})

const toPorts = listOf(
  strict({
    ports: listOf(strict({ port: text, protocol: { enum: ['TCP', 'UDP', 'SCTP', 'ANY'] } }, ['port'])),
    rules: strict({ dns: listOf(strict({ matchName: text, matchPattern: text })) }),
  }),
)
const ciliumNetworkPolicy = strict(
  {
    endpointSelector: selector,
    ingress: listOf(strict({ fromEndpoints: listOf(selector), toPorts })),
    egress: listOf(
      strict({
        toEndpoints: listOf(selector),
        toFQDNs: listOf(strict({ matchName: text, matchPattern: text })),
        toPorts,
      }),
    ),
  },
  ['endpointSelector'],
)

const specs: Readonly<Record<string, object>> = {
  'monitoring.coreos.com/v1 ServiceMonitor': serviceMonitor,
  'monitoring.coreos.com/v1 PrometheusRule': prometheusRule,
  'cilium.io/v2 CiliumNetworkPolicy': ciliumNetworkPolicy,
}
const metadata = strict({ name: text, namespace: text, labels: texts, annotations: texts }, ['name'])
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true })

/** Whether the object is of a group that is not Kubernetes' own. */
export function isCustom({ apiVersion }: Manifest): boolean {
  return /\./.test(apiVersion) && !/\.k8s\.io\//.test(apiVersion)
}

/** What is wrong with a custom resource. */
export function customProblems({ where, object }: Placed): readonly string[] {
  const spec = specs[`${object.apiVersion} ${object.kind}`]
  if (spec === undefined) return [`${where}: there is no schema of ${object.apiVersion} ${object.kind} here`]
  const schema = strict({ apiVersion: text, kind: text, metadata, spec }, ['metadata', 'spec'])
  if (ajv.validate(schema, object)) return []
  return (ajv.errors ?? []).map((error) => {
    const what = 'additionalProperty' in error.params ? `: ${error.params['additionalProperty']}` : ''
    return `${where}: ${error.instancePath} ${error.message}${what}`
  })
}
