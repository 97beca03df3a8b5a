// Destinations that come, go and change their names between two runs over one ledger: nobody loses anything, and nobody
// else notices.
import type { DestinationStatus } from '../../../src/admin/destination-status.ts'
import { type Case, inScene, must } from '../stage/case.ts'
import { allIdsInFile } from '../stage/destination.ts'
import { file, otlp } from '../stage/exporters.ts'
import type { Scene } from '../stage/scene.ts'
import { mustBeWhole } from '../stage/tally.ts'

const HOUR = 3_600_000

function objects(scene: Scene, ...hoursAgo: number[]) {
  return hoursAgo.map((hours) => scene.corpus.file(Date.now() - hours * HOUR, 20))
}

export const renamed: Case = inScene('renamed', async (scene) => {
  const first = objects(scene, 6, 4, 2)
  const receiver = await scene.putInFolder(first)
  const collector = await scene.destination('otlp')
  const path = scene.path('audit.jsonl')
  await collector.shut()
  await scene.configure({ receiver, exporters: { 'otlp_http/old': otlp(collector), file: file(path) } })
  await scene.runOnce(1, '1s')
  const before = await destination(scene, 'otlp_http/old')
  must(before.outstanding.objects === 3, `outstanding before: ${before.outstanding.objects}`)

  // What comes between the two names is nobody's yet.
  const between = objects(scene, 1)
  await scene.putInFolder(between)
  await collector.open()
  const soc = (more: object) => ({ 'otlp_http/soc': otlp(collector, 200, more), file: file(path) })
  await scene.configure({ receiver, exporters: soc({ start_at: 'now' }) })
  const refused = await scene.runOnce(2)
  const why =
    /otlp_http\/soc is new to the ledger, and otlp_http\/old is gone .* with 3 objects undelivered\n.*`renamed_from: otlp_http\/old`/
  must(why.test(refused.stderr), `not explained:\n${refused.stderr}`)
  must(!refused.stderr.includes('in doubt'), `something is said to be in doubt:\n${refused.stderr}`)
  must((await collector.requests()) === 0, 'something was sent before it was clear to whom')
  must((await destination(scene, 'otlp_http/old')).watermark === before.watermark, 'the refusal changed something')

  await scene.configure({ receiver, exporters: soc({ start_at: 'now', renamed_from: 'otlp_http/old' }) })
  const moved = await scene.runOnce()
  must(moved.stderr.includes('otlp_http/soc: goes on where otlp_http/old was'), 'the rename is not said')
  const wanted = [...first, ...between].flatMap(({ ids }) => ids)
  mustBeWhole('otlp_http/soc', wanted, await collector.ids())
  mustBeWhole('file', wanted, await allIdsInFile(path))
  const after = await destination(scene, 'otlp_http/soc')
  must(after.startAt === before.startAt, 'the start was not kept')

  await scene.runOnce()
  mustBeWhole('otlp_http/soc, with renamed_from still there', wanted, await collector.ids())
  return { events: wanted.length, refused: 'until renamed_from says who is who' }
})

export const addedLater: Case = inScene('added-later', async (scene) => {
  const files = objects(scene, 30, 20, 3, 2, 1)
  const receiver = await scene.putInFolder(files)
  const collector = await scene.destination('otlp')
  const [path, later] = [scene.path('audit.jsonl'), scene.path('later.jsonl')]
  const exporters = { otlp_http: otlp(collector), file: file(path) }
  await scene.configure({ receiver, exporters })
  await scene.runOnce()
  const requests = await collector.requests()
  const neighbours = (await scene.status()).destinations

  await scene.configure({ receiver, exporters: { ...exporters, 'file/later': { ...file(later), start_at: '-5h' } } })
  const run = await scene.runOnce()
  must(run.stderr.includes('file/later: first start, about to send everything since'), 'the first start is not said')
  const wanted = files.flatMap(({ ids }) => ids)
  mustBeWhole(
    'file/later',
    files.slice(2).flatMap(({ ids }) => ids),
    await allIdsInFile(later),
  )
  mustBeWhole('otlp_http', wanted, await collector.ids())
  mustBeWhole('file', wanted, await allIdsInFile(path))
  must((await collector.requests()) === requests, 'the others were sent to again')
  const { destinations } = await scene.status()
  for (const [index, { id, delivered, outstanding }] of neighbours.entries()) {
    const now = mustBe(destinations[index], id)
    must(now.id === id && now.delivered === delivered, `${id} delivered ${now.delivered}, not ${delivered}`)
    must(outstanding.objects === 0 && now.outstanding.objects === 0, `${id} has something outstanding`)
  }
  return { events: wanted.length, later: files.slice(2).flatMap(({ ids }) => ids).length }
})

export const removed: Case = inScene('removed', async (scene) => {
  const first = objects(scene, 6, 4)
  const receiver = await scene.putInFolder(first)
  const collector = await scene.destination('otlp')
  const path = scene.path('audit.jsonl')
  const both = { 'otlp_http/soc': otlp(collector), file: file(path) }
  await scene.configure({ receiver, exporters: both })
  await scene.runOnce()
  await collector.shut()
  const missed = objects(scene, 3)
  await scene.putInFolder(missed)
  await scene.runOnce(1, '1s')
  const watermark = (await destination(scene, 'otlp_http/soc')).watermark

  await scene.configure({ receiver, exporters: { file: file(path) } })
  const without = objects(scene, 1)
  await scene.putInFolder(without)
  const run = await scene.runOnce()
  must(
    run.stderr.includes('otlp_http/soc: no longer fed by circleci_audit; 1 object undelivered'),
    'its end is not said',
  )
  const { retired, destinations } = await scene.status()
  const gone = mustBe(retired[0], 'what was removed')
  must(retired.length === 1 && gone.id === 'otlp_http/soc', `retired: ${JSON.stringify(retired)}`)
  must(gone.undelivered.objects === 1 && gone.delivered === 40, `retired: ${JSON.stringify(gone)}`)
  must(gone.watermark !== null && gone.watermark === watermark, `watermark ${gone.watermark}, before ${watermark}`)
  must(
    destinations.every(({ id }) => id === 'file'),
    'it is still shown among the others',
  )
  const shown = scene.start(['status'])
  await shown.mustExit(0)
  must(
    /^otlp_http\/soc ← circleci_audit: no longer configured since .*, 1 object undelivered, complete up to /m.test(
      shown.stdout,
    ),
    shown.stdout,
  )

  await collector.open()
  await scene.configure({ receiver, exporters: both })
  await scene.runOnce()
  const wanted = [...first, ...missed, ...without].flatMap(({ ids }) => ids)
  mustBeWhole('otlp_http/soc, back again', wanted, await collector.ids())
  mustBeWhole('file', wanted, await allIdsInFile(path))
  must((await scene.status()).retired.length === 0, 'it is still shown as retired')
  return { events: wanted.length, undelivered: 1 }
})

async function destination(scene: Scene, id: string): Promise<DestinationStatus> {
  const { destinations } = await scene.status()
  return mustBe(
    destinations.find((one) => one.id === id),
    id,
  )
}

function mustBe<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} is not there`)
  return value
}
