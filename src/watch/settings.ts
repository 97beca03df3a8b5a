import type { AuditEvent } from '../domain/event.ts'

/** What an operator says about one receiver's stream. Times in milliseconds. */
export interface StreamSettings {
  readonly receiver: string
  /** The store's identity, as the ledger has it. */
  readonly store: string
  /** Whether objects are announced. */
  readonly isAnnounced: boolean
  readonly sweepIntervalMs: number
  /** No shorter silence is a gap, and every longer one is; undefined leaves it to the rhythm. */
  readonly floorMs: number
  readonly ceilingMs: number | undefined
  /** Times in which nothing is to be expected. */
  readonly quiet: readonly Freeze[]
  readonly expect: readonly RegularEvent[]
  /** How long objects stay in the bucket, where that is known. */
  readonly retentionMs: number | undefined
}

/** What is to be expected of a stream, wherever it lies. */
export type StreamExpectations = Pick<StreamSettings, 'receiver' | 'floorMs' | 'ceilingMs' | 'quiet' | 'expect'>

/** From and to, in milliseconds since 1970. */
export interface Freeze {
  readonly from: number
  readonly to: number
  readonly reason: string
}

/** An event that comes at regular times. */
export interface RegularEvent {
  /** In the words of the configuration: `workflow.start of canary`. */
  readonly name: string
  readonly matches: (event: AuditEvent) => boolean
  readonly everyMs: number
  readonly graceMs: number
}

export interface WatchSettings {
  readonly streams: readonly StreamSettings[]
  /** How old a destination's oldest outstanding object may be, in milliseconds. */
  readonly allowedLagMs: number
}
