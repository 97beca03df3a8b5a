// The waist: everything the forwarder knows of a destination. Exporters know their vendor and nothing else; retry,
// batching, order and durability belong to whoever calls. Rejected: throwing on a refusal, because an answer is data
// and a tree of `instanceof` loses the parts (which records, how long to wait) that a durable caller needs.
import type { LogRecord } from './record.ts'

/** One record in a destination's form. Exporters may add what their `send` needs. */
export interface Encoded {
  /** What the record adds to the body of a request, before compression. The batch is the sum of these. */
  readonly bytes: Uint8Array
  /** Records with different partitions never share a batch (ClickHouse: the month). */
  readonly partition?: string
}

/** What is sent at once. The caller keeps within `limits`; `members` is never empty. */
export interface Batch {
  readonly members: readonly Encoded[]
  /** The same for the same members, across retries, restarts and encodings. For servers that deduplicate. */
  readonly token: string
  /** Wall-clock time of this attempt, in milliseconds since 1970. */
  readonly now: number
}

/**
 * The destination's answer to one attempt. `taken` of a refusal: so many of the other records it has stored all the
 * same. Which ones need not be known; they go again, and are counted as possible duplicates.
 */
export type Outcome =
  /** Stored, as far as this protocol can tell. */
  | ({ readonly status: 'delivered' } & Remarks)
  /** Taken, not yet known to be stored: ask `confirm` for the receipt after `pollAfterMs`. */
  | ({ readonly status: 'accepted'; readonly receipt: string; readonly pollAfterMs: number } & Remarks)
  /**
   * Not now. `ambiguous`: the request may have been stored although no answer came. `strained`: it throttles (429, or its
   * own word for that) or did not answer in time, and is sent fewer requests at once.
   */
  | {
      readonly status: 'retry'
      readonly reason: string
      readonly retryAfterMs?: number
      readonly ambiguous?: boolean
      readonly strained?: boolean
    }
  /** Too large: halve it. */
  | { readonly status: 'split'; readonly reason: string }
  /** These records never; the rest again. */
  | { readonly status: 'rejected'; readonly records: readonly Refusal[]; readonly taken?: number }
  /** The batch is refused and nobody says for which record: bisect. */
  | { readonly status: 'unreadable'; readonly reason: string; readonly taken?: number }
  /** Nothing goes through until someone mends it. Never a reason to drop a record. */
  | { readonly status: 'stopped'; readonly cause: StopCause; readonly reason: string }

/** One record's refusal: the destination will not take it, however often it is sent. */
export interface Refusal {
  /** Index in `batch.members`. */
  readonly index: number
  readonly reason: string
  /**
   * Known without the destination's word, from the record and what is documented of the destination: final at once. What
   * the destination itself says is only believed while it takes other records, for it may be the one that is at fault; so
   * never say this of an answer, nor of anything that a wrong setting or a wrong clock could make true of every record.
   */
  readonly certain?: boolean
}

/** What an operator should hear of a success. */
export interface Remarks {
  /** How many of the records were sent otherwise than they are, by what was done to them. The records are marked too. */
  readonly changed?: Changes
  /** What the destination said beside its yes: one bounded line without secrets (see `excerpt`). */
  readonly notice?: string
}

/** What was done to records so that the destination takes them. One record may count in several. */
export interface Changes {
  /** Number of records filed under another time than their own, which lies too far in the past. */
  readonly late?: number
  /** Number of records filed under another time than their own, which lies in the future. */
  readonly early?: number
  /** Number of records of which something was cut out. */
  readonly trimmed?: number
}

/** Which members of a batch are there (indexes), or that nobody can be asked until someone mends what is wrong. */
export type Held = readonly number[] | Stopped

/** Nothing goes through until someone mends it. Never a reason to drop a record. */
export type Stopped = Extract<Outcome, { status: 'stopped' }>

/** Not now: the same again later. */
export type NotNow = Extract<Outcome, { status: 'retry' }>

/** What has to be mended before anything goes through: who we are to the destination, or what we were told of it. */
export type StopCause = 'credentials' | 'configuration'

/** One thing `check` looked at: what was proven, what was not and why, what to do next. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'error' | 'unknown'
  readonly what: string
  readonly detail?: string
  readonly next?: string
}

/** One destination. Never retries, never sleeps, never drops: the lane decides what follows from the outcome. */
export interface Exporter {
  /**
   * What one request holds at most: records, and the sum of their encoded bytes before compression. `recordBytes`: of a
   * single record, where it may be more than `bytes`; it goes alone. A larger one is never sent.
   */
  readonly limits: { readonly records: number; readonly bytes: number; readonly recordBytes?: number }
  /** One record in this destination's form, encoded once; the lane packs encoded records into batches within the limits. */
  encode(record: LogRecord): Encoded
  /**
   * Names all that `encode` depends on besides the record: exporters with the same key give equal encodings of the same
   * record, and a caller may use one for both. Nobody writes to an encoding. Left out: never shared.
   */
  readonly encodingKey?: string
  send(batch: Batch, signal: AbortSignal): Promise<Outcome>
  /** For destinations that answer later: which receipts are settled. Polled by the lane, outside its concurrency. */
  confirm?(receipts: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Outcome>>
  /**
   * For destinations that can be asked: which members of an unanswered batch are already there. What is not named counts
   * as not there and goes again, so in doubt (an earlier attempt may still be under way, rows may be hidden) it rejects with
   * an Error, and is asked again later; or it answers `stopped` where nothing can be told until someone mends it.
   */
  stored?(batch: Batch, signal: AbortSignal): Promise<Held>
  /**
   * For how long after an attempt the destination surely recognises its token, in milliseconds. Before it repeats an
   * older attempt that may have been stored, the caller asks `stored`; without this, before it repeats any.
   */
  readonly deduplicationMs?: number
  /**
   * For destinations that can be searched, and show a record some time after they took it: which members of a batch the
   * search finds by now, `retry` while it runs on or is throttled, `stopped` where nobody can search until someone mends
   * it. That a member is not found proves nothing, so no lane asks; whoever has sent a canary does, with the same batch
   * again and again.
   */
  readBack?(batch: Batch, signal: AbortSignal): Promise<Held | NotNow>
  /** What can be proven about the destination without sending data to it. */
  check(signal: AbortSignal): Promise<readonly Finding[]>
  /** Releases connections and files. May be called twice. */
  close(): Promise<void>
}
