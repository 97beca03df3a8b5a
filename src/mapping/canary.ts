// The record that `doctor --canary` sends. It is one of the forwarder's own: never in CircleCI's namespace, exempt from
// filters, and of another service, so that no search for audit events finds it.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { fromMillis } from './time.ts'

/** What distinguishes one canary from another. */
export interface Canary {
  /** By which it is looked for in the destination. */
  readonly id: string
  readonly destination: string
  /** Milliseconds since 1970. */
  readonly now: number
  /** The forwarder's. */
  readonly version: string
}

export const canaryEvent = 'circleci_audit_forwarder.canary'

const resource = resourceFromAttributes({ 'service.name': 'circleci-audit-forwarder' })

/** One marked event: it says what it is, and that nothing needs to follow from it. */
export function canaryRecord({ id, destination, now, version }: Canary): LogRecord {
  const time = fromMillis(now)
  return {
    hrTime: time,
    hrTimeObserved: time,
    severityNumber: 9,
    severityText: 'info',
    eventName: canaryEvent,
    body: `canary ${id}: sent by circleci-audit-forwarder doctor to see whether it arrives; no action is needed`,
    resource,
    instrumentationScope: { name: 'circleci-audit-forwarder', version },
    attributes: { 'log.record.uid': id, 'circleci_audit_forwarder.destination': destination },
    droppedAttributesCount: 0,
  }
}
