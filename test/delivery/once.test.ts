// A run that is to end: when it is done, and not before.
import { expect, test } from 'vitest'
import { ReadFailure } from '../../src/domain/failures.ts'
import type { Sighting } from '../../src/domain/objects.ts'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { mappingOptions } from '../../src/mapping/map.ts'
import type { ReceiverSpec } from '../../src/pipeline/parts.ts'
import { Pipeline } from '../../src/pipeline.ts'
import type { Page, Store } from '../../src/receiver/store.ts'
import { FakeClock } from '../tools/fake-clock.ts'
import { laneOptions, Outlet } from './harness.ts'

/** One object under a prefix, with one event; its first readings may fail. */
class OneObject implements Store {
  readonly uri = 's3://acme'
  readonly prefix: string
  readonly failing: number
  readings = 0
  readonly #clock: FakeClock

  constructor(prefix: string, failing: number, clock: FakeClock) {
    this.prefix = prefix
    this.failing = failing
    this.#clock = clock
  }

  async *list(under: string): AsyncGenerator<Page> {
    const key = `${this.prefix}/year=2026/month=03/day=15/hour=11/x.json`
    const object = { key, version: '1', size: 100, modified: Date.parse('2026-03-15T11:30:00Z') }
    const objects = key.startsWith(`${this.prefix}/${under}`) ? [object] : []
    yield { objects, date: this.#clock.now() }
  }

  stat(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  async read({ key }: Sighting): Promise<AsyncIterable<Uint8Array>> {
    this.readings += 1
    if (this.readings <= this.failing) throw new ReadFailure('unreachable', 'the network is down')
    const event = { id: `of ${key.split('/')[0]}`, action: 'context.create', occurred_at: '2026-03-15T11:10:00Z' }
    return readable(JSON.stringify(event))
  }
}

async function* readable(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${text}\n`)
}

function receiver(id: string, store: Store): ReceiverSpec {
  const mapping = mappingOptions('1.0.0', {})
  return { id, store, sweepIntervalMs: 60_000, lookbackMs: 3_600_000, attributes: { team: id }, mapping }
}

class AttributeOutlet extends Outlet {
  override encode(record: Parameters<Outlet['encode']>[0]): ReturnType<Outlet['encode']> {
    return { bytes: Buffer.from(JSON.stringify(record.attributes)) }
  }
}

function pipeline(clock: FakeClock, receivers: readonly ReceiverSpec[]): { pipeline: Pipeline; outlet: Outlet } {
  const outlet = new AttributeOutlet(() => clock.now())
  const startAt = { from: 'beginning' } as const
  const processing = { process: <T>(record: T): T => record, transform: <T>(record: T): T => record }
  const routes = receivers.map(({ id }) => ({ receiver: id, startAt, processing }))
  return {
    outlet,
    pipeline: new Pipeline({
      receivers,
      destinations: [{ id: 'd', exporter: outlet, options: laneOptions, routes }],
      ledger: new MemoryLedger(),
      decode: {},
      clock,
      random: () => 1,
      tell: () => undefined,
      deduplicationMs: 86_400_000,
      cacheBytes: 1 << 20,
      stopMs: 1_000,
    }),
  }
}

async function finished<T>(promise: Promise<T>, clock: FakeClock): Promise<T> {
  let over = false
  void promise.finally(() => {
    over = true
  })
  for (let n = 0; n < 600 && !over; n++) await clock.advance(500)
  if (!over) throw new Error('it does not end')
  return promise
}

test('a reading that fails for a moment is tried again before the end', async () => {
  const clock = new FakeClock()
  const once = pipeline(clock, [receiver('r', new OneObject('logs', 3, clock))])
  const finish = await finished(once.pipeline.runOnce(new AbortController().signal, 60_000), clock)
  expect(finish).toEqual({ unswept: [], unfinished: [] })
  expect(once.outlet.sent).toHaveLength(1)
})

test('a reading that fails for good is named at the end', async () => {
  const clock = new FakeClock()
  const once = pipeline(clock, [receiver('r', new OneObject('logs', 1_000, clock))])
  const finish = await finished(once.pipeline.runOnce(new AbortController().signal, 60_000), clock)
  expect(finish.unfinished).toEqual([{ destination: 'd', reason: 'the network is down' }])
})

test('two receivers of one bucket keep their attributes apart', async () => {
  const clock = new FakeClock()
  const stores = [new OneObject('logs', 0, clock), new OneObject('logs-eu', 0, clock)]
  const once = pipeline(
    clock,
    stores.map((store, n) => receiver(`r${n}`, store)),
  )
  await finished(once.pipeline.runOnce(new AbortController().signal, 60_000), clock)
  const teams = once.outlet.ids.map((id) => JSON.parse(id).team)
  expect(new Set(teams)).toEqual(new Set(['r0', 'r1']))
})
