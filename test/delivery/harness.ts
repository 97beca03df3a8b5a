// A lane over a ledger in memory, objects in memory, a clock that stands still and a destination that answers by script.
import {
  type Batch,
  type Encoded,
  type Exporter,
  type LogRecord,
  ORIGINAL,
  type Outcome,
} from '@circleci-audit-forwarder/contract'
import { Lane } from '../../src/delivery/lane.ts'
import type { LaneOptions } from '../../src/delivery/options.ts'
import type { Processing } from '../../src/delivery/processing.ts'
import type { Piece, PieceChunk, Reader } from '../../src/delivery/reader.ts'
import { Readings } from '../../src/delivery/readings.ts'
import { ReadFailure } from '../../src/domain/failures.ts'
import type { AuditObject } from '../../src/domain/objects.ts'
import type { Undecided } from '../../src/ledger/duplicates.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { QuarantineFull } from '../../src/ledger/quarantine.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { FakeClock } from '../tools/fake-clock.ts'

const EVENT_BYTES = 10
/** When every event happened: the same id is the same event wherever it lies. */
export const EVENT_AT: number = Date.parse('2026-03-15T11:00:00Z')

/** Objects by key; an event is its id, ten bytes wide, ten events a chunk. */
export class Shelf implements Reader {
  readonly objects = new Map<string, readonly string[]>()
  /** What stands in the way of reading a key, asked before every chunk. */
  readonly trouble = new Map<string, (chunk: number) => Promise<void> | void>()
  reads: string[] = []
  /** Bodies open now. */
  open = 0
  chunkEvents = 10
  /** What every reading waits for first. */
  waiting: ((signal: AbortSignal) => Promise<void>) | undefined

  async *read({ key }: AuditObject, signal: AbortSignal): AsyncGenerator<PieceChunk> {
    this.reads.push(key)
    this.open += 1
    try {
      await this.waiting?.(signal)
      const ids = this.objects.get(key) ?? []
      for (let first = 0; first === 0 || first < ids.length; first += this.chunkEvents) {
        await this.trouble.get(key)?.(first / this.chunkEvents)
        signal.throwIfAborted()
        yield chunk(ids, first, this.chunkEvents)
      }
    } finally {
      this.open -= 1
    }
  }

  gone(key: string): void {
    this.trouble.set(key, () => {
      throw new ReadFailure('gone', `${key} is gone`)
    })
  }
}

function chunk(ids: readonly string[], first: number, size: number): PieceChunk {
  const pieces = ids.slice(first, first + size).map((id, n): Piece => {
    const from = (first + n) * EVENT_BYTES
    const place = {
      from,
      to: from + EVENT_BYTES,
      offset: from,
      line: first + n + 1,
      sha256: '0'.repeat(64),
      id,
      at: EVENT_AT,
    }
    if (id.startsWith('bad')) {
      return { ...place, bad: { reason: 'no event', bytes: Buffer.from(id), length: id.length } }
    }
    return { ...place, record: { body: id, [ORIGINAL]: id } as unknown as LogRecord }
  })
  const to = Math.min(first + size, ids.length)
  return { from: first * EVENT_BYTES, to: to * EVENT_BYTES, pieces, end: to === ids.length }
}

type Answer = (ids: readonly string[], attempt: number, batch: Batch) => Outcome | Promise<Outcome>

/** A destination that answers as the test says, and remembers what it was sent and what it stored. */
export class Outlet implements Exporter {
  limits: Exporter['limits'] = { records: 1_000, bytes: 1 << 20 }
  readonly sent: { readonly ids: readonly string[]; readonly token: string; readonly at: number }[] = []
  answer: Answer = () => ({ status: 'delivered' })
  confirm?: NonNullable<Exporter['confirm']>
  stored?: NonNullable<Exporter['stored']>
  deduplicationMs?: number
  closed = 0
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  encode(record: LogRecord): Encoded {
    return { bytes: Buffer.from(String(record.body)) }
  }

  async send(batch: Batch): Promise<Outcome> {
    const ids = batch.members.map(({ bytes }) => Buffer.from(bytes).toString())
    this.sent.push({ ids, token: batch.token, at: this.#now() })
    return this.answer(ids, this.sent.length, batch)
  }

  async check(): Promise<[]> {
    return []
  }

  async close(): Promise<void> {
    this.closed += 1
  }

  /** Every id sent, in order. */
  get ids(): readonly string[] {
    return this.sent.flatMap(({ ids }) => ids)
  }
}

export const laneOptions: LaneOptions = {
  batch: { records: 10, bytes: 1_000, lingerMs: 100 },
  concurrency: { min: 1, max: 4 },
  retry: { initialMs: 1_000, maxMs: 300_000 },
  bufferBytes: 100_000,
  attemptMs: 60_000,
}

const passing: Processing = { process: (record) => record, transform: (record) => record }

export class Bench {
  readonly clock = new FakeClock()
  readonly memory: MemoryLedger
  /** The ledger as lanes see it: methods named in `broken` throw, as on a full disk. */
  readonly ledger: Ledger
  readonly broken = new Set<keyof Ledger>()
  /** Methods named here find quarantine full, if they are to keep anything. */
  readonly full = new Set<keyof Ledger>()
  readonly shelf = new Shelf()
  readonly told: TelemetryEvent[] = []
  readonly #running: { readonly stop: AbortController; readonly end: Promise<void> }[] = []

  /** Over a ledger in memory, or over another one. */
  constructor(options: ConstructorParameters<typeof MemoryLedger>[0] = {}, other?: Ledger) {
    this.memory = new MemoryLedger(options)
    this.ledger = new Proxy<Ledger>(other ?? this.memory, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          if (this.broken.has(name as keyof Ledger)) throw new Error(`the disk is full: ${String(name)}`)
          const isKeeping = name !== 'decide' || (args[0] as Undecided).bad.length > 0
          if (isKeeping && this.full.has(name as keyof Ledger)) throw new QuarantineFull(9)
          return value.apply(target, args)
        }
      },
    })
  }

  /** Routes of destinations fed by one receiver `r`, from the beginning of time. */
  enrol(...destinations: string[]): void {
    const routes = destinations.map((destination) => ({ destination, receiver: 'r', startAt: 0 }))
    this.ledger.enrol(routes, this.clock.now())
  }

  /** Puts an object on the shelf and into the ledger. Its age is in minutes. */
  put(key: string, ids: readonly string[], { age = 0, receiver = 'r' } = {}): AuditObject {
    this.shelf.objects.set(key, ids)
    const now = this.clock.now()
    const sighting = { key, version: '1', size: ids.length, modified: now - age * 60_000 }
    const [object] = this.ledger.see(receiver, 'mem://shelf', [sighting], 'swept', now).fresh
    if (object === undefined) throw new Error(`${key} is not fresh`)
    return object
  }

  readings(lanes = 1, capacityBytes = 1 << 20): Readings {
    const { shelf: reader, ledger, clock } = this
    return new Readings({ reader, ledger, clock, tell: (event) => this.told.push(event), lanes, capacityBytes })
  }

  outlet(answer?: Answer): Outlet {
    const outlet = new Outlet(() => this.clock.now())
    if (answer !== undefined) outlet.answer = answer
    return outlet
  }

  /** A lane, running. */
  lane(destination: string, exporter: Exporter, some: LaneStart = {}): Lane {
    const { options = {}, processing = passing, readings = this.readings(), graceMs = 5_000 } = some
    const lane = new Lane({
      destination,
      exporter,
      ledger: this.ledger,
      readings,
      processing: typeof processing === 'function' ? processing : () => processing,
      options: { ...laneOptions, ...options },
      clock: this.clock,
      random: () => 1,
      tell: (event) => this.told.push(event),
    })
    const stop = new AbortController()
    this.#running.push({ stop, end: lane.run(stop.signal, graceMs) })
    return lane
  }

  /** Stops every lane; time passes as far as that needs it. */
  async stop(): Promise<void> {
    const ends = this.#running.map(({ stop, end }) => {
      stop.abort()
      return end
    })
    this.#running.length = 0
    let ended = false
    void Promise.allSettled(ends).then(() => {
      ended = true
    })
    for (let n = 0; n < 20 && !ended; n++) await this.clock.advance(1_000)
    if (!ended) throw new Error('a lane does not stop')
    await Promise.all(ends)
  }

  /** The process dies: nothing it awaits comes back, and the ledger is opened anew. */
  async restart(): Promise<void> {
    await this.stop()
    this.memory.reopen()
  }

  of<T extends TelemetryEvent['type']>(type: T): Extract<TelemetryEvent, { type: T }>[] {
    return this.told.filter((event): event is Extract<TelemetryEvent, { type: T }> => event.type === type)
  }

  account(destination: string): ReturnType<Ledger['accounts']>[number] {
    const found = this.ledger.accounts().find((account) => account.destination === destination)
    if (found === undefined) throw new Error(`no account of ${destination}`)
    return found
  }
}

export interface LaneStart {
  readonly options?: Partial<LaneOptions>
  readonly processing?: Processing | ((receiver: string) => Processing)
  readonly readings?: Readings
  readonly graceMs?: number
}

/** `n` ids: a0, a1, … */
export function ids(letter: string, n: number): string[] {
  return Array.from({ length: n }, (_, index) => `${letter}${index}`)
}
