// No code block without a test: one that says something must break a test when that stops being true.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Block, blocksIn, blocksOf, nameOf } from './blocks.ts'
import { root, textOf } from './checkout.ts'
import { claimOf, claims, exemptions } from './claims.ts'

const all = blocksIn()

function exemptionOf({ page, text }: Block) {
  return exemptions.find((one) => one.page === page && text.startsWith(one.begins))
}

test('every code block of every page is checked by a test, or exempt for a reason', () => {
  expect(all.length).toBeGreaterThan(140)
  const nobodys = all.filter((block) => claimOf(block) === undefined && exemptionOf(block) === undefined)
  const listed = nobodys.map((block) => `${nameOf(block)}: ${block.language} ${block.text.split('\n')[0]}`)
  expect(listed, 'add a checker to test/docs/claims.ts, or mark what language the block is in').toEqual([])
})

test('no claim and no exemption is left over, and none is both', () => {
  const taken = new Set(all.map(claimOf))
  expect(claims.filter((claim) => !taken.has(claim))).toEqual([])
  for (const one of exemptions) {
    const [block, ...others] = all.filter(({ page, text }) => page === one.page && text.startsWith(one.begins))
    expect(block, one.begins).toBeDefined()
    expect(others).toEqual([])
    expect(claimOf(block as Block), one.begins).toBeUndefined()
    expect(one.reason.length).toBeGreaterThan(20)
  }
})

test.each([...new Set(claims.map(({ by }) => by))])('%s reads the pages that it is said to check', (by) => {
  expect(existsSync(join(root, by))).toBe(true)
  const source = textOf(by)
  if (source.includes('blocksIn(')) return
  const pages = new Set(all.filter((block) => claimOf(block)?.by === by).map(({ page }) => page))
  for (const page of pages) {
    const names = [
      page,
      page.replace(/^exporters\/[\w-]+\//, '../'),
      page.replace(/^exporters\/[\w-]+\//, 'exporters/$' + '{folder}/'),
      page.replace(/^docs\/guides\/\w+\./, 'docs/guides/$' + '{guide}.'),
    ]
    expect(
      names.some((name) => source.includes(name)),
      page,
    ).toBe(true)
  }
})

test('blocks are seen wherever they are', () => {
  const page = 'a\n\n- b\n\n  ```sh x=1\n  echo\n    c\n  ```\n\n~~~\n```\n~~~\n> ```\n> d\n> ```\n````md\n```\n````\n'
  expect(blocksOf('p', page).map(({ line, language, label, text }) => [line, language, label, text])).toEqual([
    [5, 'sh', 'x=1', 'echo\n  c\n'],
    [10, '', '', '```\n'],
    [13, '', '', 'd\n'],
    [16, 'md', '', '```\n'],
  ])
  expect(() => blocksOf('p', 'a\n```sh\nb\n')).toThrow('p:2: a block that never ends')
})
