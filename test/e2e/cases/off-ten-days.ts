// The forwarder was off for ten days. Objects came every day and were announced, but the queue keeps its messages for
// four days only. What the older six days brought can be found by listing alone.
import { type Case, inScene, must, seconds } from '../stage/case.ts'
import { shiftedBy } from '../stage/clock-shift.ts'
import { allIdsInFile } from '../stage/destination.ts'
import { file, otlp } from '../stage/exporters.ts'
import { mustBeWhole } from '../stage/tally.ts'

const DAY = 86_400_000
const DAYS_OFF = 10
const QUEUE_KEEPS_DAYS = 4

export const offTenDays: Case = inScene('off-ten-days', async (scene, size) => {
  const perDay = size === 'full' ? 300 : 12
  const daily = (day: number, count: number) =>
    Array.from({ length: count }, (_, index) =>
      scene.corpus.file(Date.now() - day * DAY - (index / count) * 0.9 * DAY, 3),
    )
  const aws = await scene.aws()
  const collector = await scene.destination('otlp')
  const path = scene.path('audit.jsonl')
  const exporters = { otlp_http: otlp(collector), file: file(path) }
  await scene.configure({ receiver: { ...aws.settings(), sweep: { interval: '5s' } }, exporters })

  // Ten days ago, by every clock: the forwarder runs and catches up.
  await aws.setClock(-DAYS_OFF * DAY)
  const before = daily(DAYS_OFF, perDay)
  await aws.put(before)
  await aws.announce(before)
  const shift = shiftedBy(-DAYS_OFF * DAY)
  const then = scene.start(['run'], { env: shift.env, nodeArgs: shift.args })
  const early = before.flatMap(({ ids }) => ids)
  await then.until('the first day has arrived', async () => (await collector.records()) >= early.length)
  await then.until('the queue is empty', async () => (await aws.waiting()) === 0)
  await then.stop()
  await then.mustExit(0)
  const sweptTo = Date.parse((await scene.status()).receivers[0]?.sweptTo ?? '')
  must(Math.abs(Date.now() - DAYS_OFF * DAY - sweptTo) < DAY, `swept to ${new Date(sweptTo).toISOString()}, not then`)

  // Ten days of objects; the messages of the older ones expire.
  const missed = Array.from({ length: DAYS_OFF }, (_, day) => daily(day, perDay)).toReversed()
  for (const [index, objects] of missed.entries()) {
    const daysAgo = DAYS_OFF - 1 - index
    await aws.setClock(-daysAgo * DAY)
    await aws.put(objects)
    await aws.announce(objects)
    if (daysAgo === QUEUE_KEEPS_DAYS) await aws.expireMessages()
  }

  await aws.setClock(0)
  const wanted = [...before, ...missed.flat()].flatMap(({ ids }) => ids)
  const announced = await aws.waiting()
  const begun = performance.now()
  const now = scene.start()
  await now.until('everything has arrived', async () => (await collector.records()) >= wanted.length)
  const took = seconds(performance.now() - begun)
  await now.until('the queue is empty', async () => (await aws.waiting()) === 0)
  await now.stop()
  await now.mustExit(0)
  await scene.runOnce()
  mustBeWhole('otlp_http', wanted, await collector.ids())
  mustBeWhole('file', wanted, await allIdsInFile(path))
  return {
    days: DAYS_OFF,
    objects: perDay * (DAYS_OFF + 1),
    events: wanted.length,
    lost: 0,
    repeated: 0,
    announced,
    seconds: took,
  }
})
