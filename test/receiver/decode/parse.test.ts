import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJson } from '../../../src/receiver/decode/parse.ts'
import { itemsOf } from './bodies.ts'

// Whatever the engine remembers of these, it must not show in what is parsed after them.
const before = ['{"h":[],"\\\\":0}', '{"h":1,"\\\\\\\\":0,"\\"":1}', '{"h":1,"a\\\\":0}']
const meet = (): void => {
  for (const text of before) parseJson(text)
}

test('a key is what it says, whatever was parsed before', () => {
  meet()
  const keys = ['"', '\n', '\\"', '\\a', 'a"', 'a\\']
  const read = keys.map((key) => Object.keys(parseJson(JSON.stringify({ h: 1, [key]: 2 })) as object)[1])
  expect(read).toEqual(keys)
})

test('what was written is read, byte for byte, in its order', () => {
  const part = fc.constantFrom(
    '"',
    '\\',
    '\n',
    'a',
    'é',
    '\u0000',
    '\uE000',
    '\uE022',
    '\uE122',
    '\uD800',
    '__proto__',
    '1',
  )
  const key = fc.array(part, { maxLength: 3 }).map((parts) => parts.join(''))
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, fc.jsonValue({ maxDepth: 0 }), key, fc.array(tie('value')), tie('object')),
    object: fc.dictionary(key, tie('value'), { maxKeys: 5 }),
  }))
  fc.assert(
    fc.property(value, fc.boolean(), (written, spaced) => {
      meet()
      const text = JSON.stringify(written, undefined, spaced ? 1 : 0)
      expect(JSON.stringify(parseJson(text), undefined, spaced ? 1 : 0)).toBe(text)
    }),
    { numRuns: 2_000, seed: 1 },
  )
})

test('of two equal keys the last stands, however each is written', () => {
  expect(parseJson('{"a\\n":1,"b":2,"a\\u000a":3}')).toEqual({ 'a\n': 3, b: 2 })
  expect(parseJson('{"\\u0061":1,"a":3}')).toEqual({ a: 3 })
})

test('what is no JSON throws, and what is deep does not overflow', () => {
  for (const text of ['{"a\\":1}', '{"a\\n":1', '"\\x"']) expect(() => parseJson(text)).toThrow(SyntaxError)
  const deep = `${'{"\\"":'.repeat(50_000)}1${'}'.repeat(50_000)}`
  let at = parseJson(deep)
  for (let depth = 0; depth < 50_000; depth += 1) at = (at as Record<string, unknown>)['"']
  expect(at).toBe(1)
})

test('an event has its members under their own names', async () => {
  const first = { id: 'e1', action: 'a.b', payload: { h: 1, '\\': 2 } }
  const second = { id: 'e2', action: 'a.b', payload: { h: 1, '"': 2 }, metadata: JSON.stringify({ h: 1, '\n': 3 }) }
  const items = await itemsOf([first, second].map((event) => `${JSON.stringify(event)}\n`).join(''))
  expect(items.map(({ event }) => event?.['payload'])).toEqual([first.payload, second.payload])
  expect(items[1]?.event?.['metadata']).toEqual({ h: 1, '\n': 3 })
})
