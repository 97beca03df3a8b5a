// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language of Dockerfiles, too
// The container, as far as its files show it. `npm run image` builds its layers and runs them.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { type ClickHouseSettings, ddlOf } from '@circleci-audit-forwarder/exporter-clickhouse'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { components } from '../../src/cli/components.ts'
import { version } from '../../src/cli/version.ts'
import { jsonSchema } from '../../src/config/json-schema.ts'
import { projectFiles, root, textOf } from '../docs/checkout.ts'
import { loaded } from '../docs/loading.ts'
import { startScript } from '../tools/start-script.ts'
import { type Compose, composeProblems } from './compose-schema.ts'
import { defaults } from './defaults.ts'
import { contextFiles } from './image/context.ts'
import { commandOf, copied, dockerfile } from './image/dockerfile.ts'

const launcher = 'deploy/bin/circleci-audit-forwarder'
const { args, stages } = dockerfile('deploy/docker/Dockerfile')
const [first, last] = [stages[0]!, stages.at(-1)!]
const one = (name: string) => last.instructions.find((instruction) => instruction.name === name)!
const fromContext = stages
  .flatMap(({ instructions }) => instructions)
  .filter(({ name, flags }) => name === 'COPY' && flags['from'] === undefined)
  .flatMap((instruction) => copied(instruction).sources)

test('the command starts the program as `npm start` does', () => {
  const lines = textOf(launcher).split('\n')
  const [, ...command] = lines.find((line) => line.startsWith('exec '))?.split(' ') ?? []
  expect(command).toEqual(['node', ...startScript.flags, '"$root/src/cli/main.ts"', '"$@"'])
  const [, ...published] =
    lines
      .find((line) => line.includes('|| exec '))
      ?.split(' || exec ')[1]
      ?.split(' ') ?? []
  const flags = startScript.flags.filter((flag) => !flag.startsWith('--conditions='))
  expect(published).toEqual([...flags, '"$root/dist/cli/main.js"', '"$@"'])
  const exported = lines.flatMap((line) => [...line.matchAll(/\b(MALLOC_\w+)=(\S+)/g)])
  expect(Object.fromEntries(exported.map(([, name, value]) => [name, value]))).toEqual(startScript.env)
})

test('the command works from anywhere, also through a link', () => {
  const folder = mkdtempSync(join(tmpdir(), 'launcher-'))
  symlinkSync(join(root, launcher), join(folder, 'forward'))
  try {
    expect(execFileSync(join(folder, 'forward'), ['--version'], { cwd: folder, encoding: 'utf8' })).toBe(
      `${version()}\n`,
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('all that is copied is there, and nothing else is sent to the builder', () => {
  const context = contextFiles()
  const below = (path: string, source: string) => path === source || path.startsWith(`${source}/`)
  for (const source of fromContext)
    expect(
      context.some((path) => below(path, source)),
      source,
    ).toBe(true)
  expect(context.filter((path) => !fromContext.some((source) => below(path, source)))).toEqual([])
  expect(context.filter((path) => /\/test\/.*\.test\.ts$/.test(path))).toEqual([])
})

test('npm ci finds every workspace', () => {
  const before = first.instructions.slice(
    0,
    first.instructions.findIndex(({ name }) => name === 'RUN'),
  )
  const manifests = before.filter(({ name }) => name === 'COPY').flatMap((instruction) => copied(instruction).sources)
  const workspaces = projectFiles().filter((path) => /^(exporters\/[^/]+|deploy\/runtime)\/package\.json$/.test(path))
  expect(workspaces.length).toBeGreaterThan(7)
  for (const path of workspaces) expect(manifests).toContain(path)
})

test('it runs as nobody special, on a base that can be another', async () => {
  expect(stages.map(({ base }) => base)).toEqual(['${NODE_IMAGE}', '${NODE_IMAGE}'])
  const { engines } = JSON.parse(textOf('package.json')) as { engines: { node: string } }
  const [, major] = /^docker\.io\/library\/node:(\d+)\.\d+\.\d+-slim$/.exec(args['NODE_IMAGE'] ?? '') ?? []
  expect(Number(major)).toBeGreaterThanOrEqual(Number(/\d+/.exec(engines.node)?.[0]))
  expect(one('USER').text).toBe('1000:1000')
  expect(commandOf(one('ENTRYPOINT'))).toEqual([basename(launcher)])
  expect(one('ENV').text).toBe(`PATH=/app/${dirname(launcher)}:$PATH`)
  expect(commandOf(one('CMD'))).toEqual(['run', '--config', '/etc/circleci-audit-forwarder/config.yaml'])
  const { service } = await defaults()
  expect(one('WORKDIR').text).toBe(dirname(service.ledger.sqlite!.path))
  expect(one('EXPOSE').text).toBe(String(service.telemetry.metrics.endpoint.port))
  expect(commandOf(one('HEALTHCHECK')).at(-1)).toContain(`127.0.0.1:${one('EXPOSE').text}/livez`)
})

interface Node {
  readonly properties: Readonly<Record<string, Node>>
  readonly patternProperties: Readonly<Record<string, Node>>
}

test('everything the program can be told to load is compiled beforehand', async () => {
  const warmUp = await loaded(textOf('deploy/docker/warm-up.yaml'))
  const types = Object.values(warmUp.exporters).map(({ type }) => type)
  expect(types.sort()).toEqual(components.exporters.map(({ type }) => type).sort())
  const schema = jsonSchema(components) as unknown as Node
  const receiver = Object.values(schema.properties['receivers']!.patternProperties)[0]!
  const kinds = (section: string) => Object.keys(receiver.properties[section]!.properties).sort()
  const used = (section: 'store' | 'notifications') =>
    Object.values(warmUp.receivers).flatMap((settings) => Object.keys(settings[section] ?? {}))
  expect(used('store').sort()).toEqual(kinds('store'))
  expect(used('notifications').sort()).toEqual(kinds('notifications'))
})

const compose = parse(textOf('deploy/docker/compose.yaml'), { merge: true }) as Compose
const forwarder = compose.services['forwarder']!

test('the Compose file says only what Compose knows, with pinned images and no open port', () => {
  expect(composeProblems(compose)).toEqual([])
  expect(composeProblems({ ...compose, services: { a: { image: 'x', comand: [] } } })).not.toEqual([])
  for (const { image, build } of Object.values(compose.services)) if (!build) expect(image).toMatch(/:.*\d/)
})

test('what the Compose file names is there', () => {
  for (const [name, { volumes = [], depends_on = [] }] of Object.entries(compose.services)) {
    for (const [source = ''] of volumes.map((volume) => volume.split(':'))) {
      const there = source.startsWith('.') ? existsSync(join(root, 'deploy/docker', source)) : source in compose.volumes
      expect(there, `${name}: ${source}`).toBe(true)
    }
    const others = Array.isArray(depends_on) ? depends_on : Object.keys(depends_on)
    for (const other of others) expect(Object.keys(compose.services)).toContain(other)
  }
})

test('the forwarder’s configuration fits the others', async () => {
  const text = textOf('deploy/docker/config.yaml')
  const { service, exporters, receivers } = await loaded(text)
  for (const [, name = ''] of text.matchAll(/\$\{env:(\w+)\}/g)) expect(forwarder.environment).toHaveProperty(name)
  expect(forwarder.ports).toEqual([
    `127.0.0.1:${service.telemetry.metrics.endpoint.port}:${service.telemetry.metrics.endpoint.port}`,
  ])
  expect(Number.parseInt(forwarder.stop_grace_period ?? '', 10)).toBeGreaterThan(service.stop_timeout / 1000)
  expect(forwarder.volumes).toContainEqual(`ledger:${dirname(service.ledger.sqlite!.path)}`)
  const hosts = [...text.matchAll(/http:\/\/([a-z]+):/g)].map(([, host]) => host)
  for (const host of hosts) expect(Object.keys(compose.services)).toContain(host)
  expect(receivers['circleci_audit']?.store.s3?.prefix).toBe('audit-logs')
  const settings = exporters['clickhouse']?.settings as ClickHouseSettings
  expect(textOf('deploy/docker/clickhouse.sql')).toBe(`-- clickhouse\n${ddlOf(settings, { plainTypes: false })};\n`)
})
