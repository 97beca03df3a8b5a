// What the lanes are doing this moment, put together from what they say. The ledger knows what is done and what is due;
// this knows what is on its way, and dies with the process. Metrics and the status page read the same state.
import type { TelemetryEvent } from './events.ts'

/** One destination's lane. */
export interface LaneState {
  readonly inFlight: number
  /** Requests at once: the limit now, and the highest it may become. */
  readonly concurrency: number | undefined
  readonly concurrencyMax: number | undefined
  readonly bufferedBytes: number
  readonly bufferCapacity: number | undefined
  /** The last thing that went wrong, also after it was mended. */
  readonly lastError: { readonly reason: string; readonly at: number } | undefined
  readonly lastDeliveryAt: number | undefined
  /** When it last stored something that the forwarder says of itself. */
  readonly lastOwnDeliveryAt: number | undefined
  /** Why it lets nothing through, as it said itself since the process began. */
  readonly stopped: 'credentials' | 'configuration' | undefined
  /** Records delivered otherwise than they are, since the process began. */
  readonly changed: { readonly late: number; readonly early: number; readonly trimmed: number }
  /** What the destination last said beside a yes. */
  readonly lastNotice: { readonly notice: string; readonly at: number } | undefined
}

const quiet: LaneState = {
  inFlight: 0,
  concurrency: undefined,
  concurrencyMax: undefined,
  bufferedBytes: 0,
  bufferCapacity: undefined,
  lastError: undefined,
  lastDeliveryAt: undefined,
  lastOwnDeliveryAt: undefined,
  stopped: undefined,
  changed: { late: 0, early: 0, trimmed: 0 },
  lastNotice: undefined,
}

export class LaneStates {
  readonly #now: () => number
  readonly #lanes = new Map<string, LaneState>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** The state of a destination's lane; undefined before it said anything. */
  of(destination: string): LaneState | undefined {
    return this.#lanes.get(destination)
  }

  all(): ReadonlyMap<string, LaneState> {
    return this.#lanes
  }

  /** There are no lanes any more. */
  forget(): void {
    this.#lanes.clear()
  }

  tell(event: TelemetryEvent): void {
    if (event.type === 'started') for (const destination of event.destinations) this.#change(destination, {})
    if (!('destination' in event)) return
    const { destination } = event
    this.#change(destination, changes(event, this.#lanes.get(destination) ?? quiet, this.#now()))
  }

  #change(destination: string, change: Partial<LaneState>): void {
    this.#lanes.set(destination, { ...(this.#lanes.get(destination) ?? quiet), ...change })
  }
}

function changes(event: TelemetryEvent, { changed }: LaneState, now: number): Partial<LaneState> {
  switch (event.type) {
    case 'in_flight_changed':
      return {
        inFlight: event.requests,
        concurrency: event.limit,
        concurrencyMax: event.max,
        bufferedBytes: event.bufferedBytes,
        bufferCapacity: event.bufferCapacity,
      }
    case 'batch_delivered':
      return { lastDeliveryAt: now, ...(event.own > 0 && { lastOwnDeliveryAt: now }) }
    case 'records_changed': {
      const { late, early, trimmed } = event
      return {
        changed: { late: changed.late + late, early: changed.early + early, trimmed: changed.trimmed + trimmed },
      }
    }
    case 'destination_noticed':
      return { lastNotice: { notice: event.notice, at: now } }
    case 'destination_stopped':
      return { lastError: { reason: event.reason, at: now }, stopped: event.cause }
    case 'destination_resumed':
      return { stopped: undefined }
    case 'batch_retried':
    case 'read_failed':
    case 'records_refused':
    case 'object_lost':
      return { lastError: { reason: event.reason, at: now } }
    default:
      return {}
  }
}
