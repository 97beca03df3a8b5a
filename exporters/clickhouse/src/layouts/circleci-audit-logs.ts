// `circleci_audit_logs`: 53 columns, made for audit events. The sorting key ends in the event's id, and nothing before it
// depends on where an event was read, so that ReplacingMergeTree merges what a table holds twice. Partitions are months
// of the event's own time in UTC: unlike the time it was received it never changes, so copies always meet.
//
// All 53 keys are sent in each row: a column that is missing in the table is then an error, not an empty column.
// What is the same in nearly every row comes first and is written once: JSONEachRow names its columns, so order is free.
import { jsonText, type LogRecord, ORIGINAL, recordJson } from '@circleci-audit-forwarder/contract'
import { type Others, othersIn } from '../attributes.ts'
import { idOf } from '../identity.ts'
import { type Column, type Constants, createTable, type DdlOptions, type Layout, type Row } from '../layout.ts'
import { isReadOnly } from '../read-only.ts'
import { copiedIfAny, lineOf, textIfAny, withEntries } from '../rows.ts'
import { nowhere, placesOf, sideColumns } from '../sides.ts'
import { qualified, type Target } from '../sql.ts'
import { asText, monthOf, secondsOf, textOf, textOfAny, timeOf, uint32, wellFormedAttributes } from '../values.ts'

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

function encoder(constants: Constants): (record: LogRecord) => Row {
  const workspaceId = constants.workspaceId.toWellFormed()
  const sourceId = constants.sourceId.toWellFormed()
  const sourceTTL = uint32(constants.retentionDays)
  const same = { workspaceID: workspaceId, sourceID: sourceId, sourceType: 'circleci-audit', sourceTTL }
  const begin = `${JSON.stringify(same).slice(0, -1)},`
  const usual = begin + nowhere
  const prefix = [workspaceId, sourceId]
  return (record) => {
    const id = idOf(record)
    const time = secondsOf(timeOf(record))
    const attributes = wellFormedAttributes(record)
    const others = othersIn(attributes)
    const places = placesOf(attributes, others)
    const bytes = lineOf(rowOf(record, attributes, others, id, time), places === undefined ? usual : begin + places)
    return { bytes, partition: monthOf(time), id, time, prefix }
  }
}

/** The columns that are not the same in nearly every row. */
function rowOf(record: LogRecord, attributes: Attributes, others: Others, id: string, time: number): object {
  const action = asText(attributes['circleci.audit.action'] ?? record.eventName)
  const ownId = hasOwnId(attributes) ? id : ''
  const scope = scopeOf(attributes)
  // biome-ignore format: in the order of the table, what belongs together on a line
  return {
    receivedAt: secondsOf(record.hrTimeObserved), id, eventTime: time, eventName: action, eventID: ownId,
    srcIP: textOf(attributes['client.address']),
    actor: actorOf(attributes, others),
    tags: tagsOf(record, attributes, others),
    resources: resourcesOf(attributes),
    serviceName: serviceName(record),
    enrichments: enrichmentsOf(attributes, others),
    readOnly: isReadOnly(action),
    rawLog: record[ORIGINAL]?.toWellFormed() ?? recordJson(record),
    auditLogId: ownId,
    version: uint32(attributes['circleci.audit.version']),
    occurredAt: secondsOf(record.hrTime),
    action,
    actorId: textOf(attributes['circleci.audit.actor.id'] ?? attributes['user.id']),
    actorType: textOf(attributes['circleci.audit.actor.type']),
    actorName: textOf(attributes['circleci.audit.actor.name'] ?? attributes['user.name']),
    targetId: textOf(attributes['circleci.audit.target.id']),
    targetType: textOf(attributes['circleci.audit.target.type']),
    targetName: textOf(attributes['circleci.audit.target.name']),
    scopeId: textOf(scope.id), scopeType: textOf(scope.type), scopeName: textOf(scope.name),
    success: hasSucceeded(record),
    requestId: textOf(attributes['circleci.audit.request.id']),
    payload: payloadOf(attributes),
    metadata: withEntries({}, others.metadata),
  }
}

/** An event without an id goes by the hash of its text, which is not CircleCI's id. */
function hasOwnId(attributes: Attributes): boolean {
  const id = attributes['log.record.uid']
  return id !== undefined && id !== attributes['circleci_audit_forwarder.source.sha256']
}

/** The five that are known, and whatever else CircleCI says of the actor. */
function actorOf(attributes: Attributes, { actor }: Others): object {
  const username = attributes['user.name'] ?? attributes['circleci.audit.actor.username']
  const known = {
    id: textOfAny(attributes['circleci.audit.actor.id'] ?? attributes['user.id']),
    type: textOfAny(attributes['circleci.audit.actor.type']),
    name: textOfAny(attributes['circleci.audit.actor.name']),
    username: textOfAny(username),
    email: textOfAny(attributes['user.email'] ?? attributes['circleci.audit.actor.email']),
  }
  return withEntries(known, actor)
}

/** What nearly every record has, then the rest. */
function tagsOf(record: LogRecord, attributes: Attributes, { tags }: Others): object {
  const { severityText, severityNumber, eventName } = record
  const known = {
    severity: textIfAny(severityText || severityNumber),
    'otel.event.name': textIfAny(eventName),
    'error.type': textOfAny(attributes['error.type']),
    'circleci.audit.organization.id': textOfAny(attributes['circleci.audit.organization.id']),
    'circleci.audit.organization.type': textOfAny(attributes['circleci.audit.organization.type']),
    'circleci.audit.organization.name': textOfAny(attributes['circleci.audit.organization.name']),
    'circleci.audit.account.id': textOfAny(attributes['circleci.audit.account.id']),
    'circleci.audit.account.type': textOfAny(attributes['circleci.audit.account.type']),
    'circleci.audit.account.name': textOfAny(attributes['circleci.audit.account.name']),
    'http.request.header.x-client-trace-id': textOfAny(attributes['http.request.header.x-client-trace-id']),
    'circleci_audit_forwarder.source.store': textOfAny(attributes['circleci_audit_forwarder.source.store']),
    'circleci_audit_forwarder.source.key': textOfAny(attributes['circleci_audit_forwarder.source.key']),
    'circleci_audit_forwarder.source.line': textOfAny(attributes['circleci_audit_forwarder.source.line']),
    'circleci_audit_forwarder.source.offset': textOfAny(attributes['circleci_audit_forwarder.source.offset']),
    'circleci_audit_forwarder.source.sha256': textOfAny(attributes['circleci_audit_forwarder.source.sha256']),
  }
  // Constants that an operator sets are cut out of the configuration.
  return withEntries(known, tags, copiedIfAny)
}

function resourcesOf(attributes: Attributes): readonly string[] {
  const type = textOf(attributes['circleci.audit.target.type'])
  const name = textOf(attributes['circleci.audit.target.name'] ?? attributes['circleci.audit.target.id'])
  if (type === '' && name === '') return []
  return [type === '' || name === '' ? type + name : [type, name].join('/')]
}

const services = new WeakMap<object, string>()

/** Resources are few and slow to read. */
function serviceName({ resource }: LogRecord): string {
  const known = services.get(resource)
  if (known !== undefined) return known
  const name = asText(resource.attributes['service.name'])
  if (!resource.asyncAttributesPending) services.set(resource, name)
  return name
}

function enrichmentsOf(attributes: Attributes, { client }: Others): readonly object[] {
  if (client.length === 0) return []
  const value = asText(attributes['client.address'])
  return [{ data: withEntries({}, client), name: 'geoip', provider: 'mmdb', type: 'ip', value }]
}

interface Party {
  readonly id: unknown
  readonly type: unknown
  readonly name: unknown
}

/** The scope, or where there is none the organization or the account, which say the same in CircleCI. */
function scopeOf(attributes: Attributes): Party {
  const id = attributes['circleci.audit.scope.id']
  const type = attributes['circleci.audit.scope.type']
  const name = attributes['circleci.audit.scope.name']
  if (id !== undefined || name !== undefined) return { id, type, name }
  return partyIn(attributes, 'organization') ?? partyIn(attributes, 'account') ?? { id, type, name }
}

function partyIn(attributes: Attributes, party: string): Party | undefined {
  const [id, type, name] = ['id', 'type', 'name'].map((part) => attributes[`circleci.audit.${party}.${part}`])
  return id === undefined && name === undefined ? undefined : { id, type, name }
}

/** An audit event says so itself, or has not succeeded as far as anyone knows. Any other record: unless it is an error. */
function hasSucceeded({ attributes, eventName, severityNumber = 0 }: LogRecord): boolean {
  const success = attributes['circleci.audit.success']
  if (typeof success === 'boolean') return success
  // By the event's name as well: an event without an action is an audit event all the same.
  const isAudit = attributes['circleci.audit.action'] !== undefined || eventName?.startsWith('circleci.audit.') === true
  return !isAudit && severityNumber < 17
}

function payloadOf(attributes: Attributes): string {
  const payload = attributes['circleci.audit.payload']
  return payload === undefined ? '{}' : jsonText(payload)
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
