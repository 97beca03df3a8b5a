import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Concurrency } from '../../src/delivery/concurrency.ts'

const bounds = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 30 }))
  .map(([min, more]) => ({ min, max: min + more }))
const happenings = fc.array(fc.constantFrom('delivered', 'delivered', 'delivered', 'delivered', 'failed', 'strained'), {
  maxLength: 300,
})

test('it begins with the least', () => {
  expect(new Concurrency({ min: 3, max: 9 }).limit).toBe(3)
})

test('strain halves it and never goes below the least; a clean run adds one and never goes above the most', () => {
  fc.assert(
    fc.property(bounds, happenings, ({ min, max }, all) => {
      const concurrency = new Concurrency({ min, max })
      let [limit, inARow] = [min, 0]
      for (const happening of all) {
        concurrency[happening as 'delivered' | 'failed' | 'strained']()
        inARow = happening === 'delivered' ? inARow + 1 : 0
        if (happening === 'strained') limit = Math.max(min, Math.floor(limit / 2))
        else if (inARow >= limit && limit < max) [limit, inARow] = [limit + 1, 0]
        expect(concurrency.limit).toBe(limit)
      }
    }),
    { numRuns: 1_000 },
  )
})

test('from the most it is halved again and again, and as many steps of one lead back', () => {
  const concurrency = new Concurrency({ min: 2, max: 16 })
  for (let n = 0; n < 200; n += 1) concurrency.delivered()
  expect(concurrency.limit).toBe(16)
  const halved = [1, 2, 3, 4].map(() => {
    concurrency.strained()
    return concurrency.limit
  })
  expect(halved).toEqual([8, 4, 2, 2])
  const grown = [2, 3, 4].map((clean) => {
    for (let n = 0; n < clean; n += 1) concurrency.delivered()
    return concurrency.limit
  })
  expect(grown).toEqual([3, 4, 5])
})
