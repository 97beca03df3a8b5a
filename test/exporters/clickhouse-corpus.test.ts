// The whole corpus through the mapping into the real engine, and read back: every documented action, and every oddity.
// What is read back is compared with the events themselves, by rules written here anew: they share no code with the
// mapping or the exporter.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { circleciAuditLogs, otelLogs } from '@circleci-audit-forwarder/exporter-clickhouse'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ClickHouse } from '../../exporters/clickhouse/test/engine/front.ts'
import { batchOf, createTable, exporterTo, never } from '../../exporters/clickhouse/test/world.ts'
import { mapEvent, mappingOptions } from '../../src/mapping/map.ts'
import { actions, actionText, itemOf, oddities, textWith } from '../mapping/corpus.ts'

const SEEN_AT = Date.UTC(2026, 2, 4, 15, 0, 0)
const MEGABYTE = textWith({ id: 'one megabyte', payload: { note: 'é"\\\n🚀'.repeat(100_000) } })

/** Ids are made distinct, so that no two events are one row. */
const texts = [
  ...actions.flatMap((action) =>
    [true, false].map((success) => [`${action} ${success}`, actionText(action, success)] as const),
  ),
  ...Object.entries(oddities),
  ['a megabyte', MEGABYTE] as const,
]
const options = mappingOptions('0.1.0')
const records: readonly LogRecord[] = texts.map(([name, text], index) => {
  const source = { store: 's3://acme', key: `year=2026/${name}`, seenAt: SEEN_AT }
  const record = mapEvent(itemOf(text, index + 1, index * 10_000), source, options)
  return {
    ...record,
    attributes: { ...record.attributes, 'log.record.uid': `${String(index).padStart(4, '0')} ${name}` },
  }
})

let server: ClickHouse
beforeAll(async () => {
  server = await ClickHouse.start()
  for (const layout of [circleciAuditLogs, otelLogs]) {
    await createTable(server, layout)
    const exporter = exporterTo(server, layout)
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

test('every event is there once, its text as it was read', async () => {
  const rows = await server.query<{ id: string; rawLog: string }>(
    'SELECT id, rawLog FROM circleci_audit_logs ORDER BY id',
  )
  expect(rows).toEqual(
    records.map(({ attributes }, index) => ({ id: attributes['log.record.uid'], rawLog: texts[index]?.[1] })),
  )
  const logs = await server.query(
    "SELECT LogAttributes['log.record.original'] AS text FROM otel_logs ORDER BY LogAttributes['log.record.uid']",
  )
  expect(logs).toEqual(texts.map(([, text]) => ({ text })))
})

test('columns say what the events say', async () => {
  const columns = Object.keys(places)
  const rows = await server.query<Record<string, unknown>>(
    `SELECT ${columns.join(', ')}, requestId, srcIP, success, version, payload, toUnixTimestamp(eventTime) AS eventTime, toUnixTimestamp(receivedAt) AS receivedAt FROM circleci_audit_logs ORDER BY id`,
  )
  for (const [index, row] of rows.entries()) {
    const [name, text] = texts[index] ?? ['', '{}']
    const event: unknown = JSON.parse(text)
    const known = [...textsIn(event), ...othersIn(event)].filter(([, value]) => value !== undefined)
    expect(row, name).toMatchObject({ receivedAt: SEEN_AT / 1000, ...Object.fromEntries(known) })
  }
})

test('payloads are JSON that says the same, a megabyte of it too', async () => {
  const rows = await server.query<{ payload: string }>('SELECT payload FROM circleci_audit_logs ORDER BY id')
  const skipped = /__proto__|toString|infinite|deep|surrogate/
  for (const [index, { payload }] of rows.entries()) {
    const [name, text] = texts[index] ?? ['', '{}']
    const given = part(JSON.parse(text), 'payload')
    if (skipped.test(name)) expect(() => JSON.parse(payload), name).not.toThrow()
    else expect(JSON.parse(payload), name).toEqual(JSON.parse(JSON.stringify(given ?? {})))
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
