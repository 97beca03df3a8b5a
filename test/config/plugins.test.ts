// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language users write
// What packages can get wrong, each as a real package in a real folder, and what the operator is told.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { type Loaded, parseConfig } from '../../src/config/load.ts'
import { ConfigError } from '../../src/config/problem.ts'
import { root } from '../docs/checkout.ts'
import { components, world } from './components.ts'

const folder = mkdtempSync(join(tmpdir(), 'config-plugins-'))
mkdirSync(join(folder, 'node_modules'))
symlinkSync(join(root, 'node_modules/zod'), join(folder, 'node_modules/zod'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => void vi.useRealTimers())

let packages = 0

/** A package with this text, ESM unless said otherwise. Answers its name. */
function installed(text: string, manifest: object = { type: 'module', exports: './index.js' }): string {
  packages += 1
  const name = `@acme/p${packages}`
  const place = join(folder, 'node_modules', name)
  mkdirSync(place, { recursive: true })
  writeFileSync(join(place, 'package.json'), JSON.stringify({ name, version: '1.0.0', ...manifest }))
  writeFileSync(join(place, 'index.js'), text)
  return name
}

/** A module that works, with changes. */
function module(change = ''): string {
  return `
import { z } from 'zod'
const limits = { records: 9, bytes: 99 }
export const module = {
  type: 'acme', contract: 1,
  schema: z.strictObject({ token: z.string().meta({ description: 'Token.', secret: true }) }),
  defaults: { records: 5, bytes: 50, lingerMs: 10, concurrency: { min: 1, max: 2 } },
  create: ({ token }) => ({ limits, token, close: async () => {} }),
  ${change}
}`
}

function load(plugins: readonly unknown[], exporters = 'acme: { token: "${env:WORD}" }', more = ''): Promise<Loaded> {
  const ids = exporters.split('\n').map((line) => line.split(':', 1)[0]?.trim())
  const text = `receivers: { circleci_audit: { store: { directory: { path: bucket } } } }
exporters:
  ${exporters.replaceAll('\n', '\n  ')}
service:
  plugins:
${plugins.map((plugin) => `    - ${JSON.stringify(plugin)}`).join('\n')}
  pipelines: { logs: { receivers: [circleci_audit], exporters: ${JSON.stringify(ids)} } }
${more}`
  return parseConfig(text, join(folder, 'config.yaml'), components, world)
}

/** The one problem there is, without the folder. */
async function refusal(plugins: readonly unknown[], exporters?: string): Promise<string> {
  const error: unknown = await load(plugins, exporters).catch((error: unknown) => error)
  if (!(error instanceof ConfigError)) throw new Error(`not refused: ${String(error)}`)
  expect(error.problems).toHaveLength(1)
  return error.message.split('\n').slice(1).join('\n').replaceAll(folder, '')
}

test('a module of the contract is an exporter like the others', async () => {
  const { config, components } = await load(
    [installed(module())],
    'acme/one: { token: "${env:WORD}" }\nacme/two: { token: "${env:WORD}", batch: { max_records: 3 } }',
  )
  expect(Object.keys(config.exporters)).toEqual(['acme/one', 'acme/two'])
  expect(config.exporters['acme/two']).toMatchObject({
    type: 'acme',
    settings: { token: 'sekret-word-5ec4e7ca4a4e' },
    batch: { max_records: 3 },
  })
  expect(config.exporters['acme/one']?.batch.max_records).toBe(5)
  expect(components.exporters.at(-1)?.type).toBe('acme')
})

test.each([
  [
    'a CommonJS package',
    module()
      .replace("import { z } from 'zod'", "const { z } = require('zod')")
      .replace('export const module', 'module.exports = (() => { const it')
      .replace(/$/, '\nreturn { "module": it } })()'),
    { main: './index.js' },
  ],
  ['a package with an `import` condition alone', module(), { type: 'module', exports: { import: './index.js' } }],
  ['an entry of a package', module(), { type: 'module', exports: { './audit': './index.js' } }],
])('%s loads', async (_, text, manifest) => {
  const name = installed(text, manifest)
  const entry = 'exports' in manifest && './audit' in (manifest.exports as object) ? `${name}/audit` : name
  expect((await load([entry])).config.exporters).toHaveProperty('acme')
})

test('a package that is not installed is refused with its place and what to do', async () => {
  const asked = [...new Set([root.replace(/\/$/, ''), '', process.cwd()])].join(', of ')
  expect(await refusal(['@acme/absent'])).toBe(
    `/config.yaml:6:7: error: service.plugins[0]: @acme/absent is not installed: it is in no node_modules of ${asked}, nor above
    hint: run \`npm install @acme/absent\` where the forwarder is installed, or beside the configuration file`,
  )
})

test.each([
  ['throws', `throw new Error('no licence\\nsecond line')`, /p\d+ cannot be loaded: no licence\n {4}hint: install/],
  ['throws what is no error', `throw 'no'`, /cannot be loaded: no\n/],
  [
    'needs what is not there',
    `import 'not-there'`,
    /cannot be loaded: Cannot find package 'not-there' imported from .*\n {4}hint: install what it asks for/,
  ],
  ['is no JavaScript', 'export const module = {', /cannot be loaded: /],
  [
    'is made for a newer contract',
    module('contract: 2,'),
    /is made for version 2 of the contract, this forwarder has version 1\n {4}hint: run a newer forwarder/,
  ],
  [
    'is made for an older contract',
    module('contract: 0,'),
    /is made for version 0 of the contract.*\n {4}hint: install a version of the package/,
  ],
  ['says of the contract something else', module('contract: "1",'), /is made for version "1" of the contract/],
  [
    'says nothing of the contract',
    module('contract: undefined,'),
    /does not say which version of the contract it is made for\n {4}hint: its author writes `contract: 1`/,
  ],
  ['exports another thing', 'export const module = 5', /`module` of it is no exporter module/],
  [
    'exports nothing of the name',
    'export const exporter = {}; export class AcmeLogExporter {}',
    /exports no `module`\n {4}allowed: AcmeLogExporter, exporter\n {4}hint: .* `\{ package: \.\.\., export: AcmeLogExporter, type: acme \}`/,
  ],
  ['has no type', module('type: "a b",'), /has no usable `type`/],
  ['cannot create', module('create: 1,'), /has no function `create`/],
  ['has no defaults', module('defaults: { records: 0 },'), /has no usable `defaults`/],
  ['has a schema that is none', module('schema: {},'), /has no usable `schema`: it must be an object of zod 4/],
  [
    'has a schema of another kind',
    module('schema: z.string(),'),
    /has no usable `schema`: it must be an object of zod 4/,
  ],
  [
    'takes a setting of the lane',
    module('schema: z.object({ retry: z.string() }),'),
    /has a setting of its own called retry, which belongs to the forwarder/,
  ],
  [
    'has a type that is taken',
    module('type: "splunk_hec",'),
    /brings the exporter type `splunk_hec`, which the forwarder itself has already\n {4}hint: give it another: `\{ package: "@acme\/p\d+", type: acme_splunk_hec \}`/,
  ],
])('a package that %s is refused in words', async (_, text, words) => {
  expect(await refusal([installed(text)])).toMatch(words)
})

test('two plugins of one type are refused, and live beside each other once one has another', async () => {
  const [first, second] = [installed(module()), installed(module())]
  expect(await refusal([first, second])).toMatch(/plugins\[1\]: .* which another plugin has already/)
  const two = 'acme: { token: "${env:WORD}" }\nother: { token: "${env:WORD}" }'
  const { config } = await load([first, { package: second, type: 'other' }], two)
  expect(config.exporters['other']?.type).toBe('other')
})

test('a package that never finishes loading is given up', async () => {
  const name = installed('await new Promise(() => {}); export const module = {}')
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const refused = refusal([name])
  await vi.advanceTimersByTimeAsync(30_000)
  expect(await refused).toMatch(/cannot be loaded: it did not finish in 30 s/)
})

test.each(['./here', '../up', '/etc/passwd', 'file:///x.js', 'Has Spaces', '@acme', 'data:text/javascript,1'])(
  '%s is no package',
  async (name) => {
    expect(await refusal([name])).toMatch(/service\.plugins\[0\]: is no npm package/)
  },
)

test('what else is wrong is told with it, but not that a type is unknown which the plugin may bring', async () => {
  const error = await load(['@acme/absent'], 'acme: {}\nfile: { pat: x }').catch((error: unknown) => error)
  const paths = (error as ConfigError).problems.map(({ path }) => path)
  expect(paths).toEqual(['exporters.file.path', 'exporters.file.pat', 'service.plugins[0]'])
})

const official = `
export class Works { constructor(options) { this.options = options } export() {} async shutdown() {} }
export class Throws { constructor({ key }) { throw new Error('bad key ' + key) } }
export class Neither {}
export const arrow = () => ({})
`

test('an OpenTelemetry exporter is one by its class and a type, unverified, its options as they are', async () => {
  const entry = { package: installed(official), export: 'Works', type: 'otel' }
  const loaded = await load(
    [entry],
    'otel: { options: { url: "http://c:4318", headers: { a: 1 }, list: [x] }, timeout: 5s }',
  )
  const { settings } = loaded.config.exporters['otel'] ?? {}
  expect(settings).toEqual({ options: { url: 'http://c:4318', headers: { a: 1 }, list: ['x'] }, timeout: 5000 })
  expect(loaded.warnings).toMatchObject([{ level: 'warning', path: 'exporters.otel' }])
  expect(loaded.warnings[0]?.message).toMatch(/^is unverified/)
  const made = loaded.components.exporters.at(-1)?.create(settings)
  expect(await made?.check(AbortSignal.timeout(1000))).toMatchObject([
    { level: 'unknown', what: expect.stringMatching(/^Works of @acme\/p\d+ /) },
  ])
})

test('what is under options is kept out of sight', async () => {
  const entry = { package: installed(official), export: 'Works', type: 'otel' }
  const loaded = await load(
    [entry],
    'otel: { options: { apiKey: "${env:WORD}", mode: fast, pass: { apiKey: short } } }',
  )
  expect(loaded.secrets.toSorted()).toEqual(['sekret-word-5ec4e7ca4a4e', 'short'])
  expect(loaded.warnings.map(({ path, message }) => `${path} ${message}`)).toEqual([
    expect.stringMatching(/^exporters\.otel is unverified/),
    'exporters.otel.options.pass.apiKey holds a secret in the file itself',
  ])
})

test.each([
  [
    'Works',
    undefined,
    /`Works` of it is an OpenTelemetry exporter, which has no type of its own\n {4}hint: name one beside it/,
  ],
  [
    'Throws',
    'otel',
    /exporters\.otel\.options: Throws of @acme\/p\d+ cannot be made with these options: bad key <secret>/,
  ],
  [
    'Neither',
    'otel',
    /exporters\.otel\.options: Neither of @acme\/p\d+ is no LogRecordExporter: it has no export and no shutdown/,
  ],
  ['arrow', 'otel', /exporters\.otel\.options: arrow of @acme\/p\d+ cannot be made with these options: /],
])('%s as %s is refused in words', async (name, type, words) => {
  const entry = { package: installed(official), export: name, ...(type !== undefined && { type }) }
  const error = await load([entry], 'otel: { options: { key: "${env:WORD}" } }').catch((error: unknown) => error)
  expect((error as ConfigError).problems.filter(({ level }) => level === 'error')).toHaveLength(1)
  expect((error as Error).message).toMatch(words)
  expect((error as Error).message).not.toContain('sekret')
})
