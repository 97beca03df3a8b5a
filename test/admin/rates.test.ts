import { expect, test } from 'vitest'
import { keyOf, Rates } from '../../src/admin/page/rates.ts'
import { statusDocument } from '../../src/admin/status.ts'
import { account, now } from './accounts.ts'

const totals = { objects: 0, events: 0, bad: 0, altered: 0 }
const key = keyOf({ id: 'clickhouse', receiver: 'circleci_audit' })

function seen(rates: Rates, seconds: number, delivered: number): number | undefined {
  const accounts = [account({ destination: 'clickhouse', delivered })]
  return rates
    .next(statusDocument({ accounts, retired: [], totals, receivers: [], now: now + seconds * 1_000 }))
    .get(key)
}

test('a rate is of the last minute, and forgets what was before', () => {
  const rates = new Rates({ windowMs: 60_000, leastMs: 10_000 })
  expect(seen(rates, 0, 0)).toBeUndefined()
  expect(seen(rates, 8, 80)).toBeUndefined()
  expect(seen(rates, 20, 200)).toBe(10)
  expect(seen(rates, 60, 600)).toBe(10)
  // From here on nothing comes: within a minute the rate is none.
  expect(seen(rates, 80, 600)).toBe(400 / 60)
  // Over the time since the youngest document that is a minute old.
  expect(seen(rates, 110, 600)).toBe(400 / 90)
  expect(seen(rates, 121, 600)).toBe(0)
  expect(seen(rates, 300, 600)).toBe(0)
})

test('no rate is made up where a clock was set back, the ledger is another, or two answers are of one moment', () => {
  const rates = new Rates({ windowMs: 0, leastMs: 1 })
  seen(rates, 0, 100)
  expect(seen(rates, 2, 120)).toBe(10)
  expect(seen(rates, 2, 140)).toBe(20)
  expect(seen(rates, -100, 150)).toBeUndefined()
  expect(seen(rates, -98, 152)).toBe(1)
  expect(seen(rates, -96, 3)).toBeUndefined()
  expect(seen(rates, -94, 5)).toBe(1)
})
