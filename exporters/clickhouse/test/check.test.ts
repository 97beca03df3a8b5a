// What doctor finds, against the real engine: each trouble is seen, named, and comes with what to do.
import type { Finding } from '@circleci-audit-forwarder/contract'
import { canary } from '@circleci-audit-forwarder/contract/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { circleciAuditLogs, layouts, module, otelLogs } from '../src/index.ts'
import { ClickHouse } from './engine/front.ts'
import { countOf, createTable, never } from './world.ts'

const access = { user: 'forwarder', password: canary('password') }
const { table } = circleciAuditLogs
let server: ClickHouse
beforeAll(async () => {
  server = await ClickHouse.start({ access })
}, 60_000)
afterAll(() => server.stop())
beforeEach(async () => {
  await server.forget()
  await createTable(server, circleciAuditLogs)
})

async function findings(settings: object = {}): Promise<readonly Finding[]> {
  const all = { endpoint: server.url, username: access.user, password: access.password, ...settings }
  const exporter = module.create(module.schema.parse(all))
  const found = await exporter.check(never)
  await exporter.close()
  return found
}

async function troubles(settings: object = {}): Promise<readonly Finding[]> {
  return (await findings(settings)).filter(({ level }) => level !== 'ok')
}

test.each(layouts)('$name as its DDL makes it: all is well, and nothing was written', async (layout) => {
  await createTable(server, layout)
  const found = await findings({ layout: layout.name })
  expect(found.filter(({ level }) => level !== 'ok')).toEqual([])
  expect(found.map(({ what }) => what)).toEqual([
    'the server answers',
    'credentials are accepted',
    'server version',
    `table ${layout.table} exists`,
    `columns are those of ${layout.name}`,
    'a repeated insert is stored once',
    'rows can be inserted',
    'the table can be asked which rows it holds',
    'rows are kept as long as configured',
  ])
  expect(await countOf(server, layout.table)).toBe(0)
})

test('nobody there', async () => {
  const [found] = await troubles({ endpoint: 'http://127.0.0.1:9' })
  expect(found).toMatchObject({
    what: 'the server answers',
    level: 'error',
    detail: expect.stringContaining('ECONNREFUSED'),
  })
})

test('a wrong password, and it is not repeated', async () => {
  const found = await troubles({ password: canary('wrong') })
  expect(found).toMatchObject([
    { level: 'error', what: 'credentials are accepted', detail: expect.stringContaining('516') },
  ])
  expect(JSON.stringify(found)).not.toContain(canary('wrong'))
})

test('no such database, no such table', async () => {
  expect(await troubles({ database: 'nowhere' })).toMatchObject([{ level: 'error', what: 'database nowhere exists' }])
  const [found] = await troubles({ table: 'nothing' })
  expect(found).toMatchObject({
    level: 'error',
    what: 'table nothing exists',
    next: expect.stringContaining('schema clickhouse'),
  })
})

test('a column is missing: the statement that adds it', async () => {
  await server.query(`ALTER TABLE ${table} DROP COLUMN dstISP`)
  const found = await troubles()
  expect(found.find(({ what }) => what.startsWith('columns'))).toMatchObject({
    level: 'error',
    detail: 'missing: dstISP',
    next: `ALTER TABLE \`default\`.\`${table}\` ADD COLUMN \`dstISP\` LowCardinality(String)`,
  })
  expect(found.find(({ what }) => what === 'rows can be inserted')).toMatchObject({
    level: 'error',
    detail: expect.stringContaining('16'),
  })
  const { next } = found.find(({ what }) => what.startsWith('columns')) ?? {}
  await server.query(next ?? '')
  expect(await troubles()).toEqual([])
})

test('a column of another type; one stored in another way is none', async () => {
  await server.query(`ALTER TABLE ${table} MODIFY COLUMN eventName String, MODIFY COLUMN payload Nullable(String)`)
  await server.query(`ALTER TABLE ${table} MODIFY COLUMN receivedAt DateTime('Europe/Berlin')`).catch(() => undefined)
  expect(await troubles()).toEqual([])
  await server.query(`ALTER TABLE ${table} MODIFY COLUMN version UInt64`)
  expect(await troubles()).toMatchObject([{ level: 'error', detail: 'version is UInt64, not UInt32' }])
})

test('the column that the table computes must be computed', async () => {
  await createTable(server, otelLogs)
  await server.query(
    `CREATE OR REPLACE TABLE plain_logs (${otelLogs.columns.map(({ name, type }) => `${name} ${type}`).join(', ')}) ENGINE = MergeTree ORDER BY tuple() SETTINGS non_replicated_deduplication_window = 100`,
  )
  expect(await troubles({ layout: 'otel_logs', table: 'plain_logs' })).toMatchObject([
    { level: 'error', detail: 'TimestampTime has no default' },
  ])
})

describe('deduplication', () => {
  const what = 'a repeated insert is stored once'
  const window = async (): Promise<Finding | undefined> => (await findings()).find((finding) => finding.what === what)

  test('without a window it is an error, and the remedy mends it', async () => {
    await server.query(`ALTER TABLE ${table} MODIFY SETTING non_replicated_deduplication_window = 0`)
    const found = await window()
    expect(found).toMatchObject({ level: 'error', detail: expect.stringContaining('is 0') })
    await server.query(found?.next ?? '')
    expect(await window()).toMatchObject({ level: 'ok', detail: 'non_replicated_deduplication_window is 10000' })
  })

  test('a handful is too few; none said is the default of the server', async () => {
    await server.query(`ALTER TABLE ${table} MODIFY SETTING non_replicated_deduplication_window = 5`)
    expect(await window()).toMatchObject({ level: 'warning' })
    await server.query(`ALTER TABLE ${table} RESET SETTING non_replicated_deduplication_window`)
    expect(await window()).toMatchObject({ level: 'error', detail: expect.stringContaining('is 0') })
  })

  test('an engine that knows no windows', async () => {
    await server.query(`CREATE OR REPLACE TABLE plain_logs AS ${table} ENGINE = Log`)
    const found = await findings({ table: 'plain_logs' })
    expect(found.find((finding) => finding.what === what)).toMatchObject({
      level: 'error',
      detail: expect.stringContaining('Log'),
    })
  })
})

test('what may not be done is said with the statement that grants it', async () => {
  const denied = {
    kind: 'exception',
    code: 497,
    message: 'forwarder: Not enough privileges. (ACCESS_DENIED)',
    as: 'status',
  } as const
  await server.fault({ ...denied, on: 'insert' })
  expect(await troubles()).toMatchObject([
    { what: 'rows can be inserted', level: 'error', next: `GRANT INSERT ON \`default\`.\`${table}\` TO forwarder` },
  ])
})

test.each([
  [164, 'READONLY'],
  [452, 'SETTING_CONSTRAINT_VIOLATION'],
  [115, 'UNKNOWN_SETTING'],
])('an insert that would fail with %i is seen beforehand', async (code, name) => {
  await server.fault({ kind: 'exception', code, message: `no (${name})`, as: 'status', on: 'insert' })
  expect(await troubles()).toMatchObject([
    { what: 'rows can be inserted', level: 'error', detail: expect.stringContaining(name) },
  ])
})

test('an old server', async () => {
  await server.fault({ kind: 'answer', status: 200, body: '["22.3.1.1","Europe/Berlin","forwarder",1]\n' })
  expect(await troubles()).toMatchObject([
    { level: 'warning', what: 'server version', detail: '22.3.1.1, time zone Europe/Berlin: older than 23.8' },
  ])
})

describe('how long rows are kept', () => {
  const fate = async (ttl: string | undefined, settings: object = {}): Promise<Finding | undefined> => {
    if (ttl !== undefined) await server.query(`ALTER TABLE ${table} MODIFY TTL ${ttl}`)
    return (await findings(settings)).find(({ what }) => what === 'rows are kept as long as configured')
  }

  test.each([
    ['for ever, as configured', undefined, {}, 'ok'],
    ['for ever, though a retention is set', undefined, { retention_days: 400 }, 'warning'],
    [
      'by sourceTTL, as configured',
      'receivedAt + toIntervalDay(least(sourceTTL, 3650)) DELETE WHERE sourceTTL > 0',
      { retention_days: 400 },
      'ok',
    ],
    ['by a TTL nobody has configured', 'receivedAt + toIntervalDay(550)', {}, 'warning'],
    ['by sourceTTL without a guard: 0 days', 'receivedAt + toIntervalDay(sourceTTL)', {}, 'error'],
    ['past the end of time', 'receivedAt + toIntervalDay(40000)', { retention_days: 400 }, 'error'],
    ["by the event's time: a backfill vanishes", 'eventTime + toIntervalDay(90)', { retention_days: 90 }, 'warning'],
    ['moved, not deleted', 'receivedAt + toIntervalDay(1) RECOMPRESS CODEC(ZSTD(9))', {}, 'ok'],
  ])('%s', async (_, ttl, settings, level) => {
    expect(await fate(ttl, settings)).toMatchObject({ level })
  })
})

test('plain http and unverified certificates are said', async () => {
  const found = await troubles({ endpoint: 'https://127.0.0.1:9', tls: { insecure_skip_verify: true } })
  expect(found.map(({ detail }) => detail)).toContainEqual(expect.stringContaining('insecure_skip_verify'))
  const plain = await troubles({ endpoint: 'http://clickhouse.invalid:8123' })
  expect(plain.map(({ detail }) => detail)).toContainEqual(expect.stringContaining('plain http'))
})

test('credentials in two ways at once are refused', () => {
  const both = module.schema.parse({ endpoint: server.url, password: 'p', access_token: 't' })
  expect(() => module.create(both)).toThrow(/access_token/)
})

test('settings that delivery depends on are refused by name', () => {
  const problem = module.schema.safeParse({
    endpoint: server.url,
    settings: { async_insert: 1, insert_quorum: 'auto' },
  })
  expect(problem.error?.issues[0]?.message).toBe('must not set async_insert: delivery depends on it')
})

test.each(['password=p', 'deduplicate_insert=disable', 'query_id=1'])(
  'nor can %s come with the endpoint',
  (parameter) => {
    const endpoint = `${server.url}/?tenant=a&${parameter}`
    const problem = module.schema.safeParse({ endpoint })
    expect(problem.error?.issues[0]?.message).toContain(`must not have the parameter ${parameter.split('=')[0]}: `)
    expect(module.schema.safeParse({ endpoint: `${server.url}/?tenant=a` }).success).toBe(true)
  },
)
