// A little of what `test/fuzz/objects.ts` does at length.
import { expect, test } from 'vitest'
import { round } from './round.ts'

test.each([1, 2, 3])('mutated objects: every event is delivered, a copy or kept (round %i)', async (number) => {
  const { wrong, events, delivered, duplicates, quarantined } = await round(2026, number, 100)
  expect(wrong).toEqual([])
  expect(events).toBe(delivered + duplicates + quarantined)
  for (const count of [delivered, duplicates, quarantined]) expect(count).toBeGreaterThan(10)
})

test('the same seed gives the same bucket', async () => {
  expect(await round(7, 0, 30)).toEqual(await round(7, 0, 30))
})
