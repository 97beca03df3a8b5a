import { createHash } from 'node:crypto'
import { type LogRecord, recordJson } from '@circleci-audit-forwarder/contract'
import { asText } from './values.ts'

/**
 * What a row is recognised by: the record's own id, whatever it was read from. A record without one goes by the hash of
 * all it says: rows with the same key are merged, so only what is the same may share one.
 */
export function idOf(record: LogRecord): string {
  const id = asText(record.attributes['log.record.uid'])
  return id === '' ? createHash('sha256').update(recordJson(record)).digest('hex') : id
}
