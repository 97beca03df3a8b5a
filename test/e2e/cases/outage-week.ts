// A destination was unreachable for a week. When it comes back, an event of this minute must not wait for the week.
import { setTimeout as sleep } from 'node:timers/promises'
import type { StatusDocument } from '../../../src/admin/status.ts'
import { type Case, inScene, must, seconds } from '../stage/case.ts'
import { allIdsInFile } from '../stage/destination.ts'
import { file, otlp } from '../stage/exporters.ts'
import { mustBeWhole } from '../stage/tally.ts'

const DAY = 86_400_000
const PROMISE_MS = 60_000

export const outageWeek: Case = inScene('outage-week', async (scene, size) => {
  const objects = size === 'full' ? 6_000 : 200
  const now = Date.now()
  const files = Array.from({ length: objects }, (_, index) =>
    scene.corpus.file(now - 7 * DAY + (index / objects) * 6.9 * DAY, 5),
  )
  const backlog = files.flatMap(({ ids }) => ids)
  const aws = await scene.aws()
  const collector = await scene.destination('otlp')
  await collector.shut()
  const path = scene.path('audit.jsonl')
  const exporters = { otlp_http: otlp(collector), file: file(path) }
  await scene.configure({ receiver: aws.settings(), exporters })

  const forwarder = scene.start()
  for (let from = 0; from < files.length; from += 500) {
    const some = files.slice(from, from + 500)
    await aws.put(some)
    await aws.announce(some)
  }
  await forwarder.until(
    'the other destination has the week',
    async () => (await delivered('file')) === backlog.length,
    240_000,
  )
  must((await delivered('otlp_http')) === 0, 'the dead destination got something')

  await collector.open()
  const fresh = scene.corpus.file(Date.now(), 1)
  await aws.put([fresh])
  const putAt = Date.now()
  await aws.announce([fresh])
  const arrivedAt = await Promise.race([collector.seen(fresh.ids[0] ?? ''), sleep(PROMISE_MS, Number.NaN)])
  const backlogBefore = (await collector.stored())
    .filter(({ storedAt }) => storedAt < arrivedAt)
    .reduce((sum, { ids }) => sum + ids.length, 0)
  must(arrivedAt - putAt <= PROMISE_MS, `the new event did not arrive within ${PROMISE_MS / 1000} s`)
  const wanted = [...backlog, ...fresh.ids]
  await forwarder.until('the backlog has arrived', async () => (await collector.records()) >= wanted.length, 120_000)
  const whole = seconds(Date.now() - putAt)
  await forwarder.stop()
  await forwarder.mustExit(0)
  mustBeWhole('otlp_http', wanted, await collector.ids())
  mustBeWhole('file', wanted, await allIdsInFile(path))
  const times = { newEventSeconds: seconds(arrivedAt - putAt), backlogSeconds: whole }
  return { objects, events: wanted.length, ...times, backlogBefore }

  async function delivered(id: string): Promise<number> {
    const answer = await fetch(`${scene.adminUrl}/api/status`).catch(() => undefined)
    const status = (await answer?.json()) as StatusDocument | undefined
    return status?.destinations.find((one) => one.id === id)?.delivered ?? 0
  }
})
