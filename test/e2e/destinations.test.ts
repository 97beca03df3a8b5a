import { expect, test } from 'vitest'
import { addedLater, removed, renamed } from './cases/come-and-go.ts'
import { deployments } from './cases/deployments.ts'
import { twoOfAType } from './cases/two-of-a-type.ts'

test.concurrent.each([twoOfAType, addedLater, removed, renamed, deployments])(
  'end to end: $name',
  async ({ run }) => {
    expect(await run('small')).toBeDefined()
  },
  120_000,
)
