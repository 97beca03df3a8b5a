// The guide of each destination: the same headings in the same order, a configuration that is whole and for that
// destination, how to see the canary, what a repeat looks like, and where to look when something is missing.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { layouts } from '../../exporters/clickhouse/src/layouts.ts'
import { grant } from '../../exporters/clickhouse/src/lookup.ts'
import { canaryEvent, canaryRecord } from '../../src/mapping/canary.ts'
import { plans, takerOf } from '../exporters/golden-destinations.ts'
import { type Block, blocksOf, kindOf } from './blocks.ts'
import { root, textOf } from './checkout.ts'
import { exampleRecord } from './example-record.ts'
import { loaded } from './loading.ts'

/** Type of exporter by guide. */
const guides: Readonly<Record<string, string>> = {
  clickhouse: 'clickhouse',
  datadog: 'datadog',
  otlp: 'otlp_http',
  rapid7: 'rapid7',
  splunk: 'splunk_hec',
}
/** What nobody has to make anything for, and what is no destination. */
const without = ['console', 'contract', 'file']

const headings = ['Create it there', 'Configure it here', 'Verify', 'Duplicates', 'When something is missing']

interface Section {
  readonly text: string
  readonly blocks: readonly Block[]
}

function pageOf(guide: string): string {
  return `docs/guides/${guide}.md`
}

function sectionOf(guide: string, heading: string): Section {
  const text =
    textOf(pageOf(guide))
      .split(/^## /m)
      .find((part) => part.startsWith(`${heading}\n`)) ?? ''
  return { text, blocks: blocksOf(pageOf(guide), text) }
}

function searchesOf({ blocks }: Section): readonly Block[] {
  return blocks.filter(({ language, text }) => language !== 'yaml' && !text.startsWith('circleci-audit-forwarder'))
}

test('every destination that something has to be made for has a guide', () => {
  const types = readdirSync(`${root}/exporters`).map((folder) => folder.replaceAll('-', '_'))
  expect([...Object.values(guides), ...without].toSorted()).toEqual(types.toSorted())
  const index = textOf('docs/guides/README.md')
  for (const guide of Object.keys(guides)) expect(index).toContain(`](${guide}.md)`)
})

describe.each(Object.entries(guides))('%s', (guide, type) => {
  test('has the headings of all', () => {
    const found = [...textOf(pageOf(guide)).matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)
    expect(found).toEqual(headings)
  })

  test('configures this destination, and it alone', async () => {
    const [block, ...others] = sectionOf(guide, 'Configure it here').blocks
    expect(others).toEqual([])
    expect(kindOf(block as Block)).toBe('whole')
    const { exporters: configured } = await loaded(block?.text ?? '')
    expect(Object.keys(configured)).toEqual([type])
  })

  test('shows how to see that it arrives', () => {
    const section = sectionOf(guide, 'Verify')
    for (const option of ['', '--canary '])
      expect(section.text).toContain(`forwarder doctor ${option}--config config.yaml`)
    const searches = searchesOf(section)
    expect(searches[0]?.text).toContain(canaryEvent)
    expect(searches.length).toBeGreaterThan(1)
  })

  test('shows how to find repeats, and how to leave them out', () => {
    const section = sectionOf(guide, 'Duplicates')
    expect(searchesOf(section).length).toBeGreaterThan(0)
    expect(section.text).toMatch(/event_id|evt\.id|log\.record\.uid|\bid\b/)
  })

  test('says where to look for what is missing', () => {
    const { text } = sectionOf(guide, 'When something is missing')
    for (const part of [
      '`status`',
      `\`quarantine list --destination ${type}\``,
      '(../runbook/destination-stopped.md)',
      '#is-the-forwarder-alive-and-does-the-count-agree)',
      '(../gaps.md)',
    ])
      expect(text).toContain(part)
  })
})

test("the rights of ClickHouse's guide are those that inserting and asking take", () => {
  const [layout] = layouts
  const rights = grant(layout, { database: 'security', table: layout.table }, 'forwarder').replaceAll('`', '')
  const [block] = sectionOf('clickhouse', 'Create it there').blocks.filter(({ language }) => language === 'sql')
  expect(block?.text.split('\n').slice(1)).toEqual([
    `GRANT INSERT ON security.${layout.table} TO forwarder;`,
    `${rights};`,
    '',
  ])
})

const jq = spawnSync('jq', ['--version']).status === 0

test.skipIf(!jq)("OTLP's searches find the canary, what came, and repeats (skipped without jq)", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'guide-otlp-'))
  const taker = await takerOf(plans['otlp_http.json']!)
  try {
    const canary = canaryRecord({ id: 'c-1', destination: 'otlp_http', now: 1_772_635_000_000, version: '0.0.0' })
    const event = await taker.bytesOf(exampleRecord)
    const bodies = [event, await taker.bytesOf(canary), event]
    writeFileSync(join(folder, 'audit.jsonl'), bodies.map((body) => `${body.toString().trim()}\n`).join(''))
    const run = ({ text }: Block) =>
      execFileSync('sh', ['-c', text], { cwd: folder, encoding: 'utf8' }).trim().split('\n')
    const [ofCanary, latest] = searchesOf(sectionOf('otlp', 'Verify')).map(run)
    expect(ofCanary).toEqual([expect.stringContaining('"c-1"')])
    expect(latest).toHaveLength(3)
    const [repeated, once] = searchesOf(sectionOf('otlp', 'Duplicates')).map(run)
    expect(repeated).toEqual([exampleRecord.attributes['log.record.uid']])
    expect(once).toHaveLength(2)
  } finally {
    await taker.close()
    rmSync(folder, { recursive: true })
  }
})
