// `otel_logs`: the table of the OpenTelemetry Collector's ClickHouse exporter, column by column, so that dashboards and
// queries made for it work. Two things are added, neither of them a column: a deduplication window, without which nothing
// is stored exactly once, and the time zone of the partitions, without which a day in UTC is two partitions on a server
// elsewhere. Source of the columns: opentelemetry-collector-contrib, exporter/clickhouseexporter.
import { type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import { idOf } from '../identity.ts'
import { type Column, createTable, type DdlOptions, type Layout, type Row } from '../layout.ts'
import { copiedIfAny, lineOf, withEntries } from '../rows.ts'
import { qualified, type Target } from '../sql.ts'
import { asText, dateOf, nanoseconds, secondsOf, timeOf, uint32 } from '../values.ts'

const LOW = 'LowCardinality(String)'
const MAP = 'Map(LowCardinality(String), String)'
const Z1 = 'CODEC(ZSTD(1))'

const columns: readonly Column[] = [
  { name: 'Timestamp', type: 'DateTime64(9)', rest: 'CODEC(Delta(8), ZSTD(1))' },
  { name: 'TimestampTime', type: 'DateTime', rest: 'DEFAULT toDateTime(Timestamp)', computed: true },
  { name: 'TraceId', type: 'String', rest: Z1 },
  { name: 'SpanId', type: 'String', rest: Z1 },
  { name: 'TraceFlags', type: 'UInt8' },
  { name: 'SeverityText', type: LOW, rest: Z1 },
  { name: 'SeverityNumber', type: 'UInt8' },
  { name: 'ServiceName', type: LOW, rest: Z1 },
  { name: 'Body', type: 'String', rest: Z1 },
  { name: 'ResourceSchemaUrl', type: LOW, rest: Z1 },
  { name: 'ResourceAttributes', type: MAP, rest: Z1 },
  { name: 'ScopeSchemaUrl', type: LOW, rest: Z1 },
  { name: 'ScopeName', type: 'String', rest: Z1 },
  { name: 'ScopeVersion', type: LOW, rest: Z1 },
  { name: 'ScopeAttributes', type: MAP, rest: Z1 },
  { name: 'LogAttributes', type: MAP, rest: Z1 },
  { name: 'EventName', type: 'String', rest: Z1 },
]

const indexes = [
  'idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1',
  ...['Resource', 'Scope', 'Log'].flatMap((of) => [
    `idx_${short(of)}_attr_key mapKeys(${of}Attributes) TYPE bloom_filter(0.01) GRANULARITY 1`,
    `idx_${short(of)}_attr_value mapValues(${of}Attributes) TYPE bloom_filter(0.01) GRANULARITY 1`,
  ]),
  'idx_body Body TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 8',
]

function short(of: string): string {
  return of === 'Resource' ? 'res' : of.toLowerCase()
}

function ddl(target: Target, options: DdlOptions): string {
  const { retentionDays } = options
  const clauses = [
    "PARTITION BY toDate(TimestampTime, 'UTC')",
    'PRIMARY KEY (ServiceName, TimestampTime)',
    'ORDER BY (ServiceName, TimestampTime, Timestamp)',
    ...(retentionDays === undefined ? [] : [`TTL TimestampTime + toIntervalDay(${retentionDays})`]),
  ]
  const settings = ['index_granularity = 8192', 'ttl_only_drop_parts = 1']
  return createTable(qualified(target), { columns, indexes, engine: 'MergeTree', clauses, settings }, options)
}

function encode(record: LogRecord): Row {
  const time = timeOf(record)
  const id = idOf(record)
  const { spanContext, resource, instrumentationScope: scope } = record
  const service = producerOf(resource)
  const row = {
    Timestamp: nanoseconds(time),
    TraceId: asText(spanContext?.traceId),
    SpanId: asText(spanContext?.spanId),
    TraceFlags: uint8(spanContext?.traceFlags),
    SeverityText: asText(record.severityText),
    SeverityNumber: uint8(record.severityNumber),
    ServiceName: service.name,
    Body: asText(record.body),
    ResourceSchemaUrl: service.schemaUrl,
    ResourceAttributes: service.attributes,
    ScopeSchemaUrl: asText(scope.schemaUrl),
    ScopeName: asText(scope.name),
    ScopeVersion: asText(scope.version),
    ScopeAttributes: scopeAttributes(scope),
    LogAttributes: attributesOf(record, id),
    EventName: copiedIfAny(record.eventName) ?? '',
  }
  const seconds = secondsOf(time)
  return { bytes: lineOf(row), partition: dateOf(seconds), id, time: seconds, prefix: service.prefix }
}

function uint8(value: unknown): number {
  return Math.min(uint32(value), 255)
}

/** Values that are views into longer texts. */
const CUT_OUT = ['user.name', 'aws.s3.bucket'] as const

/** All attributes as text, the identity among them, and the event as it was written. */
function attributesOf({ attributes, [ORIGINAL]: original }: LogRecord, id: string): object {
  const all: Record<string, unknown> = texts(attributes)
  if (all['log.record.uid'] !== id) all['log.record.uid'] = id
  if (original !== undefined) all['log.record.original'] ??= original.toWellFormed()
  for (const name of CUT_OUT) if (all[name] !== undefined) all[name] = copiedIfAny(all[name])
  return all
}

/** A copy with every value as text. It keeps the shape of what it is made of; one made name by name would be slow. */
function texts(attributes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const copy = { ...attributes }
  let named = true
  for (const name in copy) {
    const value = copy[name]
    named &&= name.isWellFormed()
    if (value !== undefined && !(typeof value === 'string' && value.isWellFormed())) copy[name] = asText(value)
  }
  return named ? copy : withEntries({}, Object.entries(copy))
}

interface Producer {
  readonly name: string
  readonly schemaUrl: string
  readonly attributes: object
  readonly prefix: readonly [string]
}

const producers = new WeakMap<object, Producer>()

/** Resources are few, shared by many records and slow to read: each is read once. */
function producerOf(resource: LogRecord['resource']): Producer {
  const known = producers.get(resource)
  if (known !== undefined) return known
  const name = asText(resource.attributes['service.name']).toWellFormed()
  const schemaUrl = asText('schemaUrl' in resource ? resource.schemaUrl : undefined)
  const producer: Producer = { name, schemaUrl, attributes: texts(resource.attributes), prefix: [name] }
  if (!resource.asyncAttributesPending) producers.set(resource, producer)
  return producer
}

const none = {}

function scopeAttributes(scope: LogRecord['instrumentationScope']): object {
  const attributes = 'attributes' in scope ? scope.attributes : undefined
  return attributes === undefined ? none : texts(attributes as Readonly<Record<string, unknown>>)
}

/** The Collector's table: one row per log record of any kind. */
export const otelLogs: Layout = {
  name: 'otel_logs',
  table: 'otel_logs',
  columns,
  lookup: { prefix: ['ServiceName'], time: 'TimestampTime', id: "LogAttributes['log.record.uid']" },
  encoder: () => encode,
  ddl,
}
