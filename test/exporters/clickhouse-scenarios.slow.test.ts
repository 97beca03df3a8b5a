// ClickHouse's scenarios behind the real lane, with the real engine at the other end: cut connections, rows it refuses,
// exceptions behind a 200, too many parts, a table that is not there. And its traps, each shown to be one first.
import { auditRecord } from '@circleci-audit-forwarder/contract/testing'
import { circleciAuditLogs as layout } from '@circleci-audit-forwarder/exporter-clickhouse'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ClickHouse } from '../../exporters/clickhouse/test/engine/front.ts'
import { countOf, createTable, deliver, exporterTo } from '../../exporters/clickhouse/test/world.ts'
import { mostRequests, recordsWith, Wire } from './wire.ts'

const { table } = layout
const MINUTE = 60_000
const RECORDS = 1_000
let server: ClickHouse
let wire: Wire

beforeAll(async () => {
  server = await ClickHouse.start()
}, 60_000)
afterAll(() => server.stop())
beforeEach(async () => {
  await createTable(server, layout)
  await server.forget()
  wire = new Wire()
})
afterEach(() => wire.bench.stop())

async function inserts(): Promise<number> {
  return (await server.seen()).filter(({ kind }) => kind === 'insert').length
}

const start = (): void => wire.start(exporterTo(server, layout))
const all = (delivered: number): object => ({ outstanding: 0, delivered, stop: undefined })
const insert = (rows: string, parameters: string): Promise<Response> =>
  fetch(`${server.url}/?query=INSERT%20INTO%20${table}%20FORMAT%20JSONEachRow${parameters}`, {
    method: 'POST',
    body: rows,
  })

test('C1: connections cut after the commit: what may have been stored is asked for, and each row is there once', async () => {
  start()
  for (const key of ['a', 'b', 'c']) {
    await server.fault({ kind: 'cut', when: 'after commit', on: 'insert' })
    const records = recordsWith(RECORDS).map((record, n) => ({
      ...record,
      attributes: { ...record.attributes, 'log.record.uid': `${key}${n}` },
    }))
    wire.put(key, records)
    await wire.untilSettled(30 * MINUTE, 1_000)
  }
  expect(wire.account).toMatchObject({ ...all(3 * RECORDS), possibleDuplicates: 0 })
  expect(await countOf(server, table)).toBe(3 * RECORDS)
  const asked = (await server.seen()).filter(({ kind, sql }) => kind === 'query' && /SELECT[\s\S]+ IN /.test(sql))
  expect(asked.length).toBeGreaterThanOrEqual(3)
})

describe('C2: one bad record of a thousand', () => {
  const bad = (n: number) => auditRecord({ id: `r${n}`, attributes: { 'circleci.audit.actor.name': 'bad' } })
  const places = [0, 2, 137, 500, 999]

  async function sent(n: number): Promise<void> {
    start()
    wire.put('a', recordsWith(RECORDS, bad(n)))
    await wire.untilSettled(30 * MINUTE)
    // A verdict is final once the destination has accepted another record after it.
    wire.put('b', [auditRecord({ id: 'after' })])
    await wire.untilSettled(30 * MINUTE)
    expect(wire.account).toMatchObject({ outstanding: 0, delivered: RECORDS, quarantined: 1, provisional: 0 })
    expect(await countOf(server, table)).toBe(RECORDS)
    expect(await server.query(`SELECT count() AS c FROM ${table} WHERE id = 'r${n}'`)).toEqual([{ c: 0 }])
  }

  test.each(places)('C2: a value that cannot be read, named by its row (%i): 999 stored, 1 quarantined', async (n) => {
    await server.query(`ALTER TABLE ${table} MODIFY COLUMN actorName Enum8('' = 0, 'alice' = 1)`)
    await sent(n)
    expect(wire.quarantined).toEqual([expect.stringContaining('in column actorName')])
    expect(await inserts()).toBeLessThanOrEqual(4)
  })

  test.each(places)(
    'C2: a constraint, which names its row in other words (%i): 999 stored, 1 quarantined',
    async (n) => {
      await server.query(`ALTER TABLE ${table} ADD CONSTRAINT known CHECK actorName != 'bad'`)
      await sent(n)
      expect(wire.quarantined).toEqual([expect.stringContaining('known')])
      expect(await inserts()).toBeLessThanOrEqual(4)
    },
  )

  test.each(places)('C2: an exception that names no row (%i) is searched: 999 stored, 1 quarantined', async (n) => {
    await server.query(
      `ALTER TABLE ${table} ADD COLUMN n UInt8 MATERIALIZED toUInt8(if(actorName = 'bad', actorName, '7'))`,
    )
    await sent(n)
    expect(await inserts()).toBeLessThanOrEqual(mostRequests(RECORDS) + 1)
  })
})

test.each(['200 and header', '200 and trailer', '200 and body'] as const)(
  'C2: an exception behind a %s is a failure: the rows go again and are there once',
  async (as) => {
    await server.fault({ kind: 'exception', code: 241, message: '(total) memory limit exceeded', as, on: 'insert' })
    start()
    wire.put('a', recordsWith(10))
    await wire.pass(200)
    expect(wire.account).toMatchObject({ delivered: 0, quarantined: 0 })
    await wire.untilSettled(30 * MINUTE, 1_000)
    expect(wire.account).toMatchObject(all(10))
    expect(await countOf(server, table)).toBe(10)
  },
)

test('C3: too many parts: nothing is sent for 30 s, nothing is lost', async () => {
  const message = 'Too many parts (3000 with average size of 1 MiB). Merges are processing significantly slower'
  await server.fault({ kind: 'exception', code: 252, message, as: 'status', on: 'insert' })
  start()
  wire.put('a', recordsWith(10))
  await wire.pass(29_000, 1_000)
  expect(await inserts()).toBe(1)
  await wire.untilSettled(30 * MINUTE, 1_000)
  expect(wire.account).toMatchObject(all(10))
  expect(await countOf(server, table)).toBe(10)
})

test('C3: events of 130 months, more partitions than one insert may touch: each insert is one month', async () => {
  const months = Array.from({ length: 130 }, (_, n) => Date.UTC(2015, n, 15) / 1000)
  const records = months.map((seconds, n) => auditRecord({ id: `r${n}`, hrTime: [seconds, 0] }))
  start()
  wire.put('a', records)
  await wire.untilSettled(30 * MINUTE)
  expect(wire.account).toMatchObject(all(130))
  expect(await countOf(server, table)).toBe(130)
  expect(await inserts()).toBe(130)
  expect(wire.bench.of('destination_stopped')).toEqual([])
}, 60_000)

test('C4: a table that is not there stops the destination and drops nothing; created, everything arrives', async () => {
  await server.query(`DROP TABLE ${table} SYNC`)
  start()
  wire.put('a', recordsWith(10))
  await wire.pass(30 * MINUTE, 10_000)
  expect(wire.account).toMatchObject({ delivered: 0, quarantined: 0, stop: { cause: 'configuration' } })
  expect(wire.account.stop?.reason).toContain('60 UNKNOWN_TABLE')
  await createTable(server, layout)
  await wire.untilSettled(30 * MINUTE, 1_000)
  expect(wire.account).toMatchObject(all(10))
  expect(await countOf(server, table)).toBe(10)
})

describe('trap 6: a known token', () => {
  test('trap: other rows under a known token are answered 200 and dropped', async () => {
    for (const id of ['one', 'other']) {
      const answer = await insert(`{"id":"${id}","eventTime":1}\n`, '&insert_deduplication_token=t&async_insert=0')
      expect(answer.status).toBe(200)
    }
    expect(await server.query(`SELECT id FROM ${table}`)).toEqual([{ id: 'one' }])
  })

  test('so a token belongs to its members: what is left of a batch without its bad row is stored', async () => {
    await server.query(`ALTER TABLE ${table} ADD CONSTRAINT known CHECK id != 'r1'`)
    start()
    wire.put('a', recordsWith(3))
    await wire.untilSettled(MINUTE)
    expect(await server.query(`SELECT id FROM ${table} ORDER BY id`)).toEqual([{ id: 'r0' }, { id: 'r2' }])
    const sent = (await server.seen()).filter(({ kind }) => kind === 'insert')
    const tokens = sent.map(({ settings }) => settings['insert_deduplication_token'])
    expect(new Set(tokens).size).toBe(tokens.length)
  })
})

describe('trap 7: what ClickHouse makes of values it was not meant to get', () => {
  test('trap: an unknown column is left out, a great integer wraps to 0, milliseconds lie in 2106, and all is 200', async () => {
    const row = '{"id":"a","idd":"b","sourceTTL":4294967296,"eventTime":1795000000123}\n'
    expect((await insert(row, '&async_insert=0&input_format_skip_unknown_fields=1')).status).toBe(200)
    expect(await server.query(`SELECT id, sourceTTL, toYear(eventTime) AS y FROM ${table}`)).toEqual([
      { id: 'a', sourceTTL: 0, y: 2106 },
    ])
  })

  test('so a column that the table lacks stops the destination, whatever the server leaves out by default', async () => {
    await server.query(`ALTER TABLE ${table} DROP COLUMN payload`)
    const exporter = exporterTo(server, layout)
    expect(await deliver(exporter, [auditRecord()])).toMatchObject({
      status: 'stopped',
      cause: 'configuration',
      reason: expect.stringContaining('payload'),
    })
    await exporter.close()
    expect(await countOf(server, table)).toBe(0)
  })

  test('so numbers and times beyond a column are its ends, and seconds are sent', async () => {
    const exporter = exporterTo(server, layout)
    const attributes = { 'circleci.audit.version': 4_294_967_296 }
    const far = auditRecord({ attributes, hrTime: [7_258_118_400, 1] })
    const usual = auditRecord({ id: 'usual', hrTime: [1_795_000_000, 123_000_000] })
    for (const record of [far, usual]) expect(await deliver(exporter, [record])).toEqual({ status: 'delivered' })
    await exporter.close()
    const rows = await server.query(`SELECT version, toUnixTimestamp(eventTime) AS t FROM ${table} ORDER BY t`)
    expect(rows).toEqual([
      { version: 1, t: 1_795_000_000 },
      { version: 4_294_967_295, t: 4_294_967_295 },
    ])
  })
})

describe('trap 8: a TTL on the time of events', () => {
  const years = (count: number) => auditRecord({ hrTime: [Math.floor(Date.now() / 1000) - count * 365 * 86_400, 0] })

  /** What is left of events of today and of nine years ago after the first merge. */
  async function left(retentionDays: number, ttl?: string): Promise<number> {
    await createTable(server, layout, retentionDays)
    if (ttl !== undefined) await server.query(`ALTER TABLE ${table} MODIFY TTL ${ttl}`)
    const now = Math.floor(Date.now() / 1000)
    const exporter = exporterTo(server, layout, { constants: { workspaceId: '', sourceId: 's', retentionDays } })
    for (const record of [years(0), { ...years(9), hrTimeObserved: [now, 0] as [number, number] }]) {
      await deliver(exporter, [{ ...record, hrTimeObserved: [now, 0] }])
    }
    await exporter.close()
    await server.query(`OPTIMIZE TABLE ${table} FINAL`)
    return countOf(server, table)
  }

  test('trap: counted from the event, a backfill is gone after the first merge', async () => {
    expect(await left(30, 'eventTime + toIntervalDay(sourceTTL)')).toBe(1)
  })

  test('trap: a great number of days passes the end of DateTime, and everything is gone', async () => {
    expect(await left(30, 'receivedAt + toIntervalDay(40000)')).toBe(0)
  })

  test.each([1, 30, 3_650])(
    'so it counts from the arrival and never beyond ten years: %i days keep a backfill',
    async (days) => {
      expect(await left(days)).toBe(2)
    },
  )
})
