// A store that sends part of an object and then nothing, its connection open: real requests to a real server, on a clock
// that the test moves. All else in the bucket arrives before anybody gives the object up, what came of it arrives too, and
// after the idle limit it is read again.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { S3Settings } from '../../src/receiver/s3/client.ts'
import { openS3Store } from '../../src/receiver/s3/store.ts'
import { keyOf } from '../e2e/stage/corpus.ts'
import { type StreamedObject, StreamingBucket } from '../e2e/stage/streaming-bucket.ts'
import { event } from '../receiver/decode/bodies.ts'
import { FakeClock } from '../tools/fake-clock.ts'
import { receiver, Stage } from './stage.ts'

const MINUTE = 60_000
/** How long a body may be silent. */
const IDLE_MS = MINUTE

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
})
afterEach(() => void vi.unstubAllEnvs())

/** An object of so many events, written so long ago. */
function object(name: string, agoMs: number, events: number, stalls?: StreamedObject['stalls']) {
  const ids = Array.from({ length: events }, (_, n) => `${name} ${n}`)
  const body = Buffer.from(ids.map((id) => `${event(id, { padding: 'x'.repeat(1_000) })}\n`).join(''))
  const half = Math.ceil(body.length / 2)
  const pieces = () => [body.subarray(0, half), body.subarray(half)]
  return { key: keyOf(Date.now() - agoMs, name), size: body.length, pieces, ids, ...(stalls && { stalls }) }
}

async function stageOver(objects: readonly StreamedObject[]) {
  const clock = new FakeClock(Date.now())
  const bucket = await StreamingBucket.start(objects)
  const settings = (bucket.settings() as { store: { s3: S3Settings } }).store.s3
  const store = await openS3Store(settings, { clock, idleMs: IDLE_MS })
  const stage = new Stage(() => [{ ...receiver('r', store), lookbackMs: 48 * 60 * MINUTE }], undefined, clock)
  const batch = { records: 100, bytes: 1 << 20, lingerMs: 100 }
  stage.options = { ...stage.options, batch, bufferBytes: 16 << 20 }
  const running = new AbortController()
  const run = stage.pipeline().run(running.signal)
  const stop = async (): Promise<void> => {
    running.abort()
    await stage.finished(run)
    store.close()
    await bucket.stop()
  }
  const ids = (): readonly string[] => stage.outlet.ids.map((text) => JSON.parse(text)['log.record.uid'])
  return { stage, bucket, stop, ids }
}

/** Lets the network work until something holds. Meanwhile the clock moves on, by no more than so much. */
async function until(stage: Stage, holds: () => boolean, ms: number): Promise<void> {
  const end = stage.clock.now() + ms
  for (let turn = 0; !holds(); turn += 1) {
    if (turn > 5_000) throw new Error('it does not come to pass')
    if (stage.clock.now() < end) await stage.clock.advance(1_000)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

test('objects whose bodies stall hold up nobody, and are read again: nothing is missing, nothing doubled', async () => {
  const good = Array.from({ length: 60 }, (_, n) => object(`good ${n}`, (n + 1) * 2 * MINUTE, 2))
  // The newest is what live events wait for first, and what a first start looks into; the oldest is the backlog's first.
  const stalls = { at: 300_000, readings: 2 }
  const newest = object('newest', MINUTE, 600, stalls)
  const oldest = object('oldest', 180 * MINUTE, 600, stalls)
  const wanted = [newest, oldest, ...good].flatMap((one) => one.ids)
  const { stage, bucket, stop, ids } = await stageOver([newest, oldest, ...good])
  const begun = stage.clock.now()

  await until(stage, () => ids().filter((id) => id.startsWith('good')).length === 120, IDLE_MS / 2)
  expect(stage.of('read_failed')).toEqual([])
  // What came of them before they fell silent.
  for (const { ids: some } of [newest, oldest]) expect(ids()).toContain(some[0])

  await until(stage, () => stage.outlet.ids.length >= wanted.length, 5 * MINUTE)
  expect(stage.clock.now() - begun).toBeLessThanOrEqual(2 * IDLE_MS + MINUTE)
  await stop()
  expect(ids().toSorted()).toEqual(wanted.toSorted())
  const failures = stage.of('read_failed').map(({ key, kind, reason }) => ({ key, kind, reason }))
  const failure = { kind: 'unreachable', reason: expect.stringContaining('the body stalled') }
  expect(failures.toSorted((a, b) => a.key.localeCompare(b.key))).toEqual(
    [oldest, oldest, newest].map(({ key }) => ({ key, ...failure })),
  )
  expect([newest, oldest].map(({ key }) => bucket.readings.get(key))).toEqual([3, 3])
  expect(stage.memory.accounts()).toMatchObject([
    { outstanding: 0, delivered: wanted.length, duplicates: 0, quarantined: 0 },
  ])
})
