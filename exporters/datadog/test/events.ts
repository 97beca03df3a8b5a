// A handful of records as the forwarder makes them of CircleCI's events, awkward ones among them.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { eventRecord, eventRecords } from '@circleci-audit-forwarder/contract/testing'

const { milliseconds, noOriginal, noTime, ...others } = eventRecords()

export const auditEvents: readonly LogRecord[] = [
  ...Object.values(others),
  eventRecord({ id: 'numbers', action: 'org.rename', payload: '{"infinite":1e999,"zero":-0,"one":1.0,"nan":"NaN"}' }),
  milliseconds,
  noOriginal,
  noTime,
]
