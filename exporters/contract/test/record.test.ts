import { expect, test } from 'vitest'
import { ORIGINAL, originalObject } from '../src/record.ts'
import { auditRecord } from '../src/testing/records.ts'

function found(original: string): string | undefined {
  return originalObject(auditRecord({ [ORIGINAL]: original }))
}

test.each([
  ['an object', '{"a":1}', '{"a":1}'],
  ['an object over several lines, with white space around it', ' \ufeff{\r\n "a": 1\n}\r\n', '{\r\n "a": 1\n}'],
  ['an empty object', '{ }', '{ }'],
])('the original as the text of an object: %s', (_, original, object) => {
  expect(found(original)).toBe(object)
})

test.each([
  ['a row of CSV', 'id,action\r\n'],
  ['a row of CSV between braces', '{a},{b}'],
  ['an empty object and more', '{},{}'],
  ['an array', '[{"a":1}]'],
  ['an object cut off', '{"a":{"b":1},'],
  ['nothing', ''],
])('no object: %s', (_, original) => {
  expect(found(original)).toBeUndefined()
})

test('a record without an original has no object', () => {
  const { [ORIGINAL]: _, ...record } = auditRecord()
  expect(originalObject(record)).toBeUndefined()
})
