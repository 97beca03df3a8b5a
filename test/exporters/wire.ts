// A real lane (ledger in memory, a clock that stands still between steps) with a real exporter that speaks real HTTP.
// Time moves only while no request is on its way, so that a deadline of the lane never passes because a socket was slow.
// What the exporter answers and what the lane tells is searched for credentials.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Encoded, type Exporter, type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import { auditRecord, canariesIn, overheard } from '@circleci-audit-forwarder/contract/testing'
import type { Piece, PieceChunk, Reader } from '../../src/delivery/reader.ts'
import { Readings } from '../../src/delivery/readings.ts'
import type { AuditObject } from '../../src/domain/objects.ts'
import { Bench, ids, laneOptions } from '../delivery/harness.ts'

const EVENT_BYTES = 10

/** The whole batch, then both halves each time what holds the bad record is halved. */
export const mostRequests = (records: number): number => 2 * Math.ceil(Math.log2(records)) + 1

/** `r0`, `r1`, … as audit records; `changed` replaces one. */
export function recordsWith(count: number, changed?: LogRecord): readonly LogRecord[] {
  const records = ids('r', count).map((id) => auditRecord({ id }))
  if (changed === undefined) return records
  const uid = changed.attributes['log.record.uid']
  return records.map((record) => (record.attributes['log.record.uid'] === uid ? changed : record))
}

class Records implements Reader {
  readonly objects = new Map<string, readonly LogRecord[]>()

  async *read({ key }: AuditObject): AsyncGenerator<PieceChunk> {
    const records = this.objects.get(key) ?? []
    yield { from: 0, to: records.length * EVENT_BYTES, pieces: records.map(piece), end: true }
  }
}

function piece(record: LogRecord, n: number): Piece {
  const from = n * EVENT_BYTES
  const id = String(record.attributes['log.record.uid'])
  const place = { from, to: from + EVENT_BYTES, offset: from, line: n + 1, sha256: '0'.repeat(64) }
  return { ...place, id, at: record.hrTime[0] * 1000, record: { ...record, [ORIGINAL]: `{"id":"${id}"}` } }
}

export class Wire {
  readonly bench: Bench = new Bench()
  readonly #records = new Records()
  readonly #destination = 'd'
  #onTheWay = 0
  #heard = 0
  #wake: () => void = () => undefined

  /** Starts the lane. One batch takes all that is put at once. */
  start(exporter: Exporter): void {
    this.bench.enrol(this.#destination)
    const { ledger, clock, told } = this.bench
    const parts = { reader: this.#records, ledger, clock, lanes: 1, capacityBytes: 1 << 24 }
    const readings = new Readings({ ...parts, tell: (event) => told.push(event) })
    const batch = { records: 1000, bytes: 1 << 23, lingerMs: 100 }
    const options = { ...laneOptions, batch, bufferBytes: 1 << 26 }
    const lane = this.bench.lane(this.#destination, this.#watched(overheard(exporter)), { readings, options })
    this.#wake = () => lane.wake()
  }

  /** An object of these records appears in the bucket. */
  put(key: string, records: readonly LogRecord[]): void {
    this.#records.objects.set(key, records)
    this.bench.put(
      key,
      records.map(({ attributes }) => String(attributes['log.record.uid'])),
    )
    this.#wake()
  }

  /** Moves time on by `ms`, in steps between which every answer is awaited. */
  async pass(ms: number, step = 100): Promise<void> {
    for (let passed = 0; passed < ms; passed += step) {
      await this.bench.clock.advance(step)
      while (this.#onTheWay > 0) await sleep(1)
    }
    this.#listen()
  }

  /** Throws if an event that was told since the last time holds a credential. */
  #listen(): void {
    const { told } = this.bench
    const found = canariesIn(JSON.stringify(told.slice(this.#heard)))
    this.#heard = told.length
    if (found.length > 0) throw new Error(`an event that was told holds a credential: ${found.join('\n')}`)
  }

  /** Until all but provisional verdicts is settled; gives up after `ms`. */
  async untilSettled(ms = 60_000, step = 100): Promise<void> {
    for (let passed = 0; passed < ms && !this.#isSettled(); passed += step) await this.pass(step, step)
    await this.pass(200)
  }

  get account(): ReturnType<Bench['account']> {
    return this.bench.account(this.#destination)
  }

  get quarantined(): readonly string[] {
    return this.bench.memory.quarantine({ limit: 10_000 }).map(({ reason }) => reason)
  }

  #isSettled(): boolean {
    const { delivered, quarantined, provisional } = this.account
    const put = [...this.#records.objects.values()].reduce((sum, { length }) => sum + length, 0)
    return delivered + quarantined + provisional >= put
  }

  #watched(exporter: Exporter): Exporter {
    const watch = async <T>(work: Promise<T>): Promise<T> => {
      this.#onTheWay++
      return work.finally(() => this.#onTheWay--)
    }
    const { confirm, stored, deduplicationMs } = exporter
    return {
      limits: exporter.limits,
      encode: (record): Encoded => exporter.encode(record),
      send: (batch, signal) => watch(exporter.send(batch, signal)),
      check: (signal) => exporter.check(signal),
      close: () => exporter.close(),
      ...(deduplicationMs !== undefined && { deduplicationMs }),
      ...(confirm && { confirm: (receipts, signal) => watch(confirm.call(exporter, receipts, signal)) }),
      ...(stored && { stored: (batch, signal) => watch(stored.call(exporter, batch, signal)) }),
    }
  }
}

/** How often each id is there beyond once. */
export function repeatsIn(stored: readonly unknown[]): number {
  return stored.length - new Set(stored).size
}
