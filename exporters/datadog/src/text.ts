// Small readings of values that may be anything, and of OpenTelemetry's times.

/** A string; numbers and booleans as text. Anything else, and the empty string, is nothing. */
export function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

/** Seconds since 1970 and nanoseconds, as OpenTelemetry JS has them. */
export type HrTime = readonly [seconds: number, nanoseconds: number]

/** The last second a Date can hold. */
const LAST_SECOND = 8_640_000_000_000 - 1

/** Whether this is a time that can be written. OpenTelemetry says 0 for "unknown". */
export function isTime(time: HrTime): boolean {
  const seconds = time[0]
  const nanos = time[1]
  return seconds > 0 && seconds <= LAST_SECOND && nanos >= 0 && nanos < 1e9
}

/** Milliseconds since 1970, cut and not rounded. */
export function milliseconds(time: HrTime): number {
  return Math.trunc(time[0]) * 1000 + Math.trunc(time[1] / 1e6)
}

/** RFC 3339 with all nine digits. */
export function timestamp(time: HrTime): string {
  const whole = new Date(Math.trunc(time[0]) * 1000).toISOString().slice(0, -5)
  return `${whole}.${String(Math.trunc(time[1])).padStart(9, '0')}Z`
}

/** Nanoseconds since 1970, in decimal: too large for a number. */
export function nanoseconds(time: HrTime): string {
  return `${Math.trunc(time[0])}${String(Math.trunc(time[1])).padStart(9, '0')}`
}
