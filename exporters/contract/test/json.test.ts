import { expect, test } from 'vitest'
import { jsonText, oneLineJson } from '../src/json.ts'

test('plain values are what JSON.stringify writes', () => {
  const value = { a: [1, 'x', null, true, undefined], b: { c: 1.5 }, d: undefined }
  expect(jsonText(value)).toBe(JSON.stringify(value))
})

test('what JSON has no form for keeps its value', () => {
  const value = {
    bytes: new Uint8Array([1, 2]),
    big: 2n ** 64n,
    nan: Number.NaN,
    at: new Date(0),
    m: new Map([[1, -0]]),
  }
  expect(jsonText(value)).toBe(
    '{"bytes":"AQI=","big":"18446744073709551616","nan":"NaN","at":"1970-01-01T00:00:00.000Z","m":{"1":0}}',
  )
  expect(jsonText(undefined)).toBe('null')
  expect(jsonText(() => 1)).toBe('null')
})

test('a key named __proto__ is a key, also beside values that need care', () => {
  expect(jsonText(JSON.parse('{"__proto__":{"a":1e999}}'))).toBe('{"__proto__":{"a":"Infinity"}}')
})

test('circles and depths end', () => {
  const circle: Record<string, unknown> = { n: 1 }
  circle['self'] = circle
  circle['also'] = circle
  expect(jsonText(circle)).toBe('{"n":1,"self":"[circular]","also":"[circular]"}')
  const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`)
  expect(jsonText(deep)).toContain('[nested deeper than 64 levels]')
})

test('the text is one well-formed line', () => {
  const text = jsonText({ lone: '\ud800\ud800', pair: '😀', literal: '\\ud800', line: '\u2028\u2029\n' })
  expect(text).toBe('{"lone":"\\ufffd\\ufffd","pair":"😀","literal":"\\\\ud800","line":"\\u2028\\u2029\\n"}')
  expect(JSON.parse(text).literal).toBe('\\ud800')
})

test('escaped surrogate pairs of foreign JSON stay pairs, halves become the replacement character', () => {
  expect(oneLineJson(String.raw`{"a":"\ud83d\uDE00 \uD83D x \\ud83d \ude00"}`)).toBe(
    String.raw`{"a":"\ud83d\uDE00 \ufffd x \\ud83d \ufffd"}`,
  )
})
