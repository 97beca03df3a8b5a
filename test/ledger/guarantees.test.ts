import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { ledgerSuite } from './suite.ts'

// What is durable is another test's question; here an fsync only costs time.
const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'ledger-suite-'))
afterAll(() => rmSync(directory, { recursive: true }))
let files = 0

ledgerSuite('memory', {
  open: (options) => new MemoryLedger(options),
  reopen(ledger) {
    if (ledger instanceof MemoryLedger) ledger.reopen()
    return ledger
  },
})

ledgerSuite('sqlite', {
  open: (options) => openSqliteLedger({ path: join(directory, `${++files}.db`), ...options }),
  reopen(ledger) {
    ledger.close()
    return openSqliteLedger({ path: join(directory, `${files}.db`) })
  },
})
