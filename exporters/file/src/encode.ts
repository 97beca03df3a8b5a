import { type LogRecord, recordJson, utf8 } from '@circleci-audit-forwarder/contract'

/** The record as one JSON object on one line, ended by a line feed. `recordJson` tells the fields. */
export function encode(record: LogRecord): Uint8Array {
  return utf8(`${recordJson(record)}\n`)
}
