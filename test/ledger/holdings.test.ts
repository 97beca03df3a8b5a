// How full the disk of the ledger is, asked of a real one.
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { start } from './lane.ts'

const folder = mkdtempSync(join(tmpdir(), 'ledger-holdings-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the files of the ledger, those beside it included, and the disk they lie on', () => {
  const ledger = openSqliteLedger({ path: join(folder, 'ledger.db') })
  const before = ledger.holdings().disk!
  const { bsize, blocks } = statfsSync(folder)
  expect(before.size).toBe(blocks * bsize)
  expect(before.free).toBeGreaterThan(0)
  expect(before.free).toBeLessThanOrEqual(before.size)
  // It goes into the log beside the file first.
  ledger.quarantineMessage('bucket', 'x'.repeat(500_000), 'no announcement', start)
  expect(ledger.holdings().disk!.bytes).toBeGreaterThanOrEqual(before.bytes + 500_000)
  ledger.close()
})

test('a ledger in memory is on no disk', () => {
  expect(new MemoryLedger().holdings().disk).toBeUndefined()
})

test('a disk that is gone is a failure in words', () => {
  const place = join(folder, 'volume')
  const path = join(mkdtempSync(place), 'ledger.db')
  const ledger = openSqliteLedger({ path })
  rmSync(join(path, '..'), { recursive: true })
  expect(() => ledger.holdings()).toThrow(/cannot ask how full the disk of .*ledger\.db is/)
  ledger.close()
})
