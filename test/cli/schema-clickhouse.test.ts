// `schema clickhouse` prints what the real engine takes, for the table that is configured.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ClickHouse } from '../../exporters/clickhouse/test/engine/front.ts'

const program = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'forwarder-schema-'))
const config = join(folder, 'config.yaml')
writeFileSync(
  config,
  `receivers: { circleci_audit: { store: { directory: { path: /audit } } } }
exporters:
  clickhouse: { endpoint: "http://localhost:8123", database: security, retention_days: 400 }
  clickhouse/otel: { endpoint: "http://localhost:8123", layout: otel_logs, table: "audit logs" }
service: { pipelines: { logs: { receivers: [circleci_audit], exporters: [clickhouse, clickhouse/otel] } } }
`,
)
let server: ClickHouse
beforeAll(async () => {
  server = await ClickHouse.start()
  await server.query('CREATE DATABASE security')
}, 60_000)
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

interface Result {
  readonly code: unknown
  readonly out: string
  readonly err: string
}

function run(...args: readonly string[]): Promise<Result> {
  const all = ['--conditions=@circleci-audit-forwarder/source', program, 'schema', 'clickhouse', ...args]
  return new Promise((resolve) => {
    execFile(process.execPath, all, (error, out, err) => resolve({ code: error?.code ?? 0, out, err }))
  })
}

/** The statements, carried out. */
async function tablesMadeBy(out: string): Promise<readonly unknown[]> {
  for (const statement of out.split(/;\n+/).filter((text) => text.trim() !== '')) await server.query(statement)
  const user = "database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')"
  return server.query(`SELECT database, name, engine FROM system.tables WHERE ${user} ORDER BY name`)
}

test('every configured table, with its database, name, layout and retention', async () => {
  const { code, out } = await run('--config', config)
  expect(code).toBe(0)
  expect(out).toMatch(/^-- clickhouse\nCREATE TABLE IF NOT EXISTS `security`\.`circleci_audit_logs`\n/)
  expect(out).toContain('TTL receivedAt + toIntervalDay(least(sourceTTL, 3650))')
  expect(out).toContain('-- clickhouse/otel\nCREATE TABLE IF NOT EXISTS `default`.`audit logs`\n')
  expect(await tablesMadeBy(out)).toEqual([
    { database: 'default', name: 'audit logs', engine: 'MergeTree' },
    { database: 'security', name: 'circleci_audit_logs', engine: 'ReplacingMergeTree' },
  ])
}, 30_000)

test('the default layout where none is configured, without a TTL', async () => {
  const { code, out } = await run()
  expect(code).toBe(0)
  expect(out.match(/CREATE TABLE/g)).toHaveLength(1)
  expect(out).toContain('`default`.`circleci_audit_logs`')
  expect(out).not.toContain('TTL receivedAt')
  expect(out).toContain('LowCardinality(String)')
}, 30_000)

test('another layout, for a cluster, in plain types, for programs', async () => {
  const args = ['--layout', 'otel_logs', '--cluster', 'main', '--plain-types', '--json']
  const [table] = JSON.parse((await run(...args)).out) as { exporter: string; layout: string; ddl: string }[]
  expect(table).toMatchObject({ exporter: 'clickhouse', layout: 'otel_logs' })
  expect(table?.ddl).toContain("ON CLUSTER 'main'")
  expect(table?.ddl).toContain('ENGINE = ReplicatedMergeTree')
  expect(table?.ddl).not.toContain('LowCardinality')
}, 30_000)

test('a layout that is none is refused with those that are', async () => {
  const { code, err } = await run('--layout', 'splunk')
  expect(err).toContain('one of circleci_audit_logs, otel_logs')
  expect(code).toBe(2)
}, 30_000)
