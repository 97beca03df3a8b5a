// Records as the forwarder makes them of CircleCI's events, awkward ones among them.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import {
  bareRecord,
  type EventParts,
  eventRecord,
  eventRecords,
  sampleActor,
  sampleContext,
} from '@circleci-audit-forwarder/contract/testing'
import { resourceFromAttributes } from '@opentelemetry/resources'

/** Every event has metadata: what `trim` takes out after the payload. */
export function recordOf(event: EventParts, fields: Partial<LogRecord> = {}): LogRecord {
  return eventRecord({ metadata: '{}', ...event }, fields)
}

const large = '"0123456789abcdef"'.repeat(2_000).replaceAll('""', '","')

export const auditEvents: readonly LogRecord[] = Object.values({
  ...eventRecords(recordOf),
  noActor: recordOf({ id: 'no-actor', action: 'schedule-create', target: { id: 's', type: 'schedule' } }),
  lines: recordOf({
    id: 'lines',
    action: 'context.create',
    target: { ...sampleContext, name: 'one\u2028two\u2029three\u0085\r\n' },
  }),
  payload: recordOf({
    id: 'payload',
    action: 'org.create',
    payload: `[${large}]`,
    metadata: '{"a":12345678901234567890}',
  }),
  name: recordOf({ id: 'name', action: 'org.create', actor: { ...sampleActor, name: '🦊'.repeat(9_000) } }),
})

/** What applications and the forwarder itself send. */
export const otherRecords: readonly LogRecord[] = [
  bareRecord,
  {
    ...bareRecord,
    hrTime: [1772632931, 5],
    severityNumber: 17,
    eventName: 'order.failed',
    body: { order: 7 },
    attributes: { 'log.record.uid': 'u1', n: 1.5, list: [1, 'x'] },
    resource: resourceFromAttributes({ 'service.name': 'shop', 'host.name': 'web-1' }),
    spanContext: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 },
  },
]
