// A record as one log of Datadog's. The keys at the root are a fixed list: Datadog takes its date, status, host and
// service from whatever stands there under one of a dozen names (`eventTime`, `level`, `date`, …), so nothing of the
// event and no attribute is ever spread there, but nested under `circleci` and `attributes`. What depends on the time of
// sending comes first (see stamp.ts). The size that counts is that of the encoded bytes: what is above 1 MB Datadog cuts
// and answers 202, so it is cut here, on purpose and marked, or refused. Rejected: spreading attributes at the root as
// Datadog's Agent does, with a list of names to avoid, for the list is theirs and grows.
import { jsonText, type LogRecord, ORIGINAL, utf8 } from '@circleci-audit-forwarder/contract'
import { auditAction, beyond, fieldsOf, originalJson } from './circleci.ts'
import { type EnvelopeSettings, envelope, resourceSays } from './envelope.ts'
import { recurringOf } from './recurring.ts'
import { type DatadogLog, head, RESTAMP_BYTES } from './stamp.ts'
import { standardFields } from './standard.ts'
import { type HrTime, isTime } from './text.ts'
import { cutToBytes } from './trim.ts'

/** One log, as Datadog takes it whole. Source: Datadog API reference, "Send logs". */
export const LOG_BYTES_MAX = 1_000_000

/** And with room for the marks of a re-stamped one. */
const ENCODED_BYTES_MAX = LOG_BYTES_MAX - RESTAMP_BYTES

/** What the operator sets. */
export interface EncodeSettings extends EnvelopeSettings {
  /** What becomes of a record that is too large. Default: trim. */
  readonly oversize?: 'trim' | 'quarantine' | undefined
}

/** What is cut out of a record that is too large, and what is left of it. */
interface Cut {
  /** Encoded bytes of the record as it was. */
  readonly wholeBytes: number
  readonly left: string
}

/**
 * The record as one member of the array that Datadog takes. Pure, and never throws: what Datadog would not take whole
 * carries a `refusal`. `settings` must be the same object for all records, since what follows from it is kept.
 */
export function encodeLog(record: LogRecord, settings: EncodeSettings): DatadogLog {
  const time = timeOf(record)
  const beginning = head(time)
  const bytes = utf8(wire(record, settings, beginning))
  const log = { bytes, time, tail: beginning.length, trimmed: false }
  if (bytes.length <= ENCODED_BYTES_MAX) return log
  const trimmed = settings.oversize === 'quarantine' ? undefined : trim(record, settings, beginning, bytes.length)
  if (trimmed !== undefined) return { ...log, bytes: trimmed, trimmed: true }
  const rest = settings.oversize === 'quarantine' ? '' : ', and what may be cut is not what is large'
  const refusal = `log of ${bytes.length} bytes: Datadog cuts what is above ${LOG_BYTES_MAX}, and says 202${rest}`
  return { ...log, bytes: new Uint8Array(), refusal }
}

/** The event's time, or when it was first seen. */
function timeOf({ hrTime, hrTimeObserved }: LogRecord): HrTime | undefined {
  if (isTime(hrTime)) return hrTime
  return isTime(hrTimeObserved) ? hrTimeObserved : undefined
}

/** Undefined where it is too large without what may be cut. */
function trim(
  record: LogRecord,
  settings: EncodeSettings,
  beginning: string,
  wholeBytes: number,
): Uint8Array | undefined {
  const frame = wire(record, settings, beginning, { wholeBytes, left: '' })
  const room = ENCODED_BYTES_MAX - Buffer.byteLength(frame)
  if (room < 0) return undefined
  return Buffer.from(wire(record, settings, beginning, { wholeBytes, left: cutToBytes(cuttable(record), room) }))
}

/** What may be cut: of an audit event its original text, else its payload; of any other record its body. */
function cuttable(record: LogRecord): string {
  if (auditAction(record) === undefined) return messageOf(record)
  if (originalJson(record) !== undefined) return record[ORIGINAL] ?? ''
  const payload = record.attributes['circleci.audit.payload']
  return payload === undefined ? '' : jsonText(payload)
}

function wire(record: LogRecord, settings: EncodeSettings, beginning: string, cut?: Cut): string {
  const action = auditAction(record)
  const recurring = recurringOf(record, action)
  const filed = envelope(record, action !== undefined, settings)
  const opening = beginning + (cut === undefined ? filed : `truncated:true${filed.startsWith('"') ? '' : ','}${filed}`)
  const marks = cut === undefined ? '' : `,"truncated":true,"untruncated_bytes":${cut.wholeBytes}`
  const message = action === undefined && cut !== undefined ? cut.left : messageOf(record)
  const rest = action === undefined ? general(record) : audit(record, cut)
  return `${opening},"status":"${recurring.status}","message":${jsonText(message)}${marks}${standardFields(record, recurring)}${rest}},`
}

/** What a person reads first. Never empty. */
function messageOf({ body, eventName }: LogRecord): string {
  if (body === undefined || body === null || body === '') return eventName || 'log record without a body'
  return typeof body === 'string' ? body : jsonText(body)
}

/** What the forwarder knows beyond the event, then the event itself. */
function audit(record: LogRecord, cut: Cut | undefined): string {
  const original = originalJson(record)
  const more = beyond(record.attributes, original !== undefined && cut === undefined)
  return `${more === '' ? '' : `,"attributes":${more}`},"circleci":${event(record, original, cut)}`
}

function event(record: LogRecord, original: string | undefined, cut: Cut | undefined): string {
  if (cut === undefined) return original ?? jsonText(fieldsOf(record))
  return jsonText({ ...fieldsOf(record, 'payload'), [original === undefined ? 'payload' : 'original']: cut.left })
}

function general(record: LogRecord): string {
  const resource = resourceSays(record).json
  return `,"attributes":${jsonText(record.attributes)},"resource":${resource}`
}
