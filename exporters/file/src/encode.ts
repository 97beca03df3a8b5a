import { type LogRecord, recordLine } from '@circleci-audit-forwarder/contract'

/** The record as one JSON object on one line, ended by a line feed. `recordJson` tells the fields. */
export function encode(record: LogRecord): Uint8Array {
  return recordLine(record)
}
