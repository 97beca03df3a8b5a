// The packages as they are published: packed by npm, unpacked beside nothing but what they depend on, and imported by name
// in plain JavaScript, without the condition that leads to their sources, on the Node of this checkout and on the
// machine's own, where that is one the packages and what they depend on support.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root, textOf } from './checkout.ts'
import { folders, type Manifest, manifestOf, Published, scope } from './published.ts'

const manifests = folders.map(manifestOf)
let published: Published

const program = `
const known = await Promise.all(process.argv.slice(2).map(async (name) => {
  const { href } = new URL(import.meta.resolve(name))
  return [name, [href.slice(href.indexOf('node_modules')), ...Object.keys(await import(name)).sort()]]
}))
console.log(JSON.stringify(Object.fromEntries(known)))
`

beforeAll(() => {
  published = new Published()
  for (const { dependencies = {}, peerDependencies = {} } of manifests) {
    const others = Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => !name.startsWith(scope))
    for (const name of others) published.install(name)
  }
  writeFileSync(join(published.consumer, 'import.mjs'), program)
}, 300_000)
afterAll(() => published.remove(), 120_000)

const entries = manifests.flatMap(({ name, exports }) => Object.keys(exports ?? {}).map((path) => name + path.slice(1)))

function importAll(node: string): Readonly<Record<string, readonly string[]>> | string {
  const { stdout, stderr, status } = spawnSync(node, ['import.mjs', ...entries], {
    cwd: published.consumer,
    encoding: 'utf8',
  })
  return status === 0 ? JSON.parse(stdout) : stderr
}

/** The compiled file and the names of an entry, as its source exports them. */
async function expected(): Promise<object> {
  const known = manifests.flatMap(({ name, exports = {} }) =>
    Object.entries(exports as Readonly<Record<string, Readonly<Record<string, string>>>>).map(async ([path, paths]) => {
      const compiled = `node_modules/${name}/${paths['default']?.slice(2)}`
      const names = Object.keys(await import(name + path.slice(1))).sort()
      return [name + path.slice(1), [compiled, ...names]]
    }),
  )
  return Object.fromEntries(await Promise.all(known))
}

test('packed and imported by name, every entry is compiled and gives what its source exports', async () => {
  expect(entries.length).toBeGreaterThan(folders.length)
  expect(importAll(process.execPath)).toEqual(await expected())
})

test("packed and imported on the machine's own Node", async ({ skip }) => {
  const found = ownNode()
  if (found === undefined) return skip('this machine has no Node of its own')
  const reason = misfit(found.version)
  if (reason !== undefined) return skip(reason)
  expect(importAll(found.path)).toEqual(await expected())
})

function ownNode(): { readonly path: string; readonly version: string } | undefined {
  const path = (process.env['PATH'] ?? '')
    .split(':')
    .filter((folder) => !folder.includes('node_modules'))
    .join(':')
  const { status, stdout } = spawnSync('/usr/bin/env', ['node', '-p', 'process.execPath + " " + process.version'], {
    env: { PATH: path },
    encoding: 'utf8',
  })
  const [node, version] = status === 0 ? stdout.trim().split(' ') : []
  return node === undefined || version === undefined ? undefined : { path: node, version }
}

/** What a package or one of its dependencies asks for that this Node is not; undefined if it fits. */
function misfit(node: string): string | undefined {
  const needs = manifests.flatMap(({ name, engines, dependencies = {} }) => {
    const others = Object.keys(dependencies).filter((other) => !other.startsWith(scope))
    return [[name, engines?.node] as const, ...others.map((other) => [other, enginesOf(other)] as const)]
  })
  const unmet = needs.find(([, range]) => range !== undefined && !isAtLeast(node, range))
  return unmet === undefined ? undefined : `${unmet[0]} asks for Node ${unmet[1]}, this machine has ${node}`
}

function enginesOf(name: string): string | undefined {
  const manifest = JSON.parse(readFileSync(`${root}/node_modules/${name}/package.json`, 'utf8')) as Manifest
  return manifest.engines?.node
}

/** Only `>=a.b.c` and its like are read; any other range counts as met. */
function isAtLeast(version: string, range: string): boolean {
  const least = /^>=\s*(\d+)(?:\.(\d+))?(?:\.(\d+))?$/.exec(range)
  if (least === null) return true
  const [, ...wanted] = least.map((part = '0') => Number(part))
  const has = version.replace(/^v/, '').split('.').map(Number)
  const differing = wanted.findIndex((part, index) => part !== has[index])
  return differing < 0 || (has[differing] ?? 0) > (wanted[differing] ?? 0)
}

describe.each(folders)('%s', (folder) => {
  const one = () => {
    const found = published.packages.find((each) => each.folder === folder)
    if (found === undefined) throw new Error(`${folder} was not packed`)
    return found
  }

  test('has what is compiled, its types, README and licence, and nothing else', () => {
    const { files, manifest } = one()
    for (const path of Object.values(manifest.exports ?? {}) as Readonly<Record<string, string>>[]) {
      expect(files).toContain(path['types']?.slice(2))
      expect(files).toContain(path['default']?.slice(2))
    }
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']))
    const others = files.filter((path) => !['LICENSE', 'README.md', 'package.json'].includes(path))
    expect(others.filter((path) => !/^dist\/.*\.(js|d\.ts)$/.test(path))).toEqual([])
    const compiled = others.filter((path) => path.endsWith('.js'))
    expect(others.filter((path) => path.endsWith('.d.ts')).sort()).toEqual(
      compiled.map((path) => path.replace(/\.js$/, '.d.ts')).sort(),
    )
    expect(files.filter((path) => /(^|\/)test\//.test(path))).toEqual([])
  })

  test('imports nothing that it does not say it depends on', () => {
    const { files, manifest } = one()
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
    for (const file of files.filter((path) => path.startsWith('dist/'))) {
      const text = readFileSync(join(published.unpacked(manifest.name), file), 'utf8')
      const foreign = importsIn(text).filter((name) => !name.startsWith('.') && !isBuiltin(name))
      expect(
        foreign.filter((name) => !declared.includes(packageOf(name))),
        file,
      ).toEqual([])
    }
  })

  test('has the licence of the project, and is published for everyone', () => {
    const { manifest } = one()
    expect(textOf(`exporters/${folder}/LICENSE`)).toBe(textOf('LICENSE'))
    expect(manifest).toMatchObject({ license: 'Apache-2.0', publishConfig: { access: 'public' } })
  })
})

const importsIn = (text: string): readonly string[] =>
  [...text.matchAll(/(?:\bfrom|^import|\bimport\()\s*['"]([^'"]+)['"]/gm)].map(([, name = '']) => name)
const packageOf = (name: string): string =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')

test('the types are of use to who compiles against them, without any condition', () => {
  const lines = manifests.map(({ name }, index) => `import * as p${index} from '${name}'`)
  const modules = manifests.flatMap(({ name }, index) =>
    name.endsWith('/contract') ? [] : [`p${index}.module.schema.parse({})`],
  )
  const types = `import type { ExporterModule } from '${scope}/contract'`
  const text = `${types}\n${lines.join('\n')}\nexport const all: unknown[] = [${modules.join(', ')}]\nexport type M = ExporterModule\n`
  writeFileSync(join(published.consumer, 'consumer.mts'), text)
  const flags = '--noEmit --strict --module nodenext --target es2024 --types node --skipLibCheck false'.split(' ')
  const tsc = `${root}/node_modules/typescript/bin/tsc`
  for (const name of ['@types/node', 'undici-types']) published.install(name)
  const compile = () =>
    execFileSync(process.execPath, [tsc, ...flags, 'consumer.mts'], { cwd: published.consumer, encoding: 'utf8' })
  expect(compile).not.toThrow()
}, 60_000)

test('the licence is the Apache licence', () => {
  expect(textOf('LICENSE')).toMatch(/^\s*Apache License\n\s*Version 2\.0, January 2004/)
})
