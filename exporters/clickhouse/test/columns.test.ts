import { expect, test } from 'vitest'
import { circleciAuditLogs, otelLogs } from '../src/index.ts'
import { plainType } from '../src/layout.ts'
import { auditColumns, collectorColumns } from './columns.ts'

test('circleci_audit_logs has its 53 columns, by name, type and order', () => {
  expect(auditColumns).toHaveLength(53)
  expect(circleciAuditLogs.columns.map(({ name, type }) => [name, plainType(type)])).toEqual(auditColumns)
})

test('otel_logs has the columns of the Collector, by name, type and order', () => {
  expect(otelLogs.columns.map(({ name, type }) => [name, type])).toEqual(collectorColumns)
})
