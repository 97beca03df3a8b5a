// The columns that a table must have, written down once more: names, types and order are an interface to whoever queries
// the table, so that a change is a change here as well.

/** Name and type, as the statement with plain types has them. */
export type Columns = readonly (readonly [string, string])[]

const texts = (names: string): Columns => names.split(' ').map((name) => [name, 'String'])

const side = (of: 'src' | 'dst'): Columns => [
  ...texts(`${of}IP ${of}ASCountryCode`),
  [`${of}ASNumber`, 'UInt32'],
  ...texts(`${of}ASOrganization ${of}City ${of}ConnectionType ${of}ISP`),
  [`${of}Latitude`, 'Float64'],
  [`${of}Longitude`, 'Float64'],
  [`${of}UserType`, 'String'],
]

/** The 53 of `circleci_audit_logs`. */
export const auditColumns: Columns = [
  ...texts('workspaceID sourceID sourceType'),
  ['sourceTTL', 'UInt32'],
  ['receivedAt', 'DateTime'],
  ['id', 'String'],
  ['eventTime', 'DateTime'],
  ...texts('eventName eventID'),
  ...side('src'),
  ...side('dst'),
  ['actor', 'Map(String, String)'],
  ['tags', 'Map(String, String)'],
  ['resources', 'Array(String)'],
  ['serviceName', 'String'],
  ['enrichments', 'Array(Tuple(data Map(String, String), name String, provider String, type String, value String))'],
  ['readOnly', 'Bool'],
  ...texts('rawLog auditLogId'),
  ['version', 'UInt32'],
  ['occurredAt', 'DateTime'],
  ...texts('action actorId actorType actorName targetId targetType targetName scopeId scopeType scopeName'),
  ['success', 'Bool'],
  ...texts('requestId payload'),
  ['metadata', 'Map(String, String)'],
]

/**
 * Those of `otel_logs` as the Collector makes it (exporter/clickhouseexporter/internal/sqltemplates/logs_table.sql of
 * opentelemetry-collector-contrib, version 0.150.0): LowCardinality where it has it.
 */
export const collectorColumns: Columns = [
  ['Timestamp', 'DateTime64(9)'],
  ['TimestampTime', 'DateTime'],
  ['TraceId', 'String'],
  ['SpanId', 'String'],
  ['TraceFlags', 'UInt8'],
  ['SeverityText', 'LowCardinality(String)'],
  ['SeverityNumber', 'UInt8'],
  ['ServiceName', 'LowCardinality(String)'],
  ['Body', 'String'],
  ['ResourceSchemaUrl', 'LowCardinality(String)'],
  ['ResourceAttributes', 'Map(LowCardinality(String), String)'],
  ['ScopeSchemaUrl', 'LowCardinality(String)'],
  ['ScopeName', 'String'],
  ['ScopeVersion', 'LowCardinality(String)'],
  ['ScopeAttributes', 'Map(LowCardinality(String), String)'],
  ['LogAttributes', 'Map(LowCardinality(String), String)'],
  ['EventName', 'String'],
]

/** Its indexes, and the sorting key that queries made for it rely on. */
export const collectorIndexes: readonly string[] = [
  'TraceId TYPE bloom_filter(0.001) GRANULARITY 1',
  ...['Resource', 'Scope', 'Log'].flatMap((of) =>
    ['mapKeys', 'mapValues'].map((part) => `${part}(${of}Attributes) TYPE bloom_filter(0.01) GRANULARITY 1`),
  ),
  'Body TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 8',
]
export const collectorSorting = 'ServiceName, TimestampTime, Timestamp'

/** What versions from 0.151.0 on make: no TimestampTime, another sorting key, and columns that the table computes. */
export const laterCollectorTable: string = `CREATE TABLE otel_logs (
  ${collectorColumns
    .filter(([name]) => name !== 'TimestampTime')
    .map((column) => column.join(' '))
    .join(', ')},
  \`__otel_materialized_k8s.pod.name\` LowCardinality(String) MATERIALIZED ResourceAttributes['k8s.pod.name']
) ENGINE = MergeTree PARTITION BY toDate(Timestamp)
ORDER BY (toStartOfFiveMinutes(Timestamp), ServiceName, Timestamp)
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1`
