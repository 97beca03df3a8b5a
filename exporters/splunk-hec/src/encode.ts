// A record as one HEC envelope on one line. The envelope is built from a fixed list of keys: an unknown key beside
// `event` makes Splunk answer 200 and drop that event and all after it. `time` is written as text, for a float would
// bring noise and could bring an exponent (code 15). The original event goes in as the text it was, spliced rather than
// parsed and written again: cheaper, and no number loses a digit.
import {
  type Encoded,
  jsonText,
  type LogRecord,
  oneLineJson,
  originalObject,
  recordId,
  utf8,
} from '@circleci-audit-forwarder/contract'
import { attributesBeyond } from './beyond.ts'
import { organizationName, ownCim, text } from './cim.ts'
import { indexedMembers, members, recurringOf } from './recurring.ts'

/** What the envelope says where the record says nothing. */
export interface EnvelopeDefaults {
  readonly host?: string | undefined
  readonly source?: string | undefined
  readonly sourcetype?: string | undefined
  readonly index?: string | undefined
}

/** A record as one envelope: JSON, UTF-8, ended by a line feed. */
export interface HecEvent extends Encoded {
  /** Why Splunk would not take it: found before sending. */
  readonly refusal?: string
  /** The record itself chose its index (`com.splunk.index`). */
  readonly ownIndex?: boolean
}

/** Splunk's maxEventSize is 5 MiB; what is larger is answered as if it were malformed (code 6). */
export const EVENT_BYTES_MAX = 5_000_000

/**
 * The record as a HEC envelope. Pure, and never throws: what Splunk would not take carries a `refusal`. `time` is seconds
 * since 1970 with three or six decimals. Source of the envelope's keys: Splunk documentation, "Format events for HTTP
 * Event Collector".
 */
export function encodeEvent(record: LogRecord, defaults: EnvelopeDefaults): HecEvent {
  const action = auditAction(record)
  const ownIndex = text(record.attributes['com.splunk.index']) ?? resourceSays(record).index
  const head = timeField(record) + metadata(record, defaults, action, ownIndex)
  const rest = action === undefined ? genericRest(record) : auditRest(record, action)
  const bytes = utf8(`{${head}"event":${rest}}\n`)
  return withVerdict(ownIndex === undefined ? { bytes } : { bytes, ownIndex: true })
}

function withVerdict(event: HecEvent): HecEvent {
  const size = event.bytes.length
  if (size <= EVENT_BYTES_MAX) return event
  return { ...event, refusal: `event of ${size} bytes: Splunk takes ${EVENT_BYTES_MAX} (maxEventSize)` }
}

/** The action of a CircleCI audit event; undefined for any other record. */
function auditAction({ attributes, eventName }: LogRecord): string | undefined {
  const action = attributes['circleci.audit.action']
  if (typeof action === 'string') return action
  const named = typeof eventName === 'string' && eventName.startsWith('circleci.audit.')
  return named ? eventName.slice('circleci.audit.'.length) : undefined
}

/** Seconds with milliseconds, or microseconds where there are any: more digits `_time` does not keep. */
function timeField(record: LogRecord): string {
  const [seconds, nanoseconds] = record.hrTime[0] > 0 ? record.hrTime : record.hrTimeObserved
  if (!(seconds > 0)) return ''
  const micros = Math.trunc(nanoseconds / 1000)
  const decimals = micros % 1000 === 0 ? 1000 + micros / 1000 : 1_000_000 + micros
  return `"time":${seconds}.${String(decimals).slice(1)},`
}

function metadata(
  record: LogRecord,
  defaults: EnvelopeDefaults,
  action: string | undefined,
  ownIndex: string | undefined,
): string {
  const { attributes } = record
  const resource = resourceSays(record)
  return metadataJson({
    host: defaults.host ?? text(attributes['host.name']) ?? resource.host ?? organizationName(record),
    source: text(attributes['com.splunk.source']) ?? resource.ownSource ?? defaults.source ?? resource.service,
    sourcetype:
      text(attributes['com.splunk.sourcetype']) ??
      resource.sourcetype ??
      defaults.sourcetype ??
      sourcetypeOf(record, action),
    index: ownIndex ?? defaults.index,
  })
}

/** What the forwarder says of itself is no audit event, and has a source type of its own. */
function sourcetypeOf({ eventName }: LogRecord, action: string | undefined): string | undefined {
  if (action !== undefined) return 'circleci:audit'
  const isOwn = typeof eventName === 'string' && eventName.startsWith('circleci_audit_forwarder.')
  return isOwn ? 'circleci:audit:forwarder' : undefined
}

type Metadata = { readonly [Name in keyof Required<EnvelopeDefaults>]: string | undefined }

let last: { readonly metadata: Metadata; readonly json: string } | undefined

/** Nearly every record says what the one before it said. */
function metadataJson(metadata: Metadata): string {
  if (last !== undefined && isSame(last.metadata, metadata)) return last.json
  const json = members(metadata)
  last = { metadata, json: json === '' ? '' : `${json},` }
  return last.json
}

function isSame(one: Metadata, other: Metadata): boolean {
  return (
    one.host === other.host &&
    one.source === other.source &&
    one.sourcetype === other.sourcetype &&
    one.index === other.index
  )
}

interface ResourceSays {
  readonly host: string | undefined
  readonly ownSource: string | undefined
  readonly service: string | undefined
  readonly sourcetype: string | undefined
  readonly index: string | undefined
}

const resources = new WeakMap<object, ResourceSays>()

/** Resources are few, shared by many records and slow to read: each is read once. */
function resourceSays({ resource }: LogRecord): ResourceSays {
  const known = resources.get(resource)
  if (known) return known
  const attributes = resource.attributes
  const says = {
    host: text(attributes['host.name']),
    ownSource: text(attributes['com.splunk.source']),
    service: text(attributes['service.name']),
    sourcetype: text(attributes['com.splunk.sourcetype']),
    index: text(attributes['com.splunk.index']),
  }
  if (!resource.asyncAttributesPending) resources.set(resource, says)
  return says
}

/**
 * The event and the indexed fields. The event: CIM fields, then what the forwarder knows beyond the event, then the event
 * itself.
 */
function auditRest(record: LogRecord, action: string): string {
  const id = idMember(record)
  const recurring = recurringOf(record, action)
  const own = members(ownCim(record))
  const cim = `{${id}${recurring.cim}${own === '' ? '' : `,${own}`}`
  const original = originalJson(record)
  const rest =
    original === undefined
      ? `,"attributes":${jsonText(record.attributes)}`
      : `${attributesBeyond(record.attributes)},"circleci":${original}`
  return `${cim}${rest}},"fields":${fieldsOf(id, recurring.indexed, record)}`
}

function genericRest(record: LogRecord): string {
  return `${genericEvent(record)},"fields":${fieldsOf(idMember(record), indexedMembers(record, undefined), record)}`
}

function fieldsOf(id: string, indexed: string, { spanContext }: LogRecord): string {
  if (spanContext === undefined) return indexed === '' ? `{${id.slice(0, -1)}}` : `{${id}${indexed}}`
  const span = members({ trace_id: text(spanContext.traceId), span_id: text(spanContext.spanId) })
  return `{${[id.slice(0, -1), indexed, span].filter((part) => part !== '').join(',')}}`
}

/** With a comma behind it; nothing for a record without identity. */
function idMember(record: LogRecord): string {
  const id = recordId(record)
  return id === undefined ? '' : `"event_id":${jsonText(id)},`
}

/** Never empty: HEC refuses or drops a blank event. */
function genericEvent(record: LogRecord): string {
  return jsonText({
    event_id: recordId(record),
    name: record.eventName,
    severity: record.severityText || severityName(record.severityNumber ?? 0),
    body: record.body,
    attributes: record.attributes,
    resource: record.resource.attributes,
  })
}

const severityNames = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

function severityName(severity: number): string {
  return severityNames[Math.floor((severity - 1) / 4)] ?? 'unspecified'
}

/**
 * The original as a JSON object on one line, if it is one. In JSON a raw line break stands only between tokens, and so
 * does the white space around it: both can go without reading the rest.
 */
function originalJson(record: LogRecord): string | undefined {
  const json = originalObject(record)
  if (json === undefined) return undefined
  const broken = json.includes('\n') || json.includes('\r')
  return oneLineJson(
    broken
      ? json
          .split(/[\r\n]+/)
          .map((line) => line.trim())
          .join('')
      : json,
  )
}
