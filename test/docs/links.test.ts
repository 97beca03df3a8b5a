// No link within the project leads nowhere: not to a file that is not there, nor to a heading that the page has not. The same
// for pages that are named outside of Markdown: in alerts, in the chart's values, in what the program says.
import { statSync } from 'node:fs'
import { posix } from 'node:path'
import { expect, test } from 'vitest'
import { blocksOf } from './blocks.ts'
import { pages, projectFiles, root, textOf } from './checkout.ts'

/** A page without its code blocks. */
function proseIn(markdown: string): string {
  const lines = markdown.split('\n')
  for (const { line, text } of blocksOf('a page', markdown)) lines.fill('', line - 1, line + text.split('\n').length)
  return lines.join('\n')
}

/** Targets of a page's own links and images, code left out; `[text][name]` for a name that is nowhere defined. */
function linksIn(markdown: string): readonly string[] {
  const prose = proseIn(markdown).replaceAll(/`[^`\n]*`/g, 'code')
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)]
  const html = [...prose.matchAll(/<(?:a|img)\s[^>]*(?:href|src)="([^"]+)"/g)]
  const defined = [...prose.matchAll(/^\[([^\]]+)\]:\s*<?([^\s>]+)/gm)]
  const names = new Set(defined.map(([, name = '']) => name.toLowerCase()))
  const dangling = [...prose.matchAll(/\[[^\]\n]+\]\[([^\]\n]+)\]/g)].filter(
    ([, name = '']) => !names.has(name.toLowerCase()),
  )
  return [
    ...[...inline, ...html].map(([, target = '']) => target),
    ...defined.map(([, , target = '']) => target),
    ...dangling.map(([text]) => text),
  ]
}

/** GitHub's anchor of a heading. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')
}

/** The anchors of a page: of its headings, a second one of the same text with `-1` behind it, and those set by hand. */
function anchorsIn(markdown: string): readonly string[] {
  const prose = proseIn(markdown)
  const seen = new Map<string, number>()
  const headings = [...prose.matchAll(/^#{1,6} (.+?)(?: #+)?$/gm)].map(([, heading = '']) => {
    // A link in a heading counts by its text.
    const anchor = anchorOf(heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1'))
    const times = seen.get(anchor) ?? 0
    seen.set(anchor, times + 1)
    return times === 0 ? anchor : `${anchor}-${times}`
  })
  return [...headings, ...[...prose.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, name = '']) => name)]
}

/** Why a link of the page leads nowhere; undefined for one that leads somewhere, or out of the repository. */
function broken(page: string, link: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return undefined
  const [path = '', anchor] = link.split('#', 2)
  // One that begins with a slash is from the project's root.
  const from = path.startsWith('/') ? '.' : posix.dirname(page)
  const target = path === '' ? page : posix.join(from, decodeURIComponent(path))
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

test('every page that is named outside of Markdown is there, with the heading that is named', () => {
  const files = projectFiles().filter((path) => /\.(?:[cm]?ts|ya?ml|json|tpl|tf|service|conf|txt)$/.test(path))
  // The lock file names others' pages; a test may name one that is not there.
  const ours = files.filter((path) => path !== 'package-lock.json' && !/(?:^|\/)test\//.test(path))
  const named = ours.flatMap((path) =>
    [
      ...textOf(path).matchAll(
        /(?<![\w/.-]|opentelemetry-proto,? )((?:docs|deploy|exporters)\/[\w./-]+\.md(?:#[\w-]+)?)/g,
      ),
    ].map(([, page = '']) => broken(path, `/${page}`)),
  )
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((problem) => problem !== undefined)).toEqual([])
})

test('a page says of headings what GitHub makes of them', () => {
  const page = '# A `b` & c\n## Same\n## Same\n```\n# code\n```\n### [D](d.md), e?\n<a id="f"></a>\n'
  expect(anchorsIn(page)).toEqual(['a-b--c', 'same', 'same-1', 'd-e', 'f'])
})

test.each([
  ['[a](nowhere.md)', 1],
  ['[a][b]', 1],
  ['[a][b]\n\n[b]: README.md', 0],
  ['<a href="nowhere.md">a</a>', 1],
  ['- a\n\n  ```\n  [a](nowhere.md)\n  ```', 0],
  ['[a](#try-it)', 0],
  ['[a](#try-itt)', 1],
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
