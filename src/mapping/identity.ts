import type { AuditEvent, DecodedItem } from '../domain/event.ts'
import { isMap } from './plain.ts'
import { parseTime, toMillis } from './time.ts'

/** Longer ids would let one object bloat the index of ids; CircleCI's are UUIDs, 36 characters. */
const longestId = 128

/** What an event is recognised by in any other object: its id, or the sha256 of its text where it has no usable one. */
export function eventId(item: DecodedItem): string {
  return usableId(item.event?.id) ?? item.sha256
}

/** When the event happened, in milliseconds since 1970; `fallback` (the object's time) if it does not say. */
export function eventTime(item: DecodedItem, fallback: number): number {
  const time = item.event === undefined ? undefined : occurredAt(item.event)
  return time === undefined ? fallback : toMillis(time)
}

/** `occurred_at`, else its documented copy in `common_fields`. Seconds and nanoseconds, or undefined. */
export function occurredAt(event: AuditEvent): ReturnType<typeof parseTime> {
  return parseTime(event.occurred_at) ?? parseTime(commonFields(event)?.['timestamp'])
}

/** The id as a string, if it can serve as one. */
export function usableId(id: unknown): string | undefined {
  const text = typeof id === 'number' && Number.isSafeInteger(id) ? String(id) : id
  return typeof text === 'string' && text !== '' && text.length <= longestId ? text.toWellFormed() : undefined
}

/** CircleCI's helpers for SIEMs: copies of other fields, and `status`, which is documented as a placeholder. */
export function commonFields(event: AuditEvent): Readonly<Record<string, unknown>> | undefined {
  const common = event['common_fields']
  return isMap(common) ? common : undefined
}
