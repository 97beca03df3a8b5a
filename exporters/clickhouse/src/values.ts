// Values as the columns take them. Nothing is left to the server: it would wrap a number beyond UInt32, turn milliseconds
// into the year 2106 and refuse half of a surrogate pair, each in its own way.
import { jsonText, type LogRecord } from '@circleci-audit-forwarder/contract'

type HrTime = LogRecord['hrTime']

const UINT32_MAX = 4_294_967_295

/** Any value as text: strings as they are, nothing as nothing, objects as JSON. */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return ''
  return typeof value === 'object' || typeof value === 'number' ? unquoted(jsonText(value)) : String(value)
}

/** Bytes, dates and numbers that JSON has no form for come as a JSON string. */
function unquoted(json: string): string {
  return json.startsWith('"') ? String(JSON.parse(json)) : json
}

/** For a column String. */
export function textJson(value: unknown): string {
  return value === undefined ? '""' : jsonText(asText(value))
}

/** For a column UInt32: what is no whole number of that range is its nearest end, what is no number is 0. */
export function uint32Json(value: unknown): string {
  const number = typeof value === 'number' ? value : typeof value === 'string' && value !== '' ? Number(value) : 0
  return String(Number.isNaN(number) ? 0 : Math.trunc(Math.min(Math.max(number, 0), UINT32_MAX)))
}

/** For a column Float64. */
export function floatJson(value: unknown): string {
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : '0'
}

/** For a column DateTime: whole seconds since 1970, which no time zone moves, within what it holds (until 2106). */
export function secondsOf([seconds]: HrTime): number {
  return seconds > 0 ? Math.min(Math.trunc(seconds), UINT32_MAX) : 0
}

/** The event's time, or the observed time where it has none: a row in 1970 is in no search. */
export function timeOf(record: LogRecord): HrTime {
  return record.hrTime[0] > 0 ? record.hrTime : record.hrTimeObserved
}

/** The month in UTC as ClickHouse's toYYYYMM writes it. */
export function monthOf(seconds: number): string {
  return dateOf(seconds).slice(0, 7).replace('-', '')
}

const DAY = 86_400
let last = { day: 0, date: '1970-01-01' }

/** The day in UTC: `2026-03-04`. Records come in order of time, nearly all of one day. */
export function dateOf(seconds: number): string {
  const day = Math.floor(seconds / DAY)
  if (day !== last.day) last = { day, date: new Date(day * DAY * 1000).toISOString().slice(0, 10) }
  return last.date
}

/** For a column DateTime64(9): ISO 8601 with nine digits. */
export function nanosecondsJson(time: HrTime): string {
  const seconds = secondsOf(time)
  const clock = new Date((seconds % DAY) * 1000).toISOString().slice(11, 19)
  const nanoseconds = seconds > 0 && time[1] > 0 ? Math.min(Math.trunc(time[1]), 999_999_999) : 0
  return `"${dateOf(seconds)}T${clock}.${String(nanoseconds).padStart(9, '0')}Z"`
}
