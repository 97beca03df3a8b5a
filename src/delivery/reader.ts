import type { LogRecord } from '@circleci-audit-forwarder/contract'
import type { BadStretch } from '../domain/event.ts'
import type { AuditObject } from '../domain/objects.ts'

/** One event of an object as the lanes see it: mapped once, for all of them. */
export interface Piece {
  readonly from: number
  readonly to: number
  readonly offset: number
  readonly line: number
  readonly sha256: string
  /** The event's id, or the sha256 of its text where it has none. */
  readonly id: string
  /** occurred_at, or the object's time: milliseconds since 1970. */
  readonly at: number
  /** Exactly one of `record` and `bad` is there. */
  readonly record?: LogRecord
  /** Its text, where the record does not carry it. */
  readonly text?: string
  readonly bad?: BadStretch
}

/** A run of pieces. See DecodedChunk: contiguous, and the last one ends at the object's length. */
export interface PieceChunk {
  readonly from: number
  readonly to: number
  readonly pieces: readonly Piece[]
  readonly end: boolean
}

/**
 * Opens objects for the lanes: store → decode → map, streaming. Composed by the pipeline; delivery knows neither
 * stores nor CircleCI. Fails with ReadFailure. Returning from the iteration closes the body.
 */
export interface Reader {
  read(object: AuditObject, signal: AbortSignal): AsyncIterable<PieceChunk>
}
