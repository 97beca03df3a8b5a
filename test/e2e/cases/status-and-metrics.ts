// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language of the configuration
// What a running forwarder shows, to probes, to Prometheus, to people and to a second process beside it.
import type { StatusDocument } from '../../../src/admin/status.ts'
import { type Case, type Figures, inScene, must } from '../stage/case.ts'
import { file, otlp } from '../stage/exporters.ts'
import type { Scene } from '../stage/scene.ts'
import { until } from '../stage/until.ts'

export const statusAndMetrics: Case = inScene('status-and-metrics', async (scene, size) => {
  const objects = size === 'full' ? 1_000 : 60
  const files = Array.from({ length: objects }, (_, index) => scene.corpus.file(Date.now() - index * 30_000, 3))
  const events = files.flatMap(({ ids }) => ids).length
  const receiver = await scene.putInFolder(files)
  const collector = await scene.destination('otlp')
  const exporters = { otlp_http: otlp(collector), file: file(scene.path('audit.jsonl')) }
  const admin = (endpoint: string) => ({ endpoint, token: '${env:ADMIN_TOKEN}' })
  await scene.configure({ receiver, exporters, admin })
  const forwarder = scene.start()
  await forwarder.said('following the bucket')
  const metrics = await probes(scene)
  await statusPages(scene, events)
  await commandsBeside(scene, events)
  await secondForwarder(scene)
  must(forwarder.running, 'the first forwarder ended')
  await forwarder.stop()
  await forwarder.mustExit(0)
  return { objects, events, metrics, secondForwarder: 'refused with 2' }
})

/** What is bounded, and its bound. */
const levels = [
  ['cache_bytes', 'cache_capacity_bytes'],
  ['quarantine_bytes', 'quarantine_capacity_bytes'],
  ['ledger_bytes', 'ledger_disk_size_bytes'],
  ['ledger_disk_free_bytes', 'ledger_disk_size_bytes'],
  ['in_flight_requests', 'concurrency_max'],
  ['buffered_bytes', 'buffer_capacity_bytes'],
  ['heap_bytes', 'heap_capacity_bytes'],
  ['process_resident_memory_bytes', 'memory_capacity_bytes'],
] as const

async function probes(scene: Scene): Promise<number> {
  for (const path of ['/livez', '/readyz']) {
    const { status, body } = await scene.page(scene.metricsUrl + path)
    must(status === 200, `${path} answers ${status} ${body}`)
  }
  const { status, body } = await scene.page(`${scene.metricsUrl}/metrics`)
  must(status === 200, `/metrics answers ${status}`)
  const names = [...body.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? '')
  const own = names.filter((name) => name.startsWith('circleci_audit_forwarder_'))
  must(own.length >= 10, `/metrics shows only ${names.join(', ')}`)
  for (const [level, capacity] of levels) {
    const shown = [level, capacity].map((name) =>
      Number(new RegExp(`^\\S*${name}(?:{destination="file"})? (.*)$`, 'm').exec(body)?.[1]),
    )
    must(0 <= shown[0]! && shown[0]! < shown[1]!, `${level} is ${shown[0]}, ${capacity} is ${shown[1]}`)
  }
  for (const word of ['destination="otlp_http"', 'destination="file"']) {
    must(body.includes(word), `/metrics says nothing of ${word}`)
  }
  return own.length
}

async function statusPages(scene: Scene, events: number): Promise<void> {
  const url = `${scene.adminUrl}/api/status`
  const without = await scene.page(url)
  must(without.status === 401, `without a token the status answers ${without.status}`)
  const authorization = `Bearer ${scene.secrets.env['ADMIN_TOKEN']}`
  await until('the status shows everything delivered', async () => {
    const { status, body } = await scene.page(url, { authorization })
    must(status === 200, `the status answers ${status} ${body}`)
    return isWhole(JSON.parse(body) as StatusDocument, events)
  })
}

function isWhole({ destinations }: StatusDocument, events: number): boolean {
  return (
    destinations.length === 2 && destinations.every(({ delivered, state }) => delivered === events && state === 'idle')
  )
}

/** From the ledger, which the running forwarder holds, and from the forwarder itself. */
async function commandsBeside(scene: Scene, events: number): Promise<Figures> {
  const beside = await scene.status()
  must(isWhole(beside, events) && beside.forwarder === null, `status beside it says ${JSON.stringify(beside)}`)
  const asking = scene.start(['status', '--json', '--admin', scene.adminUrl])
  await asking.mustExit(0)
  const asked = JSON.parse(asking.stdout) as StatusDocument
  must(isWhole(asked, events) && asked.forwarder !== null, `status --admin says ${asking.stdout}`)
  const human = scene.start(['status'])
  await human.mustExit(0)
  must(human.stdout.includes('otlp_http'), `status says ${human.stdout}`)
  return {}
}

async function secondForwarder(scene: Scene): Promise<void> {
  const second = scene.start()
  await second.mustExit(2)
  must(/another forwarder is running on this ledger/.test(second.stderr), `it says ${second.stderr}`)
  must(!second.stderr.includes('    at '), `it shows a stack: ${second.stderr}`)
}
