// A server whose defaults would lose, skip, split and repeat rows: nothing is left to them.
import { ORIGINAL } from '@circleci-audit-forwarder/contract'
import { auditRecord } from '@circleci-audit-forwarder/contract/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { layouts } from '../src/index.ts'
import { ClickHouse } from './engine/front.ts'
import { batchOf, countOf, createTable, deliver, exporterTo, never, recordsFrom } from './world.ts'

const profile = {
  async_insert: '1',
  wait_for_async_insert: '0',
  insert_deduplicate: '0',
  deduplicate_insert: 'disable',
  input_format_allow_errors_num: '1000',
  input_format_allow_errors_ratio: '0.5',
  input_format_skip_unknown_fields: '1',
  input_format_defaults_for_omitted_fields: '0',
  date_time_input_format: 'basic',
  max_insert_block_size: '10',
  min_insert_block_size_rows: '1',
  min_insert_block_size_bytes: '1',
  max_insert_threads: '4',
}
let server: ClickHouse
beforeAll(async () => {
  server = await ClickHouse.start({ profile })
}, 60_000)
afterAll(() => server.stop())

describe.each(layouts)('$name', (layout) => {
  beforeEach(() => createTable(server, layout))

  test('is such a server: half a batch is skipped, in many blocks, and a token means nothing', async () => {
    await server.query(
      'CREATE TABLE IF NOT EXISTS probe (n UInt8) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100',
    )
    await server.query('TRUNCATE TABLE probe')
    const rows = Array.from({ length: 40 }, (_, n) => (n % 4 === 0 ? '{"n":"x","y":1}\n' : `{"n":${n}}\n`)).join('')
    const insert = `${server.url}/?async_insert=0&insert_deduplication_token=t&query=INSERT%20INTO%20probe%20FORMAT%20JSONEachRow`
    for (let time = 0; time < 2; time++) await fetch(insert, { method: 'POST', body: rows })
    expect(await countOf(server, 'probe')).toBe(60)
  })

  test('a batch is one part, stored when it is answered, once per token', async () => {
    const exporter = exporterTo(server, layout)
    // The first success is when the exporter learns what this server knows.
    await deliver(exporter, recordsFrom(1000, 1))
    await server.query(`TRUNCATE TABLE ${layout.table}`)
    const records = recordsFrom(0, 200).map((record) => ({ ...record, [ORIGINAL]: 'x'.repeat(20_000) }))
    const batch = batchOf(records.map((record) => exporter.encode(record)))
    for (let time = 0; time < 2; time++)
      expect(await exporter.send(batch, never)).toMatchObject({ status: 'delivered' })
    expect(await countOf(server, layout.table)).toBe(200)
    const parts = await server.query(`SELECT name FROM system.parts WHERE table = '${layout.table}' AND rows > 0`)
    expect(parts).toHaveLength(1)
    await exporter.close()
  })

  test('a bad row is refused, a missing column stops, times are right', async () => {
    const [column] = layout.columns.filter(({ name }) => /^(version|SeverityNumber)$/.test(name))
    await server.query(`ALTER TABLE ${layout.table} MODIFY COLUMN ${column?.name} Enum8('one' = 1)`)
    const exporter = exporterTo(server, layout)
    const none = { severityNumber: 0, attributes: { 'circleci.audit.version': 0 } }
    expect(await deliver(exporter, [auditRecord(none)])).toMatchObject({ status: 'rejected' })
    await createTable(server, layout)
    expect(await deliver(exporter, recordsFrom(0, 1))).toMatchObject({ status: 'delivered' })
    expect(
      await server.query(`SELECT toString(toUnixTimestamp(${layout.lookup.time})) AS t FROM ${layout.table}`),
    ).toEqual([{ t: '1790812800' }])
    await server.query(`ALTER TABLE ${layout.table} DROP COLUMN ${column?.name}`)
    expect(await deliver(exporter, recordsFrom(1, 1))).toMatchObject({ status: 'stopped', cause: 'configuration' })
    await exporter.close()
  })
})
