// "Not there" is said of a row only where it is certain. What is still on its way, what a user may not see and what
// nobody may ask is not the same as what is not there: such a row would go again, and be there twice.
import type { Batch, Outcome } from '@circleci-audit-forwarder/contract'
import { auditRecord } from '@circleci-audit-forwarder/contract/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type ClickHouseExporter, layouts } from '../src/index.ts'
import { grant } from '../src/lookup.ts'
import { ClickHouse } from './engine/front.ts'
import { batchOf, countOf, createTable, exporterTo, never, recordsFrom } from './world.ts'

const lost = { status: 'retry', ambiguous: true } as const

describe('an insert that is still under way', () => {
  let server: ClickHouse
  beforeAll(async () => {
    server = await ClickHouse.start()
  }, 60_000)
  afterAll(() => server.stop())
  afterEach(() => server.forget())

  /** Sends, and gives up when the server has so many inserts in hand; it goes on with the last of them until released. */
  async function giveUp(exporter: ClickHouseExporter, batch: Batch, inserts = 1): Promise<Outcome> {
    const patience = new AbortController()
    const sending = exporter.send(batch, patience.signal)
    const seen = async () => (await server.seen()).filter(({ kind }) => kind === 'insert').length
    await expect.poll(seen, { timeout: 10_000 }).toBe(inserts)
    patience.abort()
    return sending
  }

  test.each(layouts)('$name: the table is not asked before it has ended', async (layout) => {
    await createTable(server, layout)
    const exporter = exporterTo(server, layout)
    const batch = batchOf(recordsFrom(0, 5).map((record) => exporter.encode(record)))
    await server.fault({ kind: 'held', on: 'insert' })
    expect(await giveUp(exporter, batch)).toMatchObject(lost)
    await expect(exporter.stored(batch, never)).rejects.toThrow(/still under way.*KILL QUERY/)
    expect(await exporter.send(batch, never)).toMatchObject({ status: 'retry', reason: expect.stringContaining('216') })
    await server.release()
    await expect.poll(() => countOf(server, layout.table), { timeout: 10_000 }).toBe(5)
    expect(await exporter.stored(batch, never)).toEqual([0, 1, 2, 3, 4])
    await exporter.close()
  })

  test('what another batch does stands in nobody’s way', async () => {
    const [layout] = layouts
    await createTable(server, layout)
    const exporter = exporterTo(server, layout)
    const [one, other] = [0, 100].map((first) => batchOf(recordsFrom(first, 5).map((row) => exporter.encode(row))))
    await exporter.send(other as Batch, never)
    await server.fault({ kind: 'held', on: 'insert' })
    expect(await giveUp(exporter, one as Batch, 2)).toMatchObject(lost)
    expect(await exporter.stored(other as Batch, never)).toEqual([0, 1, 2, 3, 4])
    await server.release()
    await exporter.close()
  })

  test('rows that are sent a second time are waited for, too, before they are sent a third time', async () => {
    const [layout] = layouts
    await createTable(server, layout)
    const exporter = exporterTo(server, layout)
    const batch = batchOf([exporter.encode(auditRecord())])
    const ok = {
      kind: 'answer',
      on: 'insert',
      status: 200,
      headers: { 'X-ClickHouse-Query-Id': 'q' },
      body: '',
    } as const
    await server.fault({ kind: 'cut', when: 'after commit', on: 'insert' })
    await exporter.send(batch, never)
    await server.query(`TRUNCATE TABLE ${layout.table}`)
    await server.forget()
    await server.fault(ok, { kind: 'held', on: 'insert' })
    expect(await giveUp(exporter, batch, 2)).toMatchObject(lost)
    await server.fault(ok)
    expect(await exporter.send(batch, never)).toMatchObject({
      ...lost,
      reason: expect.stringContaining('still under way'),
    })
    await server.release()
    await expect.poll(() => countOf(server, layout.table), { timeout: 10_000 }).toBe(1)
    await server.fault(ok)
    expect(await exporter.send(batch, never)).toEqual({ status: 'delivered' })
    expect(await countOf(server, layout.table)).toBe(1)
    await exporter.close()
  })
})

describe('a user who may only insert', () => {
  let server: ClickHouse
  beforeAll(async () => {
    const grants = '<grants><query>GRANT CREATE, DROP, INSERT, SHOW ON *.*</query></grants>'
    server = await ClickHouse.start({ rights: grants })
  }, 60_000)
  afterAll(() => server.stop())
  afterEach(() => server.forget())

  test.each(layouts)(
    '$name: stops, with the grant that is missing, and is never taken for "not there"',
    async (layout) => {
      await createTable(server, layout)
      const exporter = exporterTo(server, layout, { username: 'forwarder' })
      const batch = batchOf(recordsFrom(0, 3).map((record) => exporter.encode(record)))
      await server.fault({ kind: 'cut', when: 'after commit', on: 'insert' })
      expect(await exporter.send(batch, never)).toMatchObject(lost)
      const stopped = { status: 'stopped', cause: 'credentials' }
      const reason = expect.stringMatching(/497 ACCESS_DENIED.*grant it: GRANT SELECT\(.*\) ON .* TO forwarder/)
      expect(await exporter.stored(batch, never)).toEqual({ ...stopped, reason })
      // The answer to the repetition is a success, and no proof.
      expect(await exporter.send(batch, never)).toEqual({ ...stopped, reason })
      await exporter.close()
    },
  )
})

test('the grant that is named is all it takes', async () => {
  const grants = layouts.map((layout) => grant(layout, { database: 'default', table: layout.table }, 'default'))
  const rights = ['GRANT CREATE, DROP, INSERT ON *.*', ...grants].map((each) => {
    return `<query>${each.replace(/ TO default$/, '')}</query>`
  })
  const server = await ClickHouse.start({ rights: `<grants>${rights.join('')}</grants>` })
  for (const layout of layouts) {
    await createTable(server, layout)
    const exporter = exporterTo(server, layout)
    const rows = recordsFrom(0, 4).map((record) => exporter.encode(record))
    await exporter.send(batchOf(rows.slice(0, 2)), never)
    expect(await exporter.stored(batchOf(rows), never)).toEqual([0, 1])
    await exporter.close()
  }
  await server.stop()
}, 60_000)

describe('a table that shows this user a part of its rows', () => {
  let server: ClickHouse
  beforeAll(async () => {
    const [one, other] = layouts.map(({ table, lookup: { id } }) => {
      return `<${table}><filter>${id} &lt; 'event-000003'</filter></${table}>`
    })
    server = await ClickHouse.start({ rights: `<databases><default>${one}${other}</default></databases>` })
  }, 60_000)
  afterAll(() => server.stop())
  afterEach(() => server.forget())

  test.each(layouts)('$name: what is seen is there; what is not seen may be there', async (layout) => {
    await createTable(server, layout)
    const exporter = exporterTo(server, layout, { username: 'forwarder' })
    const [seen, hidden] = [0, 2].map((first) => batchOf(recordsFrom(first, 3).map((row) => exporter.encode(row))))
    for (const batch of [seen, hidden]) await exporter.send(batch as Batch, never)
    expect(await exporter.stored(seen as Batch, never)).toEqual([0, 1, 2])
    expect(await exporter.stored(hidden as Batch, never)).toEqual({
      status: 'stopped',
      cause: 'configuration',
      reason: expect.stringMatching(/a row policy hides rows of .* from forwarder.*TO ALL EXCEPT forwarder/),
    })
    await exporter.close()
  })

  test('be it no table of MergeTree’s family', async () => {
    const [layout] = layouts
    await server.query(`DROP TABLE IF EXISTS ${layout.table} SYNC`)
    const columns = layout.columns.map(({ name, type }) => `\`${name}\` ${type}`)
    await server.query(`CREATE TABLE ${layout.table} (${columns.join(', ')}) ENGINE = Memory`)
    const exporter = exporterTo(server, layout)
    const batch = batchOf(recordsFrom(2, 3).map((row) => exporter.encode(row)))
    await exporter.send(batch, never)
    expect(await exporter.stored(batch, never)).toMatchObject({ status: 'stopped', cause: 'configuration' })
    await exporter.close()
  })

  test('check says so', async () => {
    const [layout] = layouts
    await createTable(server, layout)
    const exporter = exporterTo(server, layout, { username: 'forwarder' })
    await exporter.send(batchOf([exporter.encode(auditRecord())]), never)
    expect(await exporter.check(never)).toContainEqual({
      level: 'warning',
      what: 'the table can be asked which rows it holds',
      detail: expect.stringContaining('a row policy hides rows'),
      next: expect.stringContaining('TO ALL EXCEPT forwarder'),
    })
    await exporter.close()
  })
})

describe('a profile that filters', () => {
  let server: ClickHouse
  beforeAll(async () => {
    const filters = layouts.map(
      ({ table, lookup: { id } }) => `'default.${table}': '${id.replaceAll("'", "''")} < ''event-000003'''`,
    )
    server = await ClickHouse.start({
      profile: { additional_table_filters: `{${filters.join(', ')}}`, additional_result_filter: '1 = 2' },
    })
  }, 60_000)
  afterAll(() => server.stop())

  test.each(layouts)('$name: hides no row', async (layout) => {
    await createTable(server, layout)
    const exporter = exporterTo(server, layout)
    const batch = batchOf(recordsFrom(0, 6).map((record) => exporter.encode(record)))
    await exporter.send(batch, never)
    expect(await server.query(`SELECT 1 FROM ${layout.table}`)).toEqual([])
    expect(await exporter.stored(batch, never)).toEqual([0, 1, 2, 3, 4, 5])
    await exporter.close()
  })
})
