import { statSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, test } from 'vitest'
import { pages, root, textOf } from './checkout.ts'

/** Targets of a page's own links and images, code left out. */
function linksIn(markdown: string): readonly string[] {
  const prose = markdown.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, '').replaceAll(/`[^`\n]*`/g, '')
  const inline = [...prose.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)]
  const defined = [...prose.matchAll(/^\[[^\]]+\]:\s*<?([^\s>]+)/gm)]
  return [...inline, ...defined].map((match) => match[1] ?? '')
}

/** GitHub's anchor of a heading. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')
}

function anchorsIn(markdown: string): readonly string[] {
  const prose = markdown.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, '')
  return [...prose.matchAll(/^#{1,6} (.+)$/gm)].map((match) => anchorOf(match[1] ?? ''))
}

/** Why a link of the page leads nowhere; undefined for one that leads somewhere, or out of the repository. */
function broken(page: string, link: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return undefined
  const [path = '', anchor] = link.split('#', 2)
  const target = path === '' ? page : posix.join(posix.dirname(page), decodeURIComponent(path))
  const there = statSync(`${root}/${target}`, { throwIfNoEntry: false })
  if (there === undefined) return `${page}: ${link} leads to ${target}, which does not exist`
  if (anchor === undefined || anchor === '' || !there.isFile() || !target.endsWith('.md')) return undefined
  return anchorsIn(textOf(target)).includes(anchor) ? undefined : `${page}: ${target} has no heading #${anchor}`
}

test('every relative link leads somewhere', () => {
  const all = pages().flatMap((page) => linksIn(textOf(page)).map((link) => broken(page, link)))
  expect(all.filter((problem) => problem !== undefined)).toEqual([])
  expect(all.length).toBeGreaterThan(10)
})

test.each([
  ['[a](nowhere.md)', 1],
  ['[a]: nowhere.md', 1],
  ['![a](docs/nowhere.png)', 1],
  ['[a](docs/configuration.md#nothing)', 1],
  ['[a](docs/configuration.md#receivers) and [b](docs)', 0],
  ['`[a](nowhere.md)` and [b](https://example.com/nowhere)', 0],
  ['```\n[a](nowhere.md)\n```', 0],
])('the test sees what %s leads to', (markdown, problems) => {
  const found = linksIn(markdown).map((link) => broken('README.md', link))
  expect(found.filter((problem) => problem !== undefined)).toHaveLength(problems)
})
