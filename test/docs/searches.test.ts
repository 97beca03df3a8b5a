// The searches that guides print name fields that are in what is really sent, and find what they say they find. What is sent
// is in the golden files: every action and every kind of own record, byte for byte.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { datadogTerms, searchDatadog } from '../tools/siem/datadog.ts'
import { flat } from '../tools/siem/flat.ts'
import { leql, searchRapid7 } from '../tools/siem/leql.ts'
import { envelopes, fieldsOf, searchSplunk } from '../tools/siem/splunk.ts'
import { splunkNames } from '../tools/siem/splunk-names.ts'
import { alarmSearch, openSearch, printed } from './searches.ts'

const own = 'circleci_audit_forwarder.'

/** What a destination was sent, by the name of the record. What is too long for the file, or no text, is left out. */
function sent(destination: string): ReadonlyMap<string, string> {
  const path = new URL(`../exporters/golden/${destination}.txt`, import.meta.url)
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  const records = lines.map((line) => [line.slice(0, line.indexOf('\t')), line.slice(line.indexOf('\t') + 1)] as const)
  const whole = records.filter(([, text]) => /^[{[]/.test(text))
  return new Map(whole.map(([name, text]) => [name, text.replaceAll('\u240a', '\n')]))
}

const splunk = [...sent('splunk_hec').values()].flatMap(envelopes)
const datadog = [...sent('datadog').values()].flatMap((text) => [JSON.parse(text)].flat() as unknown[])
const rapid7 = [...sent('rapid7').values()].map((text) => text.trim())
const now = Date.parse('2026-03-05T00:00:00Z')

const named = (rows: readonly object[]): ReadonlySet<string> => new Set(rows.flatMap((row) => Object.keys(row)))

test('every field that a printed search of Splunk reads is sent', () => {
  const known = named(splunk.map(fieldsOf))
  const searches = printed('spl')
  // Both of the page on gaps, both of the exporter's guide, and the add-on's.
  expect(searches.length).toBeGreaterThanOrEqual(5)
  for (const [page, search] of searches) {
    // The add-on tags what it knows.
    const missing = splunkNames(search).filter((name) => !known.has(name) && name !== 'tag')
    expect(missing, `${page}: ${search}`).toEqual([])
  }
})

test("Splunk finds each gap that opened by the alarm's search, and by the other those that are open", () => {
  const alarms = searchSplunk(alarmSearch('Splunk'), splunk, now)
  expect(alarms.map(({ name, severity }) => [name, severity])).toEqual([[`${own}gap.opened`, 'critical']])
  expect(alarms[0]?.[`attributes.${own}gap_kind`]).toBe('delivery_behind')
  expect(searchSplunk(openSearch('spl'), splunk, now)).toEqual([])
  const unclosed = splunk.filter(({ event }) => !JSON.stringify(event).includes('gap.closed'))
  expect(searchSplunk(openSearch('spl'), unclosed, now)).toMatchObject([
    {
      'own.gap_kind': 'delivery_behind',
      'own.gap_evidence': expect.stringContaining('HTTP 403'),
      'own.gap_next': expect.stringContaining('API key'),
    },
  ])
  // Opened and over at once: an import that tells of what was missing, and has brought it.
  const atOnce = splunk.map((one) => ({ ...one, time: 1_772_633_100 }))
  expect(searchSplunk(openSearch('spl'), atOnce, now)).toEqual([])
  expect(searchSplunk(openSearch('spl'), atOnce.toReversed(), now)).toEqual([])
  // As old as that, it is not looked for.
  expect(searchSplunk(openSearch('spl'), unclosed, now + 91 * 86_400_000)).toEqual([])
})

test('every field that a printed search of Datadog reads is sent, and each of own records finds its kind alone', () => {
  const known = named(datadog.map((log) => flat('', log)))
  const searches = printed('datadog')
  expect(searches.length).toBeGreaterThanOrEqual(5)
  for (const [page, search] of searches) {
    const missing = datadogTerms(search).filter(({ field }) => !known.has(field))
    expect(missing, `${page}: ${search}`).toEqual([])
    const [, kind] = /@evt\.name:circleci_audit_forwarder\.([\w.]+)/.exec(search) ?? []
    // A canary is sent by `doctor` alone.
    if (kind === undefined || kind === 'canary') continue
    const found = searchDatadog(search, datadog).map((row) => row['evt.name'])
    expect(new Set(found), `${page}: ${search}`).toEqual(new Set([own + kind]))
  }
  expect(searchDatadog(alarmSearch('Datadog'), datadog)).toHaveLength(1)
  for (const [page, facet] of printed('facet')) {
    const path = facet.slice(1).replace(/\*$/, '')
    const isSent = [...known].some((name) => name === path || (path.endsWith('.') && name.startsWith(path)))
    expect(isSent, `${page}: ${facet}`).toBe(true)
  }
})

test('every key that a printed query of Rapid7 reads is sent, and each of own records finds its kind alone', () => {
  // What is trimmed is too long for the golden files; the exporter's own tests have it.
  const known = new Set([...named(rapid7.map((line) => flat('', JSON.parse(line)))), '_truncated'])
  const queries = printed('leql')
  expect(queries.length).toBeGreaterThanOrEqual(6)
  for (const [page, query] of queries) {
    const { equals, keys } = leql(query)
    const missing = [...equals.map(([key]) => key), ...keys].filter((key) => !known.has(key))
    expect(missing, `${page}: ${query}`).toEqual([])
    const [, kind] = /"otel\.event\.name" = "([\w.]+)"/.exec(query) ?? []
    if (kind === undefined || kind.endsWith('.canary')) continue
    const found = searchRapid7(query, rapid7).map((line) => flat('', JSON.parse(line))['otel.event.name'])
    expect(new Set(found), `${page}: ${query}`).toEqual(new Set([kind]))
  }
  expect(searchRapid7(alarmSearch('Rapid7'), rapid7)).toHaveLength(1)
})

test.skipIf(!hasJq())('jq finds the gap that opened in the file (skipped without jq)', () => {
  const lines = [...sent('file').values()].map((text) => text.trim()).join('\n')
  const [, filter = ''] = /^jq '(.*)' audit\.jsonl$/.exec(alarmSearch('file')) ?? []
  const found = execFileSync('jq', ['-c', filter], { input: lines, encoding: 'utf8' }).trimEnd().split('\n')
  expect(found.map((line) => JSON.parse(line).attributes[`${own}gap_kind`])).toEqual(['delivery_behind'])
})

function hasJq(): boolean {
  try {
    execFileSync('jq', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
