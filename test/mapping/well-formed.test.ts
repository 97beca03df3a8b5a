// A record says of its attributes that no text in them is ill-formed, and encoders then look at none. So wherever the
// word is given it must be true, whatever halves of surrogate pairs an event, its place or the configuration holds.
import { createHash } from 'node:crypto'
import { isKnownWellFormed, type LogRecord } from '@circleci-audit-forwarder/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mapEvent, mappingOptions } from '../../src/mapping/map.ts'
import { withAdded } from '../../src/processors/added.ts'

const options = mappingOptions('0.0.0')

function recordOf(text: string, source: object = {}): LogRecord {
  const sha256 = createHash('sha256').update(text).digest('hex')
  const place = { from: 0, to: text.length, offset: 0, line: 1, sha256 }
  const from = { store: 's3://acme', key: 'k', seenAt: 1_772_632_931_123, ...source }
  return mapEvent({ ...place, text, event: JSON.parse(text) }, from, options)
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, item]) => name.isWellFormed() && isWellFormed(item))
}

const text = fc.constantFrom('octocat', '\ud800', 'a\udc00b', '😀', 'with "quotes"', 'a\\ud800')
const some = fc.oneof(text, fc.constantFrom<unknown>(1, true, null), fc.array(text), fc.dictionary(text, text))
const party = fc.oneof(fc.dictionary(fc.oneof(fc.constantFrom('id', 'type', 'name'), text), some), some)
const event = fc.dictionary(
  fc.oneof(fc.constantFrom('id', 'action', 'actor', 'target', 'scope', 'request', 'payload', 'metadata'), text),
  party,
)
const source = fc.record({ store: text, key: text, attributes: fc.dictionary(text, some) }, { requiredKeys: [] })
/** As JSON.stringify writes it, with halves escaped; and as a careless writer would, with the halves as they are. */
const written = event.chain((value) => {
  const escaped = JSON.stringify(value)
  return fc.constantFrom(
    escaped,
    escaped.replace(/(?<!\\)\\u([dD][89a-f][0-9a-f]{2})/g, (_, unit) => String.fromCharCode(Number.parseInt(unit, 16))),
  )
})

test('no text is ill-formed in a record that says so', () => {
  fc.assert(
    fc.property(written, source, (json, place) => {
      const record = recordOf(json, place)
      if (isKnownWellFormed(record)) expect(isWellFormed(record.attributes)).toBe(true)
    }),
    { seed: Number(process.env['WELL_FORMED_SEED'] ?? 1), numRuns: 500 },
  )
})

test('a usual record says so, and so does one whose escapes were seen to', () => {
  expect(isKnownWellFormed(recordOf('{"actor":{"name":"octocat"}}', { attributes: { tenant: 'a\ud800' } }))).toBe(true)
  expect(isKnownWellFormed(recordOf('{"actor":{"name":"\\ud800"}}'))).toBe(true)
  expect(isKnownWellFormed(recordOf('{"actor":{"name":"\ud800"}}'))).toBe(false)
})

test('a copy with other attributes does not inherit the word', () => {
  const record = recordOf('{"actor":{"name":"octocat"}}')
  expect(isKnownWellFormed({ ...record })).toBe(true)
  expect(isKnownWellFormed({ ...record, attributes: { ...record.attributes } })).toBe(false)
})

test('what a processor adds is looked at before the word is passed on', () => {
  const record = recordOf('{"actor":{"name":"octocat"}}')
  const added = (attributes: object): LogRecord => withAdded(record, attributes as LogRecord['attributes'])
  expect(isKnownWellFormed(added({ tenant: 'acme', shards: 3 }))).toBe(true)
  expect(isKnownWellFormed(added({ tenant: '\ud800' }))).toBe(false)
  expect(isKnownWellFormed(added({ '\ud800': 'acme' }))).toBe(false)
  expect(isKnownWellFormed(added({ tenants: ['\ud800'] }))).toBe(false)
  expect(isKnownWellFormed(withAdded(recordOf('{"actor":{"name":"\ud800"}}'), {}))).toBe(false)
})
