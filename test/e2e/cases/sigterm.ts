// SIGTERM in the middle of the work, again and again: what is in flight lands, also where the destination acknowledges
// later, so that nothing is sent twice. A destination that does not answer at all is given up after `stop_timeout`.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Case, inScene, must, seconds } from '../stage/case.ts'
import { allIdsInFile, type Destination } from '../stage/destination.ts'
import { file, hec, otlp } from '../stage/exporters.ts'
import type { Scene } from '../stage/scene.ts'
import { mustBeWhole } from '../stage/tally.ts'

/** What a stop may take beyond its time: aborting, the last writes, the end of the process on a busy machine. */
const MARGIN_MS = 3_000

export const sigterm: Case = inScene('sigterm', async (scene, size) => {
  const full = size === 'full'
  const [rounds, perRound, stopMs] = full ? [10, 400, 4_000] : [2, 120, 2_000]
  const objects = rounds * perRound
  const files = Array.from({ length: objects }, (_, index) => scene.corpus.file(Date.now() - index * 20_000, 10))
  const wanted = files.flatMap(({ ids }) => ids)
  const receiver = await scene.putInFolder(files)
  const [collector, splunk] = [
    await scene.destination('otlp'),
    await scene.destination('hec', ['ack', full ? '1300' : '500']),
  ]
  await collector.behave({ kind: 'slow', ms: 30 })
  const path = scene.path('audit.jsonl')
  const exporters = { otlp_http: otlp(collector, 20), splunk_hec: hec(splunk, 100), file: file(path, 50) }
  await scene.configure({ receiver, exporters, service: { stop_timeout: `${stopMs}ms` } })

  const stops: number[] = []
  for (let round = 0; round < rounds; round += 1) stops.push(await oneLife(scene, collector, stopMs))
  const left = wanted.length - (await collector.records())
  must(left > 0, 'everything had arrived before the last stop: that was no load')
  await collector.behave({ kind: 'hang' })
  const hanging = await oneLife(scene, collector, stopMs)
  await collector.behave({ kind: 'accept' })
  await scene.runOnce()
  mustBeWhole('otlp_http', wanted, await collector.ids())
  mustBeWhole('splunk_hec', wanted, await splunk.ids())
  mustBeWhole('file', wanted, await allIdsInFile(path))
  const longest = seconds(Math.max(...stops))
  return { stops: rounds + 1, events: wanted.length, missing: 0, repeated: 0, longest, hanging: seconds(hanging), left }
})

/** One run, told to stop while requests are out. How long the stop took, in milliseconds. */
async function oneLife(scene: Scene, collector: Destination, stopMs: number): Promise<number> {
  const before = await collector.requests()
  const forwarder = scene.start()
  await forwarder.until('something arrives', async () => (await collector.requests()) > before)
  await sleep(Math.random() * 150)
  const told = Date.now()
  const { at } = await forwarder.stop()
  await forwarder.mustExit(0)
  must(at - told <= stopMs + MARGIN_MS, `the stop took ${at - told} ms`)
  return at - told
}
