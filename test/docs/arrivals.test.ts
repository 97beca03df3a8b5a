// What the README of an exporter shows to arrive is what arrives: one event, sent by the exporter as it stands there. `…`
// stands for anything, and members may be left out; what is shown is there, with that value.
import { expect, test } from 'vitest'
import { type Plan, plans, takerOf } from '../exporters/golden-destinations.ts'
import { blocksIn } from './blocks.ts'
import { differences } from './differences.ts'
import { exampleRecord } from './example-record.ts'

const plan = (name: string, settings: object = {}): Plan => {
  const found = plans[name] as Plan
  return { ...found, settings: { ...found.settings, ...settings } }
}

const destinations: readonly (readonly [string, Plan])[] = [
  ['clickhouse', plan('clickhouse.circleci_audit_logs')],
  ['datadog', plan('datadog', { tags: ['env:prod'] })],
  ['file', plan('file')],
  ['otlp-http', plan('otlp_http.json', { original: true })],
  ['rapid7', plan('rapid7')],
  ['splunk-hec', plan('splunk_hec')],
]

/** The record in a request's body: alone, in a list, or in OTLP's resources and scopes. */
function recordIn(body: string): unknown {
  const value = JSON.parse(body) as {
    readonly resourceLogs?: readonly { scopeLogs: readonly { logRecords: unknown[] }[] }[]
  }
  if (Array.isArray(value)) return value[0]
  return value.resourceLogs?.[0]?.scopeLogs[0]?.logRecords[0] ?? value
}

test.each(destinations)('what arrives by %s is what its README shows', async (folder, how) => {
  const [block, ...others] = blocksIn(new RegExp(`^exporters/${folder}/README\\.md$`)).filter(
    ({ language }) => language === 'json',
  )
  expect(others).toEqual([])
  const taker = await takerOf(how)
  try {
    const body = (await taker.bytesOf(exampleRecord)).toString()
    expect(differences(JSON.parse(block?.text ?? ''), recordIn(body))).toEqual([])
  } finally {
    await taker.close()
  }
})

test('what differs is seen', () => {
  expect(differences({ a: 'x…', b: [{ c: 1 }] }, { a: 'xyz', b: [{ c: 2 }, { c: 1, d: 3 }], e: 4 })).toEqual([])
  expect(differences({ a: 'x…' }, { a: 'yx' })).toEqual(['.a: yx'])
  expect(differences({ a: { b: true } }, { a: {} })).toEqual(['.a.b: undefined'])
  expect(differences({ a: [1] }, { a: [2] })).toEqual(['.a[0] is not there'])
})
