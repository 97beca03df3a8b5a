import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromMillis, parseTime, toMillis } from '../../src/mapping/time.ts'

test.each([
  ['2026-03-04T14:02:11.123456789Z', [1772632931, 123456789]],
  ['2017-12-21T13:50:54.474Z', [1513864254, 474000000]],
  ['2026-03-04T14:02:11Z', [1772632931, 0]],
  ['2026-03-04T14:02:11.000000001Z', [1772632931, 1]],
  ['2026-03-04T14:02:11.9999999999999Z', [1772632931, 999999999]],
  ['2026-03-04t14:02:11z', [1772632931, 0]],
  ['2026-03-04 14:02:11', [1772632931, 0]],
  ['2026-03-04 14:02:11.5 UTC', [1772632931, 500000000]],
  ['2026-03-04T14:02:11,5Z', [1772632931, 500000000]],
  [' 2026-03-04T14:02:11Z ', [1772632931, 0]],
  ['2026-03-04T16:02:11+02:00', [1772632931, 0]],
  ['2026-03-04T09:32:11-0430', [1772632931, 0]],
  ['2026-03-04T13:02:11-01', [1772632931, 0]],
  ['2026-03-04T14:02Z', [1772632920, 0]],
  ['2026-03-04', [1772582400, 0]],
  ['2016-12-31T23:59:60Z', [1483228800, 0]],
  ['2024-02-29T00:00:00Z', [1709164800, 0]],
  ['1772632931', [1772632931, 0]],
  ['1772632931.123456789', [1772632931, 123456789]],
  ['1772632931123', [1772632931, 123000000]],
  ['1772632931123456', [1772632931, 123456000]],
  ['1772632931123456789', [1772632931, 123456789]],
  [1772632931, [1772632931, 0]],
  [1772632931123, [1772632931, 123000000]],
  [1772632931.5, [1772632931, 500000000]],
])('reads %j without losing a digit', (text, time) => {
  expect(parseTime(text)).toEqual(time)
})

test.each([
  ['', 'yesterday', '2026-13-01T00:00:00Z', '2026-00-01T00:00:00Z', '2026-02-29T00:00:00Z', '2026-04-31T00:00:00Z'],
  ['2026-03-04T24:00:00Z', '2026-03-04T14:60:00Z', '2026-03-04T14:02:61Z', '2026-03-04T14:02:11.Z'],
  ['2026-03-04T14:02:1xZ', '2026-03-04T14:02:11.12x4Z', '2026-03-04T14:02:11+25:00', '2026-03-04T14:02:11ZZ'],
  ['1969-12-31T23:59:59Z', '2262-04-12T00:00:00Z', '9999-12-31T23:59:59Z', '20260304', 20260304, -1772632931],
  [null, undefined, true, {}, [], Number.NaN, Number.POSITIVE_INFINITY, 1e300, '0'.repeat(1000)],
])('invents no time', (...values) => {
  for (const value of values) expect(parseTime(value), String(value)).toBeUndefined()
})

const moment = fc.tuple(
  fc.integer({ min: 0, max: 9_223_372_035 }),
  fc.integer({ min: 0, max: 999_999_999 }),
  fc.integer({ min: 0, max: 9 }),
)

function written(seconds: number, nanoseconds: number, digits: number, zone: string): string {
  const fraction = String(nanoseconds).padStart(9, '0').slice(0, digits)
  return new Date(seconds * 1000).toISOString().slice(0, 19) + (digits === 0 ? '' : `.${fraction}`) + zone
}

test('any moment comes back as it was written, by the short way and by the long', () => {
  fc.assert(
    fc.property(moment, ([seconds, nanoseconds, digits]) => {
      const kept = Math.trunc(nanoseconds / 10 ** (9 - digits)) * 10 ** (9 - digits)
      expect(parseTime(written(seconds, nanoseconds, digits, 'Z'))).toEqual([seconds, kept])
      expect(parseTime(written(seconds, nanoseconds, digits, '+00:00'))).toEqual([seconds, kept])
    }),
    { numRuns: 2000 },
  )
})

test('the short way accepts nothing that the long one refuses', () => {
  const char = fc.constantFrom(...'0123456789-:.TZ ')
  const digit = fc.constantFrom(...'0123456789')
  const like = [...'dddd-dd-ddTdd:dd:dd.dddZ'].map((c) =>
    fc.oneof({ weight: 50, arbitrary: c === 'd' ? digit : fc.constant(c) }, char),
  )
  fc.assert(
    fc.property(fc.tuple(...like), (chars) => {
      const text = chars.join('')
      const zoned = text.endsWith('Z') ? `${text.slice(0, -1)}+00:00` : text
      expect(parseTime(text)).toEqual(parseTime(zoned))
    }),
    { numRuns: 5000 },
  )
})

test('never throws', () => {
  fc.assert(fc.property(fc.anything(), (value) => void parseTime(value)))
})

test('milliseconds come and go', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 4e12 }), (ms) => toMillis(fromMillis(ms)) === ms))
  for (const none of [-1, Number.NaN, Number.POSITIVE_INFINITY]) expect(fromMillis(none)).toEqual([0, 0])
})
