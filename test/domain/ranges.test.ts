// Sets of byte ranges against the plainest model there is: one flag a byte.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addRanges, covers, gaps, meets, type Range, type Ranges, removeRanges } from '../../src/domain/ranges.ts'

const LENGTH = 60
const range = fc.tuple(fc.nat(LENGTH), fc.nat(LENGTH)).map(([a, b]): Range => [Math.min(a, b), Math.max(a, b)])
const ranges = fc.array(range, { maxLength: 12 })

function bytes(set: Ranges): boolean[] {
  return Array.from({ length: LENGTH }, (_, at) => set.some(([from, to]) => from <= at && at < to))
}

/** Sorted, disjoint, not touching, not empty. */
function isSet(set: Ranges): boolean {
  return set.every(([from, to], index) => from < to && from > (set[index - 1]?.[1] ?? -1))
}

test('adding is the union', () => {
  fc.assert(
    fc.property(ranges, ranges, (some, more) => {
      const union = addRanges(addRanges([], some), more)
      expect(bytes(union)).toEqual(bytes([...some, ...more]))
      expect(isSet(union)).toBe(true)
    }),
  )
})

test('removing leaves what was in the set and is not in the others, whatever their order', () => {
  fc.assert(
    fc.property(ranges, ranges, (some, without) => {
      const set = addRanges([], some)
      const rest = removeRanges(set, without)
      const [before, taken] = [bytes(set), bytes(without)]
      expect(bytes(rest)).toEqual(before.map((there, at) => there && taken[at] === false))
      expect(isSet(rest)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('covers: every byte is in the set; meets: some byte is', () => {
  fc.assert(
    fc.property(ranges, range, (some, [from, to]) => {
      const set = addRanges([], some)
      const there = bytes(set).slice(from, to)
      expect(covers(set, from, to)).toBe(there.every(Boolean))
      expect(meets(set, from, to)).toBe(there.some(Boolean))
    }),
    { numRuns: 500 },
  )
})

test('gaps are what is missing', () => {
  fc.assert(
    fc.property(ranges, (some) => {
      const set = addRanges([], some)
      expect(bytes(gaps(set, LENGTH))).toEqual(bytes(set).map((there) => !there))
    }),
  )
})
