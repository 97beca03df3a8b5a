// A handful of records as the forwarder makes them of CircleCI's events, awkward ones among them.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { eventRecords } from '@circleci-audit-forwarder/contract/testing'

export const auditEvents: readonly LogRecord[] = Object.values(eventRecords())
