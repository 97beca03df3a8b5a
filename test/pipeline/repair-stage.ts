// A pipeline over a ledger in memory that outlives it, a bucket whose objects come and go, and destinations that refuse what
// they are told to refuse. The real reader, lanes and requests are between them.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { ReadFailure, SourceFailure } from '../../src/domain/failures.ts'
import type { Sighting } from '../../src/domain/objects.ts'
import { readAnswer } from '../../src/domain/request.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { mappingOptions } from '../../src/mapping/map.ts'
import type { DestinationSpec, ReceiverSpec } from '../../src/pipeline/parts.ts'
import { Pipeline } from '../../src/pipeline.ts'
import { EventFilter } from '../../src/processors/filter.ts'
import type { Page, Store } from '../../src/receiver/store.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { laneOptions, Outlet } from '../delivery/harness.ts'
import { FakeClock } from '../tools/fake-clock.ts'

export const noon: number = Date.parse('2026-03-15T12:00:00Z')
const minute = 60_000

/** A bucket of lines. */
export class Bucket implements Store {
  readonly uri = 's3://acme'
  readonly prefix = 'logs'
  readonly objects = new Map<string, string>()
  /** Listings that fail, before they work: at once, or behind the first page. */
  failing = 0
  failingLate = 0
  /** Objects on a page. */
  page = 1_000
  reads = 0

  /** The key of what was written so many minutes before noon. */
  key(age: number): string {
    const time = new Date(noon - age * minute).toISOString()
    const [, year, month, day, hour] = /^(\d+)-(\d+)-(\d+)T(\d+)/.exec(time) ?? []
    return `logs/year=${year}/month=${month}/day=${day}/hour=${hour}/${time.slice(0, 19)}Z_1.json`
  }

  put(age: number, ...lines: readonly string[]): string {
    const key = this.key(age)
    this.objects.set(key, lines.map((line) => `${line}\n`).join(''))
    return key
  }

  async *list(under: string): AsyncGenerator<Page> {
    if (this.failing > 0) {
      this.failing -= 1
      throw new SourceFailure('cannot list the bucket: access denied', { hint: 'grant s3:ListBucket' })
    }
    const found = [...this.objects].filter(([key]) => key.startsWith(`logs/${under}`))
    const objects = found.map(([key, text]) => ({ key, version: '1', size: text.length, modified: noon }))
    for (let at = 0; at < objects.length; at += this.page) {
      yield { objects: objects.slice(at, at + this.page) }
      if (this.failingLate === 0) continue
      this.failingLate -= 1
      throw new SourceFailure('cannot list the bucket: SlowDown', { hint: 'wait' })
    }
  }

  stat(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  async read({ key }: Sighting): Promise<AsyncIterable<Uint8Array>> {
    this.reads += 1
    const text = this.objects.get(key)
    if (text === undefined) throw new ReadFailure('gone', `${key} is gone`)
    return once(Buffer.from(text))
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

export function event(id: string, action = 'context.create'): string {
  return JSON.stringify({ id, action, occurred_at: '2026-03-15T10:00:00Z', actor: { name: 'ann' } })
}

/** Writes audit events as their ids, and own records whole. */
class IdOutlet extends Outlet {
  override encode({ eventName = '', attributes }: LogRecord): ReturnType<Outlet['encode']> {
    const own = eventName.startsWith('circleci_audit_forwarder.')
    return {
      bytes: Buffer.from(own ? JSON.stringify({ eventName, attributes }) : String(attributes['log.record.uid'])),
    }
  }
}

/** The world, which outlives its pipelines. */
export class Stage {
  readonly clock = new FakeClock(noon)
  readonly memory = new MemoryLedger()
  readonly bucket = new Bucket()
  readonly told: TelemetryEvent[] = []
  readonly outlets = { a: new IdOutlet(() => this.clock.now()), b: new IdOutlet(() => this.clock.now()) }
  /** Ids that `a` refuses. */
  readonly refused = new Set<string>()
  /** Actions withheld from `a`. */
  exclude: readonly string[] = []
  /** What no decoder of today takes for an event. */
  expectOrganization: string | undefined
  /** Destinations that are configured. */
  fed: readonly ('a' | 'b')[] = ['a', 'b']
  /** Whether it tells of itself. */
  speaks = true
  #end = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor() {
    this.outlets.a.answer = (ids) => {
      const records = ids.flatMap((id, index) => (this.refused.has(id) ? [{ index, reason: 'no such field' }] : []))
      return records.length === 0 ? { status: 'delivered' } : { status: 'rejected', records }
    }
  }

  /** The ledger as the pipeline sees it. */
  ledger: Ledger = this.memory

  async start(): Promise<void> {
    this.#end = new AbortController()
    this.#running = this.#pipeline().run(this.#end.signal)
    await this.clock.advance(10_000)
  }

  /** Stops, and forgets what only lay in memory; with `crash`, also what no fsync had reached. */
  async stop(crash = false): Promise<void> {
    this.#end.abort()
    await this.clock.advance(10_000)
    await this.#running
    if (crash) this.memory.crash(0)
    else this.memory.reopen()
  }

  ask(kind: string, body: object): number {
    return this.memory.ask(kind, JSON.stringify({ why: 'mended', ...body }), 'ann@ops', this.clock.now())
  }

  /** What a request was answered, however long that takes. */
  async answered(id: number): Promise<unknown> {
    for (let n = 0; n < 200 && this.memory.request(id)?.answer === undefined; n++) await this.clock.advance(5_000)
    const answer = this.memory.request(id)?.answer
    return answer === undefined ? undefined : readAnswer(answer)
  }

  done(kind: string, body: object): Promise<unknown> {
    return this.answered(this.ask(kind, body))
  }

  /** Alone: as a command does where no forwarder runs. */
  async alone(kind: string, body: object): Promise<unknown> {
    const id = this.ask(kind, body)
    const end = this.#pipeline().fulfil(id, new AbortController().signal)
    const answer = await this.answered(id)
    await this.clock.advance(10_000)
    await end
    return answer
  }

  #pipeline(): Pipeline {
    return new Pipeline({
      receivers: [this.#receiver()],
      destinations: this.fed.map((id) => this.#destination(id, id === 'a' ? this.exclude : [])),
      ledger: this.ledger,
      decode: {},
      clock: this.clock,
      random: () => 1,
      tell: (event) => this.told.push(event),
      deduplicationMs: 86_400_000,
      cacheBytes: 1 << 20,
      stopMs: 1_000,
      ...(this.speaks && { own: { instance: 'i', version: '1', operator: 'ann@ops', heartbeatMs: 300_000 } }),
    })
  }

  #receiver(): ReceiverSpec {
    const { bucket: store, expectOrganization } = this
    const times = { sweepIntervalMs: 60_000, lookbackMs: 3_600_000 }
    const mapping = mappingOptions('1.0.0', {})
    return { id: 'r', store, notifications: [], ...times, attributes: {}, mapping, expectOrganization }
  }

  #destination(id: 'a' | 'b', exclude: readonly string[]): DestinationSpec {
    const filter = exclude.length === 0 ? undefined : new EventFilter('filter/no', { exclude: [...exclude] })
    const process = (record: LogRecord) => (filter?.passes(record) === false ? undefined : record)
    const transform = (record: LogRecord) => record
    const startAt = { from: 'ago', ms: 3_600_000 } as const
    const routes = [{ receiver: 'r', startAt, processing: { process, transform } }]
    return { id, exporter: this.outlets[id], options: laneOptions, routes }
  }

  account(destination: 'a' | 'b'): ReturnType<Ledger['accounts']>[number] | undefined {
    return this.memory.accounts().find((account) => account.destination === destination)
  }

  /** Audit events sent to a destination, in order. */
  sent(destination: 'a' | 'b'): readonly string[] {
    return this.outlets[destination].ids.filter((id) => !id.startsWith('{'))
  }

  /** Acts of operators that a destination was told of: what, by whom and why. */
  acts(destination: 'a' | 'b'): readonly string[] {
    const own = this.outlets[destination].ids.filter((id) => id.startsWith('{')).map((text) => JSON.parse(text))
    const acts = own.filter(({ eventName }) => eventName === 'circleci_audit_forwarder.act')
    const named = (name: string, { attributes }: (typeof acts)[number]) =>
      attributes[`circleci_audit_forwarder.${name}`]
    return acts.map((act) => ['act', 'by', 'reason'].map((name) => named(name, act)).join(' '))
  }
}
