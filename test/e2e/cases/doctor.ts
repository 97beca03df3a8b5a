// The real `doctor` on set-ups that work and set-ups that do not, each broken in its own way; all of them in one
// configuration too, so that none can hide another. It must leave no trace but the canaries it was told to send.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'
import type { Report } from '../../../src/cli/doctor/report.ts'
import type { Finding } from '../../../src/domain/finding.ts'
import { type Case, inScene, must, seconds } from '../stage/case.ts'
import type { Destination } from '../stage/destination.ts'
import { file, hec, otlp } from '../stage/exporters.ts'
import type { Scene } from '../stage/scene.ts'

export const doctor: Case = inScene('doctor', async (scene) => {
  const files = [60_000, 30_000].map((ago) => scene.corpus.file(Date.now() - ago, 3))
  const aws = await scene.aws()
  await aws.put(files)
  await aws.announce(files)
  const [collector, splunk] = [await scene.destination('otlp'), await scene.destination('hec', ['ack', '300'])]
  const exporters = { otlp_http: otlp(collector), splunk_hec: hec(splunk), file: file(scene.path('audit.jsonl')) }
  await scene.configure({ receiver: aws.settings(), exporters })

  const healthy = await examined(scene, 0)
  must(healthy.healthy, 'a healthy set-up counts as ill')
  must(
    order(healthy) === 'configuration ledger store queue otlp_http splunk_hec file',
    `the order is ${order(healthy)}`,
  )
  must(!existsSync(scene.path('ledger.db')), 'it created a ledger')
  must(!existsSync(scene.path('ledger.db.lock')), 'it created a lock')
  must(!existsSync(scene.path('audit.jsonl')), 'it created the file')
  must((await aws.waiting()) === files.length, 'it took messages')
  await mustBeTable(scene)
  const canaries = await sendsCanaries(scene, collector, splunk)
  await besideARunningForwarder(scene)
  const kinds = await everythingBroken(scene, splunk)
  const hung = await neverAnswered(scene, collector)
  await wrongUsage(scene)
  return { canaries, broken: kinds, secondsUntilGivenUp: hung }
})

async function examined(scene: Scene, code: number, args: readonly string[] = []): Promise<Report> {
  const process = scene.start(['doctor', '--json', ...args])
  await process.mustExit(code).catch((error: Error) => {
    throw new Error(`${error.message}\n${process.stdout}`)
  })
  must(process.stderr === '', `it says ${process.stderr}`)
  return JSON.parse(process.stdout) as Report
}

function order({ components }: Report): string {
  return components.map(({ kind, id }) => (kind === 'destination' ? id : kind)).join(' ')
}

function about(report: Report, component: string, part: string): Finding {
  const found = report.components.find(({ kind, id }) => `${id} ${kind}` === component || id === component)
  const finding = found?.findings.find((one) => JSON.stringify(one).includes(part))
  if (finding === undefined) throw new Error(`${component} says nothing of ${part}: ${JSON.stringify(found, null, 1)}`)
  return finding
}

async function mustBeTable(scene: Scene): Promise<void> {
  const shown = scene.start(['doctor'])
  await shown.mustExit(0)
  const lines = shown.stdout.trim().split('\n')
  must(/^COMPONENT +RESULT +CHECK$/.test(lines[0] ?? ''), `it begins ${lines[0]}`)
  must(/^circleci_audit queue +ok +the queue is there: about 2 messages/m.test(shown.stdout), shown.stdout)
  must(/^nothing is wrong \(\d+ proven/.test(lines.at(-1) ?? ''), `it ends ${lines.at(-1)}`)
}

async function sendsCanaries(scene: Scene, collector: Destination, splunk: Destination): Promise<number> {
  const before = [(await collector.stored()).length, (await splunk.stored()).length]
  const report = await examined(scene, 0, ['--canary'])
  // The OTLP exporter's check is a request without records, which the collector takes too.
  must((await collector.stored()).length === (before[0] ?? 0) + 2, 'no canary came to the collector')
  must((await splunk.stored()).length === (before[1] ?? 0) + 1, 'no canary came to Splunk')
  must(about(report, 'splunk_hec', 'acknowledged as stored').level === 'ok', 'the acknowledgement was not waited for')
  must(about(report, 'otlp_http', 'the canary is read back').level === 'unknown', 'OTLP cannot be asked')
  const lines = readFileSync(scene.path('audit.jsonl'), 'utf8').trim().split('\n')
  must(lines.length === 1 && lines[0]?.includes('circleci_audit_forwarder.canary') === true, `the file holds ${lines}`)
  return 3
}

async function besideARunningForwarder(scene: Scene): Promise<void> {
  const forwarder = scene.start()
  await forwarder.said('following the bucket')
  const written = readFileSync(scene.path('audit.jsonl'), 'utf8')
  const report = await examined(scene, 0, ['--canary'])
  must(about(report, 'ledger', 'a running forwarder holds it').level === 'ok', 'holding the ledger is no fault')
  must(
    about(report, 'file', 'not sent: the running forwarder writes this file').level === 'unknown',
    'the file was written',
  )
  must(readFileSync(scene.path('audit.jsonl'), 'utf8') === written, 'two wrote the file')
  must(forwarder.running, 'the forwarder ended')
  await forwarder.stop()
  await forwarder.mustExit(0)
}

interface Config {
  receivers: Record<string, { store: Record<string, object>; notifications?: { sqs: { queue_url: string } } }>
  exporters: Record<string, object>
  service: { ledger: object; notify?: object; pipelines: Record<string, { receivers: string[]; exporters: string[] }> }
}

async function everythingBroken(scene: Scene, splunk: Destination): Promise<number> {
  const good = readFileSync(scene.configPath, 'utf8')
  const config = parse(good) as Config
  const { circleci_audit: first } = config.receivers
  const s3 = first?.store['s3'] as { bucket: string }
  const sqs = first?.notifications?.sqs as { queue_url: string }
  mkdirSync(scene.path('empty'))
  config.receivers = {
    'circleci_audit/no_bucket': { store: { s3: { ...s3, bucket: 'nobody-has-this' } } },
    'circleci_audit/prefix': { store: { s3: { ...s3, prefix: 'audit-logs' } } },
    'circleci_audit/no_queue': { store: { s3 }, notifications: { sqs: { ...sqs, queue_url: `${sqs.queue_url}-not` } } },
    'circleci_audit/unmounted': { store: { directory: { path: scene.path('nowhere') } } },
    'circleci_audit/empty': { store: { directory: { path: scene.path('empty') } } },
  }
  const nobody = await scene.destination('otlp')
  await nobody.shut()
  // It quotes the request, credentials included: the scene looks for them in all that is printed.
  await splunk.behave({ kind: 'refuse', status: 403, body: 'Invalid token', echo: true })
  config.exporters = {
    otlp_http: otlp(nobody),
    splunk_hec: config.exporters['splunk_hec'] ?? {},
    file: file(scene.path('nowhere/audit.jsonl')),
    console: {},
  }
  config.service.ledger = { sqlite: { path: scene.path('nowhere/ledger.db') } }
  config.service.notify = { endpoint: `${nobody.endpoint}/hooks/night-watch` }
  config.service.pipelines = {
    logs: { receivers: Object.keys(config.receivers), exporters: Object.keys(config.exporters) },
  }
  writeFileSync(scene.configPath, stringify(config))
  const report = await examined(scene, 1, ['--canary'])
  writeFileSync(scene.configPath, good)
  await splunk.behave({ kind: 'accept' })
  const expected = [
    ['ledger', 'does not exist', 'create it'],
    ['circleci_audit/no_bucket store', 'NoSuchBucket', 'store.s3.bucket'],
    ['circleci_audit/prefix store', 'they lie under no prefix', 'set store.s3.prefix: ""'],
    ['circleci_audit/no_queue queue', 'QueueDoesNotExist', 'queue_url'],
    ['circleci_audit/unmounted store', 'ENOENT', 'store.directory.path'],
    ['splunk_hec', 'Invalid token', 'credentials'],
    ['file', 'nowhere', 'create it'],
    ['otlp_http', 'a canary is taken', 'sent again'],
    ['service.notify', 'a canary is taken', 'sent again'],
  ] as const
  for (const [component, part, next] of expected) {
    const { level, next: told } = about(report, component, part)
    must(level === 'error' && told?.includes(next) === true, `${component}: ${level}, ${told}`)
  }
  must(about(report, 'circleci_audit/empty store', 'nothing lies there').level === 'warning', 'an empty folder')
  const unsent = about(report, 'console', 'not sent: standard output belongs to this report')
  must(unsent.level === 'unknown', 'the console shows a canary')
  const wrong = report.components.filter((component) => component.wrong).map(({ kind, id }) => `${id} ${kind}`)
  must(wrong.length === expected.length, `wrong are ${wrong.join(', ')}`)
  return expected.length
}

async function neverAnswered(scene: Scene, collector: Destination): Promise<number> {
  await collector.behave({ kind: 'hang' })
  const begun = performance.now()
  const report = await examined(scene, 1, ['--timeout', '3s'])
  const took = performance.now() - begun
  await collector.behave({ kind: 'accept' })
  const wrong = report.components.filter((component) => component.wrong).map(({ id }) => id)
  must(wrong.join() === 'otlp_http', `wrong are ${wrong.join()}`)
  must(took < 20_000, `it took ${took} ms`)
  return seconds(took)
}

async function wrongUsage(scene: Scene): Promise<void> {
  const usage = scene.start(['doctor', '--timeout', 'soon'])
  await usage.mustExit(2)
  const good = readFileSync(scene.configPath, 'utf8')
  writeFileSync(scene.configPath, good.replace('exporters:', 'exportrs:'))
  const config = scene.start(['doctor', '--json'])
  await config.mustExit(2)
  must(config.stderr.includes('"problems"'), `it says ${config.stderr}`)
  writeFileSync(scene.configPath, good)
}
