// The program and ClickHouse's engine: what `doctor --canary` says of a table is so, and what the geoip processor looks up
// in a database stands in the columns that are for it.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { canary } from '@circleci-audit-forwarder/contract/testing'
import { circleciAuditLogs, otelLogs } from '@circleci-audit-forwarder/exporter-clickhouse'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ClickHouse } from '../../exporters/clickhouse/test/engine/front.ts'
import { createTable, exporterTo, never } from '../../exporters/clickhouse/test/world.ts'
import { systemClock } from '../../src/cli/clock.ts'
import { sendCanary } from '../../src/delivery/canary.ts'
import { canaryRecord } from '../../src/mapping/canary.ts'
import { london, mmdbOf, provider } from '../databases/mmdb-writer.ts'
import { textWith } from '../mapping/corpus.ts'
import { startScript } from '../tools/start-script.ts'

const program = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'forwarder-clickhouse-'))
const access = { user: 'forwarder', password: canary('password') }
let server: ClickHouse
beforeAll(async () => {
  server = await ClickHouse.start({ access })
}, 60_000)
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})
beforeEach(() => Promise.all([circleciAuditLogs, otelLogs].map((layout) => createTable(server, layout))))

const configuration = () => `
receivers:
  circleci_audit: { store: { directory: { path: ${folder}/bucket } }, start_at: beginning }
processors:
  geoip: { databases: [${folder}/city.mmdb, ${folder}/enterprise.mmdb] }
exporters:
  clickhouse: { endpoint: "${server.url}", username: forwarder, password: "\${env:PASSWORD}", own_records: false }
  clickhouse/otel: { endpoint: "${server.url}", username: forwarder, password: "\${env:PASSWORD}", own_records: false, layout: otel_logs }
service:
  ledger: { sqlite: { path: ${folder}/ledger.db } }
  pipelines: { logs: { receivers: [circleci_audit], processors: [geoip], exporters: [clickhouse, clickhouse/otel] } }
`

/** Puts two events into the folder: one from London, one from the office. */
function prepare(): void {
  const object = join(folder, 'bucket/year=2026/month=03/day=04/hour=14/2026-03-04T14:05:00_0a')
  const addresses = ['81.2.69.142', '10.1.2.3']
  const events = addresses.map((ip_address) => textWith({ id: ip_address, request: { id: 'r', ip_address } }))
  mkdirSync(join(object, '..'), { recursive: true })
  writeFileSync(object, `${events.join('\n')}\n`)
  const minuteAgo = new Date(Date.now() - 60_000)
  utimesSync(object, minuteAgo, minuteAgo)
  const enterprise = { traits: { ...provider, connection_type: 'Cable/DSL', user_type: 'residential' } }
  writeFileSync(join(folder, 'city.mmdb'), mmdbOf({ '81.2.69.0/24': london }))
  writeFileSync(join(folder, 'enterprise.mmdb'), mmdbOf({ '81.2.69.0/24': enterprise }))
  writeFileSync(join(folder, 'config.yaml'), configuration())
}

/** What it prints. Rejects unless it ends with 0. */
function run(...args: readonly string[]): Promise<string> {
  const all = [...startScript.flags, program, ...args, '--config', join(folder, 'config.yaml')]
  const env = { ...process.env, ...startScript.env, PASSWORD: access.password }
  return new Promise((resolve, reject) => {
    execFile(process.execPath, all, { env }, (error, out, err) => {
      if (error === null) resolve(out)
      else reject(new Error(`${args.join(' ')} ended with ${error.code}: ${out}${err}`))
    })
  })
}

interface Report {
  readonly components: readonly {
    readonly id: string
    readonly findings: readonly { readonly level: string; readonly what: string; readonly detail?: string }[]
  }[]
}

test('doctor --canary sends one marked event to each table and reads it back', async () => {
  prepare()
  const { components } = JSON.parse(await run('doctor', '--canary', '--json')) as Report
  for (const [id, layout] of [
    ['clickhouse', circleciAuditLogs],
    ['clickhouse/otel', otelLogs],
  ] as const) {
    const findings = components.find((component) => component.id === id)?.findings ?? []
    const sent = findings.find(({ what }) => what === 'a canary is taken')
    expect([sent?.level, findings.at(-1)]).toEqual(['ok', { level: 'ok', what: 'the canary is read back' }])
    const [name, service] =
      layout === otelLogs ? ['EventName', 'ServiceName'] : ["tags['otel.event.name']", 'serviceName']
    const sql = `SELECT ${layout.lookup.id} AS id, ${name} AS name, ${service} AS service FROM ${layout.table}`
    const row = { name: 'circleci_audit_forwarder.canary', service: 'circleci-audit-forwarder' }
    expect(await server.query(sql)).toEqual([{ id: sent?.detail?.replace('id ', ''), ...row }])
  }
}, 120_000)

test('a table that says yes and keeps nothing is seen', async () => {
  await server.query(`CREATE OR REPLACE TABLE ${circleciAuditLogs.table} AS ${circleciAuditLogs.table} ENGINE = Null`)
  const { user: username, password } = access
  const exporter = exporterTo(server, circleciAuditLogs, { username, password })
  const record = canaryRecord({ id: 'c', destination: 'clickhouse', now: Date.now(), version: '1.2.3' })
  const flight = { exporter, record, id: 'c', clock: systemClock, patienceMs: 1 }
  expect(await sendCanary(flight, never)).toMatchObject([
    { level: 'ok', what: 'a canary is taken' },
    { level: 'warning', what: 'the canary is read back', next: 'search there for c' },
  ])
  await exporter.close()
})

test('what is looked up about an address stands in its ten columns, and nothing where nothing is known', async () => {
  prepare()
  await run('run', '--once')
  const rows = await server.query(
    `SELECT COLUMNS('^src'), enrichments.name AS looked FROM ${circleciAuditLogs.table} ORDER BY srcIP DESC`,
  )
  const nowhere = { srcASCountryCode: '', srcASNumber: 0, srcASOrganization: '', srcCity: '', srcConnectionType: '' }
  expect(rows).toEqual([
    {
      srcIP: '81.2.69.142',
      srcASCountryCode: 'GB',
      srcASNumber: 20_712,
      srcASOrganization: 'Andrews & Arnold Ltd',
      srcCity: 'London',
      srcConnectionType: 'Cable/DSL',
      srcISP: 'Andrews & Arnold Ltd',
      srcLatitude: 51.5142,
      srcLongitude: -0.0931,
      srcUserType: 'residential',
      looked: ['geoip'],
    },
    { srcIP: '10.1.2.3', ...nowhere, srcISP: '', srcLatitude: 0, srcLongitude: 0, srcUserType: '', looked: [] },
  ])
  const [logs] = await server.query<{ n: string }>(
    `SELECT count() AS n FROM ${otelLogs.table} WHERE LogAttributes['geo.locality.name'] = 'London'`,
  )
  expect(Number(logs?.n)).toBe(1)
}, 120_000)
