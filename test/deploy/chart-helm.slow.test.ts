// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language of the configuration
// The chart by the real helm: where there is none (HELM or PATH), these say so and are skipped.
import { expect, test as testAlways } from 'vitest'
import { stringify } from 'yaml'
import { chart, examples, textOf } from '../../deploy/helm/generator/chart.ts'
import { hasHelm, helm, rendered, template } from '../../deploy/helm/generator/helm.ts'
import { renderedFolder, renderedNames } from './chart.ts'
import { config, service, store } from './chart-values.ts'

const test = testAlways.skipIf(!hasHelm)
if (!hasHelm)
  console.warn('no helm here (HELM or PATH): the chart is not rendered anew, only what was rendered is tested')

test('helm lint --strict finds nothing', () => {
  for (const values of [[], ['--values', `${chart}/examples/five-destinations/values.yaml`]]) {
    const { ok, out } = helm(['lint', '--strict', '--kube-version', '1.31.0', chart, ...values])
    expect(ok, out).toBe(true)
    expect(out).not.toMatch(/\[(WARNING|ERROR)\]/)
  }
})

test.each(examples())('%s becomes what is kept (`npm run chart` writes it)', (example) => {
  const files = rendered(example)
  expect(renderedNames(example)).toEqual([...files.keys()].sort())
  for (const [name, text] of files) expect(text).toBe(textOf(`${renderedFolder(example)}/${name}`))
})

/** What helm says no with. */
function refusal(values: object): string {
  const { ok, err } = template(['-f', '-'], stringify(values))
  expect(ok, 'helm takes it').toBe(false)
  return err
}

const receiver = (more: object) => ({ ...config, receivers: { circleci_audit: { store, ...more } } })
const exporter = (id: string, settings: object) => ({ ...config, exporters: { [id]: settings } })
const hec = { endpoint: 'https://hec.acme.dev' }

test.each<readonly [string, object, string]>([
  ['a key that is none of the chart', { config, imgae: { tag: '1' } }, "'imgae' not allowed"],
  ['a key below', { config, image: { tagg: '1' } }, "'tagg' not allowed"],
  ['a wrong type', { config, persistence: { enabled: 'of course' } }, 'want boolean'],
  ['an unknown destination', { config: exporter('splunk_hecc', hec) }, "'splunk_hecc' not allowed"],
  ['a typo in a setting', { config: exporter('splunk_hec', { ...hec, tokn: '${env:T}' }) }, 'tokn'],
  ['a setting that is missing', { config: exporter('splunk_hec', hec) }, "missing property 'token'"],
  ['a typo in the store', { config: receiver({ store: { s3: { buckt: 'x' } } }) }, 'buckt'],
  ['a typo in the service', { config: service({ stop_timout: '1m' }) }, 'stop_timout'],
  ['a token in clear', { config: exporter('splunk_hec', { ...hec, token: 'abc' }) }, 'splunk_hec/token'],
  ['a token in clear as a default', { config: exporter('splunk_hec', { ...hec, token: '${env:T:-abc}' }) }, 'token'],
  ['a key in an address', { config: exporter('otlp_http', { endpoint: 'https://a.dev/v1/logs?key=abc' }) }, 'endpoint'],
  ['a header in clear', { config: exporter('otlp_http', { ...hec, headers: { a: 'b' } }) }, 'headers/a'],
  [
    'a proxy with a user',
    { config: exporter('otlp_http', { ...hec, proxy_url: `http://${['somebody', 'proxy'].join('@')}:3128` }) },
    'proxy_url',
  ],
  ['nothing to read', {}, 'config.receivers is empty'],
  ['nowhere to send', { config: { receivers: config.receivers } }, 'config.exporters is empty'],
  ['two configurations', { config, configFile: 'receivers: {}' }, 'both given'],
  ['a file that is no YAML', { configFile: 'a: [' }, 'is no YAML'],
  [
    'metrics nobody can reach',
    { config: service({ telemetry: { metrics: { endpoint: '127.0.0.1:9464' } } }) },
    '0.0.0.0:9464',
  ],
  ['a ledger beside its volume', { config: service({ ledger: { sqlite: { path: '/data/ledger.db' } } }) }, '/data'],
  ['a ledger that forgets', { config: service({ ledger: { memory: {} } }) }, 'persistence.enabled=false'],
  ['too little grace', { config, terminationGracePeriodSeconds: 25 }, 'more than service.stop_timeout (25 s)'],
  [
    'globs whose order is lost',
    { config: receiver({ severity: { 'a.*': 'info', 'a.b.*': 'critical' } }) },
    'first glob that matches',
  ],
  [
    'the same of a processor',
    { config: { ...config, processors: { 'severity/x': { set: { 'a.*': 'info', b: 'critical' } } } } },
    'config.processors.severity/x.set',
  ],
])('refused: %s', (_, values, words) => {
  expect(refusal(values)).toContain(words)
})
