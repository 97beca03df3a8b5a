// The front against what ClickHouse documents of its HTTP interface, and through ClickHouse's own client.
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { canary } from '@circleci-audit-forwarder/contract/testing'
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ClickHouse } from './front.ts'

const access = { user: 'forwarder', password: canary('password'), bearer: canary('bearer') }
const credentials = { 'X-ClickHouse-User': access.user, 'X-ClickHouse-Key': access.password }
let server: ClickHouse

beforeAll(async () => {
  server = await ClickHouse.start({ access })
  await server.query(
    `CREATE TABLE t (id String, n UInt32 DEFAULT 7) ENGINE = MergeTree ORDER BY id
     SETTINGS non_replicated_deduplication_window = 100`,
  )
}, 60_000)
afterAll(() => server.stop())
beforeEach(async () => {
  await server.forget()
  await server.query('TRUNCATE TABLE t')
})

interface Request {
  readonly query?: string
  readonly parameters?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly method?: string
  readonly signal?: AbortSignal
}

function ask({
  query,
  parameters = {},
  headers = credentials,
  body,
  method = 'POST',
  signal,
}: Request): Promise<Response> {
  const search = new URLSearchParams({ ...(query === undefined ? {} : { query }), ...parameters })
  return fetch(`${server.url}/?${search}`, {
    method,
    headers: { connection: 'close', ...headers },
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  })
}

const INSERT = 'INSERT INTO t FORMAT JSONEachRow'
const count = async (): Promise<unknown> => (await server.query<{ c: string }>('SELECT count() AS c FROM t'))[0]?.c

test('of two statements with the same id the second is refused while the first is under way', async () => {
  await server.fault({ kind: 'held', on: 'insert' })
  const first = ask({ query: INSERT, parameters: { query_id: 'q' }, body: '{"id":"a"}' })
  await expect.poll(async () => (await server.seen()).some(({ kind }) => kind === 'insert')).toBe(true)
  const second = await ask({ query: 'SELECT 1', parameters: { query_id: 'q' } })
  expect([second.status, second.headers.get('X-ClickHouse-Exception-Code')]).toEqual([500, '216'])
  expect((await ask({ query: 'SELECT 1', parameters: { query_id: 'r' } })).status).toBe(200)
  await server.release()
  expect((await first).status).toBe(200)
  expect((await ask({ query: 'SELECT 1', parameters: { query_id: 'q' } })).status).toBe(200)
})

test('/ping needs no credentials', async () => {
  const answer = await fetch(`${server.url}/ping`)
  expect([answer.status, await answer.text()]).toEqual([200, 'Ok.\n'])
})

describe('credentials', () => {
  const basic = (user: string, password: string) => ({
    Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  })
  test.each([
    ['its own headers', credentials, {}],
    ['Basic', basic(access.user, access.password), {}],
    ['Bearer', { Authorization: `Bearer ${access.bearer}` }, {}],
    ['parameters', {}, { user: access.user, password: access.password }],
  ])('%s', async (_, headers, parameters) => {
    expect((await ask({ query: 'SELECT 1', headers, parameters })).status).toBe(200)
  })

  test.each([
    ['none', {}],
    ['a wrong password', { ...credentials, 'X-ClickHouse-Key': 'x' }],
    ['a wrong token', { Authorization: 'Bearer x' }],
    ['two ways at once', { ...credentials, ...basic(access.user, access.password) }],
  ])('%s is 403 and exception 516', async (_, headers) => {
    const answer = await ask({ query: 'SELECT 1', headers })
    expect([answer.status, answer.headers.get('x-clickhouse-exception-code')]).toEqual([403, '516'])
    expect(await answer.text()).toMatch(/^Code: 516\. DB::Exception: Authentication failed/)
  })
})

describe('statements', () => {
  test('rows in the body, the query in the URL or before them', async () => {
    expect((await ask({ query: INSERT, body: '{"id":"a"}\n' })).status).toBe(200)
    expect((await ask({ body: `${INSERT}\n{"id":"b","n":1}\n{"id":"c"}` })).status).toBe(200)
    expect(await server.query('SELECT * FROM t ORDER BY id')).toEqual([
      { id: 'a', n: 7 },
      { id: 'b', n: 1 },
      { id: 'c', n: 7 },
    ])
  })

  test.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('rows compressed with %s', async (encoding, compress) => {
    const body = new Uint8Array(compress('{"id":"é🚀"}\n'))
    const answer = await ask({ query: INSERT, body, headers: { ...credentials, 'Content-Encoding': encoding } })
    expect([answer.status, await answer.text()]).toEqual([200, ''])
    expect(JSON.parse(answer.headers.get('x-clickhouse-summary') ?? '')).toMatchObject({ written_rows: '1' })
    expect(await server.query('SELECT id FROM t')).toEqual([{ id: 'é🚀' }])
  })

  test('an encoding nobody knows is refused', async () => {
    const answer = await ask({ query: INSERT, body: '{}', headers: { ...credentials, 'Content-Encoding': 'lzma' } })
    expect(answer.status).toBe(415)
  })

  test('database, parameters, format and query id of the URL', async () => {
    const parameters = { database: 'system', param_n: '3', default_format: 'JSONEachRow', query_id: 'q-1' }
    const answer = await ask({ query: 'SELECT {n:UInt8} AS n, currentDatabase() AS d FROM one', parameters })
    expect(answer.headers.get('x-clickhouse-query-id')).toBe('q-1')
    expect(await answer.json()).toEqual({ n: 3, d: 'system' })
  })

  test('settings hold for their own statement', async () => {
    const query = "SELECT getSetting('max_threads') FORMAT TSV"
    expect(await (await ask({ query, parameters: { max_threads: '3' } })).text()).toBe('3\n')
    expect(await (await ask({ query })).text()).not.toBe('3\n')
  })

  test('GET reads only', async () => {
    const answer = await ask({ query: 'INSERT INTO t SELECT 1, 2', method: 'GET' })
    expect(answer.headers.get('x-clickhouse-exception-code')).toBe('164')
    expect(await count()).toBe(0)
  })
})

test.each([
  ['SELECT * FROM nothing', '', {}, 404, '60'],
  ['SELECT * FROM nowhere.nothing', '', {}, 404, '81'],
  ['SELECT nothing FROM t', '', {}, 404, '47'],
  ['SELEC 1', '', {}, 400, '62'],
  ['SELECT 1', '', { no_such_setting: '1' }, 404, '115'],
  [INSERT, '{"id":"a","n":"x"}\n', {}, 400, '27'],
  [INSERT, '{"id":"a","m":1}\n', { input_format_skip_unknown_fields: '0' }, 400, '117'],
  ['INSERT INTO t (id, m) FORMAT JSONEachRow', '{"id":"a"}\n', {}, 500, '16'],
])('%s %s is answered as the engine answers', async (query, body, parameters, status, code) => {
  const answer = await ask({ query, body, parameters })
  expect([answer.status, answer.headers.get('x-clickhouse-exception-code')]).toEqual([status, code])
  expect(await answer.text()).toMatch(
    new RegExp(`^Code: ${code}\\. DB::Exception: (?!Code:)[\\s\\S]*\\([A-Z_]+\\) \\(version [^)]+\\)\\n$`),
  )
})

test('the row at fault is named', async () => {
  const rows = Array.from({ length: 1000 }, (_, row) => `{"id":"${row}","n":${row === 612 ? '"x"' : row}}\n`)
  expect(await (await ask({ query: INSERT, body: rows.join('') })).text()).toContain('(at row 613)')
  expect(await count()).toBe(0)
})

describe('faults', () => {
  test('the connection is cut before or after the statement is carried out', async () => {
    await server.fault({ kind: 'cut', when: 'before' }, { kind: 'cut', when: 'after commit', on: 'insert' })
    await expect(ask({ query: INSERT, body: '{"id":"a"}\n' })).rejects.toThrow()
    expect(await count()).toBe(0)
    await expect(ask({ query: INSERT, body: '{"id":"a"}\n' })).rejects.toThrow()
    expect(await count()).toBe(1)
  })

  test('an exception behind a 200: in the header, in a trailer, in the body', async () => {
    const exception = { kind: 'exception', code: 241, message: 'too much (MEMORY_LIMIT_EXCEEDED)' } as const
    await server.fault(
      { ...exception, as: '200 and header' },
      { ...exception, as: '200 and trailer' },
      { ...exception, as: '200 and body' },
    )
    const answers = [
      await ask({ query: 'SELECT 1' }),
      await ask({ query: 'SELECT 1' }),
      await ask({ query: 'SELECT 1' }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(answers.map(({ headers }) => headers.get('x-clickhouse-exception-code'))).toEqual(['241', null, null])
    const tag = answers[1]?.headers.get('x-clickhouse-exception-tag')
    expect(await answers[1]?.text()).toMatch(
      new RegExp(`^\\r\\n__exception__\\r\\n${tag}\\r\\nCode: 241\\.[\\s\\S]*\\d+ ${tag}\\r\\n__exception__\\r\\n$`),
    )
    expect(await answers[2]?.text()).toMatch(/^Code: 241\. DB::Exception: too much/)
  })

  test('slow, and never', async () => {
    await server.fault({ kind: 'slow', ms: 60 })
    const begun = performance.now()
    await ask({ query: 'SELECT 1' })
    expect(performance.now() - begun).toBeGreaterThan(55)
    await server.fault({ kind: 'hang' })
    await expect(
      fetch(server.url, { method: 'POST', headers: credentials, body: 'SELECT 1', signal: AbortSignal.timeout(100) }),
    ).rejects.toThrow('aborted')
  })
})

test('what became of each insert is known', async () => {
  const one = (id: string) => ({ query: INSERT, body: `{"id":"${id}"}\n` })
  await ask(one('answered'))
  await ask({ query: INSERT, body: '{"n":"x"}\n' })
  await server.fault({ kind: 'cut', when: 'after commit' }, { kind: 'slow', ms: 100 })
  await ask(one('cut')).catch(() => undefined)
  const client = new AbortController()
  const left = ask({ ...one('abandoned'), signal: client.signal }).catch(() => undefined)
  await server.inserts.until(() => server.inserts.all.length === 4)
  client.abort()
  await left
  await server.inserts.until(({ ending, committed }) => ending === 'abandoned' && committed)
  expect(server.inserts.all).toEqual([
    { committed: true, ending: 'answered' },
    { committed: false, ending: 'refused' },
    { committed: true, ending: 'cut' },
    { committed: true, ending: 'abandoned' },
  ])
  expect(await server.query('SELECT id FROM t ORDER BY id')).toEqual([
    { id: 'abandoned' },
    { id: 'answered' },
    { id: 'cut' },
  ])
})

test('killed and started again, it has the same address, the same rows, and remembers tokens', async () => {
  const parameters = { insert_deduplication_token: 'once', async_insert: '0' }
  await ask({ query: INSERT, body: '{"id":"a"}\n', parameters })
  const before = server.url
  await server.fault({ kind: 'held' })
  const held = ask({ query: INSERT, body: '{"id":"b"}\n' }).catch((error: Error) => error)
  await server.inserts.until(() => server.inserts.all.length === 2)
  await server.kill()
  expect(await held).toBeInstanceOf(Error)
  expect(server.inserts.all.map(({ ending }) => ending)).toEqual(['answered', 'killed'])
  await server.restart()
  expect(server.url).toBe(before)
  await ask({ query: INSERT, body: '{"id":"a"}\n', parameters })
  expect(await count()).toBe(1)
  await ask({ query: INSERT, body: '{"id":"a"}\n', parameters: { ...parameters, insert_deduplication_token: 'twice' } })
  expect(await count()).toBe(2)
}, 30_000)

describe("through ClickHouse's client", () => {
  let client: ClickHouseClient
  beforeAll(() => {
    client = createClient({
      url: server.url,
      username: access.user,
      password: access.password,
      compression: { request: true, response: true },
      log: { level: ClickHouseLogLevel.OFF },
    })
  })
  afterAll(() => client.close())

  test('it pings, inserts, and reads with parameters', async () => {
    expect(await client.ping()).toEqual({ success: true })
    expect(await client.ping({ select: true })).toEqual({ success: true })
    const inserted = await client.insert({ table: 't', values: [{ id: 'x' }, { id: 'y' }], format: 'JSONEachRow' })
    expect(inserted.summary?.written_rows).toBe('2')
    const query = 'SELECT id FROM t WHERE id = {id:String}'
    const rows = await client.query({ query, query_params: { id: 'y' }, format: 'JSONEachRow' })
    expect(await rows.json()).toEqual([{ id: 'y' }])
  })

  test('its errors carry code and type', async () => {
    const error = await client.query({ query: 'SELECT * FROM nothing' }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ClickHouseError)
    expect(error).toMatchObject({ code: '60', type: 'UNKNOWN_TABLE' })
  })

  test('it sees an exception behind a 200', async () => {
    await server.fault({
      kind: 'exception',
      code: 241,
      message: 'too much (MEMORY_LIMIT_EXCEEDED)',
      as: '200 and header',
    })
    await expect(client.command({ query: 'SELECT 1' })).rejects.toMatchObject({ code: '241' })
  })
})
