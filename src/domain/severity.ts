/** How much attention an event deserves. */
export type Level = 'info' | 'warning' | 'critical'

/** OpenTelemetry severity numbers: INFO, WARN, ERROR2 (the log data model's counterpart of syslog's Critical). */
export const severityNumbers = { info: 9, warning: 13, critical: 18 } as const satisfies Record<Level, number>
