// What is taken from an event that is too long, in which order, and what is never touched.
import { createHash } from 'node:crypto'
import { ORIGINAL } from '@circleci-audit-forwarder/contract'
import { bareRecord } from '@circleci-audit-forwarder/contract/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeLine, LINE_BYTES_MAX } from '../src/index.ts'
import { trim } from '../src/trim.ts'
import { recordOf } from './events.ts'

type Lineable = Parameters<typeof encodeLine>[0]

// biome-ignore lint/suspicious/noExplicitAny: the shape is what is tested
function trimmed(record: Lineable): any {
  const { bytes, refusal } = encodeLine(record, 'trim')
  expect(refusal).toBeUndefined()
  expect(bytes.length).toBeLessThanOrEqual(LINE_BYTES_MAX)
  return JSON.parse(Buffer.from(bytes).toString())
}

const long = 'x'.repeat(40_000)

describe('what goes, in order', () => {
  test('the payload first, and as a whole', () => {
    const payload = JSON.stringify({ small: 'kept by nobody', large: long })
    const line = trimmed(recordOf({ id: 'a', action: 'org.create', payload, metadata: '{"m":"stays"}' }))
    expect(line).toMatchObject({ event_id: 'a', _truncated: true, _trimmed: ['payload'] })
    expect(line.circleci).not.toHaveProperty('payload')
    expect(line.circleci.metadata).toEqual({ m: 'stays' })
  })

  test('then the metadata', () => {
    const line = trimmed(recordOf({ id: 'a', action: 'org.create', metadata: JSON.stringify({ m: long }) }))
    expect(line._trimmed).toEqual(['payload', 'metadata'])
    expect(line.circleci).not.toHaveProperty('metadata')
  })

  test('then long strings are cut, all to the longest length that fits', () => {
    const actor = { id: '5a1b', type: 'user', name: `github: ${long}` }
    const { bytes } = encodeLine(recordOf({ id: 'a', action: 'org.create', actor }), 'trim')
    const line = trimmed(recordOf({ id: 'a', action: 'org.create', actor }))
    expect(line._trimmed).toEqual(['payload', 'metadata', 'long strings'])
    expect(line.user).toMatch(/^x+…$/)
    expect(line.circleci.actor).toMatchObject({ id: '5a1b', name: expect.stringMatching(/^github: x+…$/) })
    expect(bytes.length).toBeGreaterThan(LINE_BYTES_MAX - 300)
  })

  test('then what is largest, but for what the event is known by', () => {
    const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, n) => [`key-${n}`, n]))
    const attributes = { 'aws.s3.key': 'a/b.json.gz', ...many }
    const original = JSON.stringify({ id: 'a', action: 'org.create', occurred_at: 'then', many })
    const line = trimmed(recordOf({ id: 'a', action: 'org.create' }, { attributes, [ORIGINAL]: original }))
    expect(line._trimmed).toContain('largest parts')
    expect(line.circleci).toMatchObject({ id: 'a', action: 'org.create', occurred_at: 'then' })
    expect(line.circleci).not.toHaveProperty('many')
  })

  test('of an event without its original, payload and metadata among the attributes', () => {
    const attributes = { 'circleci.audit.payload': { long }, 'circleci.audit.metadata.m': long, 'aws.s3.key': 'k' }
    const line = trimmed(recordOf({ id: 'a', action: 'org.create' }, { attributes, [ORIGINAL]: 'a,b' }))
    expect(line).toMatchObject({ _trimmed: ['payload', 'metadata'], attributes: { 'aws.s3.key': 'k' } })
  })

  test("of any application's record, long strings and then what is largest", () => {
    expect(trimmed({ ...bareRecord, body: long })).toMatchObject({ _trimmed: ['long strings'] })
    const numbers = Array.from({ length: 20_000 }, (_, n) => n)
    const line = trimmed({ ...bareRecord, body: numbers, attributes: { 'log.record.uid': 'a', numbers, small: 1 } })
    expect(line).toMatchObject({ event_id: 'a', _trimmed: ['largest parts'], attributes: { small: 1 } })
    expect(line).not.toHaveProperty('body')
  })
})

test('the mark says how long the whole line was, and which', () => {
  const record = recordOf({ id: 'a', action: 'org.create', payload: JSON.stringify(long) })
  const whole = encodeLine(record, 'quarantine').bytes
  const line = trimmed(record)
  expect(line._bytes).toBe(whole.length)
  expect(line._sha256).toBe(createHash('sha256').update(whole).digest('hex'))
})

test('an event that fits carries no mark', () => {
  expect(trimmed(recordOf({ id: 'a', action: 'org.create' }))).not.toHaveProperty('_truncated')
})

test('numbers keep their digits', () => {
  const metadata = '{"big":12345678901234567890,"one":1.0,"huge":1e400}'
  const record = recordOf({ id: 'a', action: 'org.create', payload: JSON.stringify(long), metadata })
  expect(Buffer.from(encodeLine(record, 'trim').bytes).toString()).toContain(`"metadata":${metadata}`)
})

test('a key named __proto__ stays a key', () => {
  const metadata = `{"__proto__":{"admin":true},"s":"${'x'.repeat(200)}"}`
  const actor = { id: '1', type: 'user', name: long }
  const record = recordOf(
    { id: 'a', action: 'org.create', actor, payload: '1' },
    { [ORIGINAL]: `{"id":"a","x":${metadata},"y":"${long}"}` },
  )
  expect(Buffer.from(encodeLine(record, 'trim').bytes).toString()).toContain('"__proto__":{"admin":true}')
})

test('what is nested deeper than can be written is not sent, and nothing throws', () => {
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
  const record = recordOf({ id: 'a', action: 'org.create' }, { [ORIGINAL]: `{"id":"a","x":${deep}}` })
  expect(encodeLine(record, 'trim').refusal).toMatch(/trimming does not bring it below that/)
})

test('whatever is in it: one line of whole characters, valid JSON, within the limit, with its id', () => {
  const text = fc
    .array(fc.constantFrom('x', '"', '\\', '\n', '\u2028', '\u0085', 'é', '€', '🦊', '\u0000'))
    .map((parts) => parts.join(''))
  const sizes = fc.integer({ min: 1, max: 6_000 })
  const value = fc.tuple(text, sizes).map(([part, times]) => part.repeat(times).slice(0, 60_000))
  const event = fc.record({ name: value, payload: value, metadata: value, attribute: value, key: text })
  fc.assert(
    fc.property(event, fc.uuid(), ({ name, payload, metadata, attribute, key }, id) => {
      const actor = { id: '1', type: 'user', name }
      const texts = { payload: JSON.stringify(payload), metadata: JSON.stringify({ metadata }) }
      const record = recordOf({ id, action: 'org.create', actor, ...texts }, { attributes: { [key]: attribute } })
      const { bytes, refusal } = encodeLine(record, 'trim')
      const line = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
      expect(refusal).toBeUndefined()
      expect(bytes.length).toBeLessThanOrEqual(LINE_BYTES_MAX)
      expect(line).not.toMatch(/[\n\r\u0085\u2028\u2029\ufffd]/)
      const parsed = JSON.parse(line)
      expect(parsed).toMatchObject({ event_id: id, circleci: { id } })
      expect(JSON.stringify(parsed)).not.toMatch(/\\ud[89a-f]/i)
    }),
    { numRuns: 150 },
  )
})

test('a key is what it was, whatever was trimmed before', () => {
  const keys = ['"', '\\', '\n', '\\"', 'a"', 'a\\', '\uE000', '\uE000\uE122"', '__proto__', 'plain']
  // The engine remembers keys that it has met, and may take another that is written with an escape for one of them.
  for (const key of [...keys, ...keys.toReversed()].map((one) => JSON.stringify(one))) {
    const members = `"h":1,${key}:[{"h":[],${key}:1.50,"a${key.slice(1)} : 0}],"note":"`
    const text = trim(`{"event_id":"1","circleci":{${members}${'x'.repeat(3_000)}"}}`, 2_000)
    // Judged by its text: whoever parsed it might be taken in, too.
    expect(text).toContain(`"circleci":{${members.replace(' : ', ':')}xxx`)
  }
})
