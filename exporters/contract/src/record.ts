import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'

/**
 * Where a record keeps the event's original text, as read. A symbol, so that no serializer puts it on the wire by
 * itself, while `{...record}` keeps it. Registered, so that two copies of this package agree.
 */
export const ORIGINAL: unique symbol = Symbol.for('circleci-audit-forwarder.original') as never

/** OpenTelemetry's ReadableLogRecord, with the event's original text beside it. Never mutated: processors copy. */
export type LogRecord = ReadableLogRecord & { readonly [ORIGINAL]?: string }

/**
 * The record's own identity, the same in every run: `log.record.uid` (OpenTelemetry semantic conventions).
 * Undefined for records of applications that set none.
 */
export function recordId(record: LogRecord): string | undefined {
  const uid = record.attributes['log.record.uid']
  return typeof uid === 'string' ? uid : undefined
}
