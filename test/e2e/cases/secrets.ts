// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language of the configuration
// Destinations that say no and quote the request they got, credentials included; configurations that are wrong beside a
// secret; every command that prints something. The scene searches all of it, and the ledger, when it closes.
import { readFileSync, writeFileSync } from 'node:fs'
import { type Case, inScene, must, type Size } from '../stage/case.ts'
import { hec, otlp } from '../stage/exporters.ts'
import type { Scene } from '../stage/scene.ts'
import { until } from '../stage/until.ts'

export const secrets: Case = inScene('secrets', async (scene, size) => {
  const files = Array.from({ length: 20 }, (_, index) => scene.corpus.file(Date.now() - index * 30_000, 3))
  const aws = await scene.aws()
  await aws.put(files)
  const [collector, splunk, broken] = [
    await scene.destination('otlp'),
    await scene.destination('hec'),
    await scene.destination('otlp'),
  ]
  const exporters = {
    otlp_http: otlp(collector),
    splunk_hec: hec(splunk),
    'otlp_http/tls': otlp({ endpoint: broken.endpoint.replace('http:', 'https:') }),
  }
  const logs = { format: 'json', level: 'debug' }
  const admin = (endpoint: string) => ({ endpoint, token: '${env:ADMIN_TOKEN}' })
  await scene.configure({ receiver: aws.settings(), exporters, admin, logs })

  const refusals = size === 'full' ? [401, 403, 400, 500, 404, 200] : [401, 400, 500]
  const forwarder = scene.start()
  for (const status of refusals) await refuse(scene, [collector, splunk], status)
  await look(scene)
  await forwarder.stop()
  await forwarder.mustExit(0)
  const commands = await printingCommands(scene, size)
  return { refusals: refusals.length, commands, secrets: Object.keys(scene.secrets.env).length - 1, found: 0 }
})

type Refusing = Awaited<ReturnType<Scene['destination']>>

async function refuse(scene: Scene, destinations: readonly Refusing[], status: number): Promise<void> {
  for (const destination of destinations) {
    await destination.behave({ kind: 'refuse', status, body: `no: ${scene.folder}`, echo: true })
    const before = await destination.requests()
    await until(`a request is answered with ${status}`, async () => (await destination.requests()) > before, 20_000)
  }
}

async function look(scene: Scene): Promise<void> {
  const authorization = `Bearer ${scene.secrets.env['ADMIN_TOKEN']}`
  const status = await scene.page(`${scene.adminUrl}/api/status`, { authorization })
  must(status.status === 200 && status.body.includes('"stop"'), `the status answers ${status.status}`)
  await scene.page(`${scene.adminUrl}/`, { authorization })
  await scene.page(`${scene.adminUrl}/api/status`, { authorization: 'Bearer wrong' })
  await scene.page(`${scene.metricsUrl}/metrics`)
}

const printing = [['print-config'], ['status', '--json'], ['validate'], ['status'], ['print-config', '--json']]

/** What stands in the good configuration, and what in the wrong one. */
const spoils: readonly (readonly [string, string])[] = [
  ['token: ${env:HEC_TOKEN}', 'token: ${env:HEC_TOKEN}\n    tokn: ${env:HEC_TOKEN}'],
  ['linger: 50ms', 'linger: ${env:OTLP_TOKEN}'],
  ['endpoint: http', 'endpoint: ${env:HEC_TOKEN}http'],
  ['format: json', 'format: ${env:ADMIN_TOKEN}'],
]

async function printingCommands(scene: Scene, size: Size): Promise<number> {
  const most = size === 'full' ? Number.POSITIVE_INFINITY : 2
  const shown = printing.slice(0, most)
  await Promise.all(shown.map((args) => scene.start(args).mustExit(0)))
  const good = readFileSync(scene.configPath, 'utf8')
  const wrong = spoils.slice(0, most)
  for (const [from, to] of wrong) {
    must(good.includes(from), `the configuration has no ${from}`)
    writeFileSync(scene.configPath, good.replace(from, to))
    await Promise.all([['validate'], ['run', '--once', '--json']].map((args) => scene.start(args).mustExit(2)))
  }
  writeFileSync(scene.configPath, good)
  return shown.length + 2 * wrong.length
}
