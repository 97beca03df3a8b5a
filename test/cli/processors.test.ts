// Processors as the program runs them: from a configuration file to what two destinations of the same bucket get.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { london, mmdbOf, provider } from '../databases/mmdb-writer.ts'
import { textWith } from '../mapping/corpus.ts'

const program = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'processors-'))
afterAll(() => rmSync(folder, { recursive: true }))

const key = 'sekret-0123-5ec4e7ca4a4e'
const request = { id: 'r-1', ip_address: '81.2.69.142' }
const lines = [
  textWith({ id: 'one', request, common_fields: undefined }),
  textWith({ id: 'two', action: 'workflow.start', request }),
  textWith({ id: 'three', action: 'context.delete', actor: { id: 'b', type: 'user', name: 'github: renovate-bot' } }),
]

const configuration = (database: string) => `
receivers:
  circleci_audit: { store: { directory: { path: ${folder}/bucket } }, start_at: beginning }
processors:
  severity: { set: { "context.secrets.*": critical } }
  filter: { min_severity: critical, actor: { exclude: ["renovate*"] } }
  geoip: { databases: [${database}, ${folder}/isp.mmdb] }
  redact: { drop: [payload.environment_variable_titles], hash: [actor.name, request.ip_address], key: "\${env:REDACT_KEY}" }
  attributes: { set: { tenant: acme }, resource: { deployment.environment.name: production } }
exporters:
  file/all: { own_records: false, path: ${folder}/all.jsonl }
  file/siem: { own_records: false, path: ${folder}/siem.jsonl }
service:
  ledger: { sqlite: { path: ${folder}/${createHash('sha1').update(database).digest('hex')}.db } }
  pipelines:
    logs: { receivers: [circleci_audit], exporters: [file/all] }
    logs/siem: { receivers: [circleci_audit], processors: [severity, filter, geoip, redact, attributes], exporters: [file/siem] }
`

interface Result {
  readonly code: number
  readonly out: string
  readonly err: string
}

function run(database: string, ...args: readonly string[]): Promise<Result> {
  const config = join(folder, 'config.yaml')
  writeFileSync(config, configuration(database))
  const env = { ...process.env, REDACT_KEY: key, NODE_OPTIONS: '' }
  const all = ['--conditions=@circleci-audit-forwarder/source', program, '--config', config, ...args]
  return new Promise((resolve) => {
    execFile(process.execPath, all, { env, cwd: folder }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err })
    })
  })
}

interface Written {
  readonly attributes: Readonly<Record<string, unknown>>
  readonly resource: { readonly attributes: Readonly<Record<string, unknown>> }
  readonly severityText: string
  readonly body: string
  readonly original: string
}

const written = (name: string): readonly Written[] =>
  readFileSync(join(folder, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Written)

beforeAll(() => {
  const partition = join(folder, 'bucket/year=2026/month=03/day=04/hour=14')
  mkdirSync(partition, { recursive: true })
  const object = join(partition, '2026-03-04T14:05:00_0a')
  writeFileSync(object, `${lines.join('\n')}\n`)
  utimesSync(object, 1_772_600_000, 1_772_600_000)
  writeFileSync(join(folder, 'city.mmdb'), mmdbOf({ '81.2.69.0/24': london }))
  writeFileSync(join(folder, 'isp.mmdb'), mmdbOf({ '81.2.69.0/24': provider }))
})

test('one destination gets events as they were, the other as its processors make them', async () => {
  const { code, out, err } = await run(`${folder}/city.mmdb`, 'run', '--once')
  expect(err).toContain('city.mmdb: opened Test-City')
  expect(code, err).toBe(0)
  expect(out + err).not.toContain(key)

  const all = written('all.jsonl')
  expect(all.map(({ original }) => original)).toEqual(lines)
  expect(JSON.stringify(all)).not.toMatch(/geo\.|tenant|redacted/)

  const siem = written('siem.jsonl')
  expect(siem).toHaveLength(1)
  const [one] = siem
  expect(one).toMatchObject({
    severityText: 'critical',
    attributes: {
      'log.record.uid': 'one',
      'geo.locality.name': 'London',
      'client.as.number': 20_712,
      'circleci_audit_forwarder.client.isp': 'Andrews & Arnold Ltd',
      'circleci_audit_forwarder.source.sha256': createHash('sha256').update(lines[0]!).digest('hex'),
      'circleci_audit_forwarder.source.redacted': true,
      tenant: 'acme',
    },
  })
  expect(one?.resource.attributes).toEqual({ 'service.name': 'circleci', 'deployment.environment.name': 'production' })
  expect(JSON.stringify(one)).not.toMatch(/octocat|81\.2\.69\.142|AWS_SECRET/)
  expect(one?.body).toMatch(/^[0-9a-f]{64} context\.secrets\.accessed context "aws-prod" success$/)
}, 30_000)

test('print-config shows what processors do, and not the key', async () => {
  const { out, code } = await run(`${folder}/city.mmdb`, 'print-config')
  expect(out).toContain('key: <secret from env:REDACT_KEY>')
  expect(out).toContain('- actor.name')
  expect(out).not.toContain(key)
  expect(code).toBe(0)
})

test('a database that cannot be opened ends the start, in words, before anything is sent', async () => {
  const { code, err } = await run(`${folder}/absent.mmdb`, 'run', '--once')
  expect(err).toContain(`cannot open the database ${folder}/absent.mmdb: there is no such file`)
  expect(err).toContain('hint: give the path of an .mmdb file')
  expect(code).toBe(2)
}, 30_000)

test('the reader of databases is loaded only where one is configured', async () => {
  const module = fileURLToPath(new URL('../../src/databases/databases.ts', import.meta.url))
  const loaded = (paths: string) => `
    import { createRequire } from 'node:module'
    const { DatabaseFiles } = await import(${JSON.stringify(module)})
    await DatabaseFiles.open(${paths}, () => {})
    console.log(Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('maxmind')))`
  const answers = ['[]', JSON.stringify([join(folder, 'city.mmdb')])].map(
    (paths) =>
      new Promise((resolve) => {
        const args = ['--conditions=@circleci-audit-forwarder/source', '--input-type=module', '-e', loaded(paths)]
        execFile(process.execPath, args, { cwd: fileURLToPath(new URL('../..', import.meta.url)) }, (_, out) =>
          resolve(out.trim()),
        )
      }),
  )
  expect(await Promise.all(answers)).toEqual(['false', 'true'])
})
