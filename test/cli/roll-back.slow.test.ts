// Going back one release on a ledger that is at work. The next release is this one with one more step; both are the
// program with its own pipeline, a folder of objects, a file and an OTLP receiver. Every event must have arrived in both
// places once, whichever release took it and however the ledger went from one to the other.
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { components } from '../../src/cli/components.ts'
import { openPipeline, openTelemetry } from '../../src/cli/open.ts'
import { openStaging } from '../../src/cli/staging.ts'
import { parseConfig, processSources } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { SetupError } from '../../src/domain/failures.ts'
import { checkLedger } from '../../src/ledger/sqlite/check.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { type Migration, migrations, schemaVersion } from '../../src/ledger/sqlite/schema.ts'

const week = join(import.meta.dirname, '../../deploy/quickstart/bucket')
const objects = readdirSync(week, { recursive: true, encoding: 'utf8' })
  .filter((name) => statSync(join(week, name)).isFile())
  .sort()
  .slice(0, 24)

let folder: string
let server: Server
let received: string[]
let isDown: boolean
let expected: readonly string[]

/** Those that come with the record's id. */
const idsIn = (text: string): readonly string[] =>
  [...text.matchAll(/"log\.record\.uid":"([^"]+)"|"log\.record\.uid","value":\{"stringValue":"([^"]+)"/g)].map(
    ([, plain, inOtlp]) => plain ?? inOtlp ?? '',
  )

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = await buffer(request)
    if (!isDown) received.push(...idsIn(gunzipSync(body).toString()))
    response.writeHead(isDown ? 503 : 200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => new Promise((resolve) => server.close(resolve).closeAllConnections()))
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'roll-back-'))
  mkdirSync(join(folder, 'bucket'))
  received = []
  isDown = false
  expected = [...new Set(objects.flatMap((name) => eventsIn(readFileSync(join(week, name)))))].sort()
})
afterEach(() => rmSync(folder, { recursive: true }))

function eventsIn(bytes: Buffer): readonly string[] {
  const text = bytes[0] === 0x1f ? gunzipSync(bytes).toString() : bytes.toString()
  return [...text.matchAll(/^\{"id":"([^"]+)"/gm)].map(([, id = '']) => id)
}

/** CircleCI writes some more objects. */
function written(from: number, to: number): void {
  const long = new Date('2026-11-20T00:00:00Z')
  for (const name of objects.slice(from, to)) {
    const place = join(folder, 'bucket', name)
    mkdirSync(join(place, '..'), { recursive: true })
    copyFileSync(join(week, name), place)
    utimesSync(place, long, long)
  }
}

/** One release runs until it has done what it can, and stops. `before` comes before its ledger is closed. */
async function runs(path: string, steps: readonly Migration[], before: () => void = () => undefined): Promise<void> {
  const { port } = server.address() as AddressInfo
  const exporter = { own_records: false }
  // The week lies behind.
  const sweep = { lookback: '3650d' }
  const text = JSON.stringify({
    receivers: {
      circleci_audit: { store: { directory: { path: join(folder, 'bucket') } }, start_at: 'beginning', sweep },
    },
    exporters: {
      file: { ...exporter, path: join(folder, 'events.ndjson') },
      otlp_http: {
        ...exporter,
        endpoint: `http://127.0.0.1:${port}`,
        encoding: 'json',
        retry: { initial_interval: '20ms', max_interval: '50ms' },
      },
    },
    service: {
      ledger: { sqlite: { path } },
      pipelines: { logs: { receivers: ['circleci_audit'], exporters: ['file', 'otlp_http'] } },
    },
  })
  const loaded = await parseConfig(text, 'config.json', components, { sources: processSources(), now: Date.now() })
  const ledger = openSqliteLedger({ path, steps })
  const end = new AbortController()
  try {
    const { pipeline } = await openPipeline(loaded, ledger, openTelemetry(loaded, 'error'), end.signal)
    await pipeline.runOnce(end.signal, isDown ? 500 : 60_000)
  } finally {
    end.abort()
    before()
    ledger.close()
  }
}

/** What arrived, as often as it did. */
function arrived(): { readonly file: readonly string[]; readonly otlp: readonly string[] } {
  const file = idsIn(readFileSync(join(folder, 'events.ndjson'), 'utf8'))
  return { file: file.toSorted(), otlp: received.toSorted() }
}

const next = schemaVersion + 1
const everyTable =
  'routes objects deliveries claims copies intents quarantine stops requests totals own_records gaps'.split(' ')

/** A column in every table that is written all the time, a table and an index of its own. */
const additive: readonly Migration[] = [
  ...migrations,
  {
    version: next,
    additive: true,
    sql: `${everyTable.map((table) => `ALTER TABLE ${table} ADD COLUMN newer TEXT`).join(';')};
      CREATE TABLE newer (id INTEGER PRIMARY KEY); CREATE INDEX by_newer ON deliveries (newer) WHERE newer IS NOT NULL`,
    back: `DROP INDEX by_newer; DROP TABLE newer;
      ${everyTable.map((table) => `ALTER TABLE ${table} DROP COLUMN newer`).join(';')}`,
  },
]

/** A table that this release does not find. What its own code does with it, views do here. */
const breaking: readonly Migration[] = [
  ...migrations,
  {
    version: next,
    additive: false,
    sql: `ALTER TABLE stops RENAME TO halts; CREATE VIEW stops AS SELECT * FROM halts;
      CREATE TRIGGER stop_set INSTEAD OF INSERT ON stops BEGIN
        INSERT OR REPLACE INTO halts VALUES (NEW.destination, NEW.cause, NEW.reason, NEW.since);
      END;
      CREATE TRIGGER stop_gone INSTEAD OF DELETE ON stops BEGIN
        DELETE FROM halts WHERE destination = OLD.destination;
      END`,
    back: 'DROP VIEW stops; ALTER TABLE halts RENAME TO stops',
  },
]

test('an additive step: the release before opens the ledger as it is, and delivers on', async () => {
  const path = join(folder, 'ledger.db')
  written(0, 8)
  isDown = true
  await runs(path, migrations)
  written(8, 16)
  isDown = false
  await runs(path, additive)
  expect(received.length).toBeGreaterThan(0)
  written(16, 24)
  await runs(path, migrations)
  expect(arrived()).toEqual({ file: expected, otlp: expected })
  expect(checkLedger(path).findings).toContainEqual(
    expect.objectContaining({ level: 'ok', detail: `schema ${next}, which this version can work on` }),
  )
  written(0, 24)
  await runs(path, additive)
  expect(arrived()).toEqual({ file: expected, otlp: expected })
})

/** Where the refusal says that the copy is. */
function refused(path: string): string {
  try {
    openSqliteLedger({ path }).close()
  } catch (error) {
    const { message, hint = '' } = error as SetupError
    expect(error).toBeInstanceOf(SetupError)
    expect(message).toContain(`it has schema ${next}, this version knows schemas up to ${schemaVersion}`)
    return /set service\.ledger\.sqlite\.path to (\S+),/.exec(hint)?.[1] ?? ''
  }
  throw new Error('opened')
}

test('another step: the refusal names the copy of the moment the newer one stopped, and nothing is lost or doubled', async () => {
  const path = join(folder, 'ledger.db')
  written(0, 8)
  isDown = true
  await runs(path, migrations)
  written(8, 16)
  await runs(path, breaking)
  isDown = false
  await runs(path, breaking)
  const copy = refused(path)
  expect(statSync(copy).mode & 0o777).toBe(0o600)
  written(16, 24)
  await runs(copy, migrations)
  expect(arrived()).toEqual({ file: expected, otlp: expected })
})

test('a newer one that was killed has left the copy of its start: nothing is lost, what it delivered goes again', async () => {
  const path = join(folder, 'ledger.db')
  const copy = `${path}.schema-${schemaVersion}`
  written(0, 8)
  await runs(path, migrations)
  written(8, 16)
  await runs(path, breaking, () => copyFileSync(copy, `${copy}.then`))
  copyFileSync(`${copy}.then`, copy)
  written(16, 24)
  expect(refused(path)).toBe(copy)
  await runs(copy, migrations)
  const { file, otlp } = arrived()
  expect([...new Set(file)]).toEqual(expected)
  expect([...new Set(otlp)]).toEqual(expected)
  const again = file.filter((id, index) => file.indexOf(id) !== index)
  const meanwhile = new Set(objects.slice(8, 16).flatMap((name) => eventsIn(readFileSync(join(week, name)))))
  expect(again.filter((id) => !meanwhile.has(id))).toEqual([])
})

test('a copy that was removed is not written again', async () => {
  const path = join(folder, 'ledger.db')
  openSqliteLedger({ path }).close()
  openSqliteLedger({ path, steps: breaking }).close()
  rmSync(`${path}.schema-${schemaVersion}`)
  openSqliteLedger({ path, steps: breaking }).close()
  expect(readdirSync(folder).filter((name) => name.includes('schema'))).toEqual([])
  expect(refused(path)).toBe('')
})

test('files laid for import are found beside the copy, too', () => {
  const at = (path: string) => {
    const service = { ledger: { sqlite: { path } }, imports: { max_bytes: 1 } }
    return openStaging({ service } as unknown as Config)?.folder
  }
  expect(at(`/x/ledger.db.schema-${schemaVersion}`)).toBe(at('/x/ledger.db'))
})
