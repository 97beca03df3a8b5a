import type { Exporter } from '@circleci-audit-forwarder/contract'
import type { LaneOptions } from '../delivery/options.ts'
import type { Processing } from '../delivery/processing.ts'
import type { Clock, Random } from '../domain/clock.ts'
import type { StartAt } from '../domain/start.ts'
import type { Comparison } from '../ledger/comparison.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { MappingOptions } from '../mapping/map.ts'
import type { DecodeOptions } from '../receiver/decode/decode.ts'
import type { Copies } from '../receiver/imports/copies.ts'
import type { Notifications } from '../receiver/notifications.ts'
import type { Store } from '../receiver/store.ts'
import type { Tell } from '../telemetry/events.ts'
import type { StreamSettings } from '../watch/settings.ts'

/** One receiver, opened. */
export interface ReceiverSpec {
  readonly id: string
  readonly store: Store
  readonly notifications: readonly Notifications[]
  readonly sweepIntervalMs: number
  readonly lookbackMs: number
  /** Constant attributes of its records. */
  readonly attributes: Readonly<Record<string, unknown>>
  readonly mapping: MappingOptions
  /** Where in the store files are laid that are to be imported; `store` shows that place alone. */
  readonly imports?: { readonly store: Store; readonly intervalMs: number } | undefined
  /** Id or name of the only organisation whose events are forwarded. */
  readonly expectOrganization?: string | undefined
}

/** One receiver that feeds a destination, and through what. */
export interface RouteSpec {
  readonly receiver: string
  readonly startAt: StartAt
  readonly processing: Processing
}

/** One destination, opened. The exporter is closed by its lane. */
export interface DestinationSpec {
  readonly id: string
  readonly exporter: Exporter
  readonly options: LaneOptions
  readonly routes: readonly RouteSpec[]
  /** What it was called in earlier runs; `none` if it is new whatever is gone. */
  readonly renamedFrom?: string
  /** Which of the forwarder's own records it gets; undefined is everything. */
  readonly told?: 'everything' | 'gaps' | 'nothing'
}

/** The forwarder as it speaks of itself. */
export interface OwnParts {
  /** Its name among other forwarders. */
  readonly instance: string
  readonly version: string
  /** Who starts it: on record for what a change of the configuration does. */
  readonly operator: string
  /** How often it says that it is alive, in milliseconds. */
  readonly heartbeatMs: number
}

export interface ImportParts {
  readonly staging: Copies
  /** An empty comparison in a file of this name, which nobody else has. */
  readonly openComparison: (path: string) => Comparison
}

/** What is to be expected of a receiver's stream. */
export type StreamRules = Pick<StreamSettings, 'floorMs' | 'ceilingMs' | 'quiet' | 'expect' | 'retentionMs'>

/** What the watch goes by. */
export interface WatchRules {
  /** By receiver. */
  readonly streams: ReadonlyMap<string, StreamRules>
  /** How old a destination's oldest outstanding object may be, in milliseconds. */
  readonly allowedLagMs: number
}

export interface PipelineParts {
  readonly receivers: readonly ReceiverSpec[]
  readonly destinations: readonly DestinationSpec[]
  readonly ledger: Ledger
  /** Undefined: it says nothing of itself to any destination. */
  readonly own?: OwnParts
  /** Undefined: nobody watches. */
  readonly watch?: WatchRules
  readonly decode: DecodeOptions
  readonly clock: Clock
  readonly random: Random
  readonly tell: Tell
  /** How long event ids are remembered below the oldest undecided object, in milliseconds. */
  readonly deduplicationMs: number
  /** Objects are sealed in stretches of so many milliseconds of object time. A day, but in small worlds. */
  readonly sealedMs?: number
  /** Decoded bytes kept for lanes that are not in step. */
  readonly cacheBytes: number
  /** Where files to be imported lie; undefined beside a ledger in memory. */
  readonly imports?: ImportParts
  /** How long what is in flight may take to land when told to stop, in milliseconds. */
  readonly stopMs: number
}
