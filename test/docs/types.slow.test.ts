// The TypeScript that the pages show compiles, under the settings of this project: that it runs when its types are stripped
// proves nothing of what an author's editor will say.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { blocksIn, nameOf } from './blocks.ts'
import { root } from './checkout.ts'

const folder = mkdtempSync(join(tmpdir(), 'types-'))
afterAll(() => rmSync(folder, { recursive: true }))

const shown = blocksIn().filter(({ language }) => language === 'ts')

/** Where a block goes: under the name that it begins with, else one file for each page, its blocks one after another. */
function files(): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  for (const block of shown) {
    const project = block.page.replaceAll(/[^\w]/g, '-')
    const named = /^\/\/ ((?:src|test)\/[\w./-]+)\n/.exec(block.text)?.[1]
    const path = `${project}/${named ?? (programs.test(block.text) ? `program-${block.line}.ts` : 'parts.ts')}`
    texts.set(path, `${texts.get(path) ?? ''}${block.text}`)
  }
  return texts
}

const programs = /new LoggerProvider\(/
/** What a page leaves to its reader. */
const readers = 'declare function idsInBody(body: Buffer): readonly string[]\n'

test('every block of TypeScript compiles', () => {
  expect(shown.length).toBeGreaterThan(12)
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  for (const [path, text] of files()) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), path.endsWith('parts.ts') ? `${text}${readers}` : text)
  }
  // The package that CONTRIBUTING.md makes is the one that its registry names.
  const paths = { '@circleci-audit-forwarder/exporter-webhook': ['./CONTRIBUTING-md/src/index.ts'] }
  const own = { paths, noEmit: true, typeRoots: [join(root, 'node_modules/@types')], noUnusedLocals: false }
  const config = { extends: join(root, 'tsconfig.json'), compilerOptions: own, include: ['.'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const { stdout, status } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' })
  expect(stdout, shown.map(nameOf).join(' ')).toBe('')
  expect(status).toBe(0)
}, 120_000)
