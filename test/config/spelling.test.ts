import { expect, test } from 'vitest'
import { editDistance, nearest } from '../../src/config/spelling.ts'

test.for([
  ['token', 'token', 0],
  ['tokn', 'token', 1],
  ['bacth', 'batch', 1],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
] as const)('%s and %s are %i apart', ([a, b, distance]) => {
  expect(editDistance(a, b)).toBe(distance)
  expect(editDistance(b, a)).toBe(distance)
})

test('spelling with other separators or capitals is the same word', () => {
  expect(nearest('maxRecords', ['max_bytes', 'max_records'])).toBe('max_records')
})

test('what is far from everything is not guessed', () => {
  expect(nearest('sinks', ['exporters', 'receivers'])).toBeUndefined()
})
