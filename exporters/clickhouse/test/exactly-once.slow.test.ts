import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { circleciAuditLogs, type Layout, otelLogs } from '../src/index.ts'
import { ClickHouse } from './engine/front.ts'
import { rounds } from './exactly-once.ts'
import { batchOf, countOf, createTable, exporterTo, never, recordsFrom } from './world.ts'

let server: ClickHouse
beforeAll(async () => {
  server = await ClickHouse.start()
}, 60_000)
afterAll(() => server.stop())
beforeEach(() => server.forget())

const both: readonly Layout[] = [circleciAuditLogs, otelLogs]

test.each(both)(
  '$name: ten rounds of cut connections and kill -9, and every row is there once',
  async (layout) => {
    await createTable(server, layout)
    const told = await rounds(server, layout, { count: 10, rows: 300, random: Math.random })
    expect(told.stored).toBe(told.sent)
    // Without lost answers nothing was shown. Every second round has one at least.
    expect(told.lostAnswers).toBeGreaterThanOrEqual(5)
  },
  120_000,
)

/**
 * Kills the server and removes the table's only part. Killed between the token's entry in its log and the part's commit,
 * this is what a server finds at start.
 */
async function loseRows(table: string): Promise<void> {
  const parts = await server.query<{ path: string }>(
    `SELECT path FROM system.parts WHERE active AND table = '${table}'`,
  )
  expect(parts).toHaveLength(1)
  await server.kill()
  rmSync(resolve(server.dataDir, parts[0]?.path ?? 'none'), { recursive: true })
  await server.restart()
  expect(await countOf(server, table)).toBe(0)
}

test.each(both)(
  '$name: a server that remembers the token of rows it lost is not believed',
  async (layout) => {
    await createTable(server, layout)
    const exporter = exporterTo(server, layout)
    const batch = batchOf(recordsFrom(0, 50).map((record) => exporter.encode(record)))
    await server.fault({ kind: 'cut', when: 'after commit', on: 'insert' })
    expect(await exporter.send(batch, never)).toMatchObject({ status: 'retry', ambiguous: true })
    await loseRows(layout.table)
    expect(await exporter.send(batch, never)).toEqual({ status: 'delivered' })
    expect(await countOf(server, layout.table)).toBe(50)
    await exporter.close()
  },
  60_000,
)

test('nor by an exporter that was not there when the answer was lost, if the table was asked', async () => {
  await createTable(server, circleciAuditLogs)
  const before = exporterTo(server, circleciAuditLogs)
  const batch = batchOf(recordsFrom(0, 50).map((record) => before.encode(record)))
  await before.send(batch, never)
  await loseRows(circleciAuditLogs.table)
  const after = exporterTo(server, circleciAuditLogs)
  expect(await after.stored(batch, never)).toEqual([])
  expect(await after.send(batch, never)).toEqual({ status: 'delivered' })
  expect(await countOf(server, circleciAuditLogs.table)).toBe(50)
  await Promise.all([before.close(), after.close()])
}, 60_000)

test('the same token again is one insert, another token is another one', async () => {
  await createTable(server, circleciAuditLogs)
  const exporter = exporterTo(server, circleciAuditLogs)
  const members = recordsFrom(0, 20).map((record) => exporter.encode(record))
  for (const token of ['generation 0', 'generation 0', 'generation 1', 'generation 0']) {
    expect(await exporter.send(batchOf(members, token), never)).toEqual({ status: 'delivered' })
  }
  expect(await countOf(server, circleciAuditLogs.table)).toBe(40)
  await server.query(`OPTIMIZE TABLE ${circleciAuditLogs.table} FINAL`)
  expect(await countOf(server, circleciAuditLogs.table)).toBe(20)
  await exporter.close()
})

test('past the window the table is asked, and what it lacks goes alone', async () => {
  await createTable(server, circleciAuditLogs)
  await server.query(`ALTER TABLE ${circleciAuditLogs.table} MODIFY SETTING non_replicated_deduplication_window = 2`)
  const exporter = exporterTo(server, circleciAuditLogs)
  const batch = batchOf(recordsFrom(0, 30).map((record) => exporter.encode(record)))
  await server.fault({ kind: 'cut', when: 'after commit', on: 'insert' })
  expect((await exporter.send(batch, never)).status).toBe('retry')
  for (const first of [100, 200, 300]) {
    await exporter.send(batchOf(recordsFrom(first, 10).map((record) => exporter.encode(record))), never)
  }
  expect(await exporter.stored(batch, never)).toEqual(Array.from({ length: 30 }, (_, index) => index))
  // What the token alone would have done.
  await exporter.send(batch, never)
  expect(await countOf(server, circleciAuditLogs.table)).toBe(90)
  await exporter.close()
})

test('a table without a window is said with the first success, and once a day', async () => {
  await createTable(server, circleciAuditLogs)
  await server.query(`ALTER TABLE ${circleciAuditLogs.table} MODIFY SETTING non_replicated_deduplication_window = 0`)
  const exporter = exporterTo(server, circleciAuditLogs)
  const batch = batchOf(recordsFrom(0, 3).map((record) => exporter.encode(record)))
  const notice = expect.stringMatching(/window is 0.*ALTER TABLE/)
  expect(await exporter.send(batch, never)).toEqual({ status: 'delivered', notice })
  expect(await exporter.send(batch, never)).toEqual({ status: 'delivered' })
  expect(await exporter.send({ ...batch, now: batch.now + 25 * 3_600_000 }, never)).toEqual({
    status: 'delivered',
    notice,
  })
  await exporter.close()
})
