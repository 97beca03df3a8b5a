// The program's own numbers, in Prometheus' text format. Counters and histograms move with the events everything else
// tells; gauges are asked of the ledger and the lanes when somebody scrapes, so that a number on a dashboard is the
// number `status` shows. A custom registry was rejected: OpenTelemetry's SDK keeps a push exporter possible later.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BatchObservableResult, Counter, Histogram, Meter, Observable } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { AggregationTemporality, InstrumentType, MeterProvider } from '@opentelemetry/sdk-metrics'
import { count, type Labels, type Tallies } from './counting.ts'
import type { TelemetryEvent } from './events.ts'
import {
  type CounterName,
  counters,
  gauges,
  type HistogramName,
  histograms,
  ledgerCounters,
  prefix,
  type StandingName,
} from './instruments.ts'
import { LaneStates } from './lanes.ts'
import { type Levels, observeHeld, observeLevels } from './levels.ts'
import {
  type Depth,
  type Expiring,
  type Observe,
  type OpenGap,
  observeDepth,
  observeExpiries,
  observeGaps,
  observeLane,
  observeLedger,
  observeProcess,
  observeStandings,
  type Standing,
} from './observing.ts'

export interface MetricsOptions {
  readonly version: string
  readonly now: () => number
  /** What is on its way; told by someone else. Without it the metrics keep their own. */
  readonly lanes?: LaneStates
}

export class Metrics {
  readonly #exporter: PrometheusExporter
  readonly #provider: MeterProvider
  readonly #tallies: Recorder
  readonly #lanes: LaneStates
  readonly #ownLanes: boolean
  readonly #options: MetricsOptions
  #standings: () => readonly Standing[] = () => []
  #levels: Levels | undefined
  #expiries: () => readonly Expiring[] = () => []
  #gaps: (() => readonly OpenGap[]) | undefined

  constructor(options: MetricsOptions) {
    this.#options = options
    this.#lanes = options.lanes ?? new LaneStates(options.now)
    this.#ownLanes = options.lanes === undefined
    // Scope and target labels would put the same three constants on every series.
    this.#exporter = new Exporter({
      preventServerStart: true,
      withoutScopeInfo: true,
      withoutTargetInfo: true,
    })
    this.#provider = new MeterProvider({ readers: [this.#exporter] })
    const meter = this.#provider.getMeter('circleci-audit-forwarder')
    this.#tallies = new Recorder(meter)
    this.#observe(meter)
  }

  /** From now on each scrape asks this for the routes' state: the ledger's `accounts()`. Until then there are none. */
  watch(standings: () => readonly Standing[]): void {
    this.#standings = standings
  }

  /** From now on each scrape asks how full everything is that is bounded. */
  watchLevels(levels: Levels): void {
    this.#levels = levels
  }

  /** From now on each scrape asks this when credentials end. Until then there are none. */
  watchExpiries(expiries: () => readonly Expiring[]): void {
    this.#expiries = expiries
  }

  /** From now on each scrape asks this for the gaps that are open. */
  watchGaps(gaps: () => readonly OpenGap[]): void {
    this.#gaps = gaps
  }

  /** Nothing of what was to be asked is there any more. */
  unwatch(): void {
    this.#standings = () => []
    this.#levels = undefined
    this.#expiries = () => []
    this.#gaps = undefined
    this.#lanes.forget()
    this.#tallies.forget()
  }

  tell(event: TelemetryEvent): void {
    if (this.#ownLanes) this.#lanes.tell(event)
    count(event, this.#tallies)
  }

  /** Answers one scrape. The caller has routed it. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#exporter.getMetricsRequestHandler(request, response)
  }

  async close(): Promise<void> {
    await this.#provider.shutdown()
  }

  #observe(meter: Meter): void {
    const instruments = observables(meter)
    meter.addBatchObservableCallback(
      (result) => {
        const observe = observer(instruments, this.#tallies.highest, result)
        observe('build_info', 1, { version: this.#options.version, node: process.version })
        observeProcess(observe)
        for (const [receiver, skew] of this.#tallies.skews) observe('clock_skew_seconds', skew, { receiver })
        for (const [name, value] of this.#tallies.standing) observe(name, value)
        for (const [receiver, depth] of this.#tallies.depths) observeDepth(receiver, depth, observe)
        for (const [receiver, halted] of this.#tallies.halts) observe('receiver_stopped', halted ? 1 : 0, { receiver })
        for (const [destination, lane] of this.#lanes.all()) observeLane(destination, lane, observe)
        if (this.#levels !== undefined) observeLevels(this.#levels, observe)
        observeExpiries(this.#expiries(), observe)
        observeLedger(() => this.#askLedger(observe), observe)
      },
      [...instruments.values()],
    )
  }

  #askLedger(observe: Observe): void {
    observeStandings(this.#standings(), this.#lanes.all(), this.#options.now(), observe)
    if (this.#levels !== undefined) observeHeld(this.#levels, observe)
    if (this.#gaps !== undefined) observeGaps(this.#gaps(), observe)
  }
}

/** A gauge that nothing is observed of is not shown: what it was is not what is. The SDK would show its last value for ever. */
class Exporter extends PrometheusExporter {
  override selectAggregationTemporality(type: InstrumentType): AggregationTemporality {
    if (type === InstrumentType.OBSERVABLE_GAUGE) return AggregationTemporality.DELTA
    return super.selectAggregationTemporality(type)
  }
}

/** The SDK's synchronous instruments, by name. */
class Recorder implements Tallies {
  readonly skews = new Map<string, number>()
  readonly depths = new Map<string, Depth>()
  readonly halts = new Map<string, boolean>()
  readonly standing = new Map<StandingName, number>()
  /** The highest value of each ledger counter, because what a power cut took from the ledger is no reset. */
  readonly highest = new Map<string, number>()
  readonly #counters: ReadonlyMap<string, Counter>
  readonly #histograms: ReadonlyMap<string, Histogram>

  constructor(meter: Meter) {
    this.#counters = new Map(
      Object.entries(counters).map(([name, description]) => [
        name,
        meter.createCounter(prefix + name, { description }),
      ]),
    )
    this.#histograms = new Map(
      Object.entries(histograms).map(([name, { help, boundaries }]) => [
        name,
        meter.createHistogram(prefix + name, {
          description: help,
          advice: { explicitBucketBoundaries: [...boundaries] },
        }),
      ]),
    )
  }

  add(name: CounterName, value: number, labels: Labels = {}): void {
    this.#counters.get(name)?.add(value, labels)
  }

  record(name: HistogramName, value: number, labels: Labels = {}): void {
    this.#histograms.get(name)?.record(value, labels)
  }

  /** What receivers were like. What was counted stays counted. */
  forget(): void {
    this.skews.clear()
    this.halts.clear()
    this.depths.clear()
  }

  skew(receiver: string, seconds: number): void {
    this.skews.set(receiver, seconds)
  }

  depth(receiver: string, waiting: number | undefined, inFlight: number | undefined): void {
    this.depths.set(receiver, { waiting, inFlight })
  }

  halt(receiver: string, halted: boolean): void {
    this.halts.set(receiver, halted)
  }

  set(name: StandingName, value: number): void {
    this.standing.set(name, value)
  }
}

function observables(meter: Meter): ReadonlyMap<string, Observable> {
  const all = new Map<string, Observable>()
  for (const [name, description] of Object.entries(gauges)) {
    all.set(name, meter.createObservableGauge(prefix + name, { description }))
  }
  for (const [name, description] of Object.entries(ledgerCounters)) {
    all.set(name, meter.createObservableCounter(prefix + name, { description }))
  }
  all.set(
    'process_resident_memory_bytes',
    meter.createObservableGauge('process_resident_memory_bytes', {
      description: 'Resident memory size in bytes.',
    }),
  )
  all.set(
    'process_start_time_seconds',
    meter.createObservableGauge('process_start_time_seconds', {
      description: 'Start time of the process since unix epoch in seconds.',
    }),
  )
  all.set(
    'process_cpu_seconds_total',
    meter.createObservableCounter('process_cpu_seconds_total', {
      description: 'Total user and system CPU time spent in seconds.',
    }),
  )
  return all
}

function observer(
  instruments: ReadonlyMap<string, Observable>,
  highest: Map<string, number>,
  result: BatchObservableResult,
): Observe {
  return (name, value, labels = {}) => {
    const instrument = instruments.get(name)
    const shown = name in ledgerCounters ? raised(highest, name, value, labels) : value
    if (instrument !== undefined) result.observe(instrument, shown, labels)
  }
}

function raised(highest: Map<string, number>, name: string, value: number, labels: Labels): number {
  const key = JSON.stringify([name, labels])
  const high = Math.max(value, highest.get(key) ?? 0)
  highest.set(key, high)
  return high
}
