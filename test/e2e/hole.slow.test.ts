import { expect, test } from 'vitest'
import { hole } from './cases/hole.ts'

test('end to end: a hole is told, a file brings what was in it, and it is told that it is over', async () => {
  expect(await hole.run('small')).toBeDefined()
}, 120_000)
