import { expect, test } from 'vitest'
import { floorLines } from '../../src/admin/page/floors.ts'

const day = (of: (hour: number) => number | null): (number | null)[] =>
  Array.from({ length: 24 }, (_, hour) => of(hour))

test('days and hours that are alike stand together, rounded up, and what is not provable is said', () => {
  const office = day((hour) => (hour >= 7 && hour < 19 ? 41 * 60 : 13_000))
  const weekend = day(() => null)
  expect(floorLines([...Array.from({ length: 5 }, () => office).flat(), ...weekend, ...weekend])).toEqual([
    { days: 'Mon–Fri', hours: '00–07 4 h, 07–19 45 min, 19–24 4 h' },
    { days: 'Sat–Sun', hours: 'not provable' },
  ])
})

test('a single day stands alone, and an hour is written as one', () => {
  const [first, ...others] = floorLines([
    ...day(() => 3_600),
    ...Array.from({ length: 6 }, () => day(() => 7_200)).flat(),
  ])
  expect(first).toEqual({ days: 'Mon', hours: '1 h' })
  expect(others).toEqual([{ days: 'Tue–Sun', hours: '2 h' }])
})

test('without a rhythm nothing is said', () => {
  expect(floorLines([])).toEqual([])
})
