/** An audit event as CircleCI's documentation names its fields, after decoding. Unknown fields are kept. */
export interface AuditEvent {
  readonly id?: string
  readonly version?: number | string
  readonly action?: string
  /** As written: ISO 8601, UTC, up to nine fractional digits. */
  readonly occurred_at?: string
  readonly actor?: Party
  readonly target?: Party
  readonly scope?: Party
  readonly organization?: Party
  readonly account?: Party
  readonly success?: boolean
  readonly request?: Readonly<Record<string, unknown>>
  readonly payload?: unknown
  readonly metadata?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

export interface Party {
  readonly id?: string
  readonly type?: string
  readonly name?: string
  readonly [field: string]: unknown
}

/** Where an event lies. Positions are byte offsets in the decompressed object. */
export interface Place {
  /** First byte of the event's own text. */
  readonly offset: number
  /** 1-based line on which the event's text begins. */
  readonly line: number
}

/** What the decoder makes of one stretch of an object: an event, or bytes that are none. */
export interface DecodedItem extends Place {
  /** Stretches of one object are contiguous: each begins where the one before it ended; the first begins at 0. */
  readonly from: number
  readonly to: number
  /** Lower-case hex sha256 of the event's original bytes. */
  readonly sha256: string
  /** The event's original text. For a bad stretch: its bytes up to the line limit, decoded leniently. */
  readonly text: string
  /** Absent when the stretch is bad. */
  readonly event?: AuditEvent
  /** Why the stretch is no event. Absent when it is one. */
  readonly bad?: BadStretch
}

export interface BadStretch {
  readonly reason: string
  /** The bytes as read, up to 1 MiB. */
  readonly bytes: Uint8Array
  /** The whole length, which may be more than `bytes`. */
  readonly length: number
}

/** A run of contiguous items. Bytes of the chunk that belong to no item (blank lines, brackets) hold nothing. */
export interface DecodedChunk {
  readonly from: number
  readonly to: number
  readonly items: readonly DecodedItem[]
  /** True on the last chunk: `to` is then the decompressed length. */
  readonly end: boolean
}
