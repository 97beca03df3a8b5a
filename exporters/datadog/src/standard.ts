// Datadog's standard attributes, so that its own dashboards, facets and detection rules find an audit event: who (usr),
// did what (evt), from where (network.client), to what (asset). Source: Datadog documentation, "Default standard
// attributes". Only what the record says is written; `ocsf` is left to Datadog's own processor.
import { type LogRecord, recordId } from '@circleci-audit-forwarder/contract'
import { add, finite } from './members.ts'
import type { Recurring } from './recurring.ts'
import { isTime, nanoseconds, text } from './text.ts'

type Attributes = LogRecord['attributes']

/**
 * Members of an object, each with a comma before it. Written piece by piece: objects made for JSON.stringify cost twice as
 * much, and so does taking a first comma off again, since that makes V8 copy what was put together so far.
 */
export function standardFields(record: LogRecord, recurring: Recurring): string {
  const { attributes } = record
  return (
    nested('evt', add(recurring.evt, 'id', recordId(record))) +
    nested('usr', user(attributes)) +
    nested('network', object('', 'client', client(attributes))) +
    nested('http', http(attributes)) +
    nested('asset', asset(attributes)) +
    nested('dd', trace(record.spanContext)) +
    nested('otel', openTelemetry(record, recurring.otel))
  )
}

/** `,"name":{…}`, or nothing where there are no members. */
function nested(name: string, members: string): string {
  return members === '' ? '' : `,"${name}":{${members}}`
}

/** The members and one more, if that has any of its own. */
function object(members: string, name: string, own: string): string {
  if (own === '') return members
  return members === '' ? `"${name}":{${own}}` : `${members},"${name}":{${own}}`
}

function user(attributes: Attributes): string {
  let json = add('', 'id', text(attributes['user.id']) ?? text(attributes['circleci.audit.actor.id']))
  json = add(json, 'name', text(attributes['user.name']) ?? bareName(attributes['circleci.audit.actor.name']))
  json = add(json, 'email', text(attributes['user.email']) ?? text(attributes['circleci.audit.actor.email']))
  return add(json, 'type', text(attributes['circleci.audit.actor.type']))
}

/** `github: octocat` is the user `octocat`; the name as CircleCI gave it stays in the event. */
function bareName(name: unknown): string | undefined {
  return text(name)?.replace(/^[a-z][a-z0-9-]*:\s+/, '')
}

function client(attributes: Attributes): string {
  const json = add('', 'ip', text(attributes['client.address']))
  const isEnriched = enriched.some((name) => attributes[name] !== undefined)
  return isEnriched ? object(json, 'geoip', geoip(attributes)) : json
}

function http(attributes: Attributes): string {
  const json = add('', 'useragent', text(attributes['user_agent.original']))
  return add(json, 'request_id', text(attributes['circleci.audit.request.id']))
}

function asset(attributes: Attributes): string {
  let json = add('', 'id', text(attributes['circleci.audit.target.id']))
  json = add(json, 'type', text(attributes['circleci.audit.target.type']))
  return add(json, 'name', text(attributes['circleci.audit.target.name']))
}

/** As Datadog's own GeoIP parser writes it, where a record was enriched before. */
function geoip(attributes: Attributes): string {
  const number = text(attributes['client.as.number'])
  const latitude = add('', 'latitude', finite(attributes['geo.location.lat']))
  const system = add('', 'number', number && `AS${number}`)
  let json = object('', 'continent', add('', 'code', text(attributes['geo.continent.code'])))
  json = object(json, 'country', add('', 'iso_code', text(attributes['geo.country.iso_code'])))
  json = object(json, 'subdivision', add('', 'iso_code', text(attributes['geo.region.iso_code'])))
  json = object(json, 'city', add('', 'name', text(attributes['geo.locality.name'])))
  json = object(json, 'location', add(latitude, 'longitude', finite(attributes['geo.location.lon'])))
  return object(json, 'as', add(system, 'name', text(attributes['client.as.organization'])))
}

const enriched = [
  'geo.country.iso_code',
  'geo.continent.code',
  'geo.location.lat',
  'client.as.number',
  'client.as.organization',
]

/** Trace and span as Datadog joins them: the low 64 bits, in decimal. */
function trace(span: LogRecord['spanContext']): string {
  if (span === undefined) return ''
  const ids = /^[0-9a-f]{16}([0-9a-f]{16}) ([0-9a-f]{16})$/i.exec(`${span.traceId} ${span.spanId}`)
  return ids === null ? '' : add(add('', 'trace_id', decimal(ids[1])), 'span_id', decimal(ids[2]))
}

function decimal(hexadecimal: string | undefined): string {
  return String(BigInt(`0x${hexadecimal}`))
}

/** What Datadog has no field for, as its Agent names it. All nine digits of the time are here. */
function openTelemetry({ hrTime, spanContext }: LogRecord, recurring: string): string {
  const time = isTime(hrTime) ? `"timestamp":"${nanoseconds(hrTime)}"` : ''
  const json = time === '' || recurring === '' ? time + recurring : `${time},${recurring}`
  if (spanContext === undefined) return json
  return add(add(json, 'trace_id', text(spanContext.traceId)), 'span_id', text(spanContext.spanId))
}
