// A new destination, as an exercise: in a copy of the checkout the exporter of CONTRIBUTING.md is put into its folder, its
// one line into the registry, and the program of that copy delivers to it. What is in no file that the page names is not
// touched; so a second place that would have to know of a destination shows here.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { canariesIn, canary, FakeServer } from '@circleci-audit-forwarder/contract/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { makeCorpus } from '../../bench/corpus.ts'
import { startScript } from '../tools/start-script.ts'
import { root } from './checkout.ts'
import { exporterOfGuide, registrationOfGuide } from './guide.ts'

// Processes are started, and the machine may be busy.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const place = realpathSync(mkdtempSync(join(tmpdir(), 'guide-')))
const copy = join(place, 'checkout')
const folder = join(copy, 'exporters', 'webhook')
const { line, dependency } = registrationOfGuide()
const [name] = dependency
afterAll(() => rmSync(place, { recursive: true }))

beforeAll(() => {
  copyCheckout()
  for (const [path, text] of exporterOfGuide()) write(join(folder, path), text)
  for (const file of ['package.json', 'tsconfig.json', 'LICENSE']) {
    cpSync(join(copy, 'exporters', 'console', file), join(folder, file))
  }
  change(join(folder, 'package.json'), (manifest) => ({
    ...manifest,
    name,
    description: 'Posts records as JSON Lines.',
  }))
  const registry = join(copy, 'src', 'registry.ts')
  writeFileSync(registry, `${readFileSync(registry, 'utf8')}${line}`)
  const added = ({ dependencies, ...manifest }: Manifest) => ({
    ...manifest,
    dependencies: { ...dependencies, ...Object.fromEntries([dependency]) },
  })
  change(join(copy, 'package.json'), added)
  // What `npm install` does for a package of the workspace.
  symlinkSync('../../exporters/webhook', join(copy, 'node_modules', name))
})

interface Manifest extends Readonly<Record<string, unknown>> {
  readonly dependencies?: Readonly<Record<string, string>>
}

/** Sources as copies, for they are written to; packages as links, those of the workspace to the copy's own folders. */
function copyCheckout(): void {
  const filter = (path: string): boolean => !/\/(node_modules|dist|test)$/.test(path)
  for (const path of ['src', 'exporters', 'package.json', 'tsconfig.json']) {
    cpSync(join(root, path), join(copy, path), { recursive: true, filter })
  }
  const [from, to] = [join(root, 'node_modules'), join(copy, 'node_modules')]
  mkdirSync(to)
  for (const entry of readdirSync(from)) if (entry !== dirname(name)) symlinkSync(join(from, entry), join(to, entry))
  cpSync(join(from, dirname(name)), join(to, dirname(name)), { recursive: true, verbatimSymlinks: true })
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

function change(path: string, edit: (manifest: Manifest) => Manifest): void {
  writeFileSync(path, JSON.stringify(edit(JSON.parse(readFileSync(path, 'utf8')) as Manifest), null, 2))
}

interface Ran {
  readonly code: number | null
  readonly said: string
}

async function run(command: string, args: readonly string[]): Promise<Ran> {
  const { NODE_OPTIONS: _, ...env } = process.env
  const child = spawn(command, args, { cwd: copy, env: { ...env, ...startScript.env } })
  const parts: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => parts.push(part))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, said: Buffer.concat(parts).toString('utf8') }
}

const program = (...args: readonly string[]): Promise<Ran> =>
  run(process.execPath, [...startScript.flags, join(copy, 'src', 'cli', 'main.ts'), ...args])

function configured(settings: object, path = place): string {
  const config = {
    receivers: { circleci_audit: { store: { directory: { path } }, start_at: 'beginning' } },
    exporters: { webhook: settings },
    service: {
      ledger: { sqlite: { path: join(place, 'ledger.db') } },
      pipelines: { logs: { receivers: ['circleci_audit'], exporters: ['webhook'] } },
    },
  }
  const file = join(place, 'config.json')
  writeFileSync(file, JSON.stringify(config))
  return file
}

test('the list of exporters takes it: the types fit', async () => {
  const project = { extends: './tsconfig.json', include: ['exporters/webhook/src', 'src/cli/components.ts'] }
  write(join(copy, 'tsconfig.guide.json'), JSON.stringify(project))
  const compiler = join(copy, 'node_modules', '.bin', 'tsc')
  expect(await run(compiler, ['-p', 'tsconfig.guide.json'])).toEqual({ code: 0, said: '' })
})

test('its settings are checked like any other: a wrong one is named, with the nearest', async () => {
  const token = canary('t0ken')
  const right = { endpoint: 'https://webhook.example/in', token }
  expect(await program('validate', '--config', configured(right))).toMatchObject({ code: 0 })
  const { token: _, ...rest } = right
  const wrong = await program('validate', '--config', configured({ ...rest, tokn: token }))
  expect(wrong.code).toBe(2)
  expect(wrong.said).toMatch(/exporters\.webhook\.tokn[\s\S]*token/)
  expect(canariesIn(wrong.said)).toEqual([])
})

test('`run --once` delivers every event to it, once, with what the operator set', async () => {
  const token = canary('t0ken')
  const { path, events } = makeCorpus(place, 'objects', 3, 20_000)
  const server = await FakeServer.start(() => ({ status: 202, body: '{}' }))
  const ran = await program('run', '--once', '--config', configured({ endpoint: `${server.url}/in`, token }, path))
  await server.stop()
  expect(ran.code, ran.said).toBe(0)
  const lines = server.arrived.flatMap(({ body }) =>
    body
      .toString('utf8')
      .split('\n')
      .filter((text) => text !== ''),
  )
  const records = lines.map((text) => JSON.parse(text) as { readonly attributes: Readonly<Record<string, unknown>> })
  const forwarded = records.filter(({ attributes }) => attributes['circleci.audit.action'] !== undefined)
  expect(forwarded).toHaveLength(events)
  expect(new Set(forwarded.map(({ attributes }) => attributes['log.record.uid'])).size).toBe(events)
  expect(new Set(server.arrived.map(({ headers }) => headers['authorization']))).toEqual(new Set([`Bearer ${token}`]))
  expect(canariesIn(ran.said)).toEqual([])
})
