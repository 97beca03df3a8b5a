// A little of what `test/fuzz/csv.ts` does at length.
import { expect, test } from 'vitest'
import { csvRound } from './csv-round.ts'

test('mutated CSV files: every event is delivered, a copy or kept', async () => {
  const { wrong, rows, delivered, duplicates, quarantined } = await csvRound(2026, 0, 25)
  expect(wrong).toEqual([])
  expect(rows).toBe(delivered + duplicates + quarantined)
  for (const count of [delivered, duplicates, quarantined]) expect(count).toBeGreaterThan(5)
})
