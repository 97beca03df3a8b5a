import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLedger } from '../../src/cli/ledger.ts'
import { load } from '../../src/cli/load.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'

test('a ledger that somebody is about to leave is waited for, and that is said; one that stays held is not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'held-'))
  const path = join(folder, 'ledger.db')
  const config = join(folder, 'config.yaml')
  const pipelines = 'pipelines: { logs: { receivers: [circleci_audit], exporters: [console] } }'
  const store = `receivers: { circleci_audit: { store: { directory: { path: ${folder} } } } }`
  writeFileSync(
    config,
    `${store}\nexporters: { console: {} }\nservice: { ledger: { sqlite: { path: ${path} } }, ${pipelines} }\n`,
  )
  const loaded = await load({ config })
  const said: string[] = []
  const other = openSqliteLedger({ path })
  try {
    const open = (waitMs: number) => openLedger(loaded.config, (text) => said.push(text), waitMs)
    await expect(open(500)).rejects.toThrow('another forwarder is running on this ledger')
    const opening = open(30_000)
    await expect.poll(() => said.length).toBe(2)
    other.close()
    ;(await opening).close()
    const wait = 'the ledger is in use; it is tried again for'
    expect(said).toEqual([`${wait} 0.5 s`, `${wait} 30 s`])
  } finally {
    other.close()
    rmSync(folder, { recursive: true })
  }
})
