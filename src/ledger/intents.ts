import type { Position } from './duplicates.ts'

/** What is about to be sent. Members are never recomputed. */
export interface Draft {
  /** sha256 (hex) of generation and ordered event ids. */
  readonly token: string
  readonly members: readonly Position[]
}

/** A batch on its way. Its members are held: neither settled nor to be put in another batch. */
export interface Intent extends Draft {
  readonly id: number
  readonly createdAt: number
  /** Attempts whose outcome was recorded. */
  readonly attempts: number
  /** An attempt may have been stored although no answer came. Membership is frozen from then on. */
  readonly ambiguous: boolean
  readonly dueAt: number
  readonly reason: string | undefined
}

export interface Attempt {
  readonly ambiguous: boolean
  readonly dueAt: number
  readonly reason: string
}

/** A destination's refusal of one record, with what quarantine will keep. */
export interface Refused {
  /** Index in the intent's members. */
  readonly member: number
  readonly reason: string
  /** Known without the destination's word: no verdict that could turn out to be none. */
  readonly certain?: boolean
  readonly offset: number
  readonly line: number
  readonly sha256: string
  /** The event's original bytes, up to 1 MiB. */
  readonly bytes: Uint8Array
  readonly length: number
}

/** What becomes of an intent's members. Those in no list return to due. */
export interface Resolution {
  /** Indexes that are stored there. */
  readonly delivered: readonly number[] | 'all'
  readonly refused?: readonly Refused[]
  /** New intents over members of this one (split, bisect, the rest). Recorded before they are sent. */
  readonly drafts?: readonly Draft[]
  /** Members that may now be there twice. */
  readonly possibleDuplicates?: number
  /** When the members happened, by index, in milliseconds since 1970: what the account's last event is made of. */
  readonly eventTimes?: readonly (number | undefined)[]
}

/** Batches on their way, and verdicts that wait for confirmation. */
export interface IntentLedger {
  /** Open intents, oldest first. After a restart each may have been sent: they come back ambiguous. */
  intents(destination: string): readonly Intent[]
  /**
   * Records batches before their first byte leaves. Durable, all in one commit. A crash before it returns leaves none or
   * all; a crash after it, the same members go again under the same token. A member of which any byte is settled, or held
   * by an intent or a verdict, is a bug of the caller: refused, and nothing changed.
   */
  intend(destination: string, drafts: readonly Draft[], now: number): readonly Intent[]
  /** An attempt ended without a verdict. Not durable: after a crash every open intent counts as ambiguous. */
  attempted(intent: number, attempt: Attempt): Intent
  /**
   * Ends an intent, in one commit: delivered members are settled, refused ones become provisional verdicts, the
   * drafts become intents, the rest returns to due. A delivered member makes the destination's provisional verdicts
   * final, and is what its accounts name as delivered last. A certain refusal is kept and settled at once, and is
   * nothing to them. Durable if there are drafts or refused members, else not: after a crash the intent is open
   * again.
   * Throws QuarantineFull when the refused do not fit; then nothing changed.
   */
  resolve(intent: number, resolution: Resolution, now: number): Resolved
  /** Positions held by provisional verdicts. */
  provisional(destination: string): readonly Position[]
  /**
   * Provisional verdicts, all or only those on these positions, were no verdicts: the positions are due at `dueAt`.
   * Durable. Returns how many there were.
   */
  revoke(destination: string, dueAt: number, only?: readonly Position[]): number
}

export interface Resolved {
  readonly intents: readonly Intent[]
  /** Provisional verdicts that became final with this commit. */
  readonly confirmed: number
}
