// Attributes that a processor adds. A record may say that no text in its attributes is ill-formed, which spares every
// encoder a look at each; the word is kept where it holds of what is added as well. Processors that change attributes
// take it back: it refers to the attributes as they were, which a redacted record must not.
import { isKnownWellFormed, type LogRecord, WELL_FORMED } from '@circleci-audit-forwarder/contract'

type Attributes = LogRecord['attributes']

/** A copy of the record with these attributes beside its own, or in their place. */
export function withAdded(record: LogRecord, added: Attributes): LogRecord {
  const attributes = { ...record.attributes, ...added }
  const isWellFormed = isKnownWellFormed(record) && Object.entries(added).every(isWellFormedEntry)
  return { ...record, attributes, [WELL_FORMED]: isWellFormed ? attributes : undefined }
}

/** Lists and maps are not looked into: they are rare, and encoders do it then. */
function isWellFormedEntry([name, value]: [string, unknown]): boolean {
  return name.isWellFormed() && (typeof value === 'string' ? value.isWellFormed() : typeof value !== 'object')
}
