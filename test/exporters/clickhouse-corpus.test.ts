// The whole corpus through the mapping into the real engine, and read back: every documented action, and every oddity.
// What is read back is compared twice: every column of every row with the record, and what an event says in so many words
// with the event itself. Both by rules written anew, which share no code with the exporter, nor with the mapping.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { circleciAuditLogs, otelLogs } from '@circleci-audit-forwarder/exporter-clickhouse'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ClickHouse } from '../../exporters/clickhouse/test/engine/front.ts'
import { batchOf, createTable, exporterTo, never } from '../../exporters/clickhouse/test/world.ts'
import { mapEvent, mappingOptions } from '../../src/mapping/map.ts'
import { actions, actionText, enormous, itemOf, oddities, textWith } from '../mapping/corpus.ts'
import { auditRowOf, type ExpectedRow, logRowOf, type Pairs, wholeAuditRow, wholeLogRow } from './clickhouse-rows.ts'

const SEEN_AT = Date.UTC(2026, 2, 4, 15, 0, 0)
const constants = { workspaceId: 'ws_1', sourceId: 'circleci', retentionDays: 400 }

const texts = [
  ...actions.flatMap((action) =>
    [true, false].map((success) => [`${action} ${success}`, actionText(action, success)] as const),
  ),
  ...Object.entries(oddities),
  ...Object.entries(enormous),
  ['looked up', textWith({ action: 'context.create' })] as const,
  ['a destination', textWith({ action: 'context.delete' })] as const,
]

/** What the geoip processor, another source and an operator would add, so that no column is empty in all rows. */
const added: Readonly<Record<string, LogRecord['attributes']>> = {
  'looked up': {
    'geo.country.iso_code': 'DE',
    'geo.country.name': 'Germany',
    'geo.locality.name': 'Würzburg',
    'geo.location.lat': 49.79,
    'geo.location.lon': -9.93,
    'client.as.number': 4_294_967_295,
    'client.as.organization.name': 'Example AS',
    'circleci_audit_forwarder.client.isp': 'Example ISP',
    'circleci_audit_forwarder.client.connection_type': 'Corporate',
    'circleci_audit_forwarder.client.user_type': 'business',
    'user.email': 'octocat@acme.dev',
    'deployment.environment.name': 'prod',
  },
  'a destination': {
    'destination.address': '198.51.100.1',
    'destination.geo.country.iso_code': 'JP',
    'destination.geo.locality.name': '東京',
    'destination.geo.location.lat': 35.68,
    'destination.geo.location.lon': 139.69,
    'destination.as.number': 64_497,
    'destination.as.organization': 'Another AS',
    'destination.isp': 'Another ISP',
    'destination.connection_type': 'Cable/DSL',
    'destination.user_type': 'hosting',
  },
}

const options = mappingOptions('0.1.0')
const source = { store: 's3://acme', key: 'year=2026/month=03/a.json.gz', seenAt: SEEN_AT }
const plainId = mapEvent(itemOf(textWith({})), source, options).attributes['log.record.uid']
/** Most events share an id, which is made distinct, so that no two are one row. */
const records: readonly LogRecord[] = texts.map(([name, text], index) => {
  const record = mapEvent(itemOf(text, index + 1, index * 10_000), { ...source, key: `year=2026/${name}` }, options)
  const given = record.attributes['log.record.uid']
  const id = given === plainId ? `${String(index).padStart(4, '0')} ${name}` : given
  return { ...record, attributes: { ...record.attributes, 'log.record.uid': id, ...added[name] } }
})

/** As an engine sorts texts. */
const inOrder = <Of>(list: readonly Of[], id: (one: Of) => unknown): readonly Of[] =>
  list.toSorted((a, b) => Buffer.compare(Buffer.from(String(id(a))), Buffer.from(String(id(b)))))
const cases = inOrder(
  records.map((record, index) => ({ record, name: texts[index]?.[0] ?? '', text: texts[index]?.[1] ?? '' })),
  ({ record }) => record.attributes['log.record.uid'],
)

let server: ClickHouse
beforeAll(async () => {
  server = await ClickHouse.start()
  for (const layout of [circleciAuditLogs, otelLogs]) {
    await createTable(server, layout)
    const exporter = exporterTo(server, layout, { constants })
    const rows = records.map((record) => exporter.encode(record))
    for (const members of Map.groupBy(rows, ({ partition }) => partition).values()) {
      expect(await exporter.send(batchOf(members), never)).toEqual({ status: 'delivered' })
    }
    await exporter.close()
  }
}, 60_000)
afterAll(() => server.stop())

/** Any part of an event, by path; undefined where the event has none. */
function part(event: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => {
    const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    return isObject ? (value as Record<string, unknown>)[name] : undefined
  }, event)
}

/** Columns that are a text of the event, and where it stands. */
const places: Readonly<Record<string, readonly string[]>> = {
  action: ['action'],
  actorId: ['actor', 'id'],
  actorType: ['actor', 'type'],
  actorName: ['actor', 'name'],
  targetId: ['target', 'id'],
  targetType: ['target', 'type'],
  targetName: ['target', 'name'],
  scopeId: ['scope', 'id'],
  scopeType: ['scope', 'type'],
  scopeName: ['scope', 'name'],
  requestId: ['request', 'id'],
  srcIP: ['request', 'ip_address'],
}

type Column = readonly [string, unknown]

/** What an event says as text. What it says in another way is the mapping's to judge. */
function textsIn(event: unknown): readonly Column[] {
  return Object.entries(places).map(([column, path]) => {
    const value = part(event, ...path)
    return [column, typeof value === 'string' ? value.toWellFormed() : undefined]
  })
}

function othersIn(event: unknown): readonly Column[] {
  const success = part(event, 'success')
  const version = part(event, 'version')
  return [
    ['success', typeof success === 'boolean' ? success : undefined],
    ['version', version === 1 ? 1 : undefined],
    ['eventTime', secondsIn(part(event, 'occurred_at'))],
  ]
}

/** Of the form that CircleCI documents, within what a DateTime holds. */
function secondsIn(time: unknown): number | undefined {
  if (typeof time !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(time)) return undefined
  const seconds = Math.floor(Date.parse(time) / 1000)
  return seconds > 0 && seconds < 2 ** 32 ? seconds : undefined
}

/** One at a time: what differs is to be read, not searched for in megabytes. */
function mustBe(rows: readonly ExpectedRow[], wanted: readonly ExpectedRow[]): void {
  expect(rows).toHaveLength(wanted.length)
  for (const [index, row] of rows.entries()) expect(row, cases[index]?.name).toEqual(wanted[index])
}

test('every row of the 53 columns, whole', async () => {
  const rows = await server.query<ExpectedRow>(`SELECT ${wholeAuditRow} FROM circleci_audit_logs ORDER BY id`)
  mustBe(
    rows,
    cases.map(({ record }) => auditRowOf(record, constants)),
  )
  expect(Object.keys(rows[0] ?? {})).toHaveLength(53)
  // A column that is the same everywhere would be compared and not tested.
  const same = Object.keys(rows[0] ?? {}).filter(
    (name) => new Set(rows.map((row) => JSON.stringify(row[name]))).size < 2,
  )
  expect(same).toEqual(['workspaceID', 'sourceID', 'sourceType', 'sourceTTL', 'receivedAt', 'serviceName'])
})

test('every row of otel_logs, whole', async () => {
  const rows = await server.query<ExpectedRow>(`SELECT ${wholeLogRow} FROM otel_logs`)
  const idOf = ({ LogAttributes: pairs }: ExpectedRow): unknown => new Map(pairs as Pairs).get('log.record.uid')
  mustBe(
    inOrder(rows, idOf),
    cases.map(({ record }) => logRowOf(record)),
  )
})

test('columns say what the events say, and the text is as it was read', async () => {
  const columns = Object.keys(places)
  const rows = await server.query<Record<string, unknown>>(
    `SELECT ${columns.join(', ')}, rawLog, success, version, toUnixTimestamp(eventTime) AS eventTime, toUnixTimestamp(receivedAt) AS receivedAt FROM circleci_audit_logs ORDER BY id`,
  )
  for (const [index, row] of rows.entries()) {
    const { name, text } = cases[index] ?? { name: '', text: '{}' }
    const event: unknown = JSON.parse(text)
    const known = [...textsIn(event), ...othersIn(event)].filter(([, value]) => value !== undefined)
    expect(row, name).toMatchObject({ rawLog: text, receivedAt: SEEN_AT / 1000, ...Object.fromEntries(known) })
  }
})

const tooDeep = `${'{"in":'.repeat(30)}"[nested deeper than 30 levels]"${'}'.repeat(30)}`
/** Payloads that JSON has no form for, or that do harm: what a row says of them. */
const otherwise: Readonly<Record<string, string>> = {
  '__proto__ everywhere': '{"_proto_":{"polluted":true},"constructor":{"prototype":1}}',
  'infinite number': '{"n":"Infinity","m":["-Infinity",{"k":0}]}',
  'surrogates the wrong way round': '{"name":"a\ufffd\ufffdb","\ufffd\ufffd":1}',
  'deep payload': tooDeep,
  'payload of 3,000 levels': tooDeep,
}

test('payloads say what the events say, a megabyte of it too', async () => {
  const rows = await server.query<{ payload: string }>('SELECT payload FROM circleci_audit_logs ORDER BY id')
  for (const [index, { payload }] of rows.entries()) {
    const { name, text } = cases[index] ?? { name: '', text: '{}' }
    expect(payload, name).toBe(otherwise[name] ?? JSON.stringify(part(JSON.parse(text), 'payload') ?? {}))
  }
})

test('nine digits of time are kept where there is a column for them', async () => {
  const columns = "toString(toUnixTimestamp64Nano(Timestamp)) AS t, LogAttributes['log.record.original'] AS text"
  const rows = await server.query<{ t: string; text: string }>(`SELECT ${columns} FROM otel_logs`)
  const nine = rows.filter(({ text }) => part(JSON.parse(text), 'occurred_at') === '2026-03-04T14:02:11.123456789Z')
  expect(nine.length).toBeGreaterThan(150)
  expect(new Set(nine.map(({ t }) => t))).toEqual(new Set(['1772632931123456789']))
})

test('only reading is read-only: every documented action', async () => {
  const rows = await server.query<{ action: string }>('SELECT DISTINCT action FROM circleci_audit_logs WHERE readOnly')
  const known = rows.map(({ action }) => action).filter((action) => actions.includes(action))
  expect(known.sort()).toEqual([
    'audit_log.download_url.generated',
    'audit_log.requested',
    'context.secrets.accessed',
    'workflow.job.context.request',
  ])
})
