// Values as the columns take them. Nothing is left to the server: it would wrap a number beyond UInt32, turn milliseconds
// into the year 2106 and refuse half of a surrogate pair, each in its own way.
import { isKnownWellFormed, jsonText, type LogRecord } from '@circleci-audit-forwarder/contract'

type HrTime = LogRecord['hrTime']

const UINT32_MAX = 4_294_967_295

/** Any value as text: strings as they are, nothing as nothing, objects as JSON. */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value.toWellFormed()
  if (value === undefined || value === null) return ''
  if (typeof value !== 'object') return String(value)
  return isOneText(value) ? JSON.stringify(value) : unquoted(jsonText(value))
}

/** As `asText`, for a value of `wellFormedAttributes`: looking at texts again is a tenth of the cost of a row. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : asText(value)
}

/** As `textOf`; what is not there stays so, and JSON.stringify leaves it out. */
export function textOfAny(value: unknown): string | undefined {
  return typeof value === 'string' || value === undefined ? value : asText(value)
}

/** The record's attributes, their names and texts well-formed. Each is looked at only where the record does not say so. */
export function wellFormedAttributes(record: LogRecord): LogRecord['attributes'] {
  if (isKnownWellFormed(record)) return record.attributes
  const attributes: LogRecord['attributes'] = {}
  for (const [name, given] of Object.entries(record.attributes)) {
    const value = typeof given === 'string' ? given.toWellFormed() : given
    // Defined, not assigned: `__proto__` is a name like any other.
    Reflect.defineProperty(attributes, name.toWellFormed(), { ...PLAIN, value })
  }
  return attributes
}

const PLAIN = { enumerable: true, configurable: true, writable: true }

/** Headers are lists of one text each: not worth a look into the depth. */
function isOneText(value: object): boolean {
  return Array.isArray(value) && value.length === 1 && typeof value[0] === 'string' && value[0].isWellFormed()
}

/** Bytes and dates come as a JSON string. */
function unquoted(json: string): string {
  return json.startsWith('"') ? String(JSON.parse(json)) : json
}

/** For a column UInt32: what is no whole number of that range is its nearest end, what is no number is 0. */
export function uint32(value: unknown): number {
  const number = typeof value === 'number' ? value : typeof value === 'string' && value !== '' ? Number(value) : 0
  return Number.isNaN(number) ? 0 : Math.trunc(Math.min(Math.max(number, 0), UINT32_MAX))
}

/** For a column Float64. */
export function float(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
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
  const date = dateOf(seconds)
  if (date !== lastMonth.date) lastMonth = { date, month: date.slice(0, 7).replace('-', '') }
  return lastMonth.month
}

const DAY = 86_400
let last = { day: 0, date: '1970-01-01' }
let lastMonth = { date: '1970-01-01', month: '197001' }

/** The day in UTC: `2026-03-04`. Records come in order of time, nearly all of one day. */
export function dateOf(seconds: number): string {
  const day = Math.floor(seconds / DAY)
  if (day !== last.day) last = { day, date: new Date(day * DAY * 1000).toISOString().slice(0, 10) }
  return last.date
}

let lastClock = { second: 0, clock: '00:00:00' }

function clockOf(seconds: number): string {
  const second = seconds % DAY
  if (second !== lastClock.second) {
    lastClock = { second, clock: new Date(second * 1000).toISOString().slice(11, 19) }
  }
  return lastClock.clock
}

/** For a column DateTime64(9): ISO 8601 with nine digits. */
export function nanoseconds(time: HrTime): string {
  const seconds = secondsOf(time)
  const rest = seconds > 0 && time[1] > 0 ? Math.min(Math.trunc(time[1]), 999_999_999) : 0
  return `${dateOf(seconds)}T${clockOf(seconds)}.${String(rest).padStart(9, '0')}Z`
}
