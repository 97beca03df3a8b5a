/** A record that went to no destination, or not to this one. */
export interface QuarantineEntry {
  readonly id: number
  /** Undefined: no event at all, kept on behalf of every destination. */
  readonly destination: string | undefined
  /** Whose message it was, or the receiver that first saw the object. */
  readonly receiver: string
  /** Undefined for the body of a message that nobody understands. */
  readonly object: { readonly ref: number; readonly store: string; readonly key: string } | undefined
  /** The record's stretch in the object, and the first byte and line of its text. */
  readonly from: number
  readonly to: number
  readonly offset: number
  readonly line: number
  readonly reason: string
  readonly sha256: string
  /** As read; undefined where the record was larger than 1 MiB (the first 1 MiB is not evidence). */
  readonly bytes: Uint8Array | undefined
  readonly length: number
  readonly provisional: boolean
  /** The repair that made it due again, while it is on its way. */
  readonly replay: number | undefined
  readonly at: number
}

/** Which entries, all conditions together; in the order of their numbers. */
export interface QuarantineQuery {
  /** A destination's own entries and those kept on behalf of every destination. */
  readonly destination?: string | undefined
  readonly receiver?: string | undefined
  /** A part of the reason, in any case. */
  readonly reason?: string | undefined
  /** Kept at this time or later, and before that. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** Only entries with a higher number. */
  readonly after?: number | undefined
  readonly limit: number
  /** Without their bytes, which may be many. */
  readonly bare?: boolean
}

/** Nothing more fits under the quarantine's total cap. The lane stops; nothing is dropped. */
export class QuarantineFull extends Error {
  constructor(capBytes: number) {
    super(`${fullWords} (${capBytes} bytes): raise service.quarantine.max_bytes`)
    this.name = 'QuarantineFull'
  }
}

const fullWords = 'quarantine is full'

/** Whether a stop's reason, as the ledger kept it, is a full quarantine. */
export function isQuarantineFull(reason: string): boolean {
  return reason.startsWith(fullWords)
}

/** Bytes that ended nowhere else, kept as evidence and to be sent later. */
export interface QuarantineLedger {
  /** Keeps a message nobody understands. Durable: it may be deleted from the queue afterwards. */
  quarantineMessage(receiver: string, body: string, reason: string, now: number): void
  quarantine(query: QuarantineQuery): readonly QuarantineEntry[]
  entry(id: number): QuarantineEntry | undefined
}
