import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { emptyHours } from '../../src/cli/profile/hours.ts'
import { keySpelling } from '../../src/cli/profile/layout.ts'
import { ShapeOf } from '../../src/cli/profile/shape.ts'
import { Spread } from '../../src/cli/profile/spread.ts'
import { Tally } from '../../src/cli/profile/tally.ts'
import { shownName } from '../../src/cli/profile/vocabulary.ts'
import { bodyFormat } from '../../src/receiver/decode/format.ts'

test('quantiles are right to 5 %, and the ends exactly', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1e6, max: 1e9 }), { minLength: 1, maxLength: 200 }), (values) => {
      const spread = new Spread()
      for (const value of values) spread.add(value)
      const sorted = values.toSorted((a, b) => a - b)
      const found = spread.quantiles()
      expect(found).toMatchObject({ count: values.length, min: sorted[0], max: sorted.at(-1) })
      const exact = sorted[Math.max(0, Math.ceil(values.length / 2) - 1)] ?? 0
      expect(Math.abs((found?.p50 ?? 0) - exact)).toBeLessThanOrEqual(0.06 * Math.abs(exact) + 2)
    }),
  )
})

test('a tally holds no more names than its bound and loses no count', () => {
  const tally = new Tally(3)
  for (let number = 0; number < 10; number += 1) tally.add(`name ${number}`)
  expect(tally.counts()).toEqual({ 'name 0': 1, 'name 1': 1, 'name 2': 1, '(others)': 7 })
})

test.each([
  ['a/year=2026/month=07/day=01/hour=09/x.json', 'padded'],
  ['a/year=2026/month=7/day=1/hour=9/x.json', 'unpadded'],
  ['a/year=2026/month=11/day=12/hour=13/x.json', 'either'],
  ['a/readme.txt', 'foreign'],
  ['a/circleci_connectivity_test_1', 'probe'],
])('%s is %s', (key, spelling) => {
  expect(keySpelling({ key, size: 1 })).toBe(spelling)
})

test.each([
  ['{"id":1}\n{"id":2}', 'ndjson'],
  ['\n [{"id":1}', 'array'],
  ['{\n "id": 1\n}', 'json'],
  ['id,action\n', 'other'],
])('the format of %j is %s, whatever packs it and wherever it is torn', (text, format) => {
  expect(bodyFormat(Buffer.from(text))).toBe(`plain ${format}`)
  expect(bodyFormat(gzipSync(text))).toBe(`gzip ${format}`)
  expect(bodyFormat(zstdCompressSync(text))).toBe(`zstd ${format}`)
  const long = gzipSync(`${text}\n${'{"id":"x"}\n'.repeat(5000)}`)
  if (format !== 'json') expect(bodyFormat(long.subarray(0, long.length - 20))).toBe(`gzip ${format}`)
})

test('a broken body has a format too', () => {
  expect(bodyFormat(Buffer.from([0x1f, 0x8b, 1, 2, 3]))).toBe('gzip unreadable')
  expect(bodyFormat(new Uint8Array())).toBe('plain unreadable')
})

test('hours without objects, in runs', () => {
  const hour = 3_600_000
  expect(emptyHours(new Set([10, 13]), 10 * hour, 16 * hour)).toEqual({
    total: 6,
    empty: 4,
    runs: [
      { from: new Date(11 * hour).toISOString(), hours: 2 },
      { from: new Date(14 * hour).toISOString(), hours: 2 },
    ],
  })
})

test('names of data are not shown', () => {
  expect(['occurred_at', 'contextName', 'project-id'].map(shownName)).toEqual([
    'occurred_at',
    'contextName',
    'project-id',
  ])
  expect(['acme', 'AWS_KEY', 'jane.doe@x.test', '', 'a'.repeat(99)].map(shownName)).toEqual([
    '<4 characters>',
    '<7 characters>',
    '<15 characters>',
    '<0 characters>',
    '<99 characters>',
  ])
})

test('no part of any value reaches a shape', () => {
  const marked = fc.string({ minLength: 1, maxLength: 60 }).map((text) => `§${text}`)
  const value = fc.oneof(
    marked,
    fc.array(marked),
    fc.dictionary(marked, marked),
    fc.record({ name: marked, id: marked }),
  )
  fc.assert(
    fc.property(fc.array(fc.dictionary(marked, value)), (events) => {
      const shape = new ShapeOf()
      for (const event of events) shape.add(event)
      expect(JSON.stringify(shape.shape())).not.toContain('§')
    }),
  )
})
