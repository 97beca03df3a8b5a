import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'

/**
 * Where a record keeps the event's original text, as read. A symbol, so that no serializer puts it on the wire by
 * itself, while `{...record}` keeps it. Registered, so that two copies of this package agree.
 */
export const ORIGINAL: unique symbol = Symbol.for('circleci-audit-forwarder.original') as never

/**
 * Where the maker of a record says that no text in its attributes is ill-formed (holds half of a surrogate pair): it
 * refers to the very attributes it speaks of, so that a copy with other attributes does not inherit the word. Looking at
 * each text costs an encoder a fifth of its time. Absent: not known. A symbol, registered, as above.
 */
export const WELL_FORMED: unique symbol = Symbol.for('circleci-audit-forwarder.well-formed') as never

/** OpenTelemetry's ReadableLogRecord, with the event's original text beside it. Never mutated: processors copy. */
export type LogRecord = ReadableLogRecord & {
  readonly [ORIGINAL]?: string
  readonly [WELL_FORMED]?: object | undefined
}

/** Whether the texts in the record's attributes, names and values, are known to be well-formed. */
export function isKnownWellFormed(record: LogRecord): boolean {
  return record[WELL_FORMED] === record.attributes
}

/**
 * The record's own identity, the same in every run: `log.record.uid` (OpenTelemetry semantic conventions).
 * Undefined for records of applications that set none.
 */
export function recordId(record: LogRecord): string | undefined {
  const uid = record.attributes['log.record.uid']
  return typeof uid === 'string' ? uid : undefined
}

/** `{"` or `{}` alone: a CSV row may begin and end with a brace, but not so. */
const OBJECT_BEGINS = /^\{\s*(?:"|\}$)/

/**
 * The original text without white space around it, where by its first and last characters it is a JSON object; else
 * undefined. It is not parsed, and may hold raw line breaks between its tokens.
 */
export function originalObject({ [ORIGINAL]: original }: LogRecord): string | undefined {
  // Nearly every one is, and without white space: that is seen at a glance.
  if (original?.startsWith('{"') && original.endsWith('}')) return original
  const json = original?.trim()
  return json !== undefined && OBJECT_BEGINS.test(json) && json.endsWith('}') ? json : undefined
}
