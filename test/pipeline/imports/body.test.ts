// Which request a command follows instead of asking for the same import once more.
import { expect, test } from 'vitest'
import { type ImportBody, isSameImport } from '../../../src/pipeline/imports/body.ts'

const body: ImportBody = { staged: 'a'.repeat(64), name: 'audit.csv', receiver: 'r', acceptRepeats: false }

test('the same file for the same receiver is followed, whatever it is called', () => {
  expect(isSameImport(JSON.stringify({ ...body, name: '-', source: 's3://b/audit.csv@1' }), body)).toBe(true)
  expect(isSameImport(JSON.stringify({ ...body, receiver: 'other' }), body)).toBe(false)
  expect(isSameImport(JSON.stringify({ ...body, staged: 'b'.repeat(64) }), body)).toBe(false)
})

test('who accepts repeats does not follow one that would be refused for them', () => {
  expect(isSameImport(JSON.stringify(body), { ...body, acceptRepeats: true })).toBe(false)
  expect(isSameImport(JSON.stringify({ ...body, acceptRepeats: true }), { ...body, acceptRepeats: true })).toBe(true)
})
