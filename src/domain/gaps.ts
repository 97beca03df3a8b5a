// What is missing, or may be: a gap is a named thing. It says what of, since when, how it is known and what to do next, and
// it ends in one of two ways: its cause is gone (healed) or somebody answers for it (acknowledged). The id is a hash of what
// the gap is of and where it begins, both taken from the bucket and not from the moment, so that a ledger that was lost
// and learns all of it again tells of the same gap under the same id.
import { type OwnRecord, ownId } from './own-records.ts'

export const gapKinds = [
  /** The bucket or a queue cannot be listed or read. */
  'source_unreachable',
  /** Nothing new for longer than the stream's rhythm allows. */
  'stream_silent',
  /** The same, found when it was over. */
  'hour_missing',
  /** An object exists and cannot be read or decoded. */
  'object_unreadable',
  /** An object was seen, and was gone before it was delivered. */
  'object_vanished',
  /** Objects were not announced; the sweep found them. */
  'notification_missed',
  /** A destination's oldest outstanding object waits for longer than is allowed. */
  'delivery_behind',
  /** Records that a destination refused for good. */
  'quarantined',
  /** An object is not what CircleCI wrote. */
  'object_altered',
  /** An object must be restored from an archive before it can be read. */
  'object_archived',
  /** An object's time in the bucket was up before it was delivered. */
  'object_expired',
  /** What is outstanding has used half of the time it has in the bucket. */
  'buffer_expiring',
  /** An event that comes at regular times did not come. */
  'expected_missing',
  /** A file downloaded from CircleCI had events that the stream never brought. */
  'events_missing',
] as const

export type GapKind = (typeof gapKinds)[number]
export type GapSeverity = 'warning' | 'critical'
export type GapState = 'open' | 'acknowledged' | 'healed'

/** Numbers and names beside the sentence, for machines. By bare name. */
export type GapFacts = Readonly<Record<string, string | number>>

/** What is lacking, as it was seen just now. Times in milliseconds since 1970. */
export interface Lack {
  readonly kind: GapKind
  /** With the kind, what it is the gap of: one cause has one gap at a time. */
  readonly subject: string
  readonly receiver: string | undefined
  readonly destination: string | undefined
  readonly severity: GapSeverity
  /** Where it begins: object time, where there is one. */
  readonly from: number
  /** Undefined while it lasts. */
  readonly to: number | undefined
  /** What was seen, in a sentence. */
  readonly evidence: string
  readonly facts: GapFacts
  /** What to do about it. */
  readonly next: string
}

export interface Gap extends Lack {
  readonly id: string
  /** How often it was opened: a cause that comes back where it was is the same gap. */
  readonly openings: number
  readonly openedAt: number
  /** When something was last added to it. */
  readonly changedAt: number
  /** When it was last told of. */
  readonly toldAt: number
  readonly acknowledged: Acknowledgement | undefined
  /** What was told of it when it opened: whoever is told later is told the same. Undefined if nobody was. */
  readonly opening: OwnRecord | undefined
  /** It is over, for this reason. */
  readonly closed: { readonly at: number; readonly why: string } | undefined
}

export interface Acknowledgement {
  readonly by: string
  readonly at: number
  readonly note: string
}

/** The id of the gap of this cause that begins here. */
export function gapId({ kind, subject, from }: Pick<Lack, 'kind' | 'subject' | 'from'>): string {
  // A silence that goes on and one that was found when it was over are one thing.
  return ownId('gap', kind === 'hour_missing' ? 'stream_silent' : kind, subject, from)
}

export function gapState({ acknowledged, closed }: Pick<Gap, 'acknowledged' | 'closed'>): GapState {
  if (acknowledged !== undefined) return 'acknowledged'
  return closed === undefined ? 'open' : 'healed'
}

/** Whether it is one cause. */
export function isSameCause(a: Pick<Lack, 'kind' | 'subject'>, b: Pick<Lack, 'kind' | 'subject'>): boolean {
  return a.kind === b.kind && a.subject === b.subject
}

/** Something that happened once and cannot be seen again, noted for whoever makes gaps of it. */
export type Symptom = LostSymptom | ImportSymptom

/** An object was gone before a destination had all of it. */
export interface LostSymptom {
  readonly what: 'lost'
  readonly kind: 'object_vanished' | 'object_expired'
  readonly receiver: string
  readonly destination: string
  readonly key: string
  /** Object time. */
  readonly time: number
  readonly reason: string
  readonly at: number
}

/** A file was compared with the stream. */
export interface ImportSymptom {
  readonly what: 'import'
  readonly receiver: string
  readonly name: string
  /** The time the file covers. */
  readonly from: number
  readonly to: number
  /** Whether what the stream lacks was forwarded. */
  readonly forwarded: boolean
  readonly lacking: number
  /** Of the first ones. */
  readonly intervals: readonly { readonly from: number; readonly to: number; readonly events: number }[]
  readonly at: number
}
