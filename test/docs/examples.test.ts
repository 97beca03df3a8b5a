// What is shown to people is what works. A configuration goes through the loader of the program itself, fragments of
// exporters or processors made whole first; values of the chart through its schema; manifests through Kubernetes' models;
// configurations of others through schemas of what they take. A block of YAML that is none of these is a fault.
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { renderedObjects } from '../deploy/chart.ts'
import { problemsOf as manifestProblems } from '../deploy/kubernetes.ts'
import { manifestsIn, manifestsOf } from '../deploy/manifests.ts'
import { type Block, blocksIn, kindOf, type Mapping, nameOf, topOf } from './blocks.ts'
import { textOf } from './checkout.ts'
import { problemsOf } from './loading.ts'
import { collectorProblems, vectorProblems } from './others.ts'

const all = blocksIn().filter(({ language }) => language === 'yaml')
const of = (...kinds: readonly (string | undefined)[]) =>
  all.filter((block) => kinds.includes(kindOf(block))).map((block) => [nameOf(block), block] as const)

/** A fragment of exporters, processors or the service, fed by a folder. */
function completed({ text }: Block): string {
  const { exporters = { console: {} }, processors = {}, service } = topOf(text) as Readonly<Record<string, Mapping>>
  const pipeline = {
    receivers: ['circleci_audit'],
    processors: Object.keys(processors),
    exporters: Object.keys(exporters),
  }
  const rest = [
    'receivers: { circleci_audit: { store: { directory: { path: bucket } } } }',
    ...('exporters' in topOf(text) ? [] : ['exporters: { console: {} }']),
  ]
  const whole = { ...service, pipelines: { logs: pipeline } }
  const own = service === undefined ? text : ''
  return `${own}\n${rest.join('\n')}\n${stringify({ service: whole })}`
}

test('every block of YAML is something that is checked', () => {
  expect(all.length).toBeGreaterThan(30)
  expect(of(undefined).map(([name]) => name)).toEqual([])
})

test.each(of('whole'))('%s is a configuration that works', async (_, one) => {
  expect(await problemsOf(one.text)).toBe('valid')
})

test.each(of('fragment'))('%s works in a configuration', async (_, one) => {
  expect(await problemsOf(completed(one))).toBe('valid')
})

const values = new Ajv({ strict: false, validateFormats: false }).compile(
  JSON.parse(textOf('deploy/helm/circleci-audit-forwarder/values.schema.json')) as object,
)

/** The chart's values as the configuration that they become, without those that give none. */
function configurationOf({ text }: Block): string | undefined {
  const { config } = topOf(text) as { readonly config?: Readonly<Record<string, Mapping>> }
  if (config === undefined) return undefined
  const logs = { receivers: Object.keys(config['receivers'] ?? {}), exporters: Object.keys(config['exporters'] ?? {}) }
  return stringify({ ...config, service: { pipelines: { logs }, ...config['service'] } })
}

test.each(of('values'))('%s are values that the chart takes', async (_, one) => {
  values(parse(one.text))
  expect(values.errors ?? []).toEqual([])
  const configuration = configurationOf(one)
  if (configuration !== undefined) expect(await problemsOf(configuration)).toBe('valid')
})

test('every manifest is one that Kubernetes takes', async () => {
  const shown = of('manifest').flatMap(([name, { text }]) => manifestsIn(text, name))
  expect(shown.length).toBeGreaterThan(0)
  expect(await manifestProblems(shown)).toEqual([])
})

test.each(of('collector'))('%s is a configuration of the Collector', (_, { text }) => {
  expect(collectorProblems(topOf(text))).toEqual([])
})

test.each(of('vector'))('%s is a configuration of Vector', (_, { text }) => {
  expect(vectorProblems(topOf(text))).toEqual([])
})

test('the Collectors that deploy/ starts have configurations that fit', () => {
  const kept = [...manifestsOf('deploy/sidecar/beside-collector.yaml'), ...renderedObjects('sidecar')]
  const texts = kept
    .flatMap(({ object }) => object.data?.['config.yaml'] ?? [])
    .filter((text) => /^ {2}otlp:/m.test(text))
  expect(texts).toHaveLength(2)
  for (const text of [...texts, textOf('deploy/docker/collector.yaml')])
    expect(collectorProblems(topOf(text))).toEqual([])
})

test('what is wrong is seen', async () => {
  const [, whole] = of('whole')[0]!
  expect(await problemsOf(whole.text.replace('receivers:', 'recievers:'))).not.toBe('valid')
  expect(kindOf({ ...whole, text: 'sevice: {}' })).toBeUndefined()
  const collector = topOf(of('collector')[0]![1].text)
  expect(collectorProblems({ ...collector, exporters: { otlp_http: { endpont: 'x' } } }).join()).toMatch(
    /endpont.*not used/,
  )
  expect(vectorProblems({ sinks: { a: { type: 'console', inputs: ['b'], encoding: { codec: 'json' } } } })).toEqual([
    'there is no output b',
  ])
})
