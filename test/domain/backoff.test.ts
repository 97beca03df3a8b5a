import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoff } from '../../src/domain/backoff.ts'

const settings = fc
  .tuple(fc.integer({ min: 1, max: 3_600_000 }), fc.integer({ min: 1, max: 2 ** 50 }))
  .map(([initialMs, maxMs]) => ({ initialMs, maxMs }))
/** What Math.random gives: from 0, never 1. */
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
/** Any number of attempts, those included whose power of two is no number any more. */
const attempts = fc.oneof(
  fc.integer({ min: 1, max: 64 }),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  fc.constantFrom(1, 31, 32, 1_024, 1_025, Number.MAX_SAFE_INTEGER),
)

test('a wait is within 10 and 100 % of min(max, initial · 2^(n-1)), whatever n is', () => {
  fc.assert(
    fc.property(attempts, settings, chance, (n, retry, random) => {
      const bound = Math.min(retry.maxMs, retry.initialMs * 2 ** (n - 1))
      const wait = backoff(n, retry, () => random)
      expect(Number.isSafeInteger(wait)).toBe(true)
      // Whole milliseconds, rounded up; a bound is one itself.
      expect(wait).toBeGreaterThanOrEqual(bound / 10)
      expect(wait).toBeLessThanOrEqual(bound)
    }),
    { numRuns: 5_000 },
  )
})

test('both ends are reached', () => {
  const retry = { initialMs: 1_000, maxMs: 300_000 }
  const range = (n: number): readonly number[] => [backoff(n, retry, () => 0), backoff(n, retry, () => 1 - 2 ** -53)]
  expect([1, 2, 9, 10, 1_000_000].map(range)).toEqual([
    [100, 1_000],
    [200, 2_000],
    [25_600, 256_000],
    [30_000, 300_000],
    [30_000, 300_000],
  ])
})
