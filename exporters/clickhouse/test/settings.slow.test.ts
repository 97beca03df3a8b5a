// The settings that go with inserts, as a server sees them: each, with each insert, and with the insert of no rows that
// `check` makes. Written down once more: one that gets lost would be the server's to choose.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { circleciAuditLogs, layouts } from '../src/index.ts'
import { ClickHouse } from './engine/front.ts'
import type { Seen } from './engine/server.ts'
import { createTable, deliver, exporterTo, never, recordsFrom } from './world.ts'

const always = {
  async_insert: '0',
  wait_for_async_insert: '1',
  insert_distributed_sync: '1',
  insert_deduplicate: '1',
  deduplicate_blocks_in_dependent_materialized_views: '1',
  materialized_views_ignore_errors: '0',
  max_insert_threads: '1',
  max_insert_block_size: '1048449',
  min_insert_block_size_rows: '1048449',
  min_insert_block_size_bytes: '268435456',
  input_format_parallel_parsing: '0',
  max_partitions_per_insert_block: '100',
  throw_on_max_partitions_per_insert_block: '1',
  input_format_skip_unknown_fields: '0',
  input_format_allow_errors_num: '0',
  input_format_allow_errors_ratio: '0',
  input_format_null_as_default: '1',
  input_format_defaults_for_omitted_fields: '1',
  date_time_input_format: 'best_effort',
}
/** As soon as the server has said that it knows it. */
const newer = { deduplicate_insert: 'enable' }
const ofTheBatch = {
  insert_deduplication_token: expect.stringMatching(/^[0-9a-f]{64}$/),
  log_comment: expect.stringMatching(/^circleci-audit-forwarder [0-9a-f]{16}$/),
}

let server: ClickHouse
beforeAll(async () => {
  server = await ClickHouse.start()
}, 60_000)
afterAll(() => server.stop())
beforeEach(() => server.forget())

async function inserts(): Promise<readonly Seen[]> {
  return (await server.seen()).filter(({ kind }) => kind === 'insert')
}

test.each(layouts)('$name: every one is sent with every insert, the operator’s own too', async (layout) => {
  await createTable(server, layout)
  const exporter = exporterTo(server, layout, { settings: { insert_quorum: 'auto' } })
  for (const first of [0, 10, 20]) {
    expect(await deliver(exporter, recordsFrom(first, 2))).toMatchObject({ status: 'delivered' })
  }
  const own = { ...always, ...ofTheBatch, insert_quorum: 'auto' }
  expect((await inserts()).map(({ settings }) => settings)).toEqual([own, { ...own, ...newer }, { ...own, ...newer }])
  await exporter.close()
})

test('also with one that repeats a batch, and with the one of no rows by which doctor tries them', async () => {
  await createTable(server, circleciAuditLogs)
  const exporter = exporterTo(server, circleciAuditLogs)
  await server.fault({ kind: 'cut', when: 'before', on: 'insert' })
  expect(await deliver(exporter, recordsFrom(0, 2))).toMatchObject({ status: 'retry' })
  expect(await deliver(exporter, recordsFrom(0, 2))).toMatchObject({ status: 'delivered' })
  const [first, second] = await inserts()
  expect([first?.settings, second?.settings]).toEqual([{ ...always, ...ofTheBatch }, first?.settings])
  await server.forget()
  expect((await exporter.check(never)).filter(({ level }) => level !== 'ok')).toEqual([])
  expect((await inserts()).map(({ settings }) => settings)).toEqual([{ ...always, ...newer }])
  await exporter.close()
})
