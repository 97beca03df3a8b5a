// `run`: opens everything, runs the pipeline until told to stop, closes everything. The order of closing is the reverse
// of opening, and the ledger goes last: whatever lands during the stop is still written. With `service.checkpoint` it is
// one of several replicas, and does so whenever it owns the sending (replicated.ts).
import type { Loaded } from '../config/load.ts'
import { problemsText } from '../config/problem.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { openLedger } from './ledger.ts'
import { load } from './load.ts'
import { openTelemetry } from './open.ts'
import type { RunOptions } from './options.ts'
import { openRunning, type Running, runOnce, say } from './running.ts'
import { serve } from './serve.ts'
import { processSignals, StopSignals } from './stop.ts'
import { caughtUpText } from './summary.ts'

export async function run(options: RunOptions): Promise<number> {
  const loaded = await load(options)
  const telemetry = openTelemetry(loaded)
  if (loaded.warnings.length > 0) process.stderr.write(`${problemsText(loaded.file, loaded.warnings)}\n`)
  if (loaded.config.service.checkpoint !== undefined) {
    const { replicated } = await import('./replicated.ts')
    return replicated(loaded, telemetry, options, stopSignal(telemetry))
  }
  return alone(loaded, telemetry, options)
}

async function alone(loaded: Loaded, telemetry: Telemetry, options: RunOptions): Promise<number> {
  const ledger = await openLedger(loaded.config)
  const stop = stopSignal(telemetry)
  const end = new AbortController()
  // What is refused before anything runs leaves nothing in doubt.
  let clean = true
  try {
    const running = await openRunning(loaded, ledger, telemetry, end.signal)
    clean = false
    const code = options.once
      ? await runOnce(running, options, stop)
      : await forEver(running, loaded, telemetry, options, stop)
    clean = true
    return code
  } finally {
    end.abort()
    ledger.close()
    telemetry.tell({ type: 'stopped', clean })
  }
}

async function forEver(
  running: Running,
  { config }: Loaded,
  telemetry: Telemetry,
  options: RunOptions,
  stop: AbortSignal,
): Promise<number> {
  const served = await serve(config, telemetry, running)
  try {
    await running.pipeline.run(stop, () => say(caughtUpText(running.status(), served.addresses), options.json, running))
  } finally {
    await served.close()
  }
  return 0
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
