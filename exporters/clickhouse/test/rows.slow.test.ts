// Rows in the engine: what was encoded is what is read back, in both layouts, whatever a record holds.
import { type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import { auditRecord, hostileValues } from '@circleci-audit-forwarder/contract/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { circleciAuditLogs, type Layout, layouts, otelLogs } from '../src/index.ts'
import { literal } from '../src/sql.ts'
import { ClickHouse } from './engine/front.ts'
import { auditEvents, otherRecords, recordOf } from './events.ts'
import { batchOf, countOf, createTable, deliver, exporterTo, never, recordsFrom } from './world.ts'

let server: ClickHouse
beforeAll(async () => {
  server = await ClickHouse.start()
}, 60_000)
afterAll(() => server.stop())
beforeEach(() => server.forget())

type Stored = Readonly<Record<string, unknown>>

/** A time with nanoseconds as ISO 8601. */
function written(name: string): string {
  const fraction = `leftPad(toString(toUnixTimestamp64Nano(${name}) % 1000000000), 9, '0')`
  return `concat(formatDateTime(${name}, '%Y-%m-%dT%H:%i:%S', 'UTC'), '.', ${fraction}, 'Z')`
}

/** All rows as they stand, times as they are sent, in the order of their ids. */
async function storedIn(layout: Layout): Promise<readonly Stored[]> {
  const columns = layout.columns.map(({ name, type, computed }) => {
    if (computed === true) return undefined
    if (type === 'DateTime') return `toUnixTimestamp(${name}) AS ${name}`
    return type === 'DateTime64(9)' ? `${written(name)} AS ${name}` : name
  })
  const listed = columns.filter((column) => column !== undefined).join(', ')
  return server.query<Stored>(`SELECT ${listed} FROM ${layout.table} ORDER BY ${layout.lookup.id}`)
}

/** What was sent, in the order of the ids. */
function sent(layout: Layout, records: readonly LogRecord[]): readonly Stored[] {
  const exporter = exporterTo(server, layout)
  const rows = records.map((record) => exporter.encode(record))
  const order = rows.toSorted((a, b) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)))
  return order.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString()) as Stored)
}

async function deliverOneByOne(layout: Layout, records: readonly LogRecord[]): Promise<void> {
  const exporter = exporterTo(server, layout)
  const byPartition = Map.groupBy(
    records.map((record) => exporter.encode(record)),
    ({ partition }) => partition,
  )
  for (const rows of byPartition.values()) {
    expect(await exporter.send(batchOf(rows), never)).toEqual({ status: 'delivered' })
  }
  await exporter.close()
}

describe.each(layouts)('$name', (layout) => {
  beforeEach(() => createTable(server, layout))

  test('typical and awkward records are read back as they were sent', async () => {
    const records = [...auditEvents, ...otherRecords]
    await deliverOneByOne(layout, records)
    expect(await storedIn(layout)).toEqual(sent(layout, records))
  })

  test('hostile values are read back as they were sent', async () => {
    const records = [...hostileValues()].map(([name, value]) => {
      const attributes = { 'acme.hostile': value, 'circleci.audit.actor.name': value, 'circleci.audit.payload': value }
      return auditRecord({ id: `hostile ${name}`, attributes, body: value })
    })
    await deliverOneByOne(layout, records)
    expect(await storedIn(layout)).toEqual(sent(layout, records))
  })

  test('any text in any place is read back as it was sent', async () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('"', '\\', '\0', '\ud800', '\u2028', '🚀', "'"),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      ),
    })
    const one = fc.tuple(fc.dictionary(text, text, { maxKeys: 5 }), text, text)
    await fc.assert(
      fc.asyncProperty(fc.array(one, { minLength: 1, maxLength: 20 }), async (given) => {
        await server.query(`TRUNCATE TABLE ${layout.table}`)
        const records = given.map(([attributes, name, original], index) => {
          const all = {
            ...attributes,
            'log.record.uid': `id ${String(index).padStart(3, '0')} ${name}`,
            'circleci.audit.actor.name': name,
            [`circleci.audit.metadata.${name}`]: name,
          }
          return { ...auditRecord({ [ORIGINAL]: original }), attributes: all }
        })
        await deliverOneByOne(layout, records)
        expect(await storedIn(layout)).toEqual(sent(layout, records))
      }),
      { numRuns: 15 },
    )
  })

  test('a payload of 1 MB', async () => {
    const record = recordOf(
      { id: 'large', action: 'org.create' },
      { attributes: { 'circleci.audit.payload': { text: '"é\\\n🚀'.repeat(100_000) } } },
    )
    await deliverOneByOne(layout, [record])
    expect(await storedIn(layout)).toEqual(sent(layout, [record]))
  })

  test('the table has the columns, in order, and plain types where asked for', async () => {
    const described = await server.query<Stored>(`DESCRIBE TABLE ${layout.table}`)
    const oneLine = (type: unknown) => String(type).replaceAll(/\(\s+/g, '(').replaceAll(/\s+/g, ' ')
    expect(described.map(({ name, type }) => [name, oneLine(type)])).toEqual(
      layout.columns.map(({ name, type }) => [name, type]),
    )
    await server.query(`DROP TABLE ${layout.table} SYNC`)
    await server.query(layout.ddl({ database: 'default', table: layout.table }, { plainTypes: true }))
    const plain = await server.query<{ type: string }>(`DESCRIBE TABLE ${layout.table}`)
    expect(plain.map(({ type }) => type).join(' ')).not.toContain('LowCardinality')
  })

  test('a batch is one block and one part, however large', async () => {
    const exporter = exporterTo(server, layout)
    const record = auditRecord({ [ORIGINAL]: 'x'.repeat(30_000) })
    const members = Array.from({ length: 1000 }, (_, index) =>
      exporter.encode({ ...record, attributes: { ...record.attributes, 'log.record.uid': `id ${index}` } }),
    )
    expect(members.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeGreaterThan(25_000_000)
    expect(await exporter.send(batchOf(members), never)).toEqual({ status: 'delivered' })
    const parts = await server.query(`SELECT rows FROM system.parts WHERE active AND table = ${literal(layout.table)}`)
    expect(parts).toHaveLength(1)
    await exporter.close()
  }, 60_000)

  test('days and months are those of UTC, wherever the server is', async () => {
    const exporter = exporterTo(server, layout, { settings: { session_timezone: 'Pacific/Kiritimati' } })
    const late = [1772323199, 1772323199 - 3600].map((second) => auditRecord({ id: `${second}`, hrTime: [second, 0] }))
    expect(await deliver(exporter, late)).toEqual({ status: 'delivered' })
    const partitions = await server.query(
      `SELECT DISTINCT partition FROM system.parts WHERE active AND table = ${literal(layout.table)}`,
    )
    expect(partitions).toEqual([{ partition: layout === circleciAuditLogs ? '202602' : '2026-02-28' }])
    await exporter.close()
  })

  test('one bad row among a thousand is refused alone, and nothing else of the batch is stored', async () => {
    await server.query(`ALTER TABLE ${layout.table} ADD CONSTRAINT no_evil CHECK ${layout.lookup.id} != 'event-000417'`)
    const exporter = exporterTo(server, layout)
    const rows = recordsFrom(0, 1000).map((record) => exporter.encode(record))
    const outcome = await exporter.send(batchOf(rows), never)
    expect(outcome).toEqual({
      status: 'rejected',
      records: [{ index: 417, reason: expect.stringContaining('no_evil') }],
    })
    expect(await countOf(server, layout.table)).toBe(0)
    expect(await exporter.send(batchOf(rows.filter((_, index) => index !== 417)), never)).toEqual({
      status: 'delivered',
    })
    expect(await countOf(server, layout.table)).toBe(999)
    await exporter.close()
  })

  test('a materialized view that fails stops the destination; mended, every row is there once, in both tables', async () => {
    const { table, lookup } = layout
    await server.query('DROP TABLE IF EXISTS copies SYNC')
    await server.query(
      'CREATE TABLE copies (id String) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100',
    )
    const view = (extra: string) =>
      `CREATE MATERIALIZED VIEW view TO copies AS SELECT ${lookup.id} AS id FROM ${table} ${extra}`
    await server.query(view('WHERE throwIf(1) = 0'))
    const exporter = exporterTo(server, layout)
    const batch = batchOf(recordsFrom(0, 5).map((record) => exporter.encode(record)))
    expect(await exporter.send(batch, never)).toMatchObject({ status: 'stopped', cause: 'configuration' })
    await server.query('DROP TABLE view SYNC')
    await server.query(view(''))
    expect(await exporter.send(batch, never)).toEqual({ status: 'delivered' })
    expect([await countOf(server, table), await countOf(server, 'copies')]).toEqual([5, 5])
    await server.query('DROP TABLE view SYNC')
    await exporter.close()
  })
})

describe('retention', () => {
  const DAY = 86_400
  const today = Math.floor(Date.now() / 1000)

  async function survivors(
    layout: Layout,
    retentionDays: number | undefined,
    rows: readonly (readonly [string, number, number])[],
  ) {
    await createTable(server, layout, retentionDays)
    const exporter = exporterTo(server, layout, { constants: { retentionDays: retentionDays ?? 0 } })
    for (const [id, eventDaysAgo, seenDaysAgo] of rows) {
      const hrTime: [number, number] = [today - eventDaysAgo * DAY, 0]
      await deliver(exporter, [auditRecord({ id, hrTime, hrTimeObserved: [today - seenDaysAgo * DAY, 0] })])
    }
    await server.query(`OPTIMIZE TABLE ${layout.table} FINAL`)
    await exporter.close()
    return (
      await server.query<{ id: string }>(`SELECT ${layout.lookup.id} AS id FROM ${layout.table} ORDER BY id`)
    ).map(({ id }) => id)
  }

  const rows = [
    ['backfilled', 800, 0],
    ['fresh', 0, 0],
    ['old', 800, 800],
  ] as const

  test('without retention_days nothing is ever deleted', async () => {
    expect(await survivors(circleciAuditLogs, undefined, rows)).toEqual(['backfilled', 'fresh', 'old'])
    expect(await survivors(otelLogs, undefined, rows)).toEqual(['backfilled', 'fresh', 'old'])
  })

  test('with it rows go so long after they were received: a backfill does not expire on arrival', async () => {
    expect(await survivors(circleciAuditLogs, 400, rows)).toEqual(['backfilled', 'fresh'])
  })

  test('rows without retention stay in such a table, and a number of days beyond all time does not lie in the past', async () => {
    await createTable(server, circleciAuditLogs, 400)
    for (const days of [0, 40_000, 4_294_967_295]) {
      const exporter = exporterTo(server, circleciAuditLogs, { constants: { retentionDays: days } })
      await deliver(exporter, [auditRecord({ id: `days ${days}`, hrTimeObserved: [today, 0] })])
      await exporter.close()
    }
    await server.query(`OPTIMIZE TABLE ${circleciAuditLogs.table} FINAL`)
    expect(await countOf(server, circleciAuditLogs.table)).toBe(3)
  })
})

test('a cluster gets replicated engines and their window', () => {
  for (const layout of layouts) {
    const ddl = layout.ddl({ database: 'a`b', table: 't' }, { cluster: "it's" })
    expect(ddl).toContain("CREATE TABLE IF NOT EXISTS `a\\`b`.`t` ON CLUSTER 'it\\'s'")
    expect(ddl).toMatch(/ENGINE = Replicated(Replacing)?MergeTree/)
    expect(ddl).toContain(' replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800')
  }
})

test('names and texts in SQL are what they are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
      const [row] = await server.query<{ t: string }>(`SELECT ${literal(text.toWellFormed())} AS t`)
      expect(row?.t).toBe(text.toWellFormed())
    }),
    { numRuns: 50 },
  )
})
