// An own record → a log record. Never in CircleCI's namespace: another service, another event name, other attributes, so
// that no search for audit events finds it and no rule about them holds for it. The names are an interface like those of
// audit records.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { OwnRecord } from '../domain/own-records.ts'
import { severityNumbers } from '../domain/severity.ts'
import { mappingOptions } from './map.ts'
import { plain } from './plain.ts'
import { fromMillis } from './time.ts'

/** Before every event name and every attribute of the forwarder's own. */
export const ownPrefix = 'circleci_audit_forwarder.'

/** Who says it. */
export interface Speaker {
  /** The name of this forwarder among others. */
  readonly instance: string
  /** The version that maps it. */
  readonly version: string
}

type Resource = LogRecord['resource']
let last: { readonly instance: string; readonly resource: Resource } | undefined

/** One object for all records: OpenTelemetry's serializers group by identity. */
function resourceOf(instance: string): Resource {
  if (last?.instance !== instance) {
    const attributes = { 'service.name': 'circleci-audit-forwarder', 'service.instance.id': instance }
    last = { instance, resource: resourceFromAttributes(attributes) }
  }
  return last.resource
}

export function mapOwn({ kind, id, at, level, body, attributes }: OwnRecord, speaker: Speaker): LogRecord {
  const time = fromMillis(at)
  return {
    hrTime: time,
    hrTimeObserved: time,
    severityNumber: severityNumbers[level],
    severityText: level,
    eventName: ownPrefix + kind,
    body,
    resource: resourceOf(speaker.instance),
    instrumentationScope: mappingOptions(speaker.version).scope,
    attributes: { 'log.record.uid': id, ...named(attributes) },
    droppedAttributesCount: 0,
  }
}

function named(attributes: OwnRecord['attributes']): LogRecord['attributes'] {
  const known = Object.entries(attributes).filter(([, value]) => value !== undefined)
  return Object.fromEntries(known.map(([name, value]) => [ownPrefix + name, plain(value)])) as LogRecord['attributes']
}
