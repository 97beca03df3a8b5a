// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language of the configuration
// A destination of every type that works, and one of every type that does not: it says no in every way and quotes the
// request it got, credentials, address and body. Credentials stand wherever one can: headers, settings, a path, a
// password with awkward characters, a proxy's URL, a plugin's options, a processor's key. Then configurations that are
// wrong beside one, and every command that prints something. The scene searches all of it, and the ledger, at its end.
import { readFileSync, writeFileSync } from 'node:fs'
import { canary, canaryGuid } from '../../tools/secrets.ts'
import { type Case, inScene, must, type Size } from '../stage/case.ts'
import { allIdsInFile, type Destination, type Vendor } from '../stage/destination.ts'
import type { Refusing } from '../stage/refusing.ts'
import type { Scene } from '../stage/scene.ts'
import { mustBeWhole } from '../stage/tally.ts'
import { until } from '../stage/until.ts'

const retry = { initial_interval: '200ms', max_interval: '1s' }
const batch = { linger: '50ms' }
const headers = { authorization: 'Bearer ${env:OTLP_TOKEN}' }

/** An exporter of each type at this address, and what its vendor calls it where it is refused. */
const types: Readonly<Record<Vendor, { type: string; settings: object }>> = {
  otlp: { type: 'otlp_http', settings: { headers } },
  hec: { type: 'splunk_hec', settings: { token: '${env:HEC_TOKEN}' } },
  datadog: { type: 'datadog', settings: { api_key: '${env:DATADOG_KEY}' } },
  rapid7: { type: 'rapid7', settings: { token: '${env:RAPID7_TOKEN}', api_key: '${env:RAPID7_KEY}' } },
  clickhouse: { type: 'clickhouse', settings: { username: 'forwarder', password: '${env:CLICKHOUSE_PASSWORD}' } },
}
const vendors = Object.keys(types) as Vendor[]

const official = { package: '@opentelemetry/exporter-logs-otlp-http', export: 'OTLPLogExporter', type: 'otel_official' }

export const secrets: Case = inScene('secrets', async (scene, size) => {
  const files = Array.from({ length: 20 }, (_, index) => scene.corpus.file(Date.now() - index * 30_000, 3))
  const aws = await scene.aws()
  await aws.put(files)
  const good = await Promise.all(vendors.map((vendor) => scene.destination(vendor)))
  const refusing = await scene.refusing()
  const failing = failingExporters(refusing)
  const exporters = { ...goodExporters(scene, good), ...failing }
  await scene.configure({
    receiver: aws.settings(),
    processors: { redact: { hash: ['actor.name'], key: '${env:REDACT_KEY}' } },
    exporters,
    ownRecords: true,
    pipelines: {
      logs: { receivers: ['circleci_audit'], processors: ['redact'], exporters: Object.keys(exporters) },
    },
    service: { plugins: [official], notify: notify(refusing) },
    admin: (endpoint: string) => ({ endpoint, token: '${env:ADMIN_TOKEN}' }),
    logs: { format: 'json', level: 'debug' },
  })

  const refusals = size === 'full' ? [401, 403, 400, 404, 307, 413, 429, 500, 200] : [401, 400, 307]
  const forwarder = scene.start()
  for (const status of refusals) await refuse(refusing, status)
  await look(scene)
  await allDelivered(
    scene,
    good,
    files.flatMap(({ ids }) => ids),
  )
  await forwarder.stop()
  await forwarder.mustExit(0)
  const commands = await printingCommands(scene, size)
  return {
    destinations: Object.keys(exporters).length,
    failing: Object.keys(failing).length,
    refusals: refusals.length,
    commands,
    secrets: Object.keys(scene.secrets.env).length - 1,
    found: 0,
  }
})

function goodExporters(scene: Scene, good: readonly Destination[]): Readonly<Record<string, object>> {
  const http = vendors.map((vendor, index) => {
    const { type, settings } = types[vendor]
    return [type, { endpoint: good[index]?.endpoint, retry, batch, ...settings }] as const
  })
  return { ...Object.fromEntries(http), file: { path: scene.path('audit.jsonl'), batch }, console: { format: 'json' } }
}

/** By which it is known who asked. Values of headers count as secrets, so it is nobody's name. */
const label = (type: string) => ({ 'x-destination': `asks-as-${type}` })
const labels = [...vendors.map((vendor) => types[vendor].type), 'token', 'plugin'].map(
  (type) => label(type)['x-destination'],
)

function failingExporters({ endpoint, address }: Refusing): Readonly<Record<string, object>> {
  const http = vendors.map((vendor) => {
    const { type, settings } = types[vendor]
    const both = { ...('headers' in settings ? (settings.headers as object) : {}), ...label(type) }
    return [`${type}/refused`, { endpoint, retry, batch, ...settings, headers: both }] as const
  })
  const token = { access_token: '${env:CLICKHOUSE_TOKEN}', headers: label('token') }
  const plugin = { url: `${endpoint}/v1/logs`, headers: { 'x-key': '${env:PLUGIN_KEY}', ...label('plugin') } }
  return {
    ...Object.fromEntries(http),
    'clickhouse/token': { endpoint, retry, batch, ...token },
    'otlp_http/proxied': {
      endpoint,
      retry,
      batch,
      headers,
      proxy_url: `http://user:\${env:PROXY_PASSWORD}@${address}`,
    },
    'otlp_http/tls': { endpoint: endpoint.replace('http:', 'https:'), retry, batch, headers },
    'file/refused': { path: '/nowhere/audit.jsonl', retry, batch },
    otel_official: { retry, batch, options: plugin },
  }
}

/** Where people are told: the address is a credential itself. */
function notify({ endpoint }: Refusing): object {
  return { endpoint: `${endpoint}/hooks/\${env:NOTIFY_ADDRESS}`, headers: { 'x-key': '${env:NOTIFY_KEY}' }, retry }
}

/** Until everyone has been told no in this way. */
async function refuse(refusing: Refusing, status: number): Promise<void> {
  await refusing.refuse(status)
  let waiting: readonly string[] = labels
  const everyone = async (): Promise<boolean> => {
    const asked = await refusing.asked()
    waiting = labels.filter((one) => !asked.includes(one))
    return waiting.length === 0
  }
  await until(`everyone is answered ${status}`, everyone, 60_000).catch((error: Error) => {
    throw new Error(`${error.message}: not ${waiting.join(', ')}`)
  })
}

async function look(scene: Scene): Promise<void> {
  const authorization = `Bearer ${scene.secrets.env['ADMIN_TOKEN']}`
  const status = await scene.page(`${scene.adminUrl}/api/status`, { authorization })
  must(status.status === 200 && status.body.includes('"stop"'), `the status answers ${status.status}`)
  await scene.page(`${scene.adminUrl}/`, { authorization })
  await scene.page(`${scene.adminUrl}/api/status`, { authorization: 'Bearer wrong' })
  for (const path of ['/metrics', '/livez', '/readyz']) await scene.page(scene.metricsUrl + path)
}

/** Otherwise the search would show only that nothing was done. */
async function allDelivered(scene: Scene, good: readonly Destination[], wanted: readonly string[]): Promise<void> {
  for (const destination of good) {
    await until('everything is delivered', async () => (await destination.records()) >= wanted.length, 60_000)
    mustBeWhole(destination.endpoint, wanted, await destination.ids())
  }
  const inFile = (): Promise<readonly string[]> => allIdsInFile(scene.path('audit.jsonl'))
  await until('everything is in the file', async () => (await inFile()).length >= wanted.length, 60_000)
  mustBeWhole('file', wanted, await inFile())
}

/** With the code they end with. Everything that fails is looked at by doctor. */
const printing: readonly (readonly [number, readonly string[]])[] = [
  [0, ['print-config']],
  [1, ['doctor', '--json', '--timeout', '20s']],
  [0, ['status', '--json']],
  [1, ['doctor', '--canary', '--timeout', '20s']],
  [0, ['validate']],
  [0, ['status']],
  [0, ['print-config', '--json']],
  [0, ['schema', 'reference']],
]

const literal = canaryGuid(0x11)
const otlpEndpoint = 'otlp_http:\n    endpoint: '

/** What stands in the good configuration, and what in the wrong one. */
const spoils: readonly (readonly [string, string])[] = [
  ['token: ${env:HEC_TOKEN}', 'token: ${env:HEC_TOKEN}\n    tokn: ${env:HEC_TOKEN}'],
  [`${otlpEndpoint}http://`, `${otlpEndpoint}http://user:\${env:PROXY_PASSWORD}@`],
  ['linger: 50ms', 'linger: ${env:OTLP_TOKEN}'],
  [otlpEndpoint, `${otlpEndpoint}\${env:HEC_TOKEN}`],
  ['format: json', 'format: ${env:ADMIN_TOKEN}'],
  [`${otlpEndpoint}http://`, `${otlpEndpoint}http://user:${literal}@`],
  ['token: ${env:HEC_TOKEN}', `tokn: ${literal}`],
  ['token: ${env:HEC_TOKEN}', `token: [${literal}]`],
  ['token: ${env:RAPID7_TOKEN}', `token: ${literal}x`],
  ['proxy_url: http://user:', `proxy_url: nowhere:${literal}/`],
  ['password: ${env:CLICKHOUSE_PASSWORD}', `password: "${canary('torn')}`],
  ['key: ${env:REDACT_KEY}', 'key: ${env:REDACT_KEY}\n    kee: ${env:REDACT_KEY}'],
  ['x-key: ${env:PLUGIN_KEY}', 'x-key: ${env:PLUGIN_KEY}\n      headers: ${env:PLUGIN_KEY}'],
]

async function printingCommands(scene: Scene, size: Size): Promise<number> {
  const most = size === 'full' ? Number.POSITIVE_INFINITY : 2
  const shown = printing.slice(0, most)
  await Promise.all(shown.map(([code, args]) => scene.start(args).mustExit(code)))
  const good = readFileSync(scene.configPath, 'utf8')
  const wrong = spoils.slice(0, most)
  for (const [from, to] of wrong) {
    must(good.includes(from), `the configuration has no ${from}`)
    writeFileSync(
      scene.configPath,
      good.replace(from, () => to),
    )
    await Promise.all([['validate'], ['run', '--once', '--json']].map((args) => scene.start(args).mustExit(2)))
  }
  writeFileSync(scene.configPath, good)
  return shown.length + 2 * wrong.length
}
