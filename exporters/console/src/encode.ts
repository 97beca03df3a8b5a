// A record as one line. For people: time, severity, event name, body. For programs: the whole record as one JSON object,
// the same line the file exporter writes. What a record says may come from anybody, so the text form escapes every
// character that could move a terminal's cursor, colour or direction of writing.
import { jsonText, type LogRecord, recordLine } from '@circleci-audit-forwarder/contract'

/** `2026-03-04T14:02:11.123Z  warning   circleci.audit.context.create  octocat created context aws-prod` */
export function encodeText(record: LogRecord): string {
  const time = timeText(record)
  const severity = (record.severityText || severityName(record.severityNumber ?? 0)).padEnd(8)
  const parts = [time, severity, record.eventName, bodyText(record.body)]
  return `${printable(parts.filter((part) => part !== undefined && part !== '').join('  '))}\n`
}

/** The record as one JSON object and a line feed. */
export function encodeJson(record: LogRecord): Uint8Array {
  return recordLine(record)
}

const UNKNOWN_TIME = '-'.padEnd('2026-03-04T14:02:11.123Z'.length)

/** The time of the event, or of its being observed; milliseconds are enough for people. */
function timeText(record: LogRecord): string {
  const [seconds, nanoseconds] = record.hrTime[0] > 0 ? record.hrTime : record.hrTimeObserved
  const date = new Date(seconds * 1000 + Math.trunc(nanoseconds / 1e6))
  return seconds > 0 && !Number.isNaN(date.getTime()) ? date.toISOString() : UNKNOWN_TIME
}

function bodyText(body: unknown): string {
  if (body === undefined || body === null) return ''
  return typeof body === 'string' ? body : jsonText(body)
}

/** OpenTelemetry's ranges of four: 1-4 trace, 5-8 debug, 9-12 info, 13-16 warn, 17-20 error, 21-24 fatal. */
const severityNames = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

function severityName(severity: number): string {
  return severityNames[Math.floor((severity - 1) / 4)] ?? '-'
}

/** Controls, line breaks, invisible and direction-changing characters as escapes. */
function printable(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${character.codePointAt(0)?.toString(16)}}`
  })
}
