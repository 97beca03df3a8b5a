// Every documented action, every oddity of the mapping's corpus and every kind of own record, as each destination gets it, byte for byte. A change of
// one byte is a decision: it changes searches, dashboards and detection rules of others.
// To accept a change: UPDATE_GOLDEN=1 npx vitest run test/exporters/golden.test.ts, and read the difference.
//
// A line is a record's name, a tab, and the bytes as text, a line feed shown as ␊. Bytes that are no text are in base64;
// what is longer than a page is told by its length and SHA-256.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { exporters } from '../../src/cli/components.ts'
import { mapEvent, mappingOptions } from '../../src/mapping/map.ts'
import { mapOwn } from '../../src/mapping/own.ts'
import { actions, actionText, enormous, itemOf, oddities } from '../mapping/corpus.ts'
import { ownSamples } from '../mapping/own-samples.ts'
import { type Plan, plans, required, takerOf } from './golden-destinations.ts'

const folder = new URL('golden/', import.meta.url)
const longest = 8_000
const options = mappingOptions('0.0.0')
const source = { store: 's3://acme-circleci-audit', key: 'year=2026/month=03/day=04/hour=14/x', seenAt: 1772633000123 }

const corpus: readonly (readonly [string, string])[] = [
  ...actions.map((action) => [action, actionText(action, true)] as const),
  ...Object.entries(oddities),
  ...Object.entries(enormous),
]

function shown(bytes: Buffer): string {
  if (bytes.length > longest) return `${bytes.length} bytes, sha256 ${createHash('sha256').update(bytes).digest('hex')}`
  const text = bytes.toString('utf8')
  const isText = Buffer.from(text).equals(bytes) && !text.includes('\u240a') && !/[\r\t]/.test(text)
  return isText ? text.replaceAll('\n', '\u240a') : `base64 ${bytes.toString('base64')}`
}

async function produced(plan: Plan): Promise<ReadonlyMap<string, string>> {
  const taker = await takerOf(plan)
  const lines = new Map<string, string>()
  for (const [event, text] of corpus) {
    lines.set(event, shown(await taker.bytesOf(mapEvent(itemOf(text, 3, 700), source, options))))
  }
  for (const [what, record] of Object.entries(ownSamples)) {
    lines.set(`own: ${what}`, shown(await taker.bytesOf(mapOwn(record, { instance: 'audit-1', version: '0.0.0' }))))
  }
  await taker.close()
  return lines
}

function golden(name: string): ReadonlyMap<string, string> {
  const lines = readFileSync(new URL(`${name}.txt`, folder), 'utf8')
    .trimEnd()
    .split('\n')
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)]))
}

function update(name: string, lines: ReadonlyMap<string, string>): void {
  writeFileSync(new URL(`${name}.txt`, folder), [...lines].map((line) => `${line.join('\t')}\n`).join(''))
}

describe.each(Object.entries(plans))('%s', (name, plan) => {
  test('every action and every oddity is written as it was', async () => {
    const now = await produced(plan)
    if (process.env['UPDATE_GOLDEN'] === '1') update(name, now)
    const before = golden(name)
    expect([...now.keys()]).toEqual([...before.keys()])
    // One by one: a difference is then shown as that of one record.
    for (const [event, bytes] of now) expect(bytes, event).toBe(before.get(event))
  })

  test('its file can be read by people', () => {
    expect(statSync(new URL(`${name}.txt`, folder)).size).toBeLessThan(400 * 1024)
  })
})

test('the console as JSON writes the lines that the file gets', async () => {
  const lines = await produced({ type: 'console', settings: { format: 'json' }, yes: { status: 200 } })
  expect([...lines]).toEqual([...golden('file')])
})

test('the corpus is whole: 84 actions, and what has ever been feared', () => {
  expect(actions).toHaveLength(84)
  expect(new Set(corpus.map(([event]) => event)).size).toBe(corpus.length)
  const feared = ['no actor', 'emoji', 'half a surrogate', '__proto__ everywhere', 'infinite number', 'deep payload']
  expect(Object.keys(oddities)).toEqual(expect.arrayContaining(feared))
  expect(Math.min(...Object.values(enormous).map(({ length }) => length))).toBeGreaterThan(15_000)
})

test('an exporter of which nothing is told here has one too: its settings are invented from its schema', () => {
  for (const { type, schema } of exporters) {
    const settings = { ...required(schema), ...(type === 'datadog' && { site: 'datadoghq.eu' }) }
    expect(schema.safeParse(settings).error, type).toBeUndefined()
  }
})

test('every exporter of the registry has a golden, and no golden is left of one that is gone', () => {
  expect(new Set(Object.values(plans).map(({ type }) => type))).toEqual(new Set(exporters.map(({ type }) => type)))
  const files = Object.keys(plans).map((name) => `${name}.txt`)
  expect(readdirSync(folder).toSorted()).toEqual(files.toSorted())
})
