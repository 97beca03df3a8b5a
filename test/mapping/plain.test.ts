import { expect, test } from 'vitest'
import { asText, plain } from '../../src/mapping/plain.ts'

function nested(levels: number): unknown {
  let value: unknown = 'bottom'
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? { in: value } : [value]
  return value
}

test('what is plain is kept as it is, not copied', () => {
  const value = { a: [1, 'two', null, { b: true, c: -0 }], d: nested(25) }
  expect(plain(value)).toBe(value)
})

test('what an encoder would stumble over is replaced, in place', () => {
  const value = JSON.parse('{"n":1e999,"s":"a\\ud800","__proto__":{"x":1},"_proto_":2,"k\\udc00":[-1e999]}') as unknown
  expect(plain(value)).toEqual({
    n: 'Infinity',
    s: 'a\ufffd',
    _proto_: { x: 1 },
    _proto__: 2,
    'k\ufffd': ['-Infinity'],
  })
})

test('depth is bounded, however deep', () => {
  const json = JSON.stringify(plain(JSON.parse('['.repeat(200_000) + ']'.repeat(200_000))))
  expect(json).toContain('nested deeper than 30 levels')
  expect(json.length).toBeLessThan(200)
})

test('a late flaw in a deep value costs one copy, not one for each level', () => {
  let value: unknown = Number.POSITIVE_INFINITY
  for (let i = 0; i < 29; i++) value = [value, value === Number.POSITIVE_INFINITY ? 0 : i]
  expect(JSON.stringify(plain(value))).toContain('"Infinity"')
})

test('text of anything', () => {
  expect([asText('a'), asText(1), asText(false), asText(null), asText(undefined)]).toEqual([
    'a',
    '1',
    'false',
    undefined,
    undefined,
  ])
  expect(asText({ toString: 1, toJSON: 2 })).toBe('{"toString":1,"toJSON":2}')
})
