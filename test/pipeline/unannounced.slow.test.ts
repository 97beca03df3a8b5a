// A queue that loses one message in a hundred, under the whole pipeline for six hours: the next sweep finds what was not
// announced, it is delivered, and it is an alarm to nobody.
import { expect, test } from 'vitest'
import type { Sighting } from '../../src/domain/objects.ts'
import type { Page, Store } from '../../src/receiver/store.ts'
import { ScriptedQueue, uploaded } from '../receiver/scripted.ts'
import type { FakeClock } from '../tools/fake-clock.ts'
import { receiver, Stage } from './stage.ts'

const OBJECTS = 1_000
const EVERY_MS = 21_600
const SWEEP_MS = 600_000

/** A bucket that fills. Each object holds one event. */
class Filling implements Store {
  readonly uri = 's3://acme'
  readonly prefix = ''
  readonly objects: Sighting[] = []
  readonly #clock: FakeClock

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  put(index: number): Sighting {
    const now = this.#clock.now()
    const stamp = new Date(now).toISOString().slice(0, 19)
    const [year, month, day, hour] = stamp.split(/[-T:]/)
    const key = `year=${year}/month=${month}/day=${day}/hour=${hour}/${stamp}_${index}`
    const object = { key, version: String(index), size: 100, modified: now }
    this.objects.push(object)
    return object
  }

  async *list(under: string): AsyncGenerator<Page> {
    yield { objects: this.objects.filter(({ key }) => key.startsWith(under)), date: this.#clock.now() }
  }

  stat(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  async read({ key, version, modified }: Sighting): Promise<AsyncIterable<Uint8Array>> {
    const occurred = new Date(modified - 60_000).toISOString()
    return one(JSON.stringify({ id: `${key} ${version}`, action: 'context.create', occurred_at: occurred }))
  }
}

async function* one(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${text}\n`)
}

/** Never so shortly before a sweep that their messages could still come. */
function isLost(index: number): boolean {
  return index % 100 === 40
}

test('of notifications one in a hundred is lost: all of it is healed by the next sweep, and none alarmed as data loss', async () => {
  const journal: string[] = []
  let queue: ScriptedQueue | undefined
  let bucket: Filling | undefined
  const stage = new Stage((clock) => {
    queue = new ScriptedQueue(clock, journal)
    bucket = new Filling(clock)
    return [{ ...receiver('r', bucket), sweepIntervalMs: SWEEP_MS, notifications: [queue] }]
  })
  const stop = new AbortController()
  const watch = { streams: new Map(), allowedLagMs: 3_600_000 }
  const running = stage.pipeline({ watch }).run(stop.signal)
  const missed: number[] = []
  const found = (): number => stage.of('sweep_completed').reduce((sum, sweep) => sum + sweep.missed, 0)
  for (let index = 0; index < OBJECTS; index += 1) {
    const object = bucket?.put(index)
    if (isLost(index)) missed.push(stage.clock.now())
    else if (object !== undefined) queue?.send(uploaded(object))
    await stage.clock.advance(EVERY_MS)
    // Whatever was lost longer ago than a sweep is found.
    const overdue = missed.filter((at) => stage.clock.now() - at > SWEEP_MS + 60_000)
    expect(found()).toBeGreaterThanOrEqual(overdue.length)
  }
  await stage.clock.advance(SWEEP_MS + 60_000)
  stop.abort()
  await stage.finished(running)

  expect(missed.length).toBe(OBJECTS / 100)
  expect(stage.memory.accounts()).toMatchObject([{ delivered: OBJECTS, outstanding: 0, lostObjects: 0 }])
  expect(found()).toBe(missed.length)
  const gaps = stage.memory.watch.gaps({ closed: 99 })
  expect(gaps.map(({ kind }) => kind)).toEqual(gaps.map(() => 'notification_missed'))
  expect(gaps.reduce((sum, { facts }) => sum + Number(facts['missed']), 0)).toBe(missed.length)
  expect(gaps.every(({ closed }) => closed !== undefined)).toBe(true)
  // Nobody was told: neither in the log nor at the destinations.
  expect([stage.of('gap_opened'), stage.of('gap_reminded')]).toEqual([[], []])
  expect(stage.memory.waiting('d', { kind: 'gap.opened', before: Number.MAX_SAFE_INTEGER, limit: 9 })).toEqual([])
}, 120_000)
