// What a record is as a row, said a second time: for each column where in the record its value stands, in the words of the
// exporter's README. It shares no code with the exporter, so that a column which the exporter fills wrongly differs from
// what is read back here. Maps are lists of pairs, in the order of their keys: a key that stands in a map twice shows, and
// `__proto__` is a key like any other.
import { type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'

export type Pairs = readonly (readonly [string, string])[]
export type ExpectedRow = Readonly<Record<string, unknown>>

/** What the operator sets once for all rows. */
export interface Constants {
  readonly workspaceId: string
  readonly sourceId: string
  readonly retentionDays: number
}

/** What to select: every column there is, times as they are sent, maps as lists of pairs. */
export const wholeAuditRow: string = `* REPLACE (
  toUnixTimestamp(receivedAt) AS receivedAt, toUnixTimestamp(eventTime) AS eventTime,
  toUnixTimestamp(occurredAt) AS occurredAt, ${pairsOf('actor')}, ${pairsOf('tags')}, ${pairsOf('metadata')})`

export const wholeLogRow: string = `* REPLACE (
  toString(toUnixTimestamp64Nano(Timestamp)) AS Timestamp, toUnixTimestamp(TimestampTime) AS TimestampTime,
  ${pairsOf('ResourceAttributes')}, ${pairsOf('ScopeAttributes')}, ${pairsOf('LogAttributes')})`

function pairsOf(map: string): string {
  return `arraySort(pair -> pair.1, CAST(${map}, 'Array(Tuple(String, String))')) AS ${map}`
}

const parts = ['id', 'type', 'name'] as const
const audit = (name: string): string => `circleci.audit.${name}`

/** Attributes that are no tags, since a column or another map says them. */
const inColumns = new Set([
  ...['log.record.uid', 'client.address', 'user.id', 'user.name', 'user.email'],
  ...['action', 'version', 'success', 'payload', 'request.id'].map(audit),
  ...['target', 'scope'].flatMap((party) => parts.map((part) => audit(`${party}.${part}`))),
])
/** The source object in OpenTelemetry's words, which `circleci_audit_forwarder.source.*` says as well. */
const saidTwice = new Set(['aws.s3.bucket', 'aws.s3.key', 'log.file.path'])
const elsewhere = /^(circleci\.audit\.(actor|metadata)|geo|client\.as|circleci_audit_forwarder\.client)\./

/** All columns of `circleci_audit_logs`. */
export function auditRowOf(record: LogRecord, constants: Constants): ExpectedRow {
  return { ...sameInAll(constants), ...eventOf(record), ...partiesOf(record), ...mapsOf(record), ...placesOf(record) }
}

function sameInAll({ workspaceId, sourceId, retentionDays }: Constants): ExpectedRow {
  return { workspaceID: workspaceId, sourceID: sourceId, sourceType: 'circleci-audit', sourceTTL: retentionDays }
}

function eventOf(record: LogRecord): ExpectedRow {
  const { attributes, hrTime, hrTimeObserved, resource, eventName } = record
  const id = attributes['log.record.uid']
  const own = id === attributes['circleci_audit_forwarder.source.sha256'] ? '' : id
  const action = attributes[audit('action')] ?? eventName
  const payload = attributes[audit('payload')]
  return {
    receivedAt: hrTimeObserved[0],
    id,
    ...{ eventID: own, auditLogId: own, eventName: action, action },
    eventTime: inDateTime(hrTime[0]) || hrTimeObserved[0],
    occurredAt: inDateTime(hrTime[0]),
    serviceName: resource.attributes['service.name'],
    readOnly: /(accessed|requested|viewed|\.download_url\.generated|\.context\.request)$/i.test(String(action)),
    rawLog: record[ORIGINAL],
    version: attributes[audit('version')] ?? 0,
    success: attributes[audit('success')] ?? false,
    requestId: attributes[audit('request.id')] ?? '',
    payload: payload === undefined ? '{}' : JSON.stringify(payload),
  }
}

function inDateTime(seconds: number): number {
  return Math.min(Math.max(seconds, 0), 2 ** 32 - 1)
}

function partiesOf({ attributes }: LogRecord): ExpectedRow {
  const named = (party: string): readonly string[] =>
    parts.map((part) => textOf(attributes[audit(`${party}.${part}`)] ?? ''))
  const [actorId, actorType, actorName] = named('actor')
  const [targetId, targetType, targetName] = named('target')
  const parties = ['scope', 'organization', 'account'].map(named)
  const [scopeId, scopeType, scopeName] = parties.find(([id, , name]) => id !== '' || name !== '') ?? named('scope')
  const resource = [targetType, targetName || targetId].filter((text) => text !== '').join('/')
  return {
    ...{ actorId, actorType, actorName, targetId, targetType, targetName, scopeId, scopeType, scopeName },
    resources: resource === '' ? [] : [resource],
  }
}

function mapsOf({ attributes, severityText, eventName }: LogRecord): ExpectedRow {
  const under = (prefix: string): readonly (readonly [string, unknown])[] =>
    Object.entries(attributes).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value] as const] : [],
    )
  const tags = Object.entries(attributes).filter(
    ([name]) => !inColumns.has(name) && !saidTwice.has(name) && !elsewhere.test(name),
  )
  const user = (part: string, name: string): readonly (readonly [string, unknown])[] =>
    attributes[name] === undefined ? [] : [[part, attributes[name]]]
  return {
    actor: pairs([...under(audit('actor.')), ...user('username', 'user.name'), ...user('email', 'user.email')]),
    metadata: pairs(under(audit('metadata.'))),
    tags: pairs([...tags, ['severity', severityText], ['otel.event.name', eventName]]),
  }
}

/** What is known of both ends of the connection, and what all of it was looked up from. */
function placesOf({ attributes }: LogRecord): ExpectedRow {
  const known = Object.entries(attributes).filter(([name]) => elsewhere.test(name) && !name.startsWith('circleci.'))
  const address = attributes['client.address'] ?? ''
  const data = Object.fromEntries(known.map(([name, value]) => [name, textOf(value)]))
  const lookedUp = { data, name: 'geoip', provider: 'mmdb', type: 'ip', value: address }
  return {
    srcIP: address,
    ...sideOf(attributes, 'src', 'client.as', 'geo', 'circleci_audit_forwarder.client'),
    dstIP: attributes['destination.address'] ?? '',
    ...sideOf(attributes, 'dst', 'destination.as', 'destination.geo', 'destination'),
    enrichments: known.length === 0 ? [] : [lookedUp],
  }
}

function sideOf(attributes: LogRecord['attributes'], side: string, as: string, geo: string, other: string): object {
  const columns = {
    ASCountryCode: attributes[`${geo}.country.iso_code`] ?? '',
    ASNumber: attributes[`${as}.number`] ?? 0,
    ASOrganization: attributes[`${as}.organization`] ?? attributes[`${as}.organization.name`] ?? '',
    City: attributes[`${geo}.locality.name`] ?? '',
    ConnectionType: attributes[`${other}.connection_type`] ?? '',
    ISP: attributes[`${other}.isp`] ?? '',
    Latitude: attributes[`${geo}.location.lat`] ?? 0,
    Longitude: attributes[`${geo}.location.lon`] ?? 0,
    UserType: attributes[`${other}.user_type`] ?? '',
  }
  return Object.fromEntries(Object.entries(columns).map(([name, value]) => [side + name, value]))
}

/** All columns of `otel_logs`. */
export function logRowOf(record: LogRecord): ExpectedRow {
  const { attributes, hrTime, hrTimeObserved, resource, instrumentationScope: scope } = record
  const [seconds, nanos] = hrTime[0] > 0 ? hrTime : hrTimeObserved
  const isBeyond = seconds > 2 ** 32 - 1
  return {
    Timestamp: String(BigInt(inDateTime(seconds)) * 1_000_000_000n + BigInt(nanos)),
    TimestampTime: isBeyond ? 2 ** 32 - 1 : seconds,
    ...{ TraceId: '', SpanId: '', TraceFlags: 0, ResourceSchemaUrl: '', ScopeSchemaUrl: '', ScopeAttributes: [] },
    SeverityText: record.severityText,
    SeverityNumber: record.severityNumber,
    ServiceName: resource.attributes['service.name'],
    Body: record.body,
    ResourceAttributes: pairs(Object.entries(resource.attributes)),
    ScopeName: scope.name,
    ScopeVersion: scope.version,
    LogAttributes: pairs([...Object.entries(attributes), ['log.record.original', record[ORIGINAL]]]),
    EventName: record.eventName,
  }
}

function pairs(entries: readonly (readonly [string, unknown])[]): Pairs {
  const texts = entries.map(([name, value]) => [name, textOf(value)] as const)
  return texts.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
