// Every documented action and every oddity of the mapping's corpus, as Datadog would file it: under a time, a status and
// a service of ours whatever the event is made of, with the event beside them as CircleCI wrote it.

import { ORIGINAL } from '@circleci-audit-forwarder/contract'
import { canaryHex } from '@circleci-audit-forwarder/contract/testing'
import { DatadogExporter } from '@circleci-audit-forwarder/exporter-datadog'
import { expect, test } from 'vitest'
import { mapEvent, mappingOptions } from '../../src/mapping/map.ts'
import { actions, actionText, itemOf, oddities } from '../mapping/corpus.ts'

const source = { store: 's3://acme', key: 'a/b.json.gz', seenAt: 1_772_633_000_123 }
const options = mappingOptions('0.0.0')
const exporter = new DatadogExporter({ site: 'datadoghq.eu', apiKey: canaryHex(0xdd) })
const texts: readonly (readonly [string, string])[] = [
  ...Object.entries(oddities),
  ...actions.map((action) => [`${action} succeeds`, actionText(action, true)] as const),
  ...actions.map((action) => [`${action} fails`, actionText(action, false)] as const),
]

const statuses = ['info', 'warn', 'critical']

test('the corpus is whole', () => {
  expect(actions.length).toBeGreaterThan(80)
  expect(texts.length).toBeGreaterThan(220)
})

test.each(texts)('%s', (_, text) => {
  const record = mapEvent(itemOf(text), source, options)
  const { bytes, trimmed, refusal } = exporter.encode(record)
  expect({ trimmed, refusal }).toEqual({ trimmed: false, refusal: undefined })
  const wire = Buffer.from(bytes).toString()
  expect(wire).not.toMatch(/[\n\r\u2028\u2029]|\\u[dD][89a-fA-F]/)
  const log = JSON.parse(wire.slice(0, -1))
  expect(log.evt.id).toBe(record.attributes['log.record.uid'])
  expect(log.ddsource).toBe('circleci')
  expect(log.service).toBe('circleci')
  expect(statuses).toContain(log.status)
  const [seconds, nanoseconds] = record.hrTime[0] > 0 ? record.hrTime : record.hrTimeObserved
  expect(log.timestamp).toBe(seconds * 1000 + Math.floor(nanoseconds / 1e6))
  // Half a surrogate pair is all that may not arrive as it was.
  const event = JSON.parse(record[ORIGINAL]?.replaceAll(/\\ud[89a-f]../gi, '\\ufffd') ?? '')
  expect(log.circleci).toEqual(event)
})
