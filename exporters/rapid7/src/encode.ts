// A record as one line of JSON, the whole body of one request. Rapid7 stores the first line of a body and cuts what is
// longer than 32,767 bytes into pieces that are neither JSON nor UTF-8, with the same 204 as for a good event; so both are
// seen to here, on the encoded bytes. A flat head comes first, since LEQL searches flat keys fastest; then what the
// forwarder knows beyond the event, then the event as the text it was: no number loses a digit, and splicing is cheaper
// than writing it again.
import {
  type Encoded,
  jsonText,
  type LogRecord,
  Members,
  originalObject,
  recordId,
  utf8,
  utf8Of,
} from '@circleci-audit-forwarder/contract'
import { unbroken } from './line.ts'
import { trim } from './trim.ts'

/** What becomes of an event above `LINE_BYTES_MAX`: shortened and marked, or not sent at all. */
export type Oversize = 'trim' | 'quarantine'

/** A record as one line: JSON, UTF-8, without a line feed at its end. */
export interface Rapid7Line extends Encoded {
  /** Why Rapid7 would not store it whole: found before sending. */
  readonly refusal?: string
  /** Something was taken out. */
  readonly trimmed?: boolean
}

/** Longest line Rapid7 keeps in one piece, in bytes of UTF-8. Source: measured on the EU webhook. */
export const LINE_BYTES_MAX = 32_767

/** The record as the body of one request. Pure, and never throws: what cannot be sent carries a `refusal`. */
export function encodeLine(record: LogRecord, oversize: Oversize): Rapid7Line {
  const parts = partsOf(record)
  const bytes = utf8Of(parts)
  if (bytes.length <= LINE_BYTES_MAX) return { bytes }
  const shorter = oversize === 'trim' ? trim(parts.join(''), LINE_BYTES_MAX) : undefined
  if (shorter !== undefined) return { bytes: utf8(shorter), trimmed: true }
  const trimmed = oversize === 'trim' ? ', and trimming does not bring it below that' : ''
  return { bytes, refusal: `event of ${bytes.length} bytes: Rapid7 keeps ${LINE_BYTES_MAX} in one piece${trimmed}` }
}

/** The line in parts, to be written one after the other: joining them first would copy the event once more. */
function partsOf(record: LogRecord): readonly string[] {
  const action = auditAction(record)
  if (action === undefined) return [unbroken(genericLine(record))]
  const head = headOf(record, action)
  const original = originalObject(record)
  if (original === undefined) return [unbroken(`${head},"attributes":${jsonText(record.attributes)}}`)]
  const beyond = beyondEvent.json(record.attributes).slice(1)
  const attributes = beyond === '' ? '' : `"attributes":{${beyond}},`
  return [unbroken(`${head},${attributes}"circleci":`), unbroken(original), '}']
}

/** The action of a CircleCI audit event; undefined for any other record. */
function auditAction({ attributes, eventName }: LogRecord): string | undefined {
  const action = attributes['circleci.audit.action']
  if (typeof action === 'string') return action
  return eventName?.startsWith('circleci.audit.') ? eventName.slice('circleci.audit.'.length) : undefined
}

/**
 * The flat head as a JSON object that is not closed yet. A literal with all its names is what JSON.stringify writes
 * fastest, but not with a time in it, which is put together of parts. All of it is texts or nothing, so that nobody has to
 * look whether it can be written; `unbroken` sees to what is in them.
 */
function headOf(record: LogRecord, action: string): string {
  const { attributes } = record
  const time = timeText(record)
  const rest = JSON.stringify({
    vendor: 'CircleCI',
    product: 'audit-log',
    event_id: recordId(record),
    'otel.event.name': text(record.eventName),
    action,
    outcome: outcomeText(attributes['circleci.audit.success']),
    severity: text(record.severityText),
    user: userName(attributes),
    user_id: text(attributes['circleci.audit.actor.id']) ?? text(attributes['user.id']),
    user_type: text(attributes['circleci.audit.actor.type']),
    source_ip: text(attributes['client.address']),
    target_type: text(attributes['circleci.audit.target.type']),
    target_name: text(attributes['circleci.audit.target.name']),
    target_id: text(attributes['circleci.audit.target.id']),
    org: organizationName(attributes),
  })
  return `${time === undefined ? '{' : `{"time":"${time}",`}${rest.slice(1, -1)}`
}

const DAY_S = 86_400
/** The year 10000, which ISO 8601 writes otherwise. */
const END_S = 253_402_300_800
let day = { number: Number.NaN, text: '' }
const two = digits(60)
const three = digits(1000)

/** Milliseconds, which is what Rapid7 shows; all nine digits stand in `circleci.occurred_at`. */
function timeText({ hrTime, hrTimeObserved }: LogRecord): string | undefined {
  const [seconds, nanoseconds] = hrTime[0] > 0 ? hrTime : hrTimeObserved
  if (!(seconds > 0 && seconds < END_S)) return undefined
  const number = Math.floor(seconds / DAY_S)
  // Nearly every record is of the day of the one before it, and dates are slow to make.
  if (number !== day.number) day = { number, text: new Date(number * DAY_S * 1000).toISOString().slice(0, 11) }
  const time = seconds - number * DAY_S
  const minutes = two[Math.trunc((time % 3600) / 60)]
  const millis = three[Math.trunc(nanoseconds / 1e6)] ?? '000'
  return `${day.text}${two[Math.trunc(time / 3600)]}:${minutes}:${two[Math.trunc(time % 60)]}.${millis}Z`
}

/** Numbers below `end` in as many digits as the last of them has: looked up, each is written once. */
function digits(end: number): readonly string[] {
  const { length } = String(end - 1)
  return Array.from({ length: end }, (_, number) => String(number).padStart(length, '0'))
}

function outcomeText(success: unknown): string | undefined {
  if (success === true) return 'success'
  return success === false ? 'failure' : undefined
}

type Attributes = LogRecord['attributes']

/** `github: octocat` is the user `octocat`; the name as CircleCI gave it stays in the event. */
function userName(attributes: Attributes): string | undefined {
  const name = text(attributes['circleci.audit.actor.name']) ?? text(attributes['user.name'])
  return name?.replace(/^[a-z][a-z0-9-]*:\s+/, '') ?? text(attributes['circleci.audit.actor.id'])
}

function organizationName(attributes: Attributes): string | undefined {
  return (
    text(attributes['circleci.audit.organization.name']) ??
    text(attributes['circleci.audit.scope.name']) ??
    text(attributes['circleci.audit.account.name'])
  )
}

/** A string; numbers and booleans as text. Anything else has no place in a flat field. */
function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

function genericLine(record: LogRecord): string {
  return jsonText({
    time: timeText(record),
    event_id: recordId(record),
    'otel.event.name': record.eventName || undefined,
    severity: record.severityText || undefined,
    severity_number: record.severityNumber || undefined,
    body: record.body,
    trace_id: record.spanContext?.traceId,
    span_id: record.spanContext?.spanId,
    attributes: record.attributes,
    resource: record.resource.attributes,
  })
}

/** Attributes that repeat what stands in the original event. */
const repeated = new Set([
  'log.record.uid',
  'client.address',
  'user.id',
  'user.name',
  'error.type',
  'http.request.header.x-client-trace-id',
])

const beyondEvent = new Members((name) => name.startsWith('circleci.audit.') || repeated.has(name))
