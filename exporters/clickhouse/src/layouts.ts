import type { Layout } from './layout.ts'
import { circleciAuditLogs } from './layouts/circleci-audit-logs.ts'
import { otelLogs } from './layouts/otel-logs.ts'

/** Every layout there is, the default first. A new one is its file and a line here. */
export const layouts = [circleciAuditLogs, otelLogs] as const satisfies readonly Layout[]

/** The layout of this name. */
export function layoutOf(name: string): Layout {
  return layouts.find((layout) => layout.name === name) ?? circleciAuditLogs
}
