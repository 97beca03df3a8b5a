// A day's bucket as AWS delivers it: every object announced twice, one in a hundred never, one in a hundred written
// hours or days after its stamp. Half of it lies there when the program starts, the other half comes while it runs.
import type { Aws } from '../stage/aws.ts'
import { type Case, type Figures, inScene, must, seconds } from '../stage/case.ts'
import type { AuditFile } from '../stage/corpus.ts'
import type { Destination } from '../stage/destination.ts'
import { hec, otlp } from '../stage/exporters.ts'
import type { Scene } from '../stage/scene.ts'
import { mustBeWhole } from '../stage/tally.ts'

const HOUR = 3_600_000

interface Object {
  readonly file: AuditFile
  readonly announced: boolean
}

export const s3Sqs: Case = inScene('s3-sqs', async (scene, size) => {
  const objects = bucketful(scene, size === 'full' ? 10_000 : 300)
  const files = objects.map(({ file }) => file)
  const wanted = files.flatMap(({ ids }) => ids)
  const aws = await scene.aws()
  const [collector, splunk] = [
    await scene.destination('otlp'),
    await scene.destination('hec', size === 'full' ? ['ack'] : []),
  ]
  const exporters = { otlp_http: otlp(collector), splunk_hec: hec(splunk) }
  await scene.configure({ receiver: { ...aws.settings(), sweep: { interval: '2s', lookback: '72h' } }, exporters })

  const half = objects.length / 2
  await upload(aws, objects.slice(0, half))
  const begun = performance.now()
  const forwarder = scene.start()
  await upload(aws, objects.slice(half))
  await forwarder.until('the queue is empty', async () => (await aws.waiting()) === 0, 300_000)
  const announced = objects.flatMap((object) => (object.announced ? object.file.ids : []))
  await forwarder.until('what was announced has arrived', () => arrived([collector, splunk], announced.length), 120_000)
  const live = performance.now() - begun
  await mustCount(scene)
  await forwarder.stop()
  await forwarder.mustExit(0)
  await scene.runOnce()
  return figures(objects, wanted, live, { collector, splunk, aws })
})

/** What the queue holds was asked when the program started, and is shown since. */
async function mustCount(scene: Scene): Promise<void> {
  const { body } = await scene.page(`${scene.metricsUrl}/metrics`)
  for (const name of ['messages_waiting', 'messages_in_flight']) {
    const shown = new RegExp(`^circleci_audit_forwarder_${name}\\{receiver="circleci_audit"\\} \\d+$`, 'm')
    must(shown.test(body), `the metrics have no ${name}`)
  }
}

interface Parts {
  readonly collector: Destination
  readonly splunk: Destination
  readonly aws: Aws
}

async function figures(
  objects: readonly Object[],
  wanted: readonly string[],
  ms: number,
  { collector, splunk, aws }: Parts,
): Promise<Figures> {
  mustBeWhole('otlp_http', wanted, await collector.ids())
  mustBeWhole('splunk_hec', wanted, await splunk.ids())
  const waiting = await aws.waiting()
  must(waiting === 0, `${waiting} messages are left in the queue`)
  const unannounced = objects.filter(({ announced }) => !announced).length
  const each = 'every event once at both destinations'
  return { objects: objects.length, unannounced, events: wanted.length, each, queue: waiting, seconds: seconds(ms) }
}

async function arrived(destinations: readonly Destination[], records: number): Promise<boolean> {
  const counts = await Promise.all(destinations.map((destination) => destination.records()))
  return counts.every((count) => count >= records)
}

/** Objects stamped over the last hour; every hundredth unannounced, every hundredth late by two hours or two days. */
function bucketful(scene: Scene, count: number): readonly Object[] {
  const now = Date.now()
  return Array.from({ length: count }, (_, index) => {
    const late = index % 100 === 50 ? (index % 200 === 50 ? 2 * HOUR : 48 * HOUR) : 0
    const file = scene.corpus.file(now - late - ((count - index) / count) * HOUR, 3)
    return { file, announced: index % 100 !== 17 }
  })
}

async function upload(aws: Aws, objects: readonly Object[]): Promise<void> {
  for (let from = 0; from < objects.length; from += 250) {
    const some = objects.slice(from, from + 250)
    await aws.put(some.map(({ file }) => file))
    const announced = some.filter((object) => object.announced).map(({ file }) => file)
    await aws.announce([...announced, ...announced.toReversed()])
  }
}
