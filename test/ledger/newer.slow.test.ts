// Everything a ledger guarantees, on the ledger of a newer release that has a column more in each table: the release before
// goes on with it as if they were not there. An insert that names no columns fails here.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll } from 'vitest'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { type Migration, migrations, schemaVersion } from '../../src/ledger/sqlite/schema.ts'
import { ledgerSuite } from './suite.ts'

const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'ledger-newer-'))
afterAll(() => rmSync(directory, { recursive: true }))
let files = 0
let newer: readonly Migration[] = migrations

beforeAll(() => {
  const path = join(directory, 'plain.db')
  openSqliteLedger({ path }).close()
  const db = new DatabaseSync(path)
  const rows = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'").all()
  db.close()
  const each = (what: string): string => rows.map(({ name }) => `ALTER TABLE ${name} ${what}`).join(';')
  const step = { version: schemaVersion + 1, additive: true, sql: each("ADD COLUMN newer TEXT NOT NULL DEFAULT ''") }
  newer = [...migrations, { ...step, back: each('DROP COLUMN newer') }]
})

ledgerSuite('a newer release’s', {
  open: (options) => {
    const path = join(directory, `${++files}.db`)
    openSqliteLedger({ path, steps: newer }).close()
    return openSqliteLedger({ path, ...options })
  },
  reopen(ledger) {
    ledger.close()
    return openSqliteLedger({ path: join(directory, `${files}.db`) })
  },
})
