// A year of objects through the real sweep and the real ledger, and what that costs. Delivery is played in short: every
// object is decided and settled as lanes would, day by day, and sealing follows as it does in the forwarder.
import { createHash, randomUUID } from 'node:crypto'
import { type StatementResultingChanges, StatementSync } from 'node:sqlite'
import type { Row } from '../../src/ledger/progress.ts'
import type { SealCursor } from '../../src/ledger/seals.ts'
import { openSqliteLedger, type SqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { Discoveries } from '../../src/pipeline/discovery.ts'
import { Receiver } from '../../src/receiver/receiver.ts'
import type { Sightings } from '../../src/receiver/sightings.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { pruned } from '../ledger/pruned.ts'
import { FakeClock } from '../tools/fake-clock.ts'
import { YearBucket } from './bucket.ts'
import { Effort } from './effort.ts'
import { type Weights, weigh } from './weights.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const LOOKBACK = 2 * DAY
/** As the forwarder does: see src/pipeline/sealing.ts. */
const SEALED_AT_ONCE = 250
const DEDUPLICATION = 7 * DAY
/** Bytes of an event. */
const EVENT = 350
const destinations = ['splunk', 'clickhouse'] as const
const receiver = 'circleci_audit'

/** What a step took. */
export interface Cost {
  readonly ms: number
  /** Rows of the ledger that were written. */
  readonly rows: number
  readonly lists: number
  readonly listed: number
  readonly fresh: number
  readonly complete: boolean
}

export class Year {
  readonly clock: FakeClock
  readonly bucket: YearBucket
  ledger: SqliteLedger
  readonly told: TelemetryEvent[] = []
  readonly seeing = new Effort()
  readonly sealing = new Effort()
  readonly #path: string

  constructor(path: string, { days, perHour }: { readonly days: number; readonly perHour: number }) {
    this.#path = path
    this.clock = new FakeClock('2026-03-15T12:30:00Z')
    const last = Math.floor(this.clock.now() / HOUR) * HOUR
    this.bucket = new YearBucket({ last, days, perHour, now: () => this.clock.now() })
    this.ledger = openSqliteLedger({ path })
    const startAt = last - days * DAY
    this.ledger.enrol(
      destinations.map((destination) => ({ destination, receiver, startAt })),
      this.clock.now(),
    )
  }

  /** One sweep, from where the ledger says or, if it is to go deep, of everything there is. */
  async sweep(deep = false): Promise<Cost> {
    const { ledger, clock, bucket } = this
    const tell = (event: TelemetryEvent): void => void this.told.push(event)
    const parts = { receiver, store: bucket.uri, ledger, clock, tell, fresh: () => undefined }
    const known = new Discoveries(parts)
    let fresh = 0
    const sink: Sightings = {
      see: (sightings, how) => {
        const seen = this.seeing.of(() => known.see(sightings, how))
        fresh += seen.fresh
        return seen
      },
      quarantine: (body, reason) => known.quarantine(body, reason),
      sweptTo: () => (deep ? 0 : known.sweptTo()),
      swept: (startedAt) => known.swept(startedAt),
      storeTime: (date, now) => known.storeTime(date, now),
    }
    const options = { sweepIntervalMs: 120_000, lookbackMs: LOOKBACK, startAt: ledger.routes()[0]?.startAt ?? 0 }
    const random = () => 0.5
    const one = new Receiver({ id: receiver, store: bucket, notifications: [], options, clock, random, tell, sink })
    const [lists, listed] = [bucket.lists, bucket.listed]
    const { ms, rows, result } = await costOf(() => one.sweepOnce(new AbortController().signal))
    return { ms, rows, fresh, complete: result, lists: bucket.lists - lists, listed: bucket.listed - listed }
  }

  /** Everything that is due is read and settled, oldest first, and sealed as it gets old. */
  deliver(eventsIn: (row: Row) => number): number {
    let delivered = 0
    const query = { now: this.clock.now(), limit: 1_000, newest: false, except: new Set<number>(), maxDelay: HOUR }
    const [first, ...others] = destinations
    for (let rows = this.ledger.due(first, query); rows.length > 0; rows = this.ledger.due(first, query)) {
      const lengths = new Map<number, number>()
      // One commit for all of them, where lanes make one for each: what it costs to deliver is not the question here.
      this.ledger.together(() => {
        for (const row of rows) lengths.set(row.object.ref, this.#read(row, eventsIn(row)))
      })
      for (const destination of [first, ...others]) this.#settle(destination, lengths)
      delivered += rows.length
      pruned(this.ledger, DEDUPLICATION)
      this.seal()
    }
    return delivered
  }

  #read({ object }: Row, events: number): number {
    const claimants = Array.from({ length: events }, (_, index) => {
      return { from: index * EVENT, to: (index + 1) * EVENT, id: randomUUID(), at: object.time - 1_000 * index }
    })
    const to = events * EVENT
    this.ledger.decide({ object: object.ref, from: 0, to, claimants, bad: [], end: true }, this.clock.now())
    return to
  }

  /** All but the first destination have a filter, which withholds the first event of every object. */
  #settle(destination: string, lengths: ReadonlyMap<number, number>): void {
    const filtered = destination === destinations[0] ? 0 : 1
    const settlements = [...lengths].map(([object, length]) => {
      const tally = { delivered: length / EVENT - filtered, filtered, duplicates: 0, quarantined: 0 }
      const withheld = filtered === 1 ? [[0, EVENT] as const] : []
      return { object, ranges: [[0, length] as const], tally, withheld }
    })
    this.ledger.settle(destination, settlements)
  }

  seal(): number {
    const before = Math.floor((this.clock.now() - LOOKBACK) / DAY) * DAY
    let sealed = 0
    let after: SealCursor | undefined
    // What is old and open is looked at by the next walk; here it need not be, call after call.
    do {
      const from = after
      const step = this.sealing.of(() => this.ledger.seal({ before, after: from, limit: SEALED_AT_ONCE }))
      sealed += step.sealed
      after = step.sealed === 0 ? undefined : step.next
    } while (after !== undefined)
    return sealed
  }

  /** Objects that are rows still. */
  get open(): number {
    const first = 1 + this.ledger.totals().objects
    let open = 0
    for (let ref = 1; ref < first; ref += 1) if (this.ledger.object(ref) !== undefined) open += 1
    return open
  }

  /** What the ledger's file weighs. Closes it for that, so that its log is in it. */
  weigh(): Weights {
    this.ledger.close()
    const weights = weigh(this.#path)
    this.ledger = openSqliteLedger({ path: this.#path })
    return weights
  }
}

/** One to three events, by the object's key. */
export function eventsIn({ object }: Row): number {
  return 1 + ((createHash('sha1').update(object.key).digest()[0] ?? 0) % 3)
}

async function costOf<T>(act: () => Promise<T>): Promise<{ ms: number; rows: number; result: T }> {
  const begun = performance.now()
  const prototype = StatementSync.prototype as { run: (...values: unknown[]) => StatementResultingChanges }
  const { run } = prototype
  let rows = 0
  prototype.run = function (...values) {
    const done = run.apply(this, values)
    rows += Number(done.changes)
    return done
  }
  try {
    const result = await act()
    return { ms: performance.now() - begun, rows, result }
  } finally {
    prototype.run = run
  }
}
