import { globSync, readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { COMPUTED, importsOf } from './architecture/imports.ts'
import { importsByName, isAllowed, roomOf, rooms, target } from './architecture/rooms.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const files = globSync(['src/**/*.ts', 'exporters/*/src/**/*.ts'], { cwd: root }).sort()
const sources = new Map(files.map((path) => [path, readFileSync(`${root}/${path}`, 'utf8')]))

function violations(path: string, source: string): readonly string[] {
  const { specifiers, unreadable } = importsOf(source)
  const room = roomOf(path)
  if (room === undefined) return [`${path} lies in no room`]
  const against = specifiers.flatMap((specifier) => {
    const to = target(path, specifier)
    return to === undefined || isAllowed(room, to) ? [] : [`${path} imports ${specifier}: ${room} may not import ${to}`]
  })
  const hidden = unreadable.filter((what) => what !== COMPUTED || path !== importsByName)
  return [...hidden.map((what) => `${path}: ${what}`), ...against]
}

test('no import goes against the table of rooms', () => {
  expect([...sources].flatMap(([path, source]) => violations(path, source))).toEqual([])
})

test('imports run only upwards in the table', () => {
  for (const [index, { name, mayImport }] of rooms.entries()) {
    const above = rooms.slice(0, index).map((room) => room.name)
    if (!mayImport.includes('*')) expect(above, name).toEqual(expect.arrayContaining([...mayImport]))
  }
})

test.each([
  ['src/domain/a.ts', "import { x } from '../ledger/ledger.ts'"],
  ['src/domain/a.ts', "import type { x } from '#src/ledger/ledger.ts'"],
  ['src/delivery/a.ts', "import {\n  type A,\n  b,\n} from '../receiver/store.ts'"],
  ['src/telemetry/a.ts', "export type { Account } from '../ledger/accounts.ts'"],
  ['src/telemetry/a.ts', "export * from '../ledger/accounts.ts'"],
  ['src/receiver/a.ts', "const x = await import('../ledger/ledger.ts')"],
  ['src/receiver/a.ts', "type X = import('../ledger/ledger.ts').Ledger"],
  ['src/receiver/a.ts', "import '../delivery/lane.ts'"],
  ['src/receiver/a.ts', 'const x = await import(name)'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
  ['src/receiver/a.ts', 'const x = await import(`../${name}.ts`)'],
  ['src/config/a.ts', "import { x } from '@circleci-audit-forwarder/exporter-file'"],
  ['src/ledger/a.ts', "import type { Encoded } from '@circleci-audit-forwarder/contract'"],
  ['exporters/file/src/a.ts', "import { x } from '@circleci-audit-forwarder/exporter-console'"],
  ['exporters/file/src/a.ts', "import { x } from '../../console/src/encode.ts'"],
  ['exporters/contract/src/a.ts', "import { x } from '@circleci-audit-forwarder/exporter-console'"],
  ['src/admin/a.ts', "import { x } from '../pipeline.ts'"],
  ['src/pipeline.ts', "import { x } from './config/load.ts'"],
  ['src/lost/a.ts', ''],
])('the test sees %s: %s', (path, source) => {
  expect(violations(path, source)).toHaveLength(1)
})

test.each([
  ['src/ledger/sqlite/a.ts', "import { x } from '../memory/b.ts'"],
  ['src/cli/a.ts', "import { x } from '../pipeline.ts'\nimport { y } from '@circleci-audit-forwarder/exporter-file'"],
  ['src/registry.ts', "export { module as file } from '@circleci-audit-forwarder/exporter-file'"],
  ['src/config/packages.ts', 'const x = await import(url)'],
  ['src/assemble.ts', "import { x } from './pipeline.ts'"],
  ['src/domain/a.ts', "// import { x } from '../ledger/ledger.ts'\nimport { createHash } from 'node:crypto'"],
])('the test lets %s pass: %s', (path, source) => {
  expect(violations(path, source)).toEqual([])
})

const io =
  /^(?:node:)?(?:fs|net|http|https|http2|tls|dgram|dns|child_process|worker_threads|sqlite|timers|os|process)(?:\/|$)/

test.each(['src/domain/', 'src/mapping/', 'src/processors/'])('%s does no I/O and asks no clock', (room) => {
  for (const [path, source] of sources) {
    if (!path.startsWith(room)) continue
    expect(
      importsOf(source).specifiers.filter((specifier) => io.test(specifier)),
      path,
    ).toEqual([])
    expect(source, path).not.toMatch(/\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bsetTimeout\(|\bperformance\./)
  }
})

test.each([
  ['@aws-sdk/', ['src/receiver', 'src/checkpoint', 'src/cli']],
  ['node:sqlite', ['src/ledger']],
  ['undici', ['exporters/contract']],
  ['pino', ['src/telemetry']],
  ['maxmind', ['src/databases']],
])('%s stays where it belongs', (prefix, allowed) => {
  for (const [path, source] of sources) {
    const uses = importsOf(source).specifiers.some((specifier) => specifier.startsWith(prefix))
    if (uses) expect(allowed, path).toContain(roomOf(path))
  }
})

test('no folder or file has a name that takes everything', () => {
  const vague = /^(?:utils?|helpers?|common|misc|managers?|shared|lib)$/
  const words = files.flatMap((path) =>
    [...dirname(path).split('/'), basename(path, '.ts')].map((word) => [path, word]),
  )
  expect(words.filter(([, word]) => vague.test(word ?? '')).map(([path]) => path)).toEqual([])
})

test('every file has at most 300 lines', () => {
  const long = [...sources].filter(([, source]) => source.trimEnd().split('\n').length > 300)
  expect(long.map(([path]) => path)).toEqual([])
})

const interfaces = [
  ...['accounts', 'discovery', 'duplicates', 'intents', 'ledger', 'names', 'progress', 'requests'].map(
    (n) => `src/ledger/${n}.ts`,
  ),
  'exporters/contract/src/exporter.ts',
  'src/receiver/store.ts',
  'src/receiver/notifications.ts',
]

test.each(interfaces)('%s fits on one screen: 60 lines without its comments', (path) => {
  const lines = (sources.get(path) ?? '').split('\n').filter((line) => !/^\s*(?:\/\/|\/?\*|$)/.test(line))
  expect(lines.length).toBeGreaterThan(5)
  expect(lines.length).toBeLessThanOrEqual(60)
})
