import { expect, test } from 'vitest'
import { stalledGigabyte } from './cases/stalled-gigabyte.ts'

test('end to end: of one large object one destination has everything while the other does not answer, in bounded memory', async () => {
  expect(await stalledGigabyte.run('small')).toBeDefined()
}, 180_000)
