import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { LedgerFailure } from '../../src/ledger/failure.ts'
import { Connection } from '../../src/ledger/sqlite/connection.ts'

const directory = mkdtempSync(join(tmpdir(), 'ledger-failing-'))
afterAll(() => rmSync(directory, { recursive: true }))

test('it is failing from a commit that failed until one that wrote', () => {
  const connection = new Connection(join(directory, 'small.db'), { readOnly: false })
  connection.exec('PRAGMA journal_mode=WAL; CREATE TABLE kept (bytes BLOB); PRAGMA max_page_count=2')
  const write = (size: number): number =>
    connection.transaction('durable', () => connection.run('INSERT INTO kept VALUES (zeroblob(?))', size))
  const read = (): unknown => connection.transaction('volatile', () => connection.all('SELECT count(*) FROM kept'))
  write(1)
  expect(connection.failing).toBeUndefined()

  expect(() => write(100_000)).toThrow(LedgerFailure)
  expect(connection.failing).toMatchObject({ full: true, message: expect.stringContaining('the disk is full') })
  read()
  expect(connection.failing).toBeDefined()

  connection.exec('PRAGMA max_page_count=1000')
  expect(connection.failing).toBeDefined()
  write(100_000)
  expect(connection.failing).toBeUndefined()
  connection.close()
})

test('what the body throws for reasons of its own says nothing of the ledger', () => {
  const connection = new Connection(join(directory, 'own.db'), { readOnly: false })
  const refuse = (): never => {
    throw new Error('quarantine is full')
  }
  expect(() => connection.transaction('volatile', refuse)).toThrow('quarantine is full')
  expect(connection.failing).toBeUndefined()
  connection.close()
})
