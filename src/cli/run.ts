// `run`: opens everything, runs the pipeline until told to stop, closes everything. The order of closing is the reverse
// of opening, and the ledger goes last: whatever lands during the stop is still written.
import { gapStatuses, LATELY } from '../admin/gaps.ts'
import { type HoursDocument, hoursOf, judged } from '../admin/hours.ts'
import { type StatusDocument, statusDocument } from '../admin/status.ts'
import type { Loaded } from '../config/load.ts'
import { problemsText } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import { gapState } from '../domain/gaps.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { openLedger } from './ledger.ts'
import { levelsOf } from './levels.ts'
import { load } from './load.ts'
import { openPipeline, openTelemetry } from './open.ts'
import type { RunOptions } from './options.ts'
import { serve } from './serve.ts'
import { processSignals, StopSignals } from './stop.ts'
import { caughtUpText } from './summary.ts'
import { version } from './version.ts'

interface Running {
  readonly config: Config
  readonly ledger: Ledger
  readonly telemetry: Telemetry
  readonly pipeline: Pipeline
  readonly status: () => StatusDocument
  readonly hours: () => HoursDocument
  readonly adminToken: (() => string) | undefined
}

export async function run(options: RunOptions): Promise<number> {
  const loaded = await load(options)
  const telemetry = openTelemetry(loaded)
  if (loaded.warnings.length > 0) process.stderr.write(`${problemsText(loaded.file, loaded.warnings)}\n`)
  const ledger = await openLedger(loaded.config)
  const stop = stopSignal(telemetry)
  const end = new AbortController()
  // What is refused before anything runs leaves nothing in doubt.
  let clean = true
  try {
    const running = await open(loaded, ledger, telemetry, end.signal)
    clean = false
    const code = options.once ? await once(running, options, stop) : await forEver(running, options, stop)
    clean = true
    return code
  } finally {
    end.abort()
    ledger.close()
    telemetry.tell({ type: 'stopped', clean })
  }
}

async function open(loaded: Loaded, ledger: Ledger, telemetry: Telemetry, end: AbortSignal): Promise<Running> {
  const { pipeline, receivers, destinations, adminToken } = await openPipeline(loaded, ledger, telemetry, end)
  const startedAt = Date.now()
  const view = pipeline.watch?.view
  const status = (): StatusDocument =>
    statusDocument({
      accounts: ledger.accounts(),
      retired: ledger.retired(),
      belongings: ledger.belongings.all(),
      totals: ledger.totals(),
      gaps: gapStatuses(ledger.watch.gaps({ closed: LATELY })),
      ...(view && { floors: (receiver: string) => view.floors(receiver) }),
      receivers: receivers.map(({ id }) => id),
      now: Date.now(),
      running: { version: version(), startedAt, lane: (destination) => telemetry.lanes.of(destination) },
    })
  const hours = (): HoursDocument => hoursOf(ledger, Date.now(), view && judged(view))
  telemetry.metrics.watch(() => ledger.accounts())
  telemetry.metrics.watchGaps(() => ledger.watch.gaps({ closed: 0 }).filter((gap) => gapState(gap) === 'open'))
  telemetry.metrics.watchLevels(levelsOf(loaded.config, ledger, pipeline, destinations))
  const ids = { destinations: destinations.map(({ id }) => id), receivers: receivers.map(({ id }) => id) }
  telemetry.tell({ type: 'started', version: version(), ...ids })
  return { config: loaded.config, ledger, telemetry, pipeline, status, hours, adminToken }
}

async function forEver(running: Running, options: RunOptions, stop: AbortSignal): Promise<number> {
  const served = await serve(running.config, running.telemetry, running)
  try {
    await running.pipeline.run(stop, () => say(caughtUpText(running.status(), served.addresses), options.json, running))
  } finally {
    await served.close()
  }
  return 0
}

async function once(running: Running, options: RunOptions, stop: AbortSignal): Promise<number> {
  const finish = await running.pipeline.runOnce(stop, options.timeoutMs)
  say(caughtUpText(running.status(), undefined, finish), options.json, running)
  const { unswept, unfinished, unanswered } = finish
  return unswept.length + unfinished.length + unanswered.length === 0 && !stop.aborted ? 0 : 1
}

function say(text: string, json: boolean, { status }: Running): void {
  process.stderr.write(json ? `${JSON.stringify(status())}\n` : `${text}\n`)
}

function stopSignal({ tell }: Telemetry): AbortSignal {
  const signals = new StopSignals({
    source: processSignals,
    now: () => performance.now(),
    stopping: (reason) => tell({ type: 'stopping', reason }),
    endNow: () => process.exit(1),
  })
  return signals.aborted
}
