// An engine, a table of one layout in it, and an exporter that inserts there.
import type { Batch, LogRecord, Outcome } from '@circleci-audit-forwarder/contract'
import { contentToken } from '@circleci-audit-forwarder/contract'
import { auditRecord, overheard } from '@circleci-audit-forwarder/contract/testing'
import { ClickHouseExporter, type ClickHouseOptions, type Layout, type Row } from '../src/index.ts'
import type { ClickHouse } from './engine/front.ts'

export const never = new AbortController().signal
export const now = 1_790_812_900_000

export function exporterTo(
  server: ClickHouse,
  layout: Layout,
  options: Partial<ClickHouseOptions> = {},
): ClickHouseExporter {
  const target = { database: 'default', table: layout.table }
  const settings = { endpoint: server.url, target, layout, http: { timeoutMs: 20_000 }, ...options }
  return overheard(new ClickHouseExporter(settings))
}

/** An empty table, as the layout would have it. */
export async function createTable(server: ClickHouse, layout: Layout, retentionDays?: number): Promise<void> {
  await server.query(`DROP TABLE IF EXISTS ${layout.table} SYNC`)
  await server.query(layout.ddl({ database: 'default', table: layout.table }, { retentionDays }))
}

export function batchOf(members: readonly Row[], token = contentToken(members)): Batch {
  return { members, token, now }
}

export async function deliver(exporter: ClickHouseExporter, records: readonly LogRecord[]): Promise<Outcome> {
  return exporter.send(batchOf(records.map((record) => exporter.encode(record))), never)
}

export async function countOf(server: ClickHouse, table: string): Promise<number> {
  const [row] = await server.query<{ c: string }>(`SELECT count() AS c FROM ${table}`)
  return Number(row?.c)
}

/** Records with ids that tell their order, a second apart. */
export function recordsFrom(first: number, count: number): LogRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const number = first + index
    return auditRecord({
      id: `event-${String(number).padStart(6, '0')}`,
      hrTime: [1_790_812_800 + number, 123_456_789],
    })
  })
}
