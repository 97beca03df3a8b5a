// `otel_logs` beside the OpenTelemetry Collector: our table is as the Collector would have made it, and a table that the
// Collector did make, of either form, can be used once what `check` says is done.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { circleciAuditLogs, otelLogs } from '../src/index.ts'
import {
  auditColumns,
  type Columns,
  collectorColumns,
  collectorIndexes,
  collectorSorting,
  laterCollectorTable,
} from './columns.ts'
import { ClickHouse } from './engine/front.ts'
import { batchOf, countOf, createTable, exporterTo, never, recordsFrom } from './world.ts'

const { table } = otelLogs
let server: ClickHouse
beforeAll(async () => {
  server = await ClickHouse.start()
}, 60_000)
afterAll(() => server.stop())
beforeEach(() => server.forget())

/** As the engine describes the table. */
async function columnsOf(name: string): Promise<Columns> {
  const described = await server.query<{ name: string; type: string }>(`DESCRIBE TABLE ${name}`)
  return described.map((column) => [column.name, column.type.replaceAll(/\(\s+/g, '(').replaceAll(/\s+/g, ' ')])
}

test('the engine makes those columns, indexes and that sorting key of our statement', async () => {
  await createTable(server, otelLogs)
  expect(await columnsOf(table)).toEqual(collectorColumns)
  const indexes = await server.query<Record<string, string>>(
    `SELECT expr, type_full, granularity FROM system.data_skipping_indices WHERE table = '${table}'`,
  )
  expect(
    indexes.map(({ expr, type_full, granularity }) => `${expr} TYPE ${type_full} GRANULARITY ${granularity}`),
  ).toEqual(collectorIndexes)
  const [made] = await server.query(
    `SELECT engine, sorting_key, primary_key FROM system.tables WHERE name = '${table}'`,
  )
  expect(made).toEqual({
    engine: 'MergeTree',
    sorting_key: collectorSorting,
    primary_key: 'ServiceName, TimestampTime',
  })
})

test('with plain types the 53 are literally those of the list', async () => {
  await server.query(`DROP TABLE IF EXISTS ${circleciAuditLogs.table} SYNC`)
  const target = { database: 'default', table: circleciAuditLogs.table }
  await server.query(circleciAuditLogs.ddl(target, { plainTypes: true }))
  expect(await columnsOf(circleciAuditLogs.table)).toEqual(auditColumns)
})

test('a table of a later Collector lacks two things; given them, rows go in once and are found again', async () => {
  await server.query(`DROP TABLE IF EXISTS ${table} SYNC`)
  await server.query(laterCollectorTable)
  const exporter = exporterTo(server, otelLogs)
  const wrong = (await exporter.check(never)).filter(({ level }) => level === 'error')
  expect(wrong.map(({ what }) => what)).toEqual([
    'columns are those of otel_logs',
    'a repeated insert is stored once',
    'the table can be asked which rows it holds',
  ])
  for (const { next } of wrong) if (next?.startsWith('ALTER TABLE') === true) await server.query(next)
  expect((await exporter.check(never)).filter(({ level }) => level !== 'ok')).toEqual([])
  const batch = batchOf(recordsFrom(0, 30).map((record) => exporter.encode(record)))
  await server.fault({ kind: 'cut', when: 'after commit', on: 'insert' })
  expect(await exporter.send(batch, never)).toMatchObject({ status: 'retry', ambiguous: true })
  expect(await exporter.stored(batch, never)).toHaveLength(30)
  expect(await exporter.send(batch, never)).toMatchObject({ status: 'delivered' })
  expect(await countOf(server, table)).toBe(30)
  await exporter.close()
})
