// The page about gaps says of every kind what it is, and the canary it shows is the one that is shipped.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { gapClosed, gapOpened } from '../../src/domain/gap-records.ts'
import { gapKinds } from '../../src/domain/gaps.ts'
import { blocksIn, kindOf } from './blocks.ts'

const page = readFileSync(new URL('../../docs/gaps.md', import.meta.url), 'utf8')
const canary = readFileSync(new URL('../../deploy/canary/config.yml', import.meta.url), 'utf8')

test('every kind has its section, and no section is of another', () => {
  const headings = [...page.matchAll(/^### (`.*`)$/gm)].flatMap(([, names = '']) => names.match(/\w+/g) ?? [])
  expect(headings.sort()).toEqual([...gapKinds].sort())
})

interface CircleConfig {
  readonly jobs: Readonly<Record<string, { readonly docker: readonly object[]; readonly steps: readonly object[] }>>
  readonly workflows: Readonly<
    Record<string, { readonly jobs: readonly string[]; readonly triggers: readonly Trigger[] }>
  >
}

interface Trigger {
  readonly schedule: { readonly cron: string; readonly filters: { readonly branches: { readonly only: string } } }
}

test('the canary is about ten lines, runs every hour, and is what the page shows', () => {
  const lines = canary.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  expect(lines.length).toBeLessThanOrEqual(12)
  const config = parse(canary) as CircleConfig
  const shown = blocksIn(/^docs\/gaps\.md$/).filter(
    (block) => block.language === 'yaml' && kindOf(block) === 'circleci',
  )
  expect(shown.map(({ text }) => parse(text))).toEqual([config])
  const [workflow] = Object.values(config.workflows)
  expect(workflow?.jobs.every((name) => config.jobs[name]?.steps.length === 1)).toBe(true)
  expect(workflow?.triggers).toMatchObject([
    { schedule: { cron: expect.stringMatching(/^\d+ \* \* \* \*$/), filters: { branches: { only: 'main' } } } },
  ])
  // What the page tells to expect is this workflow.
  expect(page).toContain(`target: ${Object.keys(config.workflows)[0]} }, every: 1h`)
})

test('the page lists what both records have', () => {
  const lack = {
    kind: 'hour_missing',
    subject: 'r',
    receiver: 'r',
    destination: 'd',
    severity: 'critical',
    from: 1,
    to: 2,
  } as const
  const times = { openedAt: 3, changedAt: 3, toldAt: 3, openings: 1 }
  const acknowledged = { by: 'ann', at: 4, note: 'n' }
  const closed = { at: 5, why: 'w' }
  const gap = {
    ...lack,
    evidence: 'e',
    next: 'n',
    facts: {},
    id: 'i',
    ...times,
    acknowledged,
    opening: undefined,
    closed,
  }
  const said = { ...gapOpened(gap).attributes, ...gapClosed(gap)?.attributes }
  const [, table = ''] = page.split('## Told to the SIEM')
  const listed = [...table.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, cell = '']) => cell.match(/[a-z_]+/g) ?? [])
  expect(listed.sort()).toEqual(Object.keys(said).sort())
})
