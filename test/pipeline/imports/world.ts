// A forwarder over a ledger file, a bucket in memory and destinations that can be told to fail, with files staged beside
// the ledger: whatever is imported goes all the way. It can be stopped and started again, as often as need be.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Batch, Encoded, Exporter, LogRecord, Outcome } from '@circleci-audit-forwarder/contract'
import { ORIGINAL } from '@circleci-audit-forwarder/contract'
import { type Answer, readAnswer } from '../../../src/domain/request.ts'
import { openComparison } from '../../../src/ledger/sqlite/comparison.ts'
import { openSqliteLedger, type SqliteLedger } from '../../../src/ledger/sqlite/ledger.ts'
import { mappingOptions } from '../../../src/mapping/map.ts'
import type { ImportReport } from '../../../src/pipeline/imports/report.ts'
import type { DestinationSpec, PipelineParts, ReceiverSpec } from '../../../src/pipeline/parts.ts'
import { type Finish, Pipeline } from '../../../src/pipeline.ts'
import { EventFilter } from '../../../src/processors/filter.ts'
import type { DecodeOptions } from '../../../src/receiver/decode/decode.ts'
import { Staging } from '../../../src/receiver/imports/staging.ts'
import type { Store } from '../../../src/receiver/store.ts'
import type { TelemetryEvent } from '../../../src/telemetry/events.ts'
import { MemoryStore } from '../../fuzz/world.ts'
import { swiftClock } from '../../tools/swift-clock.ts'

/** One record as it arrived. */
export interface Arrived {
  readonly id: string
  readonly text: string
  readonly attributes: Readonly<Record<string, unknown>>
}

/** Takes everything, until it is told not to. */
export class Catcher implements Exporter {
  readonly limits = { records: 200, bytes: 8 << 20 }
  readonly arrived: Arrived[] = []
  down = false
  /** Ids that it does not take. */
  readonly refused = new Set<string>()

  encode(record: LogRecord): Encoded {
    const { attributes } = record
    const arrived = { id: attributes['log.record.uid'], text: record[ORIGINAL], attributes }
    return { bytes: Buffer.from(JSON.stringify(arrived)) }
  }

  async send({ members }: Batch): Promise<Outcome> {
    if (this.down) return { status: 'retry', reason: '503 not now' }
    const ids = members.map(({ bytes }) => (JSON.parse(Buffer.from(bytes).toString()) as Arrived).id)
    const records = ids.flatMap((id, index) => (this.refused.has(id) ? [{ index, reason: 'no such field' }] : []))
    if (records.length > 0) return { status: 'rejected', records }
    for (const { bytes } of members) this.arrived.push(JSON.parse(Buffer.from(bytes).toString()) as Arrived)
    return { status: 'delivered' }
  }

  get ids(): readonly string[] {
    return this.arrived.map(({ id }) => id)
  }

  async check(): Promise<[]> {
    return []
  }

  async close(): Promise<void> {}
}

export interface WorldSettings {
  readonly destinations?: readonly string[]
  readonly decode?: DecodeOptions
  readonly expectOrganization?: string
  /** Files are looked for below `laid/`. */
  readonly laid?: boolean
  /** `r` has what lies below `r/`, and another receiver what lies below its name. */
  readonly beside?: string
  /** Actions that a filter withholds. */
  readonly exclude?: readonly string[]
  /** Most bytes of staged copies. */
  readonly stagedBytes?: number
  /** How long ids are remembered, in milliseconds. Default: a week. */
  readonly deduplicationMs?: number
}

const day = 86_400_000

export class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'import-world-'))
  readonly store = new MemoryStore()
  readonly staging: Staging
  readonly catchers: Record<string, Catcher> = {}
  readonly told: TelemetryEvent[] = []
  /** What the next start goes by. */
  settings: WorldSettings
  ledger: SqliteLedger = this.#openLedger()
  #running: { readonly abort: AbortController; readonly done: Promise<unknown> } | undefined

  constructor(settings: WorldSettings = {}) {
    this.settings = settings
    this.staging = new Staging({ folder: join(this.folder, 'staged'), maxBytes: settings.stagedBytes ?? 1 << 28 })
  }

  /** The only destination's catcher, or the one of this name. */
  catcher(id = 'd'): Catcher {
    const known = this.catchers[id] ?? new Catcher()
    this.catchers[id] = known
    return known
  }

  /** Starts the forwarder. `beginning` is where new destinations begin. */
  start(
    destinations: readonly string[] = this.settings.destinations ?? ['d'],
    startAt: 'beginning' | 'now' = 'beginning',
  ) {
    const abort = new AbortController()
    const pipeline = new Pipeline(this.#parts(destinations, startAt))
    this.#running = { abort, done: pipeline.run(abort.signal) }
  }

  /** A run that ends by itself. */
  once(): Promise<Finish> {
    const pipeline = new Pipeline(this.#parts(['d'], 'beginning'))
    return pipeline.runOnce(new AbortController().signal, 60_000)
  }

  /** Stops it, at once; what was on its way is in the ledger. */
  async stop(): Promise<void> {
    this.#running?.abort.abort()
    await this.#running?.done
    this.#running = undefined
    this.ledger.close()
    this.ledger = this.#openLedger()
  }

  /** Everything that was listed is delivered. */
  async rest(): Promise<void> {
    await this.until('everything is settled', () => {
      const accounts = this.ledger.accounts()
      return (
        accounts.length > 0 && accounts.every(({ outstanding, sweptTo }) => outstanding === 0 && sweptTo !== undefined)
      )
    })
  }

  /** As a notification would, but to no lane: the object is in the ledger, and nothing else happens. */
  announce(key: string): void {
    const seen = this.store.sightings.filter((one) => one.key === key)
    this.ledger.see('r', this.store.uri, seen, 'notified', Date.now())
  }

  /** Stages a file and asks for it. Returns the request's number. */
  async ask(file: string | Uint8Array, more: Readonly<Record<string, unknown>> = {}, kind = 'import'): Promise<number> {
    const { name } = await this.staging.stage(bytesOf(file))
    const body = { staged: name, name: 'audit.csv', receiver: 'r', acceptRepeats: false, ...more }
    return this.ledger.ask(kind, JSON.stringify(body), 'ann', Date.now())
  }

  async answer(id: number, timeoutMs?: number): Promise<Answer> {
    await this.until(`request ${id} is answered`, () => this.ledger.request(id)?.answer !== undefined, timeoutMs)
    return readAnswer(this.ledger.request(id)?.answer ?? '')
  }

  async import(file: string | Uint8Array, more: Readonly<Record<string, unknown>> = {}): Promise<ImportReport> {
    const answer = await this.answer(await this.ask(file, more))
    if (!('done' in answer)) throw new Error(answer.refused)
    return answer.done as ImportReport
  }

  async until(what: string, ask: () => boolean, timeoutMs = 20_000): Promise<void> {
    const end = Date.now() + timeoutMs
    while (!ask()) {
      if (Date.now() > end) throw new Error(`it takes too long until ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 3))
    }
  }

  /** What is left beside the ledger. */
  get staged(): readonly string[] {
    return readdirSync(this.staging.folder)
  }

  async remove(): Promise<void> {
    await this.stop()
    this.ledger.close()
    rmSync(this.folder, { recursive: true, force: true })
  }

  #openLedger(): SqliteLedger {
    return openSqliteLedger({ path: join(this.folder, 'ledger.db') })
  }

  #parts(destinations: readonly string[], startAt: 'beginning' | 'now'): PipelineParts {
    const { decode = {}, deduplicationMs = 7 * day } = this.settings
    return {
      receivers: this.#receivers(),
      destinations: destinations.map((id) => this.#destination(id, startAt)),
      ledger: this.ledger,
      decode,
      clock: swiftClock,
      random: Math.random,
      tell: (event) => void this.told.push(event),
      deduplicationMs,
      cacheBytes: 16 << 20,
      imports: { staging: this.staging, openComparison },
      stopMs: 1_000,
    }
  }

  #receivers(): readonly ReceiverSpec[] {
    const { beside } = this.settings
    const receiver = this.#receiver()
    if (beside === undefined) return [receiver]
    return ['r', beside].map((id) => ({ ...receiver, id, store: below(this.store, id) }))
  }

  #receiver(): ReceiverSpec {
    const { expectOrganization } = this.settings
    const times = { sweepIntervalMs: 60_000, lookbackMs: 2 * day }
    const mapping = mappingOptions('1.0.0', {})
    const imports = this.settings.laid ? { store: below(this.store, 'laid'), intervalMs: 1_000 } : undefined
    const bucket = { id: 'r', store: this.store, notifications: [], imports }
    return { ...bucket, ...times, attributes: {}, mapping, expectOrganization }
  }

  #destination(id: string, from: 'beginning' | 'now'): DestinationSpec {
    const { exclude = [] } = this.settings
    const filter = exclude.length === 0 ? undefined : new EventFilter('filter/no', { exclude: [...exclude] })
    const process = (record: LogRecord) => (filter?.passes(record) === false ? undefined : record)
    const processing = { process, transform: (record: LogRecord) => record }
    const batch = { records: 200, bytes: 4 << 20, lingerMs: 5 }
    const retry = { initialMs: 100, maxMs: 500 }
    const options = { batch, concurrency: { min: 1, max: 4 }, retry, bufferBytes: 16 << 20, attemptMs: 60_000 }
    const routes = this.#receivers().map(({ id: receiver }) => ({ receiver, startAt: { from }, processing }))
    return { id, exporter: this.catcher(id), options, routes, told: 'nothing', renamedFrom: 'none' }
  }
}

/** What of a store lies below a prefix. */
function below(store: MemoryStore, prefix: string): Store {
  return {
    uri: store.uri,
    prefix,
    list: (under) => store.list(`${prefix}/${under}`),
    stat: (key) => store.stat(key),
    read: (object) => store.read(object),
  }
}

async function* bytesOf(file: string | Uint8Array): AsyncGenerator<Uint8Array> {
  yield Buffer.from(file)
}
