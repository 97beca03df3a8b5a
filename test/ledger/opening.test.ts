import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { SetupError } from '../../src/domain/failures.ts'
import type { Ranges } from '../../src/domain/ranges.ts'
import { LedgerFailure } from '../../src/ledger/failure.ts'
import { encodeRanges } from '../../src/ledger/sqlite/codec.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { applicationId, type Migration, migrations, schemaVersion } from '../../src/ledger/sqlite/schema.ts'
import { start } from './lane.ts'
import { at, route, see } from './pieces.ts'

const directory = mkdtempSync(join(tmpdir(), 'ledger-opening-'))
afterAll(() => rmSync(directory, { recursive: true }))

function refusalOf(path: string, readOnly = false): SetupError {
  try {
    openSqliteLedger({ path, readOnly }).close()
  } catch (error) {
    if (error instanceof SetupError) return error
    throw error
  }
  throw new Error('opened')
}

test('every file of the ledger is its owner’s alone', () => {
  const path = join(directory, 'private.db')
  writeFileSync(path, '', { mode: 0o644 })
  const ledger = openSqliteLedger({ path })
  ledger.enrol([route('a')], start)
  for (const file of ['', '-wal', '-shm', '.lock']) expect(statSync(path + file).mode & 0o777).toBe(0o600)
  ledger.close()
})

test('a second forwarder is refused until the first has closed', () => {
  const path = join(directory, 'one.db')
  const first = openSqliteLedger({ path })
  expect(refusalOf(path).message).toBe(`another forwarder is running on this ledger: it holds ${path}.lock`)
  expect(refusalOf(path).hint).toMatch(/stop the other one/)
  first.close()
  openSqliteLedger({ path }).close()
})

test('commands read beside the forwarder, and ask it', () => {
  const path = join(directory, 'beside.db')
  const forwarder = openSqliteLedger({ path })
  forwarder.enrol([route('a')], start)
  see(forwarder, at(1))
  const command = openSqliteLedger({ path, readOnly: true })
  expect(command.accounts()).toEqual(forwarder.accounts())
  const id = command.ask('replay', '{}', 'ann', start)
  expect(forwarder.asked()).toMatchObject([{ id, kind: 'replay' }])
  forwarder.answer(id, 'done')
  expect(command.request(id)?.answer).toBe('done')
  expect(() => command.swept('bucket', start)).toThrow(LedgerFailure)
  forwarder.close()
  expect(command.totals().objects).toBe(1)
  command.close()
  const alone = openSqliteLedger({ path, readOnly: true })
  expect(alone.totals().objects).toBe(1)
  alone.close()
})

test('what is no ledger is refused in words', () => {
  const garbage = join(directory, 'garbage.db')
  writeFileSync(garbage, 'not a database, but long enough to be looked at as one '.repeat(30))
  expect(refusalOf(garbage).message).toMatch(/cannot use ledger .*garbage\.db: it is not a database/)
  expect(refusalOf(join(directory, 'no/such/ledger.db')).message).toMatch(/directory .*no\/such does not exist/)
  expect(refusalOf(join(directory, 'missing.db'), true).message).toMatch(/there is no ledger .*missing\.db/)
  expect(existsSync(join(directory, 'missing.db'))).toBe(false)
  mkdirSync(join(directory, 'folder.db'))
  expect(refusalOf(join(directory, 'folder.db')).message).toMatch(/it is not a file/)
  const other = new DatabaseSync(join(directory, 'other.db'))
  other.exec('CREATE TABLE people (name)')
  other.close()
  expect(refusalOf(join(directory, 'other.db')).message).toMatch(/another program's database/)
})

test('a damaged ledger is refused', () => {
  const path = join(directory, 'damaged.db')
  openSqliteLedger({ path }).close()
  // The header stays, so that it is still a database.
  const bytes = readFileSync(path)
  bytes.fill(7, 100)
  writeFileSync(path, bytes)
  expect(refusalOf(path).message).toMatch(/the file is damaged/)
  writeFileSync(path, new Uint8Array(4000).fill(7), { flag: 'r+' })
  expect(refusalOf(path).hint).toBeDefined()
})

test('an older forwarder’s ledger is taken on with all it holds', () => {
  const path = join(directory, 'older.db')
  const db = new DatabaseSync(path)
  db.exec(`${migrations[0]?.sql}; PRAGMA application_id=${applicationId}; PRAGMA user_version=1`)
  db.exec(`INSERT INTO routes (destination, receiver, start_at, active, watermark, retired_at, outstanding)
    VALUES ('a', 'bucket', 5, 1, 7, NULL, 0), ('b', 'bucket', 5, 0, 6, 6, 2)`)
  db.close()
  expect(refusalOf(path, true).hint).toMatch(/start the forwarder of this version once/)
  const ledger = openSqliteLedger({ path })
  expect(ledger.accounts()).toMatchObject([{ destination: 'a', watermark: 7 }])
  expect(ledger.retired()).toMatchObject([{ destination: 'b', watermark: 6, outstanding: 2, retiredAt: undefined }])
  ledger.close()
  openSqliteLedger({ path, readOnly: true }).close()
})

test('an older forwarder’s alterations and numbers are taken on: none is given again', () => {
  const path = join(directory, 'third.db')
  const db = new DatabaseSync(path)
  const sql = migrations.filter(({ version }) => version <= 3).map((migration) => migration.sql)
  db.exec(`${sql.join(';')}; PRAGMA application_id=${applicationId}; PRAGMA user_version=3`)
  db.exec(`INSERT INTO routes (destination, receiver, start_at, active) VALUES ('a', 'bucket', 5, 1);
    INSERT INTO objects (receiver, store, key, version, size, modified, time, seen_at, how)
      VALUES ('bucket', 's3://b', '${at(1).key}', 'v', 1, 1, ${start}, ${start + 9}, 'swept');
    INSERT INTO alterations VALUES (1, 'content', 'abcd', 7);
    UPDATE totals SET objects = 1, altered = 1`)
  db.close()
  const ledger = openSqliteLedger({ path })
  const object = { ref: 1, store: 's3://b', key: at(1).key }
  expect(ledger.alterations({ limit: 9 })).toEqual([{ object, kind: 'content', evidence: 'abcd', at: 7 }])
  expect(see(ledger, at(1), at(2)).fresh).toMatchObject([{ ref: 2 }])
  ledger.close()
})

test('what filters withheld before is taken on, of rows and of what is sealed', () => {
  const path = join(directory, 'fourteenth.db')
  const db = new DatabaseSync(path)
  const sql = migrations.filter(({ version }) => version <= 14).map((migration) => migration.sql)
  db.exec(`${sql.join(';')}; PRAGMA application_id=${applicationId}; PRAGMA user_version=14`)
  db.exec(`INSERT INTO routes (destination, receiver, start_at, active) VALUES ('a', 'bucket', 5, 1), ('b', 'bucket', 5, 1);
    INSERT INTO deliveries (object, destination, route, time, state, settled, due_at, late)
      VALUES (2, 'a', 1, ${start}, 1, x'', 0, 0), (4, 'a', 1, ${start}, 1, x'', 0, 0)`)
  const insert = db.prepare('INSERT INTO withheld (destination, object, ranges, shelf, time) VALUES (?, ?, ?, ?, ?)')
  const ranges = (...some: Ranges) => encodeRanges(some)
  insert.run('a', 1, ranges([0, 10]), 3, start)
  insert.run('a', 1, ranges([20, 30], [40, 50]), 3, start)
  insert.run('a', 2, ranges([5, 10]), null, null)
  insert.run('a', 3, ranges([0, 7]), 3, start)
  // Was sealed, and is a row again.
  insert.run('a', 4, ranges([0, 9]), 3, start)
  insert.run('b', 1, ranges([0, 8]), 3, start)
  db.close()
  const ledger = openSqliteLedger({ path })
  const of = (destination: string) => [1, 2, 3, 4].map((ref) => ledger.withheld(destination, ref).flat().join(' '))
  expect(of('a')).toEqual(['0 10 20 30 40 50', '5 10', '0 7', '0 9'])
  expect(of('b')).toEqual(['0 8', '', '', ''])
  ledger.rename('b', 'c')
  expect([of('b'), of('c')]).toEqual([Array(4).fill(''), ['0 8', '', '', '']])
  ledger.close()
})

test('a newer forwarder’s ledger is refused, with both versions named', () => {
  const path = join(directory, 'newer.db')
  openSqliteLedger({ path }).close()
  const db = new DatabaseSync(path)
  db.exec('PRAGMA user_version=99; UPDATE compatible SET oldest = 99')
  db.close()
  const refusal = refusalOf(path)
  expect(refusal.message).toBe(
    `cannot open ledger ${path}: it has schema 99, this version knows schemas up to ${schemaVersion}`,
  )
  expect(refusal.hint).toMatch(/newer version/)
  expect(refusalOf(path, true).message).toBe(refusal.message)
  openSqliteLedger({ path: join(directory, 'lock-was-released.db') }).close()
})

test.skipIf(process.getuid?.() === 0)('a read-only directory is refused', () => {
  const closed = join(directory, 'closed')
  mkdirSync(closed)
  chmodSync(closed, 0o500)
  expect(refusalOf(join(closed, 'ledger.db')).hint).toMatch(/writable/)
})

const later = (additive: boolean): readonly Migration[] => [
  ...migrations,
  {
    version: schemaVersion + 1,
    additive,
    sql: 'ALTER TABLE routes ADD COLUMN newer TEXT; CREATE TABLE newer (id INTEGER PRIMARY KEY)',
    back: 'ALTER TABLE routes DROP COLUMN newer; DROP TABLE newer',
  },
]

test('a newer forwarder’s ledger is worked on where its steps were additive', () => {
  const path = join(directory, 'additive.db')
  openSqliteLedger({ path, steps: later(true) }).close()
  const ledger = openSqliteLedger({ path })
  ledger.enrol([route('a')], start)
  expect(see(ledger, at(1)).fresh).toHaveLength(1)
  ledger.close()
  const reader = openSqliteLedger({ path, readOnly: true })
  expect(reader.totals().objects).toBe(1)
  reader.close()
  const again = openSqliteLedger({ path, steps: later(true) })
  expect(again.totals().objects).toBe(1)
  again.close()
  expect(existsSync(`${path}.schema-${schemaVersion}`)).toBe(false)
})

test('where they were not, the refusal names the copy that the newer one left as it stopped', () => {
  const path = join(directory, 'breaking.db')
  const copy = `${path}.schema-${schemaVersion}`
  openSqliteLedger({ path }).close()
  const newer = openSqliteLedger({ path, steps: later(false) })
  expect(existsSync(copy)).toBe(true)
  newer.enrol([route('a')], start)
  see(newer, at(1))
  newer.close()
  expect(refusalOf(path).hint).toContain(`set service.ledger.sqlite.path to ${copy}, which it left for this one`)
  const ledger = openSqliteLedger({ path: copy })
  expect(ledger.totals().objects).toBe(1)
  see(ledger, at(2))
  ledger.close()
  // What the older one did since is not written over, and the next step may be an additive one.
  openSqliteLedger({ path, steps: later(false) }).close()
  const after = openSqliteLedger({ path: copy })
  expect(after.totals().objects).toBe(2)
  after.close()
  const schema = (file: string) => {
    const db = new DatabaseSync(file)
    const rows = db.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all()
    db.close()
    return rows
  }
  const plain = join(directory, 'plain.db')
  openSqliteLedger({ path: plain }).close()
  expect(schema(copy)).toEqual(schema(plain))
  openSqliteLedger({ path: copy, steps: later(true) }).close()
  openSqliteLedger({ path: copy }).close()
})
