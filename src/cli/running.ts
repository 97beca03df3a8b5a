// What runs while this process forwards: a pipeline over a ledger, and what is shown of it.
import { gapStatuses, LATELY } from '../admin/gaps.ts'
import { type HoursDocument, hoursOf, judged } from '../admin/hours.ts'
import { type StatusDocument, statusDocument } from '../admin/status.ts'
import type { Loaded } from '../config/load.ts'
import { gapState } from '../domain/gaps.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { levelsOf } from './levels.ts'
import { openPipeline, type Share } from './open.ts'
import type { RunOptions } from './options.ts'
import { notReadyText } from './serve.ts'
import { caughtUpText } from './summary.ts'
import { version } from './version.ts'

export interface Running {
  readonly pipeline: Pipeline
  readonly status: () => StatusDocument
  readonly hours: () => HoursDocument
  readonly notReady: () => string | undefined
  /** The token of the admin address as it is now, where it can change. */
  readonly adminToken: (() => string) | undefined
}

/** Opens everything over this ledger; `end` stops what is watched. */
export async function openRunning(
  loaded: Loaded,
  ledger: Ledger,
  telemetry: Telemetry,
  end: AbortSignal,
  share?: Share,
): Promise<Running> {
  const opened = await openPipeline(loaded, ledger, telemetry, end, share)
  const { pipeline, receivers, destinations, adminToken } = opened
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
  return { pipeline, status, hours, notReady: () => notReadyText(ledger), adminToken }
}

/** Runs until what the first sweep found is delivered. The exit code. */
export async function runOnce(running: Running, options: RunOptions, stop: AbortSignal): Promise<number> {
  const finish = await running.pipeline.runOnce(stop, options.timeoutMs)
  say(caughtUpText(running.status(), undefined, finish), options.json, running)
  const { unswept, unfinished, unanswered } = finish
  return unswept.length + unfinished.length + unanswered.length === 0 && !stop.aborted ? 0 : 1
}

/** Says how it stands, once it has caught up. */
export function say(text: string, json: boolean, { status }: Pick<Running, 'status'>): void {
  process.stderr.write(json ? `${JSON.stringify(status())}\n` : `${text}\n`)
}
