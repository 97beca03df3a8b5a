// Four destinations, one of which refuses the credentials for the whole run. The others must not notice, the refused one
// must not lose anything, and its watermark must stay below what it has not got.
import { type Case, inScene, must, seconds } from '../stage/case.ts'
import type { AuditFile } from '../stage/corpus.ts'
import { allIdsInFile } from '../stage/destination.ts'
import { file, hec, otlp } from '../stage/exporters.ts'
import type { Scene } from '../stage/scene.ts'
import { mustBeWhole } from '../stage/tally.ts'

const HOUR = 3_600_000
const refusal = { kind: 'refuse', status: 401, body: 'token expired', echo: true } as const

export const oneOfFour: Case = inScene('one-of-four-401', async (scene, size) => {
  const objects = size === 'full' ? 3_000 : 120
  const files = Array.from({ length: objects }, (_, index) =>
    scene.corpus.file(Date.now() - 6 * HOUR + (index / objects) * 5 * HOUR, 5),
  )
  const wanted = files.flatMap(({ ids }) => ids)
  const receiver = await scene.putInFolder(files)
  const alone = size === 'full' ? await withoutTheFourth(scene, receiver, wanted) : Number.NaN

  const [first, refusing, splunk] = [
    await scene.destination('otlp'),
    await scene.destination('otlp'),
    await scene.destination('hec'),
  ]
  const path = scene.path('audit.jsonl')
  const exporters = {
    'otlp_http/first': otlp(first),
    'otlp_http/refusing': otlp(refusing),
    splunk_hec: hec(splunk),
    file: file(path),
  }
  await scene.configure({ receiver, exporters })
  await refusing.behave(refusal)
  const run = await scene.runOnce(1, size === 'full' ? '5s' : '3s')
  must(
    /otlp_http\/refusing\s+is not done: .*401/.test(run.stderr),
    `the summary does not name it:\n${run.stderr.slice(-2000)}`,
  )
  must(!/(first|splunk_hec|file)\s+is not done/.test(run.stderr), 'the summary names another destination too')
  mustBeWhole('otlp_http/first', wanted, await first.ids())
  mustBeWhole('splunk_hec', wanted, await splunk.ids())
  mustBeWhole('file', wanted, await allIdsInFile(path))
  const withIt = Math.max(...(await first.stored()).map(({ storedAt }) => storedAt)) - run.startedAt
  must((await refusing.records()) === 0, 'the refusing destination stored something')
  const watermark = await heldWatermark(scene, files)
  const probes = await refusing.requests()

  await refusing.behave({ kind: 'accept' })
  await scene.runOnce()
  mustBeWhole('otlp_http/refusing', wanted, await refusing.ids())
  mustBeWhole('otlp_http/first', wanted, await first.ids())
  if (size === 'full') mustNotBeSlower(withIt, alone)
  const seconds_ = { first: seconds(withIt), ...(size === 'full' ? { firstWithoutTheFourth: seconds(alone) } : {}) }
  return { objects, events: wanted.length, ...seconds_, probes, watermark, recovered: 'every event once' }
})

/** The same objects to three good destinations. How long the collector took to get all, in milliseconds. */
async function withoutTheFourth(scene: Scene, receiver: object, wanted: readonly string[]): Promise<number> {
  const [collector, splunk] = [await scene.destination('otlp'), await scene.destination('hec')]
  const ledger = { sqlite: { path: scene.path('alone.db') } }
  const exporters = {
    'otlp_http/first': otlp(collector),
    splunk_hec: hec(splunk),
    file: file(scene.path('alone.jsonl')),
  }
  await scene.configure({ receiver, exporters, service: { ledger } })
  const run = await scene.runOnce()
  mustBeWhole('alone', wanted, await collector.ids())
  return Math.max(...(await collector.stored()).map(({ storedAt }) => storedAt)) - run.startedAt
}

/** The good ones must not wait for the refused one. Generous: other things run on the machine. */
function mustNotBeSlower(withIt: number, alone: number): void {
  const took = `the first destination took ${seconds(withIt)} s beside the refused one and ${seconds(alone)} s without it`
  must(withIt <= 2 * alone + 10_000, `${took}: more than twice as long and 10 s`)
}

/** The refused destination's watermark, which must not have passed the first object it has not got. */
async function heldWatermark(scene: Scene, files: readonly AuditFile[]): Promise<string> {
  const oldest = Math.min(...files.map(({ stampedAt }) => stampedAt))
  const { destinations } = await scene.status()
  const refused = destinations.find(({ id }) => id === 'otlp_http/refusing')
  must(
    refused?.stop?.cause === 'credentials',
    `it is not stopped for its credentials: ${JSON.stringify(refused?.stop)}`,
  )
  must(refused?.outstanding.objects === files.length, `${refused?.outstanding.objects} objects outstanding`)
  const watermark = refused?.watermark ?? null
  must(watermark === null || Date.parse(watermark) <= oldest, `the watermark ${watermark} passed the oldest object`)
  for (const other of destinations.filter(({ id }) => id !== 'otlp_http/refusing')) {
    must(Date.parse(other.watermark ?? '') > oldest, `the watermark of ${other.id} did not advance: ${other.watermark}`)
  }
  return watermark === null ? 'none' : 'at the first outstanding object'
}
