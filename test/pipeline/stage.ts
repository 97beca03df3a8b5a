// A whole pipeline over a ledger in memory, one small bucket per receiver, a clock that stands still and one destination.

import type { LaneOptions } from '../../src/delivery/options.ts'
import { ReadFailure } from '../../src/domain/failures.ts'
import type { Sighting } from '../../src/domain/objects.ts'
import { LedgerFailure } from '../../src/ledger/failure.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { mappingOptions } from '../../src/mapping/map.ts'
import type { PipelineParts, ReceiverSpec } from '../../src/pipeline/parts.ts'
import { Pipeline } from '../../src/pipeline.ts'
import type { Page, Store } from '../../src/receiver/store.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { laneOptions, Outlet } from '../delivery/harness.ts'
import { FakeClock } from '../tools/fake-clock.ts'

/** One object under a prefix, with one event; its first readings may fail. */
export class OneObject implements Store {
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

export function receiver(id: string, store: Store): ReceiverSpec {
  const mapping = mappingOptions('1.0.0', {})
  const times = { sweepIntervalMs: 60_000, lookbackMs: 3_600_000 }
  return { id, store, notifications: [], ...times, attributes: { team: id }, mapping }
}

class AttributeOutlet extends Outlet {
  override encode(record: Parameters<Outlet['encode']>[0]): ReturnType<Outlet['encode']> {
    return { bytes: Buffer.from(JSON.stringify(record.attributes)) }
  }
}

/** The world of a pipeline, which outlives it. */
export class Stage {
  readonly clock: FakeClock
  readonly memory: MemoryLedger
  readonly outlet: Outlet = new AttributeOutlet(() => this.clock.now())
  readonly told: TelemetryEvent[] = []
  /** What of the ledger finds the disk full. */
  readonly full = new Set<keyof Ledger>()
  readonly receivers: readonly ReceiverSpec[]
  options: LaneOptions = laneOptions
  readonly #ledger: Ledger

  constructor(
    receivers: (clock: FakeClock) => readonly ReceiverSpec[],
    memory = new MemoryLedger(),
    clock = new FakeClock(),
  ) {
    this.clock = clock
    this.memory = memory
    this.receivers = receivers(this.clock)
    this.#ledger = new Proxy<Ledger>(this.memory, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          if (this.full.has(name as keyof Ledger)) throw diskFull(String(name))
          return value.apply(target, args)
        }
      },
    })
  }

  /** A pipeline as a start of the program makes it. */
  pipeline(some: Partial<PipelineParts> = {}): Pipeline {
    const startAt = { from: 'beginning' } as const
    const processing = { process: <T>(record: T): T => record, transform: <T>(record: T): T => record }
    const routes = this.receivers.map(({ id }) => ({ receiver: id, startAt, processing }))
    return new Pipeline({
      receivers: this.receivers,
      destinations: [{ id: 'd', exporter: this.outlet, options: this.options, routes }],
      ledger: this.#ledger,
      decode: {},
      clock: this.clock,
      random: () => 1,
      tell: (event) => this.told.push(event),
      deduplicationMs: 86_400_000,
      cacheBytes: 1 << 20,
      stopMs: 1_000,
      ...some,
    })
  }

  of<T extends TelemetryEvent['type']>(type: T): Extract<TelemetryEvent, { type: T }>[] {
    return this.told.filter((event): event is Extract<TelemetryEvent, { type: T }> => event.type === type)
  }

  /** What a promise came to; time passes as far as that needs it. */
  async finished<T>(promise: Promise<T>): Promise<T> {
    let over = false
    const note = (): void => {
      over = true
    }
    void promise.then(note, note)
    for (let n = 0; n < 600 && !over; n++) await this.clock.advance(500)
    if (!over) throw new Error('it does not end')
    return promise
  }
}

function diskFull(doing: string): LedgerFailure {
  const words = { hint: 'free some space; the forwarder goes on by itself', full: true, cause: undefined }
  return new LedgerFailure(`cannot use ledger /ledger.db: the disk is full (${doing})`, words)
}
