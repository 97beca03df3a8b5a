import type { Exporter } from '@circleci-audit-forwarder/contract'
import type { Clock, Random } from '../domain/clock.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Tell } from '../telemetry/events.ts'
import type { LaneOptions } from './options.ts'
import type { Processing } from './processing.ts'
import type { Readings } from './readings.ts'

/** What a lane is made of. */
export interface LaneParts {
  readonly destination: string
  readonly exporter: Exporter
  readonly ledger: Ledger
  readonly readings: Readings
  readonly processing: (receiver: string) => Processing
  readonly options: LaneOptions
  readonly clock: Clock
  readonly random: Random
  readonly tell: Tell
}
