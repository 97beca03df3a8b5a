import { expect, test } from 'vitest'
import { chart } from './cases/chart.ts'
import { addedLater, removed, renamed } from './cases/come-and-go.ts'
import { twoOfAType } from './cases/two-of-a-type.ts'

test.concurrent.each([twoOfAType, addedLater, removed, renamed, chart])(
  'end to end: $name',
  async ({ run }) => {
    expect(await run('small')).toBeDefined()
  },
  120_000,
)
