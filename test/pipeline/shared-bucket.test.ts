// A bucket in which others keep things too, listed as stores list: by the bytes of the keys, a few to a page. There
// `hour=10` comes before `hour=9`, and one hour may lie in two places. Long after, messages come again, and objects late.
import { expect, test } from 'vitest'
import type { Sighting } from '../../src/domain/objects.ts'
import type { Page, Store } from '../../src/receiver/store.ts'
import { ScriptedQueue, uploaded } from '../receiver/scripted.ts'
import type { FakeClock } from '../tools/fake-clock.ts'
import { receiver, Stage } from './stage.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

class SharedBucket implements Store {
  readonly uri = 's3://acme'
  readonly prefix = 'logs'
  readonly reads: string[] = []
  /** Keys in the order in which they were listed. */
  readonly listed: string[] = []
  /** Listings that work before the next one fails. */
  failAfter = Number.POSITIVE_INFINITY
  readonly #objects = new Map<string, Sighting>()
  readonly #clock: FakeClock

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  put(key: string, size = 100): Sighting {
    const object = { key: `logs/${key}`, version: '1', size, modified: this.#clock.now() }
    this.#objects.set(object.key, object)
    return object
  }

  async *list(under: string): AsyncGenerator<Page> {
    const found = [...this.#objects.values()].filter(({ key }) => key.startsWith(`logs/${under}`))
    found.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
    for (let from = 0; from === 0 || from < found.length; from += 2) {
      this.failAfter -= 1
      if (this.failAfter < 0) throw new Error('cut off')
      const objects = found.slice(from, from + 2)
      this.listed.push(...objects.map(({ key }) => key))
      yield { objects, date: this.#clock.now() }
    }
  }

  async stat(key: string): Promise<Sighting | undefined> {
    return this.#objects.get(key)
  }

  async read({ key }: Sighting): Promise<AsyncIterable<Uint8Array>> {
    this.reads.push(key)
    return lines({ id: `of ${key}`, action: 'context.create', occurred_at: '2026-03-05T07:00:00Z' })
  }
}

async function* lines(event: object): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${JSON.stringify(event)}\n`)
}

/** An audit object of this time, its partition spelled with so many digits. */
function keyOf(time: number, digits: number, name = ''): string {
  const at = new Date(time)
  const pad = (value: number): string => String(value).padStart(digits, '0')
  const day = `year=${at.getUTCFullYear()}/month=${pad(at.getUTCMonth() + 1)}/day=${pad(at.getUTCDate())}`
  return `${day}/hour=${pad(at.getUTCHours())}/${at.toISOString().slice(0, 19)}_${name}${digits}`
}

interface World {
  readonly stage: Stage
  readonly bucket: SharedBucket
  readonly queue: ScriptedQueue
  readonly journal: readonly string[]
}

// The clock of a stage stands at 2026-03-15T12:00:00Z.
function newWorld(): World {
  const journal: string[] = []
  const made: { bucket?: SharedBucket; queue?: ScriptedQueue } = {}
  const stage = new Stage((clock) => {
    made.bucket = new SharedBucket(clock)
    made.queue = new ScriptedQueue(clock, journal)
    return [{ ...receiver('r', made.bucket), lookbackMs: 2 * DAY, notifications: [made.queue] }]
  })
  return { stage, bucket: made.bucket as SharedBucket, queue: made.queue as ScriptedQueue, journal }
}

async function runFor(stage: Stage, ms: number): Promise<void> {
  const over = new AbortController()
  const running = stage.pipeline({ sealedMs: DAY }).run(over.signal)
  await stage.clock.advance(ms)
  over.abort()
  await stage.finished(running)
}

/** Keys of the objects whose events arrived, once for each event. */
function arrived({ stage }: World): string[] {
  return stage.outlet.ids.map((attributes) => JSON.parse(attributes)['circleci_audit_forwarder.source.key']).sort()
}

test('every spelling arrives once, whatever sorts before what, and a listing that is cut off claims none of it', async () => {
  const world = newWorld()
  const { stage, bucket } = world
  const now = stage.clock.now()
  const hours = Array.from({ length: 30 }, (_, hour) => now - hour * HOUR)
  const keys = hours.flatMap((time) => [1, 2].map((digits) => bucket.put(keyOf(time, digits)).key))
  bucket.failAfter = 20
  await runFor(stage, MINUTE)
  expect(stage.of('sweep_failed').length).toBeGreaterThan(0)
  expect(stage.memory.accounts()[0]?.watermark).toBeUndefined()
  expect(stage.memory.totals().objects).toBeGreaterThan(0)
  expect(stage.memory.totals().objects).toBeLessThan(keys.length)

  bucket.failAfter = Number.POSITIVE_INFINITY
  await runFor(stage, 3 * MINUTE)
  const place = (time: string) => bucket.listed.findIndex((key) => key.includes(`month=3/day=15/hour=${time}/`))
  expect(place('10')).toBeLessThan(place('9'))
  expect(arrived(world)).toEqual(keys.toSorted())
  expect(stage.memory.accounts()[0]?.watermark).toBeGreaterThan(now - 10 * MINUTE)
})

test('what others keep in the bucket is counted and named, and nothing else comes of it', async () => {
  const foreign = [
    ...['report.pdf', 'year=2026/readme.txt', 'year=2026/month=3/day=15/hour=11/exports/summary.parquet'],
    ...['year=2026/month=3/day=15/hour=11.bak/2026-03-15T11:00:00_x', 'year=2026/month=3/day=15/x.json'],
  ]
  const [shared, alone] = [newWorld(), newWorld()]
  for (const { stage, bucket } of [shared, alone]) {
    for (let hour = 0; hour < 5; hour += 1) bucket.put(keyOf(stage.clock.now() - hour * HOUR, 1))
    if (bucket === shared.bucket) {
      for (const key of foreign) bucket.put(key)
      // What a console makes of a folder, and what CircleCI tries a bucket with.
      for (const key of ['year=2026/month=3/day=15/hour=11/', 'circleci_connectivity_test_1']) bucket.put(key, 0)
    }
    await runFor(stage, 3 * HOUR)
  }
  const ignored = shared.stage.of('objects_ignored')
  expect(ignored[0]).toMatchObject({ count: 6, key: expect.stringMatching(/^logs\//), reason: expect.any(String) })
  expect(shared.bucket.reads).toEqual(alone.bucket.reads)
  expect(arrived(shared)).toEqual(arrived(alone))
  expect([shared.stage.memory.accounts(), shared.stage.memory.totals()]).toEqual([
    alone.stage.memory.accounts(),
    alone.stage.memory.totals(),
  ])
  // As many sweeps, each to its end, and nothing told that is not told of a bucket of one's own.
  expect(shared.stage.of('sweep_completed')).toHaveLength(alone.stage.of('sweep_completed').length)
  const spoken = ({ stage }: World) => new Set(stage.told.map(({ type }) => type))
  expect(spoken(shared)).toEqual(spoken(alone).add('objects_ignored'))
})

test('an object that is two days late is found by the sweep, and one that is weeks late by its message', async () => {
  const world = newWorld()
  const { stage, bucket, queue } = world
  const begun = stage.clock.now()
  const first = [0, 1].map((hour) => bucket.put(keyOf(begun - hour * HOUR, 1)).key)
  await runFor(stage, MINUTE)
  stage.clock.jump(20 * DAY)
  await runFor(stage, 2 * MINUTE)
  expect([1, 2].map((ref) => stage.memory.object(ref))).toEqual([undefined, undefined])

  const running = runFor(stage, 3 * HOUR)
  await stage.clock.advance(0)
  const late = bucket.put(keyOf(stage.clock.now() - 47 * HOUR, 1, 'late')).key
  await running
  expect(arrived(world)).toEqual([...first, late].sort())
  expect(stage.memory.accounts()).toMatchObject([{ lateTotal: 1, outstanding: 0 }])

  // Into an hour of which only seals are left.
  const veryLate = bucket.put(keyOf(begun, 1, 'very late'))
  queue.send(uploaded(veryLate))
  await runFor(stage, 2 * MINUTE)
  expect(arrived(world)).toEqual([...first, late, veryLate.key].sort())
  expect(stage.memory.accounts()).toMatchObject([{ lateTotal: 2, outstanding: 0, delivered: 4 }])
  await runFor(stage, 2 * HOUR)
  expect(arrived(world)).toHaveLength(4)
  expect(stage.memory.object(1)).toBeUndefined()
})

test('a message redriven for an object that was sealed long ago is deleted, and brings nothing back', async () => {
  const { stage, bucket, queue, journal } = newWorld()
  const object = bucket.put(keyOf(stage.clock.now(), 1))
  queue.send(uploaded(object))
  await runFor(stage, MINUTE)
  stage.clock.jump(60 * DAY)
  await runFor(stage, 2 * MINUTE)
  expect([stage.memory.object(1), stage.outlet.sent.length]).toEqual([undefined, 1])
  const reads = bucket.reads.length
  const before = stage.memory.accounts()

  for (let n = 0; n < 3; n += 1) queue.send(uploaded(object))
  await runFor(stage, 5 * MINUTE)
  expect(journal.filter((entry) => entry.startsWith('delete'))).toHaveLength(4)
  expect([stage.memory.object(1), stage.outlet.sent.length, bucket.reads.length]).toEqual([undefined, 1, reads])
  const { watermark: _, sweptTo: __, ...counts } = before[0] ?? expect.unreachable('no account')
  expect(stage.memory.accounts()).toMatchObject([counts])
  expect(stage.memory.totals()).toMatchObject({ objects: 1, events: 1, altered: 0 })
})
