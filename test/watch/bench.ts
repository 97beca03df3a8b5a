// A watch over a ledger, with a clock and a stream that a test moves: minutes in which objects came, and sweeps.
import type { GapKind } from '../../src/domain/gaps.ts'
import type { Sighting } from '../../src/domain/objects.ts'
import { ownReceiver } from '../../src/domain/own-records.ts'
import { MINUTE_MS } from '../../src/domain/rhythm-curve.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import type { StreamSettings } from '../../src/watch/settings.ts'
import { Watch } from '../../src/watch/watch.ts'
import { MONDAY } from '../domain/streams.ts'
import { FakeClock } from '../tools/fake-clock.ts'

export const receiver = 'circleci_audit'
export const store = 's3://audit'
export const destination = 'splunk_hec/soc'

export const settings: StreamSettings = {
  receiver,
  store,
  isAnnounced: false,
  sweepIntervalMs: 120_000,
  floorMs: 45 * MINUTE_MS,
  ceilingMs: undefined,
  quiet: [],
  expect: [],
  retentionMs: undefined,
}

export interface BenchOptions {
  readonly ledger?: Ledger
  readonly settings?: Partial<StreamSettings>
  /** Minutes since 1970. */
  readonly now: number
  readonly startAt?: number
  readonly destinations?: readonly string[]
  readonly allowedLagMs?: number
}

export class WatchBench {
  readonly ledger: Ledger
  readonly clock: FakeClock
  readonly told: TelemetryEvent[] = []
  woken = 0
  watch: Watch
  readonly #options: BenchOptions

  constructor(options: BenchOptions) {
    this.#options = options
    this.ledger = options.ledger ?? new MemoryLedger()
    this.clock = new FakeClock(options.now * MINUTE_MS)
    const startAt = (options.startAt ?? options.now) * MINUTE_MS
    const names = options.destinations ?? [destination]
    const audit = names.map((name) => ({ destination: name, receiver, startAt }))
    this.ledger.enrol([...audit, ...names.map((name) => ({ destination: name, receiver: ownReceiver, startAt: 0 }))], 0)
    this.watch = this.restarted()
  }

  /** The process begins anew, over the same ledger. */
  restarted(): Watch {
    const { settings: more = {}, allowedLagMs = Number.MAX_SAFE_INTEGER } = this.#options
    const tell = (event: TelemetryEvent): void => {
      this.told.push(event)
      this.watch?.hear(event)
    }
    this.watch = new Watch({
      ledger: this.ledger,
      clock: this.clock,
      tell,
      wake: () => {
        this.woken += 1
      },
      settings: { streams: [{ ...settings, ...more }], allowedLagMs },
    })
    return this.watch
  }

  /** Objects of these minutes are seen, as they are when they are new. */
  see(...minutes: readonly number[]): void {
    this.ledger.see(receiver, store, minutes.map(objectOf), 'swept', this.clock.now())
  }

  /** The clock goes to a minute, everything up to it is listed, and the watch looks. */
  lookAt(minute: number): void {
    this.clock.jump(minute * MINUTE_MS - this.clock.now())
    this.ledger.swept(receiver, this.clock.now())
    this.watch.look()
  }

  /** Goes through the minutes with the objects of a stream, looking every so often. */
  live(stream: readonly number[], from: number, to: number, every = 20): void {
    for (let at = from + every; at <= to; at += every) {
      this.see(...stream.filter((minute) => minute >= at - every - 6 && minute < at - 5))
      this.lookAt(at)
    }
  }

  gaps() {
    return this.ledger.watch.gaps({ closed: 99 })
  }

  of<Type extends TelemetryEvent['type']>(type: Type): Extract<TelemetryEvent, { type: Type }>[] {
    return this.told.filter((event) => event.type === type) as Extract<TelemetryEvent, { type: Type }>[]
  }

  /** Own records that wait for a destination, by kind and gap. */
  records(name = destination) {
    const waiting = (kind: 'gap.opened' | 'gap.closed') =>
      this.ledger.waiting(name, { kind, before: Number.MAX_SAFE_INTEGER, limit: 99 }).map(({ record }) => record)
    return [...waiting('gap.opened'), ...waiting('gap.closed')]
  }
}

export function objectOf(minute: number): Sighting {
  const at = new Date(minute * MINUTE_MS)
  const stamp = at.toISOString().slice(0, 19)
  const two = (number: number) => String(number).padStart(2, '0')
  const day = `year=${at.getUTCFullYear()}/month=${two(at.getUTCMonth() + 1)}/day=${two(at.getUTCDate())}`
  const key = `${day}/hour=${two(at.getUTCHours())}/${stamp}_${'0'.repeat(40)}`
  return { key, version: 'v', size: 100, modified: minute * MINUTE_MS }
}

/** Ten o'clock on a Monday, in minutes since 1970. */
export const now = MONDAY + 600
export const HOUR = 60

/** A bench that has looked once, and allows a lag of an hour. */
export function bench(more: Partial<BenchOptions> = {}): WatchBench {
  const made = new WatchBench({ now, startAt: MONDAY, allowedLagMs: HOUR * MINUTE_MS, ...more })
  made.lookAt(now)
  return made
}

/** Time passes, with a look every minute. */
export function pass(one: WatchBench, minutes: number, each: (minute: number) => void = () => {}): void {
  const begin = one.clock.now() / MINUTE_MS
  for (let minute = begin + 1; minute <= begin + minutes; minute += 1) {
    each(minute)
    one.clock.jump(minute * MINUTE_MS - one.clock.now())
    one.watch.look()
  }
}

/** Kinds of the gaps that are not over. */
export function open(one: WatchBench): readonly GapKind[] {
  return one.gaps().flatMap(({ kind, closed }) => (closed === undefined ? [kind] : []))
}
