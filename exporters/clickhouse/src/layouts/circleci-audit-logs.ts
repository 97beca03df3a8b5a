// `circleci_audit_logs`: 53 columns, made for audit events. The sorting key ends in the event's id, and nothing before it
// depends on where an event was read, so that ReplacingMergeTree merges what a table holds twice. Partitions are months
// of the event's own time in UTC: unlike the time it was received it never changes, so copies always meet.
//
// All 53 keys are sent in each row: a column that is missing in the table is then an error, not an empty column.
import { jsonText, type LogRecord, ORIGINAL, recordJson, utf8 } from '@circleci-audit-forwarder/contract'
import { entry, joined, type Spread, spread } from '../attributes.ts'
import { idOf } from '../identity.ts'
import { type Column, type Constants, createTable, type DdlOptions, type Layout, type Row } from '../layout.ts'
import { isReadOnly } from '../read-only.ts'
import { destination, sideColumns, source } from '../sides.ts'
import { qualified, type Target } from '../sql.ts'
import { asText, monthOf, secondsOf, textJson, timeOf, uint32Json } from '../values.ts'

type Attributes = LogRecord['attributes']

const LOW = 'LowCardinality(String)'
const MAP = 'Map(LowCardinality(String), String)'
const Z1 = 'CODEC(ZSTD(1))'
const Z3 = 'CODEC(ZSTD(3))'
const DELTA = 'CODEC(Delta, ZSTD(1))'
const T64 = 'CODEC(T64, ZSTD(1))'
const ENRICHMENTS = 'Array(Tuple(data Map(String, String), name String, provider String, type String, value String))'

const low = (name: string): Column => ({ name, type: LOW })
const column = (name: string, type: string, rest: string): Column => ({ name, type, rest })

const columns: readonly Column[] = [
  ...['workspaceID', 'sourceID', 'sourceType'].map(low),
  column('sourceTTL', 'UInt32', T64),
  column('receivedAt', 'DateTime', DELTA),
  column('id', 'String', Z1),
  column('eventTime', 'DateTime', DELTA),
  low('eventName'),
  column('eventID', 'String', Z1),
  ...sideColumns('src'),
  ...sideColumns('dst'),
  column('actor', MAP, Z1),
  column('tags', MAP, Z1),
  column('resources', 'Array(String)', Z1),
  low('serviceName'),
  column('enrichments', ENRICHMENTS, Z1),
  { name: 'readOnly', type: 'Bool' },
  column('rawLog', 'String', Z3),
  column('auditLogId', 'String', Z1),
  column('version', 'UInt32', T64),
  column('occurredAt', 'DateTime', DELTA),
  low('action'),
  column('actorId', 'String', Z1),
  low('actorType'),
  column('actorName', 'String', Z1),
  column('targetId', 'String', Z1),
  low('targetType'),
  column('targetName', 'String', Z1),
  ...['scopeId', 'scopeType', 'scopeName'].map(low),
  { name: 'success', type: 'Bool' },
  column('requestId', 'String', Z1),
  column('payload', 'String', Z3),
  column('metadata', MAP, Z1),
]

const indexes = [
  'idx_audit_id auditLogId TYPE bloom_filter(0.001) GRANULARITY 1',
  'idx_request requestId TYPE bloom_filter(0.001) GRANULARITY 1',
  'idx_actor actorId TYPE bloom_filter(0.01) GRANULARITY 1',
  'idx_target targetId TYPE bloom_filter(0.01) GRANULARITY 1',
  'idx_srcip srcIP TYPE bloom_filter(0.01) GRANULARITY 1',
  'idx_action action TYPE set(256) GRANULARITY 4',
  'idx_received receivedAt TYPE minmax GRANULARITY 1',
  'idx_raw rawLog TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 8',
]

/** From the time it was received: an old event must not expire on arrival. Bounded: far enough away, time wraps to the past. */
const ttl = 'TTL receivedAt + toIntervalDay(least(sourceTTL, 3650)) DELETE WHERE sourceTTL > 0'

function ddl(target: Target, options: DdlOptions): string {
  const clauses = [
    "PARTITION BY toYYYYMM(eventTime, 'UTC')",
    'PRIMARY KEY (workspaceID, sourceID, eventTime)',
    'ORDER BY (workspaceID, sourceID, eventTime, id)',
    ...(options.retentionDays === undefined ? [] : [ttl]),
  ]
  const statement = {
    columns,
    indexes,
    engine: 'ReplacingMergeTree(receivedAt)',
    clauses,
    settings: ['index_granularity = 8192'],
  }
  return createTable(qualified(target), statement, options)
}

function encoder({ workspaceId, sourceId, retentionDays }: Constants): (record: LogRecord) => Row {
  const prefix = [workspaceId.toWellFormed(), sourceId.toWellFormed()]
  const head =
    `{"workspaceID":${textJson(workspaceId)},"sourceID":${textJson(sourceId)},"sourceType":"circleci-audit",` +
    `"sourceTTL":${uint32Json(retentionDays)},"receivedAt":`
  return (record) => {
    const id = idOf(record)
    const time = secondsOf(timeOf(record))
    const bytes = utf8(head + rowOf(record, id, time))
    return { bytes, partition: monthOf(time), id, time, prefix }
  }
}

/** An event without an id of its own goes by the hash of its text, which is not CircleCI's id. */
function rowOf(record: LogRecord, id: string, time: number): string {
  const { attributes } = record
  const rest = spread(attributes)
  const action = textJson(attributes['circleci.audit.action'] ?? record.eventName)
  const eventId = id === attributes['circleci_audit_forwarder.source.sha256'] ? '""' : jsonText(id)
  return (
    `${secondsOf(record.hrTimeObserved)},"id":${jsonText(id)},"eventTime":${time},"eventName":${action},"eventID":${eventId}` +
    `${source(attributes, rest)}${destination(attributes, rest)}` +
    `,"actor":{${actorOf(attributes, rest)}},"tags":{${tagsOf(record, rest)}},"resources":${resourcesOf(attributes)}` +
    `,"serviceName":${serviceName(record)},"enrichments":${enrichmentsOf(attributes, rest)}` +
    `,"readOnly":${isReadOnly(asText(attributes['circleci.audit.action']))}` +
    `,"rawLog":${jsonText(record[ORIGINAL] ?? recordJson(record))},"auditLogId":${eventId}` +
    `,"version":${uint32Json(attributes['circleci.audit.version'])},"occurredAt":${secondsOf(record.hrTime)}` +
    `,"action":${action}${partiesOf(attributes)},"success":${hasSucceeded(record)}` +
    `,"requestId":${textJson(attributes['circleci.audit.request.id'])},"payload":${payloadOf(attributes)}` +
    `,"metadata":{${rest.metadata}}}\n`
  )
}

function actorOf(attributes: Attributes, { actor }: Spread): string {
  return joined(
    entry('id', attributes['circleci.audit.actor.id'] ?? attributes['user.id']),
    entry('type', attributes['circleci.audit.actor.type']),
    entry('name', attributes['circleci.audit.actor.name']),
    entry('username', attributes['user.name'] ?? attributes['circleci.audit.actor.username']),
    entry('email', attributes['user.email'] ?? attributes['circleci.audit.actor.email']),
    actor,
  )
}

function tagsOf({ severityText, severityNumber, eventName }: LogRecord, { tags }: Spread): string {
  return joined(entry('severity', severityText || severityNumber), entry('otel.event.name', eventName), tags)
}

function resourcesOf(attributes: Attributes): string {
  const type = asText(attributes['circleci.audit.target.type'])
  const name = asText(attributes['circleci.audit.target.name'] ?? attributes['circleci.audit.target.id'])
  if (type === '' && name === '') return '[]'
  return `[${jsonText(type === '' || name === '' ? type + name : `${type}/${name}`)}]`
}

const services = new WeakMap<object, string>()

/** Resources are few and slow to read. */
function serviceName({ resource }: LogRecord): string {
  const known = services.get(resource)
  if (known !== undefined) return known
  const json = textJson(resource.attributes['service.name'])
  if (!resource.asyncAttributesPending) services.set(resource, json)
  return json
}

function enrichmentsOf(attributes: Attributes, { enrichment }: Spread): string {
  if (enrichment === '') return '[]'
  const value = textJson(attributes['client.address'])
  return `[{"data":{${enrichment}},"name":"geoip","provider":"mmdb","type":"ip","value":${value}}]`
}

const SCOPES = ['scope', 'organization', 'account'] as const

function partiesOf(attributes: Attributes): string {
  const scope = SCOPES.find((party) => attributes[`circleci.audit.${party}.id`] !== undefined) ?? 'scope'
  return (
    `,"actorId":${textJson(attributes['circleci.audit.actor.id'] ?? attributes['user.id'])}` +
    `,"actorType":${textJson(attributes['circleci.audit.actor.type'])}` +
    `,"actorName":${textJson(attributes['circleci.audit.actor.name'] ?? attributes['user.name'])}` +
    `,"targetId":${textJson(attributes['circleci.audit.target.id'])}` +
    `,"targetType":${textJson(attributes['circleci.audit.target.type'])}` +
    `,"targetName":${textJson(attributes['circleci.audit.target.name'])}` +
    `,"scopeId":${textJson(attributes[`circleci.audit.${scope}.id`])}` +
    `,"scopeType":${textJson(attributes[`circleci.audit.${scope}.type`])}` +
    `,"scopeName":${textJson(attributes[`circleci.audit.${scope}.name`])}`
  )
}

/** An audit event says so itself, or has not succeeded as far as anyone knows. Any other record: unless it is an error. */
function hasSucceeded({ attributes, severityNumber = 0 }: LogRecord): boolean {
  const success = attributes['circleci.audit.success']
  if (typeof success === 'boolean') return success
  return attributes['circleci.audit.action'] === undefined && severityNumber < 17
}

function payloadOf(attributes: Attributes): string {
  const payload = attributes['circleci.audit.payload']
  return payload === undefined ? '"{}"' : jsonText(jsonText(payload))
}

/** One row per audit event in 53 columns. */
export const circleciAuditLogs: Layout = {
  name: 'circleci_audit_logs',
  table: 'circleci_audit_logs',
  columns,
  lookup: { prefix: ['workspaceID', 'sourceID'], time: 'eventTime', id: 'id' },
  encoder,
  ddl,
}
