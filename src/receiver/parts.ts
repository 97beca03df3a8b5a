import type { Clock, Random } from '../domain/clock.ts'
import type { Tell } from '../telemetry/events.ts'
import type { Notifications } from './notifications.ts'
import type { Sightings } from './sightings.ts'
import type { Store } from './store.ts'

export interface ReceiverOptions {
  /** Pause between sweeps, in milliseconds. */
  readonly sweepIntervalMs: number
  /** How far behind the last sweep the next one begins, in milliseconds. */
  readonly lookbackMs: number
  /** Where the first sweep begins, in milliseconds since 1970; 0 for the beginning. */
  readonly startAt: number
}

/** What a receiver is made of. Whoever opened the store and the notifications closes them. */
export interface ReceiverParts {
  readonly id: string
  readonly store: Store
  /** Keys below it are no audit objects, and no surprise: files that are to be imported. */
  readonly importsPrefix?: string | undefined
  /** Each is heard on its own, so that one that fails delays no other. */
  readonly notifications: readonly Notifications[]
  readonly options: ReceiverOptions
  readonly clock: Clock
  readonly random: Random
  readonly tell: Tell
  readonly sink: Sightings
}

export const defaultReceiverOptions: ReceiverOptions = {
  sweepIntervalMs: 120_000,
  lookbackMs: 48 * 3_600_000,
  startAt: 0,
}
