import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkLedger, type Disk } from '../../src/ledger/sqlite/check.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { applicationId, schemaVersion } from '../../src/ledger/sqlite/schema.ts'

let folder: string
let path: string
const children: ChildProcess[] = []
const roomy = (): Disk => ({ freeBytes: 2 ** 40, type: 0xef53 })

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'check-ledger-'))
  path = join(folder, 'ledger.db')
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

const lines = (disk: () => Disk = roomy) =>
  checkLedger(path, disk).findings.map(({ level, what, detail = '' }) =>
    `${level}: ${what.replace(folder, '')} ${detail}`.trim(),
  )

test('a place for a new ledger, and nothing is created in it', () => {
  expect(lines()).toEqual([
    'ok: the ledger can be kept at /ledger.db',
    'ok: no forwarder is running on it',
    'ok: its version is known it will be created at the first start',
    'ok: the disk has room 1,048,576 MiB free',
  ])
  expect(readdirSync(folder)).toEqual([])
})

test('a ledger that nobody holds is looked at without a trace', () => {
  openSqliteLedger({ path }).close()
  const before = readdirSync(folder)
  expect(lines()).toContain(`ok: its version is known schema ${schemaVersion}`)
  expect(checkLedger(path, roomy).held).toBe(false)
  expect(readdirSync(folder)).toEqual(before)
})

test('a running forwarder holds it: said, and no fault; afterwards it is free', async () => {
  const program = `
    const { openSqliteLedger } = await import(${JSON.stringify(new URL('../../src/ledger/sqlite/ledger.ts', import.meta.url).href)})
    // Kept: what nobody refers to is collected, and its lock is let go.
    globalThis.ledger = openSqliteLedger({ path: ${JSON.stringify(path)} })
    console.log('open')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  await once(child.stdout!, 'data')
  const held = checkLedger(path, roomy)
  expect(held.held).toBe(true)
  expect(held.findings.map(({ level }) => level)).toEqual(['ok', 'ok', 'ok', 'ok'])
  expect(held.findings[1]?.what).toBe('a running forwarder holds it')
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(checkLedger(path, roomy).held).toBe(false)
  openSqliteLedger({ path }).close()
})

test('no folder, a folder in its place', () => {
  path = join(folder, 'nowhere', 'ledger.db')
  expect(checkLedger(path, roomy).findings).toMatchObject([
    { level: 'error', next: expect.stringContaining('create it') },
  ])
  mkdirSync(path, { recursive: true })
  expect(checkLedger(path, roomy).findings).toMatchObject([{ level: 'error', detail: 'it is no file' }])
})

test.skipIf(process.getuid?.() === 0)('a folder and a file of another user', () => {
  writeFileSync(`${path}-wal`, '')
  chmodSync(`${path}-wal`, 0o000)
  expect(checkLedger(path, roomy).findings).toMatchObject([{ level: 'error', detail: expect.stringContaining('-wal') }])
  chmodSync(folder, 0o500)
  expect(checkLedger(path, roomy).findings).toMatchObject([{ detail: expect.stringContaining('not writable') }])
  chmodSync(folder, 0o700)
})

test('what is no ledger, is newer, or is damaged', () => {
  const write = (sql: string): void => {
    rmSync(path, { force: true })
    const database = new DatabaseSync(path)
    database.exec(sql)
    database.close()
  }
  write('CREATE TABLE notes (text)')
  expect(lines()[2]).toContain("error: its version is known it is another program's database")
  write(`PRAGMA application_id=${applicationId}; PRAGMA user_version=${schemaVersion + 1}`)
  expect(lines()[2]).toContain(`error: its version is known it has schema ${schemaVersion + 1}`)
  writeFileSync(path, 'not a database at all, but long enough to be looked at '.repeat(10))
  const before = readFileSync(path)
  expect(lines()[2]).toMatch(/^error: the ledger can be read .*not a database/)
  expect(readFileSync(path)).toEqual(before)
})

test('little room, no room, and places where a ledger does not belong', () => {
  const on = (freeBytes: number, type = 0xef53) => lines(() => ({ freeBytes, type })).slice(3)
  expect(on(100 * 2 ** 20)).toEqual(['warning: the disk has room 100 MiB free'])
  expect(on(2 ** 20)).toEqual(['error: the disk has room 1 MiB free'])
  expect(on(2 ** 40, 0x6969)[1]).toContain('error: the file system suits NFS')
  expect(on(2 ** 40, 0x01021994)[1]).toContain('warning: the file system suits tmpfs')
  // Node gives the type as a signed number on some platforms.
  expect(on(2 ** 40, 0xff534d42 | 0)[1]).toContain('CIFS')
})

test('the real disk is asked', () => {
  expect(checkLedger(path).findings.at(3)?.detail).toMatch(/MiB free$/)
})
