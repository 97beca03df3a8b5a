// A bucket in memory and one destination that takes everything, with the whole pipeline between them: real decoder, real
// ledger file, real lanes. Made to be run to its end, and then to be asked where everything went.
import { type Batch, type Encoded, type Exporter, type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import { systemClock } from '../../src/cli/clock.ts'
import { ReadFailure } from '../../src/domain/failures.ts'
import type { Sighting } from '../../src/domain/objects.ts'
import type { Account } from '../../src/ledger/accounts.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import type { QuarantineEntry } from '../../src/ledger/quarantine.ts'
import type { LedgerTotals } from '../../src/ledger/totals.ts'
import { mappingOptions } from '../../src/mapping/map.ts'
import { type Finish, Pipeline } from '../../src/pipeline.ts'
import type { DecodeOptions } from '../../src/receiver/decode/decode.ts'
import type { Page, Store } from '../../src/receiver/store.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'

export interface Body {
  readonly key: string
  readonly version: string
  readonly bytes: Uint8Array
  /** How the network cuts it. Default: in one piece. */
  readonly cuts?: readonly number[]
}

/** Objects by key, as a bucket shows them. */
export class MemoryStore implements Store {
  readonly uri: string = 's3://fuzz'
  readonly prefix = ''
  readonly #bodies = new Map<string, Body>()

  put(...bodies: readonly Body[]): void {
    for (const body of bodies) this.#bodies.set(body.key, body)
  }

  get keys(): readonly string[] {
    return [...this.#bodies.keys()]
  }

  remove(key: string): void {
    this.#bodies.delete(key)
  }

  get sightings(): readonly Sighting[] {
    return [...this.#bodies.values()].map(shown)
  }

  async *list(under: string): AsyncGenerator<Page> {
    const objects = this.sightings.filter(({ key }) => key.startsWith(under))
    yield { objects, date: Date.now() }
  }

  async stat(key: string): Promise<Sighting | undefined> {
    const body = this.#bodies.get(key)
    return body === undefined ? undefined : shown(body)
  }

  async read({ key, version }: Sighting): Promise<AsyncIterable<Uint8Array>> {
    const body = this.#bodies.get(key)
    if (body?.version === version) return cut(body)
    throw new ReadFailure('gone', `${key} ${version} is gone`, {
      absence: body === undefined ? 'vanished' : 'replaced',
    })
  }
}

function shown({ key, version, bytes }: Body): Sighting {
  return { key, version, size: bytes.length, modified: Date.now() - 60_000 }
}

async function* cut({ bytes, cuts = [bytes.length] }: Body): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = Math.max(1, cuts[turn % cuts.length] ?? 1)
    yield bytes.subarray(at, at + size)
    at += size
  }
}

/** Takes everything, and remembers each record's id and original text. */
export class Catcher implements Exporter {
  readonly limits = { records: 1_000, bytes: 8 << 20 }
  readonly ids: string[] = []
  readonly texts: string[] = []

  encode(record: LogRecord): Encoded {
    const id = record.attributes['log.record.uid']
    return { bytes: Buffer.from(JSON.stringify([id, record[ORIGINAL]])) }
  }

  async send({ members }: Batch): Promise<{ readonly status: 'delivered' }> {
    for (const { bytes } of members) {
      const [id, text] = JSON.parse(Buffer.from(bytes).toString()) as [string, string]
      this.ids.push(id)
      this.texts.push(text)
    }
    return { status: 'delivered' }
  }

  async check(): Promise<[]> {
    return []
  }

  async close(): Promise<void> {}
}

/** Where everything went. */
export interface Outcome {
  readonly finish: Finish
  readonly account: Account
  readonly totals: LedgerTotals
  readonly quarantine: readonly QuarantineEntry[]
  readonly catcher: Catcher
  readonly told: readonly TelemetryEvent[]
}

export interface Settings {
  readonly expectOrganization?: string
  readonly decode?: DecodeOptions
  /** Name of the destination. */
  readonly destination?: string
}

/** Sweeps the store, forwards what is new, and ends. */
export async function forward(store: Store, ledger: Ledger, settings: Settings = {}): Promise<Outcome> {
  const { destination = 'd', decode = {}, expectOrganization } = settings
  const catcher = new Catcher()
  const told: TelemetryEvent[] = []
  const mapping = mappingOptions('1.0.0', {})
  // So long that every sweep lists everything, whenever the objects are from.
  const times = { sweepIntervalMs: 60_000, lookbackMs: 10 * 365 * 86_400_000 }
  const processing = { process: <T>(record: T): T => record, transform: <T>(record: T): T => record }
  const route = { receiver: 'r', startAt: { from: 'beginning' } as const, processing }
  const batch = { records: 500, bytes: 4 << 20, lingerMs: 5 }
  const retry = { initialMs: 10, maxMs: 100 }
  const options = { batch, concurrency: { min: 1, max: 4 }, retry, bufferBytes: 16 << 20, attemptMs: 60_000 }
  const pipeline = new Pipeline({
    receivers: [{ id: 'r', store, notifications: [], ...times, attributes: {}, mapping, expectOrganization }],
    destinations: [{ id: destination, exporter: catcher, options, routes: [route], renamedFrom: 'none' }],
    ledger,
    decode,
    clock: systemClock,
    random: Math.random,
    tell: (event) => void told.push(event),
    deduplicationMs: 7 * 86_400_000,
    cacheBytes: 64 << 20,
    stopMs: 1_000,
  })
  const finish = await pipeline.runOnce(new AbortController().signal, 20_000)
  const account = ledger.accounts().find((each) => each.destination === destination)
  if (account === undefined) throw new Error(`there is no account of ${destination}`)
  const quarantine = ledger.quarantine({ limit: 1_000_000 })
  return { finish, account, totals: ledger.totals(), quarantine, catcher, told }
}
