import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { resourceFromAttributes } from '@opentelemetry/resources'

const resource = resourceFromAttributes({ 'service.name': 'circleci' })
const instrumentationScope = { name: 'test', version: '1.0.0' }

export function record(fields: Partial<LogRecord> = {}): LogRecord {
  return {
    hrTime: [1772632931, 123456789],
    hrTimeObserved: [1772633000, 0],
    severityNumber: 13,
    severityText: 'warning',
    eventName: 'circleci.audit.context.create',
    body: 'octocat created context aws-prod',
    attributes: { 'log.record.uid': '0b7f3c7e' },
    droppedAttributesCount: 0,
    resource,
    instrumentationScope,
    ...fields,
  }
}

export const bareRecord: LogRecord = {
  hrTime: [0, 0],
  hrTimeObserved: [0, 0],
  attributes: {},
  droppedAttributesCount: 0,
  resource: resourceFromAttributes({}),
  instrumentationScope: { name: '' },
}
