import { expect, test } from 'vitest'
import { hostile } from './cases/hostile.ts'
import { killNine } from './cases/kill-nine.ts'
import { offTenDays } from './cases/off-ten-days.ts'
import { outageWeek } from './cases/outage-week.ts'
import { sigterm } from './cases/sigterm.ts'

test.concurrent.each([killNine, sigterm, offTenDays, outageWeek, hostile])(
  'end to end: $name',
  async ({ run }) => {
    expect(await run('small')).toBeDefined()
  },
  120_000,
)
