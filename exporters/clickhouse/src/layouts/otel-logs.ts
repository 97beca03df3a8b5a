// `otel_logs`: the table of the OpenTelemetry Collector's ClickHouse exporter, column by column, so that dashboards and
// queries made for it work. Two things are added, neither of them a column: a deduplication window, without which nothing
// is stored exactly once, and the time zone of the partitions, without which a day in UTC is two partitions on a server
// elsewhere. Source of the columns: opentelemetry-collector-contrib, exporter/clickhouseexporter.
import { jsonText, type LogRecord, ORIGINAL, utf8 } from '@circleci-audit-forwarder/contract'
import { idOf } from '../identity.ts'
import { type Column, createTable, type DdlOptions, type Layout, type Row } from '../layout.ts'
import { qualified, type Target } from '../sql.ts'
import { asText, dateOf, nanosecondsJson, secondsOf, textJson, timeOf, uint32Json } from '../values.ts'

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
  const producer = producerOf(record)
  const id = idOf(record)
  const { spanContext, severityNumber = 0, severityText } = record
  const body = record.body === undefined ? '""' : jsonText(asText(record.body))
  const bytes = utf8(
    `{"Timestamp":${nanosecondsJson(time)},"TraceId":${textJson(spanContext?.traceId)}` +
      `,"SpanId":${textJson(spanContext?.spanId)},"TraceFlags":${uint8(spanContext?.traceFlags)}` +
      `,"SeverityText":${textJson(severityText)},"SeverityNumber":${uint8(severityNumber)}` +
      `${producer.json},"Body":${body}${scopeOf(record)}` +
      `,"LogAttributes":{${attributesOf(record, id)}}` +
      `,"EventName":${textJson(record.eventName)}}\n`,
  )
  const seconds = secondsOf(time)
  return { bytes, partition: dateOf(seconds), id, time: seconds, prefix: producer.names }
}

function uint8(value: unknown): string {
  return String(Math.min(Number(uint32Json(value)), 255))
}

/** The identity, all attributes as text, and the event as it was written. */
function attributesOf({ attributes, [ORIGINAL]: original }: LogRecord, id: string): string {
  const json = `"log.record.uid":${jsonText(id)}${mapJson(attributes, ',')}`
  if (original === undefined || attributes['log.record.original'] !== undefined) return json
  return `${json},"log.record.original":${jsonText(original)}`
}

const MEMORY_MAX = 1000
const keys = new Map<string, string>()

/** `"name":`, written once per name. */
function keyOf(name: string): string {
  const known = keys.get(name)
  if (known !== undefined) return known
  const key = `${jsonText(name)}:`
  if (keys.size < MEMORY_MAX) keys.set(name, key)
  return key
}

/** The inside of a map, `comma` before its first entry. The identity is written elsewhere. */
function mapJson(attributes: Readonly<Record<string, unknown>>, comma = ''): string {
  let json = ''
  for (const name in attributes) {
    if (attributes[name] === undefined || name === 'log.record.uid') continue
    json += `${json === '' ? comma : ','}${keyOf(name)}${textJson(attributes[name])}`
  }
  return json
}

interface Producer {
  readonly json: string
  readonly names: readonly [string]
}

const producers = new WeakMap<object, Producer>()
const scopes = new WeakMap<object, string>()

/** Resources and scopes are few and shared by many records: each is written once. */
function producerOf({ resource }: LogRecord): Producer {
  const known = producers.get(resource)
  if (known !== undefined) return known
  const { attributes } = resource
  const name = asText(attributes['service.name']).toWellFormed()
  const schemaUrl = 'schemaUrl' in resource ? resource.schemaUrl : undefined
  const json =
    `,"ServiceName":${jsonText(name)},"ResourceSchemaUrl":${textJson(schemaUrl)}` +
    `,"ResourceAttributes":{${mapJson(attributes)}}`
  const producer: Producer = { json, names: [name] }
  if (!resource.asyncAttributesPending) producers.set(resource, producer)
  return producer
}

function scopeOf({ instrumentationScope: scope }: LogRecord): string {
  const known = scopes.get(scope)
  if (known !== undefined) return known
  const attributes = 'attributes' in scope ? (scope.attributes as Readonly<Record<string, unknown>>) : undefined
  const json =
    `,"ScopeSchemaUrl":${textJson(scope.schemaUrl)},"ScopeName":${textJson(scope.name)}` +
    `,"ScopeVersion":${textJson(scope.version)},"ScopeAttributes":{${mapJson(attributes ?? {})}}`
  scopes.set(scope, json)
  return json
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
