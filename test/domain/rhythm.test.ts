import fc from 'fast-check'
import { expect, test } from 'vitest'
import { detectionFloor, hourState } from '../../src/domain/gaps-hours.ts'
import { learn } from '../../src/domain/rhythm.ts'
import {
  countIn,
  curve,
  DAY,
  HOUR,
  HOURS_OF_WEEK,
  integral,
  isUnseen,
  type Span,
  union,
} from '../../src/domain/rhythm-curve.ts'
import { learnTail, survival } from '../../src/domain/rhythm-tail.ts'
import { dayOf, learnWeek } from '../../src/domain/rhythm-week.ts'
import { at, everyHour, MONDAY, office, without } from './streams.ts'

const limits = { floor: 45, ceiling: undefined }
const minute = fc.integer({ min: MONDAY, max: MONDAY + 30 * DAY })
const span = fc.tuple(minute, minute).map(([a, b]): Span => [Math.min(a, b), Math.max(a, b)])

test('what a span brings is the sum over its minutes, without those unseen', () => {
  const rates = Float64Array.from({ length: HOURS_OF_WEEK }, (_, hour) => (hour * 7) % 11)
  const plain = (from: number, to: number, unseen: readonly Span[]) => {
    let sum = 0
    for (let at = from; at < to; at += 1) {
      if (!unseen.some(([a, b]) => at >= a && at < b)) sum += (rates[Math.floor(at / HOUR) % HOURS_OF_WEEK] ?? 0) / HOUR
    }
    return sum
  }
  const short = fc.tuple(minute, fc.nat(4 * DAY)).map(([from, length]): Span => [from, from + length])
  fc.assert(
    fc.property(short, fc.array(span, { maxLength: 3 }), ([from, to], spans) => {
      const unseen = union(spans)
      expect(integral(curve(rates), [from, to], unseen)).toBeCloseTo(plain(from, to, unseen), 6)
    }),
    { numRuns: 60 },
  )
})

test('counting and looking up agree with going through', () => {
  fc.assert(
    fc.property(
      fc.array(minute, { maxLength: 40 }),
      fc.array(span, { maxLength: 4 }),
      span,
      (minutes, spans, [from, to]) => {
        const arrivals = [...new Set(minutes)].sort((a, b) => a - b)
        expect(countIn(arrivals, [from, to])).toBe(arrivals.filter((one) => one >= from && one < to).length)
        const unseen = union(spans)
        expect(isUnseen(unseen, [from, to])).toBe(unseen.some(([a, b]) => a < to && b > from))
      },
    ),
  )
})

test('a longer silence is never likelier, and few gaps make a heavier tail', () => {
  const gaps = fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { maxLength: 60 })
  const longer = fc.tuple(fc.double({ min: 0, max: 200, noNaN: true }), fc.double({ min: 0, max: 200, noNaN: true }))
  fc.assert(
    fc.property(gaps, longer, (longest, [a, b]) => {
      const tail = learnTail(longest, longest.length * 10, 8)
      expect(survival(tail, Math.max(a, b))).toBeLessThanOrEqual(survival(tail, Math.min(a, b)) + 1e-12)
      expect(survival(tail, a)).toBeLessThanOrEqual(1)
    }),
  )
  const excess = (count: number) => Array.from({ length: count }, (_, index) => 2 - Math.log((index + 0.5) / count))
  const [few, many] = [learnTail(excess(6), 60, 1), learnTail(excess(600), 6_000, 100)]
  expect(survival(few, 30) / few.share).toBeGreaterThan(survival(many, 30) / many.share)
})

test('one hole in the history changes a tail little', () => {
  const gaps = Array.from({ length: 100 }, (_, index) => 2 - Math.log((index + 0.5) / 100))
  const [sound, spoilt] = [learnTail(gaps, 1_000, 13), learnTail([...gaps.slice(1), 500], 1_000, 13)]
  expect(survival(spoilt, 15)).toBeLessThan(3 * survival(sound, 15))
})

test("the stream's day begins in its night, wherever on earth that is", () => {
  for (const shift of [0, 5, 11, 19]) {
    const arrivals = office(4).map((one) => one + shift * HOUR)
    const week = learnWeek({ from: MONDAY, to: at(4, 0, 0), arrivals, unseen: [] })
    const [begin] = dayOf(week, at(2, 2, 12) + shift * HOUR)
    const hour = ((begin - shift * HOUR) / HOUR) % 24
    expect(hour < 7 || hour > 19, `${shift}: ${hour}`).toBe(true)
  }
})

test('one wild hour is not what that hour ordinarily brings', () => {
  const wild = Array.from({ length: 60 }, (_, index) => at(5, 6, 3, index))
  const arrivals = [...office(8), ...wild].sort((a, b) => a - b)
  const week = learnWeek({ from: MONDAY, to: at(8, 0, 0), arrivals, unseen: [] })
  expect(
    Math.max(
      ...week.working.rates.slice((at(5, 6, 3) / HOUR) % HOURS_OF_WEEK, ((at(5, 6, 3) / HOUR) % HOURS_OF_WEEK) + 1),
    ),
  ).toBe(0)
})

test('the detection floor is minutes at work and none in the night', () => {
  const rhythm = learn({ from: MONDAY, to: at(13, 0, 0), arrivals: office(13), unseen: [] })
  if (rhythm === undefined) throw new Error('no rhythm')
  const floorAt = (day: number, hour: number) =>
    detectionFloor(rhythm, (at(0, day, hour) / HOUR) % HOURS_OF_WEEK, limits)
  expect(floorAt(1, 11)).toBeLessThan(150)
  expect(floorAt(1, 11)).toBeGreaterThanOrEqual(45)
  expect(floorAt(6, 11)).toBeUndefined()
  expect(floorAt(4, 20)).toBeUndefined()
})

test('an hour is proven if its loss would have been told, suspect in a silent weekday, missing in a hole', () => {
  const lost = [at(9, 2, 11), at(9, 2, 14)] as const
  const arrivals = without(everyHour(10), lost)
  const rhythm = learn({
    from: MONDAY,
    to: at(9, 0, 0),
    arrivals: arrivals.filter((one) => one < at(9, 0, 0)),
    unseen: [],
  })
  const past = { from: MONDAY, arrivals, unseen: [] }
  const state = (hour: number, unseen: readonly Span[] = []) =>
    hourState(rhythm, { ...past, unseen }, hour, at(10, 0, 0), limits)
  expect(state(at(9, 2, 12))).toBe('missing')
  expect(state(at(9, 2, 16), [[at(9, 2, 16), at(9, 2, 17)]])).toBe('unprovable')
  expect(hourState(undefined, past, at(9, 2, 16), at(10, 0, 0), limits)).toBe('unprovable')

  const dense = Array.from({ length: 10 * 7 * 24 * 30 }, (_, index) => MONDAY + index * 2)
  const steady = learn({
    from: MONDAY,
    to: at(9, 0, 0),
    arrivals: dense.filter((one) => one < at(9, 0, 0)),
    unseen: [],
  })
  expect(hourState(steady, { ...past, arrivals: dense }, at(9, 2, 12), at(10, 0, 0), limits)).toBe('proven')

  const days = without(office(10), [at(9, 1, 0), at(9, 2, 0)])
  const quiet = learn({ from: MONDAY, to: at(9, 0, 0), arrivals: days.filter((one) => one < at(9, 0, 0)), unseen: [] })
  const of = (hour: number) => hourState(quiet, { ...past, arrivals: days }, hour, at(10, 0, 0), limits)
  expect(of(at(9, 1, 12))).toBe('suspect')
  expect(of(at(9, 6, 12))).toBe('unprovable')
})
