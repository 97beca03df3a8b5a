// The process is killed at any moment: while it starts, while it lists, while requests are out. Nothing may be missing in
// the end, and what repeats must have been in flight at a kill: its request had arrived, and the answer had not gone out,
// or so shortly before that the process could not have written it down.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Stored } from '../servers/receiver.ts'
import type { Aws } from '../stage/aws.ts'
import { type Case, inScene, must } from '../stage/case.ts'
import type { Destination } from '../stage/destination.ts'
import { idIn } from '../stage/destination.ts'
import { file, otlp } from '../stage/exporters.ts'
import { FileTail } from '../stage/file-tail.ts'
import type { Scene } from '../stage/scene.ts'
import { mustBeWhole } from '../stage/tally.ts'

const BATCH = 20
const AT_ONCE = 4
const ANSWER_MS = 25
/** An answer that went out longer before the kill than this has been written down, however busy the machine. */
const RECORDED_MS = 1_000

export const killNine: Case = inScene('kill-nine', async (scene, size) => {
  const rounds = size === 'full' ? 100 : 6
  const aws = await scene.aws()
  const collector = await scene.destination('otlp')
  await collector.behave({ kind: 'slow', ms: ANSWER_MS })
  const path = scene.path('audit.jsonl')
  const more = { concurrency: { min: AT_ONCE, max: AT_ONCE } }
  const exporters = { otlp_http: otlp(collector, BATCH, more), file: { ...file(path, BATCH), max_size: '4GiB' } }
  await scene.configure({ receiver: { ...aws.settings(), sweep: { interval: '1s' } }, exporters })

  const tail = new FileTail(path)
  const written: string[][] = []
  const wanted: string[] = []
  const kills: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    wanted.push(...(await putMore(scene, aws)))
    kills.push(await oneLife(scene, collector, round))
    written.push(newIds(tail))
  }
  await scene.runOnce()
  written.push(newIds(tail))

  const stored = await collector.stored()
  mustBeWhole(
    'otlp_http',
    wanted,
    stored.flatMap(({ ids }) => ids),
    false,
  )
  mustBeWhole('file', wanted, written.flat(), false)
  const repeats = repeatsPerKill(stored, kills)
  const inFile = repeatsPerLife(written)
  must(
    Math.max(...repeats.perKill) <= AT_ONCE * BATCH,
    `otlp_http: ${Math.max(...repeats.perKill)} repeats of one kill`,
  )
  must(Math.max(...inFile) <= BATCH, `file: ${Math.max(...inFile)} repeats of one kill, more than a batch`)
  return {
    kills: kills.length,
    events: wanted.length,
    missing: 0,
    repeats: sum(repeats.perKill),
    killsWithRepeats: repeats.perKill.filter((count) => count > 0).length,
    mostPerKill: Math.max(...repeats.perKill),
    answeredBeforeKillMs: repeats.answeredBefore,
    repeatsInFile: sum(inFile),
    mostInFilePerKill: Math.max(...inFile),
  }
})

async function putMore(scene: Scene, aws: Aws): Promise<readonly string[]> {
  const files = Array.from({ length: 40 }, (_, index) => scene.corpus.file(Date.now() - index * 60_000, 10))
  await aws.put(files)
  await aws.announce(files)
  return files.flatMap(({ ids }) => ids)
}

/** One run, killed: half of them at any time from the start on, half while something is arriving. Returns when. */
async function oneLife(scene: Scene, collector: Destination, round: number): Promise<number> {
  const before = await collector.requests()
  const forwarder = scene.start()
  if (round % 2 === 0) {
    await forwarder.until('something arrives', async () => (await collector.requests()) > before)
    await sleep(Math.random() * 200)
  } else await sleep(Math.random() * 1_500)
  must(forwarder.running, `it ended by itself: ${forwarder.stderr.slice(-2000)}`)
  const at = Date.now()
  forwarder.kill('SIGKILL')
  await forwarder.exited
  return at
}

function newIds(tail: FileTail): string[] {
  return tail.lines().flatMap((line) => idIn(line) ?? [])
}

/** Repeats by the kill they follow. Throws for one whose request was not in flight at any kill. */
function repeatsPerKill(
  stored: readonly Stored[],
  kills: readonly number[],
): { perKill: number[]; answeredBefore: number } {
  const seen = new Map<string, Stored>()
  const perKill = kills.map(() => 0)
  let answeredBefore = Number.NEGATIVE_INFINITY
  for (const request of stored) {
    for (const id of request.ids) {
      const earlier = seen.get(id)
      seen.set(id, request)
      if (earlier === undefined) continue
      const kill = kills.findIndex((at) => at >= earlier.arrivedAt && at <= request.arrivedAt)
      const gap = (kills[kill] ?? Number.NaN) - (earlier.answeredAt ?? Number.POSITIVE_INFINITY)
      must(gap <= RECORDED_MS, `${id} came again, and its answer had gone out ${gap} ms before a kill`)
      answeredBefore = Math.max(answeredBefore, gap)
      perKill[kill] = (perKill[kill] ?? 0) + 1
    }
  }
  return { perKill, answeredBefore }
}

/** Ids of each life that were in the file already. */
function repeatsPerLife(lives: readonly (readonly string[])[]): readonly number[] {
  const seen = new Set<string>()
  return lives.map((ids) => {
    const again = ids.filter((id) => seen.has(id)).length
    for (const id of ids) seen.add(id)
    return again
  })
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
