// A record as one HEC envelope on one line. The envelope is built from a fixed list of keys: an unknown key beside
// `event` makes Splunk answer 200 and drop that event and all after it. `time` is written as text, for a float would
// bring noise and could bring an exponent (code 15). The original event goes in as the text it was, spliced rather than
// parsed and written again: cheaper, and no number loses a digit.
import {
  type Encoded,
  jsonText,
  type LogRecord,
  ORIGINAL,
  oneLineJson,
  recordId,
  utf8,
} from '@circleci-audit-forwarder/contract'
import { cimFields, organizationName, text } from './cim.ts'

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
  const event = action === undefined ? genericEvent(record) : auditEvent(record, action)
  const head = timeField(record) + metadata(record, defaults, action, ownIndex)
  const bytes = utf8(`{${head}"event":${event},"fields":${indexedFields(record, action)}}\n`)
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
      (action === undefined ? undefined : 'circleci:audit'),
    index: ownIndex ?? defaults.index,
  })
}

type Metadata = { readonly [Name in keyof Required<EnvelopeDefaults>]: string | undefined }

let last: { readonly metadata: Metadata; readonly json: string } | undefined

/** Nearly every record says what the one before it said. */
function metadataJson(metadata: Metadata): string {
  if (last !== undefined && isSame(last.metadata, metadata)) return last.json
  const json = flatJson(metadata)
  last = { metadata, json: json === '{}' ? '' : `${json.slice(1, -1)},` }
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

/** CIM fields, then what the forwarder knows beyond the event, then the event itself. */
function auditEvent(record: LogRecord, action: string): string {
  const cim = flatJson(cimFields(record, action)).slice(0, -1)
  const original = originalJson(record[ORIGINAL])
  if (original === undefined) return `${cim},"attributes":${jsonText(record.attributes)}}`
  return `${cim}${attributesBeyond(record.attributes)},"circleci":${original}}`
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

const NAMES_MAX = 1000
const names = new Map<string, string>()

/** `"name":`, or nothing for an attribute that repeats the event. Names are few: each is looked at once. */
function nameBeyond(name: string): string {
  const known = names.get(name)
  if (known !== undefined) return known
  const json = name.startsWith('circleci.audit.') || repeated.has(name) ? '' : `${jsonText(name)}:`
  if (names.size < NAMES_MAX) names.set(name, json)
  return json
}

function attributesBeyond(attributes: LogRecord['attributes']): string {
  let json = ''
  for (const name in attributes) {
    const named = nameBeyond(name)
    if (named !== '') json += `${json === '' ? '' : ','}${named}${jsonText(attributes[name])}`
  }
  return json === '' ? '' : `,"attributes":{${json}}`
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

/** Strings need no look beforehand. */
function flatJson(fields: Readonly<Record<string, string | undefined>>): string {
  return oneLineJson(JSON.stringify(fields))
}

/** Indexed fields: flat, strings only (some servers take nothing else), and few, since each costs index space. */
function indexedFields(record: LogRecord, action: string | undefined): string {
  return flatJson({
    event_id: recordId(record),
    circleci_action: action,
    success: text(record.attributes['circleci.audit.success']),
    org: organizationName(record),
    'otel.log.name': text(record.eventName),
    'otel.log.severity.text': text(record.severityText),
    'otel.log.severity.number': text(record.severityNumber),
    trace_id: text(record.spanContext?.traceId),
    span_id: text(record.spanContext?.spanId),
  })
}

/** `{"` or `{}` alone: a CSV row may begin and end with a brace, but not so. */
const OBJECT_BEGINS = /^\{\s*(?:"|\}$)/

/**
 * The original as a JSON object on one line, if it is one. In JSON a raw line break stands only between tokens, and so
 * does the white space around it: both can go without reading the rest.
 */
function originalJson(original: string | undefined): string | undefined {
  const json = original?.trim()
  if (json === undefined || !OBJECT_BEGINS.test(json) || !json.endsWith('}')) return undefined
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
