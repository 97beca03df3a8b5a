// The packages as they are published: compiled, without the `source` condition, imported by name in plain JavaScript, on
// the Node of this checkout and on the machine's own, where that is one the packages and what they depend on support.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root, textOf } from './checkout.ts'

interface Manifest {
  readonly name: string
  readonly license?: string
  readonly engines?: { readonly node?: string }
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
}

const scope = '@circleci-audit-forwarder'
const folders = readdirSync(`${root}/exporters`).sort()
const manifests = folders.map((folder) => JSON.parse(textOf(`exporters/${folder}/package.json`)) as Manifest)
const place = mkdtempSync(join(tmpdir(), 'packages-'))
afterAll(() => rmSync(place, { recursive: true }))

/** The exporters alone, with dependencies linked from the checkout and each other by name. */
function layOut(): void {
  const modules = join(place, 'node_modules')
  mkdirSync(join(modules, scope), { recursive: true })
  for (const name of readdirSync(`${root}/node_modules`)) {
    if (name !== scope) symlinkSync(`${root}/node_modules/${name}`, join(modules, name))
  }
  for (const [index, folder] of folders.entries()) {
    const from = `${root}/exporters/${folder}`
    const to = join(place, 'exporters', folder)
    for (const part of ['src', 'package.json', 'tsconfig.json'])
      cpSync(join(from, part), join(to, part), { recursive: true })
    symlinkSync(to, join(modules, manifests[index]?.name ?? ''))
  }
  cpSync(`${root}/tsconfig.json`, join(place, 'tsconfig.json'))
}

const program = `
const sizes = await Promise.all(process.argv.slice(2).map(async (name) => [name, Object.keys(await import(name)).length]))
console.log(JSON.stringify(Object.fromEntries(sizes)))
`

beforeAll(() => {
  layOut()
  const projects = folders.map((folder) => join('exporters', folder))
  execFileSync(process.execPath, [`${root}/node_modules/typescript/bin/tsc`, '-b', ...projects], { cwd: place })
  writeFileSync(join(place, 'import.mjs'), program)
}, 120_000)

const entries = manifests.flatMap(({ name, exports }) => Object.keys(exports ?? {}).map((path) => name + path.slice(1)))

function importAll(node: string): unknown {
  const { stdout, stderr, status } = spawnSync(node, ['import.mjs', ...entries], { cwd: place, encoding: 'utf8' })
  return status === 0 ? Object.keys(JSON.parse(stdout) as object) : stderr
}

test('compiled and imported by name, every entry gives what it exports', () => {
  expect(importAll(process.execPath)).toEqual(entries)
})

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

test("compiled and imported on the machine's own Node", ({ skip }) => {
  const path = (process.env['PATH'] ?? '')
    .split(':')
    .filter((folder) => !folder.includes('node_modules'))
    .join(':')
  const found = spawnSync('/usr/bin/env', ['node', '-p', 'process.execPath + " " + process.version'], {
    env: { PATH: path },
    encoding: 'utf8',
  })
  const [node, version] = found.status === 0 ? found.stdout.trim().split(' ') : []
  if (node === undefined || version === undefined) return skip('this machine has no Node of its own')
  const reason = misfit(version)
  if (reason !== undefined) return skip(reason)
  expect(importAll(node)).toEqual(entries)
})

test('every package comes with its licence', () => {
  const licence = textOf('LICENSE')
  expect(licence).toMatch(/^\s*Apache License\n\s*Version 2\.0, January 2004/)
  for (const [index, folder] of folders.entries()) {
    expect(textOf(`exporters/${folder}/LICENSE`), folder).toBe(licence)
    expect(manifests[index]?.license, folder).toBe('Apache-2.0')
  }
})
