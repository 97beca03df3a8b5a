// `doctor --canary` with a Rapid7 whose webhook and account are a fake over real HTTP: a 204 proves nothing there, so what
// the report says of the canary is what the search says.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canariesIn, FakeServer } from '@circleci-audit-forwarder/contract/testing'
import { module, Rapid7Exporter, type Rapid7Settings } from '@circleci-audit-forwarder/exporter-rapid7'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { API_KEY, FakeRapid7, TOKEN } from '../../../exporters/rapid7/test/fake-rapid7.ts'
import { apiAt } from '../../../exporters/rapid7/test/rapid7-world.ts'
import { components } from '../../../src/cli/components.ts'
import { examine } from '../../../src/cli/doctor/examine.ts'
import { reportOf } from '../../../src/cli/doctor/report.ts'
import { reportText } from '../../../src/cli/doctor/text.ts'
import { parseConfig, processSources } from '../../../src/config/load.ts'
import type { Finding } from '../../../src/domain/finding.ts'

const folder = mkdtempSync(join(tmpdir(), 'doctor-rapid7-'))
afterAll(() => rmSync(folder, { recursive: true }))

let vendor: FakeRapid7
let server: FakeServer
beforeEach(async () => {
  vendor = new FakeRapid7()
  server = await FakeServer.start(vendor.behave)
})
afterEach(() => server.stop())

/** Rapid7 as it is, but for where its hosts are. */
const nearby: typeof module = {
  ...module,
  create: ({ token, region, api_key: apiKey }: Rapid7Settings) =>
    new Rapid7Exporter({ endpoint: server.url, token, region, apiKey, api: apiAt(server.url) }),
}

/** What the doctor says of the canary, and all it says. */
async function doctored(settings: object, patienceMs = 30_000): Promise<{ canary: readonly Finding[]; text: string }> {
  const config = {
    receivers: { circleci_audit: { store: { directory: { path: folder } } } },
    exporters: { rapid7: { region: 'eu', token: TOKEN, ...settings } },
    service: { pipelines: { logs: { receivers: ['circleci_audit'], exporters: ['rapid7'] } } },
  }
  const exporters = components.exporters.map((known) => (known.type === 'rapid7' ? nearby : known))
  const world = { sources: processSources(), now: 0 }
  const loaded = await parseConfig(JSON.stringify(config), 'config.json', { ...components, exporters }, world)
  const found = await examine(loaded, { timeoutMs: 30_000, canary: true, canaryPatienceMs: patienceMs })
  const findings = found.find(({ id }) => id === 'rapid7')?.findings ?? []
  const report = reportOf(found, { version: '1.2.3', config: 'config.json', now: 0 })
  return {
    canary: findings.filter(({ what }) => what.includes('canary')),
    text: `${reportText(report, undefined)}\n${JSON.stringify(report)}`,
  }
}

test('with an API key the canary is found in the log with the token, by its id', async () => {
  vendor.slow = 1
  const { canary, text } = await doctored({ api_key: API_KEY })
  expect(canary).toMatchObject([{ level: 'ok' }, { level: 'ok', what: 'the canary is read back' }])
  expect(vendor.ids.map((id) => `id ${id}`)).toEqual([canary[0]?.detail])
  expect(canariesIn(text)).toEqual([])
})

test('without one it says what to set, and where to look', async () => {
  const { canary } = await doctored({})
  expect(canary[1]).toMatchObject({
    level: 'unknown',
    detail: expect.stringContaining('set api_key and region'),
    next: `search there for ${vendor.ids[0]}`,
  })
})

test('a key that may not search is told, and shows nowhere', async () => {
  vendor.key = 'may not search'
  const { canary, text } = await doctored({ api_key: API_KEY })
  expect(canary[1]).toMatchObject({ level: 'unknown', detail: expect.stringContaining('HTTP 403') })
  expect(text).toContain('give the key the right to read logs')
  expect(canariesIn(text)).toEqual([])
})

test('taken and nowhere to be found is a warning', async () => {
  vendor.behind = Number.POSITIVE_INFINITY
  const { canary } = await doctored({ api_key: API_KEY }, 0)
  expect(canary[1]).toMatchObject({ level: 'warning', detail: expect.stringContaining('it was not found within') })
})
