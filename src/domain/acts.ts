// Operator acts are events: whoever changes what is delivered, or what is said about it, is on record in the very place
// the audit log goes to.
import { type OwnRecord, type OwnValue, ownId } from './own-records.ts'

export type ActKind =
  | 'destination_added'
  | 'destination_renamed'
  | 'destination_retired'
  | 'quarantine_replayed'
  | 'quarantine_exported'
  | 'backfill_forced'
  | 'withheld_sent'
  | 'file_imported'
  | 'gap_acknowledged'

/** Who did what, when and why. */
export interface Act {
  readonly what: ActKind
  /** The person or account. */
  readonly by: string
  /** In milliseconds since 1970. */
  readonly at: number
  /** In the operator's words, or where they come from: a configuration, a request. */
  readonly why: string
  /** In one sentence, without who and why. */
  readonly body: string
  /** What it was done to, by bare name. What is here and the time make one act another than the next. */
  readonly about: Readonly<Record<string, OwnValue>>
}

/** What takes nothing away and overrules nothing. */
const ordinary: ReadonlySet<ActKind> = new Set(['destination_added', 'destination_renamed', 'file_imported'])

/** The record of an act. The same act at the same time is the same record. */
export function actRecord({ what, by, at, why, body, about }: Act): OwnRecord {
  const level = ordinary.has(what) ? 'info' : 'warning'
  return {
    kind: 'act',
    id: ownId('act', what, by, at, JSON.stringify(about)),
    at,
    level,
    body: `${body}, by ${by}: ${why}`,
    attributes: { ...about, act: what, by, reason: why },
  }
}
