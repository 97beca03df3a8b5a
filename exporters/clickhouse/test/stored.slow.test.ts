// Which rows the table holds: exactly those, cheaply in a large table, and an error where it cannot be told.
import { auditRecord } from '@circleci-audit-forwarder/contract/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { layouts } from '../src/index.ts'
import { questions } from '../src/lookup.ts'
import { ClickHouse } from './engine/front.ts'
import { batchOf, countOf, createTable, exporterTo, never, recordsFrom } from './world.ts'

let server: ClickHouse
beforeAll(async () => {
  server = await ClickHouse.start()
}, 60_000)
afterAll(() => server.stop())
beforeEach(() => server.forget())

describe.each(layouts)('$name', (layout) => {
  beforeEach(() => createTable(server, layout))

  test('names the members that are there, by id and time', async () => {
    const exporter = exporterTo(server, layout)
    const rows = recordsFrom(0, 10).map((record) => exporter.encode(record))
    await exporter.send(batchOf(rows.filter((_, index) => index % 3 === 0)), never)
    expect(await exporter.stored(batchOf(rows), never)).toEqual([0, 3, 6, 9])
    await exporter.close()
  })

  test('the same id at another time is another event', async () => {
    const exporter = exporterTo(server, layout)
    const [one, other] = [1_790_812_800, 1_790_812_802].map((second) =>
      exporter.encode(auditRecord({ hrTime: [second, 0] })),
    )
    await exporter.send(batchOf([one as never]), never)
    expect(await exporter.stored(batchOf([one as never, other as never]), never)).toEqual([0])
    await exporter.close()
  })

  test('ids of any kind are found', async () => {
    const exporter = exporterTo(server, layout)
    const ids = [
      "it's",
      'back\\slash',
      'new\nline',
      '🚀',
      '\0',
      "') OR 1 = 1 --",
      'half \ud83e',
      '%s',
      '{x:Identifier}',
      'Code: 60. DB::Exception: no',
      '__exception__',
    ]
    const rows = ids.map((id) => exporter.encode(auditRecord({ id })))
    await exporter.send(batchOf(rows.slice(0, 5)), never)
    expect(await exporter.stored(batchOf(rows), never)).toEqual([0, 1, 2, 3, 4])
    await exporter.send(batchOf(rows.slice(5)), never)
    expect(await exporter.stored(batchOf(rows), never)).toEqual(ids.map((_, index) => index))
    await exporter.close()
  })

  test('ids and times that hold what is masked as a secret are found', async () => {
    const http = { headers: { 'x-tenant': 'tenant', 'x-number': '790812' } }
    const exporter = exporterTo(server, layout, { http })
    const rows = recordsFrom(0, 1).map((record) => exporter.encode({ ...record, hrTime: [1_790_812_800, 0] }))
    rows.push(exporter.encode(auditRecord({ id: 'tenant-1' })))
    await exporter.send(batchOf(rows), never)
    expect(await exporter.stored(batchOf(rows), never)).toEqual([0, 1])
    await exporter.close()
  })

  test('a profile that cuts answers short hides no row', async () => {
    const exporter = exporterTo(server, layout)
    const rows = recordsFrom(0, 5_000).map((record) => exporter.encode(record))
    await exporter.send(batchOf(rows), never)
    await exporter.close()
    const under = async (profile: string) => {
      const other = exporterTo(server, layout, { endpoint: `${server.url}/?${profile}` })
      const there = await other.stored(batchOf(rows), never).catch((error: Error) => error.message)
      await other.close()
      return there
    }
    expect(await under('limit=3')).toHaveLength(5_000)
    expect(await under('offset=4')).toHaveLength(5_000)
    expect(await under('max_execution_time=0.001&timeout_overflow_mode=break')).toContain('159 TIMEOUT_EXCEEDED')
  })

  test('as many as a batch may have, in questions that a server takes', async () => {
    const exporter = exporterTo(server, layout)
    const rows = recordsFrom(0, 10_000).map((record) => exporter.encode({ ...record, hrTime: [1_790_812_800, 0] }))
    await exporter.send(batchOf(rows), never)
    expect(await exporter.stored(batchOf(rows), never)).toHaveLength(10_000)
    const asked = (await server.seen()).filter(({ sql }) => sql.startsWith('SELECT DISTINCT'))
    expect(asked.length).toBeLessThan(10)
    await exporter.close()
  }, 30_000)

  test('reads the granules of the batch’s own minutes in a table of many months', async () => {
    const exporter = exporterTo(server, layout)
    for (let month = 0; month < 6; month++) {
      const rows = Array.from({ length: 20_000 }, (_, index) =>
        exporter.encode(
          auditRecord({ id: `${month}-${index}`, hrTime: [1_772_323_200 + month * 2_629_800 + index * 4, 0] }),
        ),
      )
      await exporter.send(batchOf(rows), never)
    }
    const target = { database: 'default', table: layout.table }
    const wanted = Array.from({ length: 50 }, (_, index) =>
      exporter.encode(
        auditRecord({ id: `3-${10_000 + index}`, hrTime: [1_772_323_200 + 3 * 2_629_800 + (10_000 + index) * 4, 0] }),
      ),
    )
    const plan = await server.query<{ explain: string }>(`EXPLAIN indexes = 1 ${questions(wanted, layout, target)[0]}`)
    const granules = plan.flatMap(({ explain }) => /Granules: (\d+)\/(\d+)/.exec(explain)?.slice(1).map(Number) ?? [])
    const [all] = await server.query<{ marks: string }>(
      `SELECT sum(marks) AS marks FROM system.parts WHERE active AND table = '${layout.table}'`,
    )
    expect(Number(all?.marks)).toBeGreaterThan(12)
    expect(granules.at(-1)).toBeDefined()
    expect(granules.at(-2)).toBeLessThanOrEqual(2)
    expect(await exporter.stored(batchOf(wanted), never)).toHaveLength(50)
    await exporter.close()
  }, 180_000)

  test('where it may not be asked, it says what to grant', async () => {
    const exporter = exporterTo(server, layout, { username: 'forwarder' })
    const message =
      "forwarder: Not enough privileges. To execute this query, it's necessary to have the grant SELECT (ACCESS_DENIED)"
    await server.fault({ kind: 'exception', code: 497, message, as: 'status' })
    const batch = batchOf([exporter.encode(auditRecord())])
    expect(await exporter.stored(batch, never)).toEqual({
      status: 'stopped',
      cause: 'credentials',
      reason: expect.stringMatching(/497 ACCESS_DENIED.*grant it: GRANT SELECT\(.*\) ON .* TO forwarder/),
    })
    await exporter.close()
  })

  test.each([
    ['an exception behind a 200', { kind: 'exception', code: 241, message: 'x', as: '200 and trailer' }],
    ['no list at all', { kind: 'answer', status: 200, body: '<html>Log in</html>' }],
    ['half a list', { kind: 'answer', status: 200, body: '["a",1]\n["b",' }],
    ['no answer', { kind: 'cut', when: 'before' }],
  ] as const)('%s is no answer, and never "not there"', async (_, fault) => {
    const exporter = exporterTo(server, layout)
    await server.fault(fault)
    await expect(exporter.stored(batchOf([exporter.encode(auditRecord())]), never)).rejects.toThrow(
      /cannot ask which rows/,
    )
    await exporter.close()
  })
})

test('a replicated table is believed: a replica that lags would be taken for one that lost the rows', async () => {
  const [layout] = layouts
  await createTable(server, layout)
  const exporter = exporterTo(server, layout)
  const batch = batchOf([exporter.encode(auditRecord())])
  await server.fault({ kind: 'cut', when: 'after commit', on: 'insert' })
  await exporter.send(batch, never)
  await server.query(`TRUNCATE TABLE ${layout.table}`)
  await server.fault({ kind: 'answer', on: 'insert', status: 200, headers: { 'X-ClickHouse-Query-Id': 'q' }, body: '' })
  await server.fault({ kind: 'answer', on: 'query', status: 200, body: '["ReplicatedReplacingMergeTree"]\n' })
  expect(await exporter.send(batch, never)).toEqual({ status: 'delivered' })
  await exporter.close()
})

test.each(['Distributed', 'MergeTree'])(
  'a table of engine %s is looked at: its token may outlive its rows',
  async (engine) => {
    const [layout] = layouts
    await createTable(server, layout)
    const exporter = exporterTo(server, layout)
    const batch = batchOf([exporter.encode(auditRecord())])
    await server.fault({ kind: 'cut', when: 'after commit', on: 'insert' })
    await exporter.send(batch, never)
    await server.query(`TRUNCATE TABLE ${layout.table}`)
    await server.fault({
      kind: 'answer',
      on: 'insert',
      status: 200,
      headers: { 'X-ClickHouse-Query-Id': 'q' },
      body: '',
    })
    await server.fault({ kind: 'answer', on: 'query', status: 200, body: `["${engine}"]\n` })
    expect(await exporter.send(batch, never)).toEqual({ status: 'delivered' })
    expect(await countOf(server, layout.table)).toBe(1)
    await exporter.close()
  },
)
