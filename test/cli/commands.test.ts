import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const program = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'forwarder-cli-'))
afterAll(() => rmSync(folder, { recursive: true }))

const good = join(folder, 'good.yaml')
writeFileSync(
  good,
  `receivers: { circleci_audit: { store: { directory: { path: /audit } } } }
exporters: { console: {} }
service:
  admin: { token: "\${CLI_TEST_TOKEN}" }
  pipelines: { logs: { receivers: [circleci_audit], exporters: [console] } }
`,
)
const bad = join(folder, 'bad.yaml')
writeFileSync(bad, 'receivers: {}\nexporters: { console: { formt: json } }\nservice: { pipelines: {} }\n')

interface Result {
  readonly code: number
  readonly out: string
  readonly err: string
}

function run(...args: readonly string[]): Promise<Result> {
  const env = { ...process.env, CLI_TEST_TOKEN: 'sekret-cli-5ec4e7ca4a4e', NODE_OPTIONS: '' }
  const all = ['--conditions=@circleci-audit-forwarder/source', program, ...args]
  return new Promise((resolve) => {
    execFile(process.execPath, all, { env, cwd: folder }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err })
    })
  })
}

test('validate says yes with 0', async () => {
  const { code, out } = await run('validate', '--config', good)
  expect(out).toContain(`${good} is valid`)
  expect(out).toContain('logs: circleci_audit → console')
  expect(code).toBe(0)
})

test('validate says no with 2, and every problem on standard error', async () => {
  const { code, out, err } = await run('validate', '--config', bad)
  expect(err).toContain(`${bad}:2:25: error: exporters.console.formt: is not a setting`)
  expect(err).toContain('did you mean `format`?')
  expect(out).toBe('')
  expect(code).toBe(2)
})

test('validate --json says the same to programs', async () => {
  const { code, out } = await run('--json', 'validate', '-c', bad)
  const answer = JSON.parse(out) as { valid: boolean; problems: { line: number; path: string }[] }
  expect(answer.valid).toBe(false)
  expect(answer.problems[0]).toMatchObject({ line: 2, column: 25, path: 'exporters.console.formt' })
  expect(code).toBe(2)
})

test('print-config shows defaults and no secret', async () => {
  const { code, out } = await run('print-config', '--config', good)
  expect(out).toContain('stop_timeout: 25s')
  expect(out).toContain('token: <secret from CLI_TEST_TOKEN>')
  expect(out).not.toContain('sekret')
  expect(code).toBe(0)
})

test('schema config prints JSON Schema', async () => {
  const { code, out } = await run('schema', 'config')
  expect(JSON.parse(out)).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' })
  expect(code).toBe(0)
})

test.for([
  [['vaildate'], "there is no command 'vaildate'; did you mean 'validate'?"],
  [['validate', '--confg', 'x'], "unknown option '--confg'"],
  [['schema', 'grpc'], 'Allowed choices are config'],
] as const)('%s is a usage error', async ([args, text]) => {
  const { code, err } = await run(...args)
  expect(err).toContain(text)
  expect(code).toBe(2)
})

test('a file that cannot be read is a configuration error', async () => {
  const { code, err } = await run('print-config', '--config', join(folder, 'absent.yaml'))
  expect(err).toContain('cannot be read')
  expect(code).toBe(2)
})

test('--help and --version are no errors', async () => {
  const help = await run('--help')
  expect(help.out).toContain('validate')
  expect(help.code).toBe(0)
  expect(await run('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+/) })
})
