import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AdminServer } from '../../src/admin/admin-server.ts'
import { statusDocument } from '../../src/admin/status.ts'
import { status } from '../../src/cli/status.ts'
import { statusText } from '../../src/cli/status-text.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { account, now, oldest } from '../admin/accounts.ts'

const totals = { objects: 40, events: 2000, bad: 1, altered: 0 }
const stop = { cause: 'credentials', reason: '403 invalid token', since: now - 7_200_000 } as const

let folder: string
let written: string[]
let complained: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'status-'))
  written = []
  complained = []
  vi.spyOn(console, 'log').mockImplementation((text: string) => void written.push(text))
  vi.spyOn(console, 'error').mockImplementation((text: string) => void complained.push(text))
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

function config(extra = ''): string {
  const path = join(folder, 'config.yaml')
  writeFileSync(
    path,
    `receivers: { circleci_audit: { store: { directory: { path: ${folder} } } } }
exporters: { console: {} }
service:
  ledger: { sqlite: { path: ${join(folder, 'ledger.db')} } }
${extra}
  pipelines: { logs: { receivers: [circleci_audit], exporters: [console] } }
`,
  )
  return path
}

test('people see state, watermark and the reason in words', () => {
  const accounts = [
    account({ outstanding: 4, oldest, stop }),
    account({ destination: 'clickhouse', watermark: undefined, sweptTo: undefined }),
  ]
  expect(
    statusText(statusDocument({ accounts, retired: [], totals, receivers: ['circleci_audit'], now })),
  ).toMatchInlineSnapshot(`
    "read from the ledger at 2026-11-03T08:00:00Z

    DESTINATION                      STATE    WATERMARK             BEHIND  OUTSTANDING  DELIVERED  DUPLICATES  QUARANTINED
    splunk_hec/soc ← circleci_audit  stopped  2026-11-03T07:50:00Z  10 min            4      1,000           5            2
      stopped for 2 h, check its credentials: 403 invalid token
      oldest outstanding: audit-logs/a.json, 15 min old
      newest event 2026-11-03T07:57:30Z, last delivery 2026-11-03T07:58:30Z from audit-logs/2026-11-03T07-58.json.gz
    clickhouse ← circleci_audit      idle     none yet                   -            0      1,000           5            2
      waiting for the first complete sweep
      newest event 2026-11-03T07:57:30Z, last delivery 2026-11-03T07:58:30Z from audit-logs/2026-11-03T07-58.json.gz

    circleci_audit: last complete sweep 2026-11-03T07:59:00Z, newest object 2026-11-03T07:58:00Z
      too little is known of its rhythm: no silence is told yet, and no hour is proven
    40 objects known, 2,000 events decided, 1 bad line"
  `)
})

test('people see what is left of a destination that is no longer configured', () => {
  const gone = { receiver: 'circleci_audit', delivered: 9, oldest }
  const retired = [
    { ...gone, destination: 'datadog/old', retiredAt: now - 60_000, watermark: now - 900_000, outstanding: 12 },
    { ...gone, destination: 'file', retiredAt: undefined, watermark: undefined, outstanding: 0, oldest: undefined },
  ]
  const document = statusDocument({ accounts: [account()], retired, totals, receivers: [], now })
  const lines = statusText(document).split('\n')
  expect(lines.slice(-5, -3)).toEqual([
    'datadog/old ← circleci_audit: no longer configured since 2026-11-03T07:59:00Z, 12 objects undelivered, complete up to 2026-11-03T07:45:00Z',
    'file ← circleci_audit: no longer configured, nothing undelivered, never complete',
  ])
  expect(document.totals.outstanding).toBe(0)
  expect(document.retired[0]?.undelivered).toEqual({
    objects: 12,
    oldest: { time: '2026-11-03T07:45:00.000Z', ageSeconds: 900, key: oldest.key, reason: 'access denied' },
  })
})

test('the ledger is read beside the process that holds it', async () => {
  const ledger = openSqliteLedger({ path: join(folder, 'ledger.db') })
  try {
    ledger.enrol([{ destination: 'console', receiver: 'circleci_audit', startAt: 0 }], Date.now())
    expect(await status({ config: config(), json: true })).toBe(0)
  } finally {
    ledger.close()
  }
  const document = JSON.parse(written[0] ?? '')
  expect(document).toMatchObject({ forwarder: null, receivers: [{ id: 'circleci_audit', sweptTo: null }] })
  expect(document.destinations).toMatchObject([{ id: 'console', state: 'idle', watermark: null, live: null }])
})

test('no ledger: 1, what is missing and what to do', async () => {
  expect(await status({ config: config(), json: false })).toBe(1)
  expect(complained.join('')).toMatch(/there is no ledger .*ledger\.db\n {4}hint: /)
  expect(await status({ config: config(), json: true })).toBe(1)
  expect(JSON.parse(complained[1] ?? '')).toHaveProperty('hint')
})

async function withAdmin(token: string | undefined, act: (url: string) => Promise<void>): Promise<void> {
  const document = () => statusDocument({ accounts: [account({ stop })], retired: [], totals, receivers: [], now })
  const hours = () => ({ at: new Date(now).toISOString(), receivers: [] })
  const server = new AdminServer({ endpoint: '127.0.0.1:0', status: document, hours, ...(token && { token }) })
  try {
    await act(await server.listen())
  } finally {
    await server.close()
  }
}

test('--admin asks a running forwarder, with or without http://', async () => {
  await withAdmin(undefined, async (address) => {
    expect(await status({ config: '/nowhere.yaml', json: false, admin: address })).toBe(0)
    expect(await status({ config: '/nowhere.yaml', json: false, admin: `http://${address}/` })).toBe(0)
  })
  expect(written[0]).toContain('stopped for 2 h, check its credentials: 403 invalid token')
  expect(written[1]).toBe(written[0])
})

test('--admin shows the token of the configuration', async () => {
  await withAdmin('open sesame', async (admin) => {
    expect(await status({ config: '/nowhere.yaml', json: false, admin })).toBe(1)
    expect(complained[0]).toContain('wants a token')
    expect(await status({ config: config('  admin: { token: open sesame }'), json: true, admin })).toBe(0)
  })
})

test('--admin that answers nonsense, or nothing, or is none: 1 and why', async () => {
  const server = createServer((_, response) => response.end('<html>'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  expect(await status({ config: '/nowhere.yaml', json: false, admin: `127.0.0.1:${port}` })).toBe(1)
  await new Promise((resolve) => server.close(resolve).closeAllConnections())
  expect(await status({ config: '/nowhere.yaml', json: false, admin: `127.0.0.1:${port}` })).toBe(1)
  expect(await status({ config: '/nowhere.yaml', json: false, admin: 'http://' })).toBe(1)
  expect(complained.join('\n')).toMatch(/no status\n[\s\S]*cannot ask [\s\S]*is no URL/)
})
