// The program as its package: packed by npm, whose `prepack` compiles it, unpacked into an empty project beside the packed
// exporters and what they say they need, and started as npm links it, on the Node that is there.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root, textOf } from './checkout.ts'
import { folders, layOut, type Manifest, manifestOf, type Packed, Published, pack, scope } from './published.ts'

const place = mkdtempSync(join(tmpdir(), 'app-package-'))
const name = 'circleci-audit-forwarder'
const minimum = (JSON.parse(textOf('package.json')) as { readonly engines: { readonly node: string } }).engines.node
let published: Published
let packed: Packed
let command: string

beforeAll(() => {
  const checkout = join(place, 'checkout')
  layOut(checkout)
  const kept = ['package.json', 'tsconfig.build.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'src', 'deploy/bin']
  for (const path of [...kept, 'deploy/quickstart/bucket', 'deploy/quickstart/config.yaml']) {
    cpSync(join(root, path), join(checkout, path), { recursive: true })
  }
  const tarballs = join(place, 'tarballs')
  mkdirSync(tarballs)
  packed = pack(checkout, tarballs, ['.'])[0]!
  published = new Published({ [name]: join(tarballs, packed.filename) })
  const { dependencies = {} } = JSON.parse(textOf('package.json')) as Manifest
  const all = [dependencies, ...folders.map((folder) => manifestOf(folder).dependencies ?? {})]
  for (const other of new Set(all.flatMap(Object.keys))) if (!other.startsWith(scope)) published.install(other)
  const bin = join(published.consumer, 'node_modules/.bin')
  mkdirSync(bin, { recursive: true })
  command = join(bin, name)
  if (!existsSync(command)) symlinkSync(`../${name}/deploy/bin/${name}`, command)
}, 600_000)
afterAll(() => {
  published.remove()
  rmSync(place, { recursive: true, force: true })
}, 120_000)

/** In the empty project, with no Node but the one that runs this. */
function says(...args: readonly string[]): string {
  const env = { PATH: `${join(process.execPath, '..')}:/usr/bin:/bin` }
  return execFileSync(command, args, {
    cwd: published.consumer,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

test('it has what runs, its README, licence and changes, and nothing else', () => {
  const paths = packed.files.map(({ path }) => path)
  expect(paths).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'CHANGELOG.md', 'dist/cli/main.js']))
  const others = paths.filter((path) => !/^dist\/.*\.js$|^dist\/admin\/page\/|^deploy\/(bin|quickstart)\//.test(path))
  expect(others.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'])
})

test.each([
  ['v20.20.2', 2],
  ['v24.14.9', 2],
  ['v24.15.0', 0],
  ['v26.10.0', 0],
])('on Node %s it ends with %i, and says what it needs if that is too old', (node, code) => {
  const folder = join(place, node)
  mkdirSync(folder)
  const program = `#!/bin/sh\n[ "$1" = --version ] && echo ${node} || exec '${process.execPath}' "$@"\n`
  writeFileSync(join(folder, 'node'), program, { mode: 0o755 })
  const env = { PATH: `${folder}:/usr/bin:/bin` }
  const { status, stderr } = spawnSync(command, ['schema', 'config'], {
    cwd: published.consumer,
    env,
    encoding: 'utf8',
  })
  expect(status).toBe(code)
  expect(stderr.includes(`needs Node ${/[\d.]+/.exec(minimum)?.[0]} or newer, and finds ${node}`)).toBe(code === 2)
})

test('it says its version, and forwards', () => {
  const { version } = JSON.parse(textOf('package.json')) as { readonly version: string }
  expect(says('--version')).toBe(`${version}\n`)
  const config = join(published.consumer, 'config.json')
  const bucket = `node_modules/${name}/deploy/quickstart/bucket`
  writeFileSync(
    config,
    JSON.stringify({
      receivers: { circleci_audit: { store: { directory: { path: bucket } }, start_at: 'beginning' } },
      exporters: { file: { path: 'events.ndjson', own_records: false } },
      service: {
        ledger: { sqlite: { path: 'ledger.db' } },
        pipelines: { logs: { receivers: ['circleci_audit'], exporters: ['file'] } },
      },
    }),
  )
  says('validate', '--config', config)
  says('run', '--once', '--config', config)
  const lines = readFileSync(join(published.consumer, 'events.ndjson'), 'utf8').trim().split('\n')
  expect(lines.length).toBeGreaterThan(100)
}, 60_000)

test('its page is served with all it asks for', async () => {
  const config = join(published.consumer, 'served.json')
  const quiet = { admin: { endpoint: '127.0.0.1:0' }, telemetry: { metrics: { endpoint: '127.0.0.1:0' } } }
  const found = JSON.parse(readFileSync(join(published.consumer, 'config.json'), 'utf8'))
  writeFileSync(config, JSON.stringify({ ...found, service: { ...found.service, ...quiet } }))
  const env = { PATH: `${join(process.execPath, '..')}:/usr/bin:/bin` }
  const child = spawn(command, ['run', '--config', config], { cwd: published.consumer, env })
  try {
    let said = ''
    for await (const chunk of child.stderr) {
      said += String(chunk)
      const [, address] = /(http:\/\/127\.0\.0\.1:\d+)\/?\s/.exec(said) ?? []
      if (address === undefined) continue
      const page = await (await fetch(`${address}/`)).text()
      const scripts = [...page.matchAll(/src="([^"]+)"/g)].map(([, src = '']) => src)
      expect(scripts.length).toBeGreaterThan(0)
      for (const script of scripts) expect((await fetch(new URL(script, `${address}/`))).status, script).toBe(200)
      return
    }
    throw new Error(`it said no address: ${said}`)
  } finally {
    child.kill()
    await once(child, 'close')
  }
}, 60_000)

test('what it names in its manifest is there', () => {
  const manifest = JSON.parse(readFileSync(join(published.unpacked(name), 'package.json'), 'utf8'))
  for (const path of Object.values(manifest.bin as Record<string, string>)) {
    expect(existsSync(join(published.unpacked(name), path))).toBe(true)
  }
  expect(manifest.private).toBeUndefined()
})
