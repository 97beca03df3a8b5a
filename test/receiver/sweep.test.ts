import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { partitions, planSweep, sweepSpan } from '../../src/receiver/sweep.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const at = (iso: string) => Date.parse(iso)

describe('partitions', () => {
  test('are named in both spellings, newest first', () => {
    expect(partitions(at('2026-07-05T08:59:00Z'), at('2026-07-05T09:00:00Z'), 'hour')).toEqual([
      'year=2026/month=07/day=05/hour=09/',
      'year=2026/month=7/day=5/hour=9/',
      'year=2026/month=07/day=05/hour=08/',
      'year=2026/month=7/day=5/hour=8/',
    ])
  })

  test('are named once where both spellings are the same', () => {
    expect(partitions(at('2026-12-15T10:00:00Z'), at('2026-12-15T11:59:59Z'), 'hour')).toEqual([
      'year=2026/month=12/day=15/hour=11/',
      'year=2026/month=12/day=15/hour=10/',
    ])
    expect(partitions(at('2026-12-15T10:00:00Z'), at('2026-12-15T11:00:00Z'), 'day')).toEqual([
      'year=2026/month=12/day=15/',
    ])
  })

  test('cross the ends of years', () => {
    expect(partitions(at('2025-12-31T23:30:00Z'), at('2026-01-01T00:10:00Z'), 'day')).toEqual([
      'year=2026/month=01/day=01/',
      'year=2026/month=1/day=1/',
      'year=2025/month=12/day=31/',
    ])
  })

  test('from the beginning are the whole, and so are too many', () => {
    expect(partitions(0, at('2026-03-15T00:00:00Z'), 'day')).toEqual([''])
    expect(partitions(at('2000-01-01T00:00:00Z'), at('2026-03-15T00:00:00Z'), 'day')).toEqual([''])
  })

  test('of a span that ends before it begins are none', () => {
    expect(partitions(at('2026-03-15T10:00:00Z'), at('2026-03-14T10:00:00Z'), 'day')).toEqual([])
  })

  const time = fc.integer({ min: at('2024-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') })
  const key = (time: number, digits: number) => {
    const date = new Date(time)
    const pad = (n: number) => String(n).padStart(digits, '0')
    const [month, day, hour] = [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours()]
    return `year=${date.getUTCFullYear()}/month=${pad(month)}/day=${pad(day)}/hour=${pad(hour)}/${date.toISOString()}_sha`
  }

  test('hold every object of their span exactly once, however its key is spelled', () => {
    fc.assert(
      fc.property(
        time,
        fc.integer({ min: 0, max: 40 * DAY }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (from, length, share) => {
          const within = from + Math.floor(length * share)
          for (const granularity of ['hour', 'day'] as const)
            for (const digits of [1, 2]) {
              const holding = partitions(from, from + length, granularity).filter((p) =>
                key(within, digits).startsWith(p),
              )
              expect(holding).toHaveLength(1)
            }
        },
      ),
    )
  })
})

describe('a sweep', () => {
  const now = at('2026-03-15T12:30:00Z')

  test('begins the look-back before the last sweep and ends two hours ahead', () => {
    expect(sweepSpan(now, now - 10 * DAY, 2 * DAY)).toEqual({ from: now - 12 * DAY, to: now + 2 * HOUR })
  })

  test('begins the look-back before now if the last sweep lies ahead', () => {
    expect(sweepSpan(now, now + DAY, 2 * DAY).from).toBe(now - 2 * DAY)
  })

  test('from the beginning begins there', () => {
    expect(sweepSpan(now, 0, 2 * DAY).from).toBe(0)
    expect(planSweep(now, 0, 2 * DAY).older).toEqual([''])
  })

  test('lists the hours around now one by one and the rest by the day', () => {
    const plan = planSweep(now, now - 60_000, 2 * DAY)
    expect(plan.recent.filter((p) => p.includes('month=03'))).toEqual(
      [14, 13, 12, 11, 10].map((hour) => `year=2026/month=03/day=15/hour=${hour}/`),
    )
    expect(plan.older.filter((p) => p.includes('month=03'))).toEqual(
      [15, 14, 13].map((day) => `year=2026/month=03/day=${day}/`),
    )
  })

  test('leaves no hole between its days and its hours, at any time', () => {
    fc.assert(
      fc.property(fc.integer({ min: now - 400 * DAY, max: now }), fc.integer({ min: 0, max: 9 * DAY }), (now, ago) => {
        const { recent, older } = planSweep(now, now - ago, 2 * DAY)
        const all = [...recent, ...older]
        for (let t = now - ago - 2 * DAY; t <= now + 2 * HOUR; t += HOUR / 2) {
          const hour = new Date(t).toISOString()
          const key = `year=${hour.slice(0, 4)}/month=${hour.slice(5, 7)}/day=${hour.slice(8, 10)}/hour=${hour.slice(11, 13)}/x`
          if (!all.some((p) => key.startsWith(p))) throw new Error(`${hour} is in no partition`)
        }
      }),
      { numRuns: 50 },
    )
  })
})
