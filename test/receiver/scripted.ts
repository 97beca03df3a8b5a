import { SourceFailure } from '../../src/domain/failures.ts'
import type { Discovery, Sighting } from '../../src/domain/objects.ts'
import type { Message, Notifications } from '../../src/receiver/notifications.ts'
import type { ReceiverParts } from '../../src/receiver/parts.ts'
import { Receiver } from '../../src/receiver/receiver.ts'
import type { SeenCounts, Sightings } from '../../src/receiver/sightings.ts'
import type { Page, Store } from '../../src/receiver/store.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { FakeClock } from '../tools/fake-clock.ts'

/** Which bucket it is, and where in it; `s3://acme` and `logs` unless told. */
export interface Place {
  readonly uri?: string
  readonly prefix?: string
}

/** A bucket that answers as told. Its clock runs `skewMs` ahead of ours; without a clock it shows no date. */
export class ScriptedStore implements Store {
  readonly uri: string
  readonly prefix: string
  readonly objects = new Map<string, Sighting>()
  /** Every partition asked for, in order. */
  readonly lists: string[] = []
  /** Partitions, by a part of their name, and `stat`, that fail for now. */
  readonly broken = new Set<string>()
  skewMs: number | undefined = 0
  pageSize = 1000
  readonly #clock: FakeClock

  constructor(clock: FakeClock, place: Place = {}) {
    this.#clock = clock
    this.uri = place.uri ?? 's3://acme'
    this.prefix = place.prefix ?? 'logs'
  }

  put(key: string, more: Partial<Sighting> = {}): Sighting {
    const modified = this.#clock.now() + (this.skewMs ?? 0)
    const object = { key: `${this.prefix}/${key}`, version: 'v1', size: 10, modified, ...more }
    this.objects.set(object.key, object)
    return object
  }

  async *list(under: string, _signal: AbortSignal): AsyncGenerator<Page> {
    this.lists.push(under)
    const found = [...this.objects.values()].filter((object) => object.key.startsWith(`${this.prefix}/${under}`))
    for (let from = 0; from === 0 || from < found.length; from += this.pageSize) {
      yield this.#dated(found.slice(from, from + this.pageSize))
      this.#breakIf(under)
    }
  }

  async stat(key: string): Promise<Sighting | undefined> {
    this.#breakIf('stat')
    return this.objects.get(key)
  }

  read(): Promise<AsyncIterable<Uint8Array>> {
    throw new Error('a receiver reads no objects')
  }

  #dated(objects: readonly Sighting[]): Page {
    return this.skewMs === undefined ? { objects } : { objects, date: this.#clock.now() + this.skewMs }
  }

  #breakIf(what: string): void {
    for (const part of this.broken)
      if (what.includes(part)) throw new SourceFailure(`cannot list ${what}`, { hint: 'grant s3:ListBucket' })
  }
}

/** A queue that gives what was put into it, and notes in the journal what is done to its messages. */
export class ScriptedQueue implements Notifications {
  readonly name = 'queue'
  readonly waiting: Message[] = []
  failing = false
  /** Absent unless a test sets it. */
  depth?: NonNullable<Notifications['depth']>
  receives = 0
  readonly #clock: FakeClock
  readonly #journal: string[]
  #sent = 0

  constructor(clock: FakeClock, journal: string[]) {
    this.#clock = clock
    this.#journal = journal
  }

  send(body: unknown): void {
    this.#sent += 1
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    this.waiting.push({ id: `m${this.#sent}`, body: text, receipt: `m${this.#sent}` })
  }

  async receive(signal: AbortSignal): Promise<readonly Message[]> {
    this.receives += 1
    if (this.failing) throw new SourceFailure('cannot receive from queue', { hint: 'grant sqs:ReceiveMessage' })
    for (let second = 0; second < 20 && this.waiting.length === 0; second++) await this.#clock.sleep(1000, signal)
    return this.waiting.splice(0, 10)
  }

  async delete(messages: readonly Message[]): Promise<void> {
    for (const { id } of messages) this.#journal.push(`delete ${id}`)
  }

  async release(messages: readonly Message[]): Promise<void> {
    for (const { id } of messages) this.#journal.push(`release ${id}`)
    this.waiting.push(...messages)
  }

  async close(): Promise<void> {}
}

/** A ledger as the receiver sees it, in memory. */
export class ScriptedSink implements Sightings {
  readonly known = new Map<string, Discovery>()
  readonly quarantined: string[] = []
  readonly skews: number[] = []
  advances: number[] = []
  failing = false
  largest = 0
  readonly #journal: string[]

  constructor(journal: string[]) {
    this.#journal = journal
  }

  see(sightings: readonly Sighting[], how: Discovery): SeenCounts {
    if (this.failing) throw new Error('database is locked')
    this.#journal.push('see')
    this.largest = Math.max(this.largest, sightings.length)
    const fresh = sightings.filter(({ key, version }) => !this.known.has(`${key} ${version}`))
    for (const { key, version } of fresh) this.known.set(`${key} ${version}`, how)
    return { fresh: fresh.length, late: 0, known: sightings.length - fresh.length }
  }

  quarantine(body: string, _reason: string): void {
    this.#journal.push('quarantine')
    this.quarantined.push(body)
  }

  sweptTo(): number | undefined {
    return this.advances.at(-1)
  }

  swept(startedAt: number): void {
    if (this.failing) throw new Error('database is locked')
    this.advances.push(startedAt)
  }

  storeTime(date: number, now: number): void {
    this.skews.push(date - now)
  }

  how(key: string): Discovery | undefined {
    return this.known.get(`logs/${key} v1`)
  }
}

export interface World {
  readonly clock: FakeClock
  readonly store: ScriptedStore
  readonly queue: ScriptedQueue
  readonly sink: ScriptedSink
  readonly receiver: Receiver
  readonly journal: string[]
  readonly told: TelemetryEvent[]
  /** Events of one type. */
  readonly events: <T extends TelemetryEvent['type']>(type: T) => Extract<TelemetryEvent, { type: T }>[]
  /** Runs the receiver until `stop`. */
  readonly start: () => { stop: () => Promise<void> }
}

type Options = Partial<ReceiverParts['options']> & {
  deaf?: boolean
  more?: readonly Notifications[]
  now?: string
  place?: Place
}

export function world(options: Options = {}): World {
  const clock = new FakeClock(options.now)
  const journal: string[] = []
  const told: TelemetryEvent[] = []
  const store = new ScriptedStore(clock, options.place)
  const queue = new ScriptedQueue(clock, journal)
  const sink = new ScriptedSink(journal)
  const receiver = new Receiver({
    id: 'circleci_audit',
    store,
    notifications: options.deaf ? [] : [queue, ...(options.more ?? [])],
    options: { sweepIntervalMs: 120_000, lookbackMs: 48 * 3_600_000, startAt: clock.now(), ...options },
    clock,
    random: () => 0.999,
    tell: (event) => told.push(event),
    sink,
  })
  const events: World['events'] = (type) => told.filter((event) => event.type === type) as never
  const start = () => {
    const running = new AbortController()
    const run = receiver.run(running.signal)
    return {
      stop: () => {
        running.abort()
        return run
      },
    }
  }
  return { clock, store, queue, sink, receiver, journal, told, events, start }
}

/** The body S3 sends for an upload. */
export function uploaded(object: Sighting, more: { bucket?: string; bare?: boolean } = {}): unknown {
  const key = encodeURIComponent(object.key).replaceAll('%2F', '/').replaceAll('%20', '+')
  const full = { key, eTag: object.version, size: object.size }
  const record = {
    eventName: 'ObjectCreated:Put',
    eventTime: new Date(object.modified).toISOString(),
    s3: { bucket: { name: more.bucket ?? 'acme' }, object: more.bare ? { key } : full },
  }
  return { Records: [record] }
}
