// The mapping as an interface: what it makes of the corpus is written down, and a change of one byte is a decision.
// To accept a change: UPDATE_GOLDEN=1 npx vitest run test/mapping/golden.test.ts, format, and read the difference.
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mapEvent, mappingOptions } from '../../src/mapping/map.ts'
import { actions, actionText, itemOf, oddities } from './corpus.ts'

const file = new URL('golden.json', import.meta.url)
const options = mappingOptions('0.0.0')
const source = { store: 's3://acme-circleci-audit', key: 'year=2026/month=03/day=04/hour=14/x', seenAt: 1772633000123 }

function mapped(text: string): string {
  const { resource, ...record } = mapEvent(itemOf(text, 3, 700), source, options)
  return JSON.stringify({ ...record, resource: resource.attributes })
}

function produced(): string {
  const lines = [
    ...Object.entries(oddities).map(([name, text]) => [name, mapped(text)]),
    ...actions.map((action) => [action, mapped(actionText(action, true))]),
    ...actions.map((action) => {
      const { severityText } = mapEvent(itemOf(actionText(action, false)), source, options)
      return [`${action} failed`, JSON.stringify(severityText)]
    }),
  ].map(([name, json]) => `${JSON.stringify(name)}: ${json}`)
  return `{\n${lines.join(',\n')}\n}\n`
}

/** One string each, so that the order of properties counts and the file's layout does not. */
function entries(text: string): string[] {
  return Object.entries(JSON.parse(text) as object).map(([name, record]) => `${name}: ${JSON.stringify(record)}`)
}

test('the mapping is what it was', () => {
  const now = produced()
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, now)
  expect(entries(now)).toEqual(entries(readFileSync(file, 'utf8')))
})
