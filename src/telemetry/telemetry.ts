// One event in, three places out: a line in the log, numbers in the metrics, the lanes' state on the status page.
import type { TelemetryEvent, Tell } from './events.ts'
import { LaneStates } from './lanes.ts'
import { createLog, type LogOptions } from './log.ts'
import { Metrics } from './metrics.ts'

export interface Telemetry {
  /** Never throws, never waits. */
  readonly tell: Tell
  readonly metrics: Metrics
  readonly lanes: LaneStates
}

export interface TelemetryOptions {
  readonly version: string
  readonly log: LogOptions
}

/** The program's own log and metrics. `metrics.watch` still has to be given the ledger's accounts. */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const lanes = new LaneStates(options.log.now)
  const metrics = new Metrics({ version: options.version, now: options.log.now, lanes })
  const log = createLog(options.log)
  const consumers: readonly ((event: TelemetryEvent) => void)[] = [
    (event) => lanes.tell(event),
    (event) => metrics.tell(event),
    log,
  ]
  const tell: Tell = (event) => {
    for (const consume of consumers) quietly(consume, event)
  }
  return { tell, metrics, lanes }
}

/** One consumer's failure is neither the teller's nor the other consumers'. */
function quietly(consume: (event: TelemetryEvent) => void, event: TelemetryEvent): void {
  try {
    consume(event)
  } catch {
    // Nowhere to say it: saying is what failed.
  }
}
