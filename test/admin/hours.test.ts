import { expect, test } from 'vitest'
import { firstHour, hoursDocument, unjudged } from '../../src/admin/hours.ts'

const HOUR = 3_600_000
const now = Date.UTC(2026, 10, 3, 8, 20)
const route = (destination: string, receiver: string, startAt: number) => ({ destination, receiver, startAt })
const at = (hour: number) => new Date(hour).toISOString()

test('every hour since the first that anybody wants is there, also the one in which nothing came', () => {
  const eight = Date.UTC(2026, 10, 3, 8)
  const counts = [{ receiver: 'r', hour: eight - 2 * HOUR, objects: 3, outstanding: { b: 2 }, lost: {} }]
  const routes = [route('a', 'r', eight - HOUR), route('b', 'r', eight - 2 * HOUR + 60_000)]
  const judge = unjudged(() => eight + 60_000)
  const { receivers } = hoursDocument({ now, counts, routes, judge })
  const nothing = { objects: 0, outstanding: {}, lost: {}, expected: null }
  expect(receivers).toEqual([
    {
      id: 'r',
      destinations: ['a', 'b'],
      hours: [
        { ...nothing, hour: at(eight - 2 * HOUR), objects: 3, outstanding: { b: 2 }, verdict: 'unprovable' },
        { ...nothing, hour: at(eight - HOUR), verdict: 'unprovable' },
        { ...nothing, hour: at(eight), verdict: 'open' },
      ],
    },
  ])
})

test('three weeks are shown at the most, and what was never swept is open', () => {
  const judge = unjudged(() => undefined)
  const { receivers } = hoursDocument({ now, counts: [], routes: [route('a', 'r', 0)], judge })
  const hours = receivers[0]?.hours ?? []
  expect(hours[0]?.hour).toBe('2026-10-14T00:00:00.000Z')
  expect(hours.at(-1)?.hour).toBe('2026-11-03T08:00:00.000Z')
  expect(firstHour(now)).toBe(Date.parse(hours[0]?.hour ?? ''))
  expect(new Set(hours.map(({ verdict }) => verdict))).toEqual(new Set(['open']))
})
