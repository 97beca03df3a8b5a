import type { LogRecord } from '@circleci-audit-forwarder/contract'

/** A pipeline's processors as a lane needs them. */
export interface Processing {
  /** The record as the destination gets it; undefined where a filter withholds it. */
  process(record: LogRecord): LogRecord | undefined
  /** The same without asking filters: for members of an intent, which are never recomputed. */
  transform(record: LogRecord): LogRecord
}
