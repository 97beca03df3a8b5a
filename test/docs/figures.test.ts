// Figures that were measured say by what command, so that whoever doubts one measures it again; and a figure that several
// pages have is the same on all of them, and what the case that measures it holds.
import { expect, test } from 'vitest'
import { large, sidecar } from '../e2e/cases/stalled-gigabyte.ts'
import { pages, textOf } from './checkout.ts'

const MIB = 2 ** 20

/** Sections of the pages for operators that tell of measuring, with figures in a unit of bytes, time or events. */
const measured = pages()
  .filter((page) => /^(README|docs\/(?!decisions)|deploy\/|exporters\/)/.test(page))
  .flatMap((page) =>
    textOf(page)
      .split(/^(?=##? )/m)
      .map((text) => [page, text] as const),
  )
  .filter(([, text]) => /\bmeasured\b/i.test(text) && /\d (?:[KMG]i?B|[mµ]s)\b|per second/.test(text))
  .map(([page, text]) => [`${page}: ${text.split('\n')[0]}`, text] as const)

test('there are such', () => expect(measured.length).toBeGreaterThan(4))

test.each(measured)('%s names the command that measures', (_, text) => {
  expect(text).toMatch(/`npm (?:run|start)\b|`[a-z-]+ [^`]*\| wc -c`|forwarder profile/)
})

interface Figure {
  readonly what: string
  readonly says: readonly (readonly [page: string, figure: RegExp])[]
}

const sizing = 'docs/guides/sizing.md'
const ofSidecar = 'deploy/sidecar/README.md'
const ofChart = 'deploy/helm/circleci-audit-forwarder/README.md'

const shared: readonly Figure[] = [
  {
    what: 'memory of the stalled gibibyte',
    says: [
      [sizing, /`npm run e2e -- stalled-1gb`\) \| (\d+) MiB/],
      [ofChart, /`npm run e2e -- stalled-1gb`, which fails above \d+\) \| (\d+) MiB/],
    ],
  },
  {
    what: 'memory of the stalled sidecar',
    says: [
      [sizing, /`npm run e2e -- stalled-sidecar`\) \| (\d+) MiB/],
      [ofSidecar, /(\d+) MiB at its highest/],
    ],
  },
  {
    what: 'memory of a checkpoint',
    says: [
      [sizing, /which takes (\d+) MiB more while it copies/],
      [ofSidecar, /checkpoint takes (\d+) MiB more/],
    ],
  },
  {
    what: 'memory of many small objects',
    says: [
      [sizing, /one event each \| 1 \| .* \| (\d+) \|/],
      [ofChart, /--only '1 KB'`\) \| (\d+) MiB/],
    ],
  },
  {
    what: 'bytes of an object that is done with',
    says: [
      [sizing, /`sweep.lookback` \| (\d+) \|/],
      ['docs/operations.md', /some (\d+) bytes are left of it/],
    ],
  },
]

function figureIn(page: string, pattern: RegExp): number {
  return Number(pattern.exec(textOf(page))?.[1])
}

test.each(shared)('$what is the same on every page', ({ says }) => {
  const figures = says.map(([page, pattern]) => figureIn(page, pattern))
  expect(figures[0]).toBeGreaterThan(0)
  expect(new Set(figures).size, figures.join()).toBe(1)
})

test('ceilings on the pages are those of the cases, and what was measured lies below', () => {
  for (const [page, { ceiling }, highest] of [
    [ofChart, large, shared[0]],
    [ofSidecar, sidecar, shared[1]],
  ] as const) {
    expect(figureIn(page, /which fails above (\d+)/)).toBe(Math.floor(ceiling / MIB))
    for (const [other, pattern] of highest?.says ?? [])
      expect(figureIn(other, pattern)).toBeLessThanOrEqual(ceiling / MIB)
  }
})
