// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language of the configuration
// What ends by itself says when: on the metrics page, and to the doctor.
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canary } from '@circleci-audit-forwarder/contract/testing'
import { afterAll, expect, test } from 'vitest'
import { components } from '../../src/cli/components.ts'
import { examine } from '../../src/cli/doctor/examine.ts'
import { expiryFindings } from '../../src/cli/doctor/expiries.ts'
import { openPipeline, openTelemetry } from '../../src/cli/open.ts'
import { expiries } from '../../src/config/expiry.ts'
import { type Loaded, loadConfig, processSources } from '../../src/config/load.ts'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { Authority, canSign } from '../network/certificates.ts'
import { scrape } from '../telemetry/scraping.ts'

const folder = mkdtempSync(join(tmpdir(), 'expiries-'))
const by = canSign ? new Authority() : undefined
afterAll(() => {
  by?.remove()
  rmSync(folder, { recursive: true })
})

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const directory = { directory: { path: folder } }

async function load(exporter: object, more: object = {}, store: object = directory): Promise<Loaded> {
  const config = {
    receivers: { circleci_audit: { store } },
    exporters: { otlp_http: exporter },
    service: { pipelines: { logs: { receivers: ['circleci_audit'], exporters: ['otlp_http'] } }, ...more },
  }
  return loadConfig(file('config.json', JSON.stringify(config)), components, { sources: processSources(), now: 0 })
}

test.skipIf(!canSign)('certificates say it as a metric, and `doctor` warns a month before', async () => {
  const { cert, key } = by!.sign(['client'])
  const tls = { ca_file: by!.caFile, cert_file: file('cert.pem', cert), key_file: file('key.pem', key) }
  const loaded = await load({ endpoint: 'https://localhost:1', tls }, { ca_file: by!.caFile })
  const telemetry = openTelemetry(loaded, 'error')
  const ended = AbortSignal.abort()
  const { destinations } = await openPipeline(loaded, new MemoryLedger(), telemetry, ended)
  await destinations[0]?.exporter.close()
  const validTo = Date.parse(new X509Certificate(cert).validTo) / 1000
  const text = await scrape(telemetry.metrics)
  const name = 'circleci_audit_forwarder_credential_expiry_timestamp_seconds'
  expect(text).toContain(`${name}{component="exporters.otlp_http",setting="tls.cert_file"} ${validTo}`)
  expect(text).toContain(`${name}{component="exporters.otlp_http",setting="tls.ca_file"}`)
  expect(text).toContain(`${name}{component="service",setting="ca_file"}`)
  const components = await examine(loaded, { timeoutMs: 1000, canary: false, canaryPatienceMs: 0 })
  const soon = { level: 'warning', next: expect.stringContaining('no restart') }
  const found = (kind: string) => components.filter((one) => one.kind === kind).flatMap(({ findings }) => findings)
  expect(found('destination')).toContainEqual(
    expect.objectContaining({ ...soon, what: 'the certificate of tls.cert_file is valid' }),
  )
  expect(found('configuration')).toContainEqual(
    expect.objectContaining({ ...soon, what: 'the certificate of ca_file is valid' }),
  )
})

test('shared access signatures, as their file says now', async () => {
  const signed = (until: string) => `sv=2026-01-01&se=${encodeURIComponent(until)}&sp=rl&sig=${canary('sas')}`
  const token = file('sas', signed('2027-01-01T00:00:00Z'))
  const azure_blob = { account: 'acme', container: 'audit', sas_token: `\${file:${token}}` }
  const loaded = await load({ endpoint: 'https://localhost:1' }, {}, { azure_blob })
  const ends = () => expiries(loaded, processSources(), 0)
  const place = { component: 'receivers.circleci_audit', setting: 'store.azure_blob.sas_token' }
  expect(ends()).toEqual([{ ...place, at: Date.UTC(2027, 0, 1) }])
  file('sas', signed('2027-02-01T00:00:00Z'))
  expect(ends()).toEqual([{ ...place, at: Date.UTC(2027, 1, 1) }])
  file('sas', 'sv=2026-01-01&si=a-stored-policy')
  expect(ends()).toEqual([])
})

test.each([
  [31, 'ok'],
  [29, 'warning'],
  [-1, 'error'],
])('%d days before: %s', (days, level) => {
  const end = { component: 'service', setting: 'ca_file', at: days * 86_400_000 }
  expect(expiryFindings([end], 0)).toMatchObject([{ level }])
})
