// What is told of a stream and what is not, on streams whose rhythm anyone can see. How often it is right on streams as
// they are in the wild is what `npm run bench:gaps` measures; the last test holds a little of that.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { evaluate } from '../../bench/gaps/evaluate.ts'
import { history, shapes } from '../../bench/gaps/histories.ts'
import { type Hole, holes, isSameIncident, type Limits } from '../../src/domain/gaps-stream.ts'
import { learn, type Rhythm } from '../../src/domain/rhythm.ts'
import { DAY, HOUR, type Span, WEEK } from '../../src/domain/rhythm-curve.ts'
import { at, everyHour, MONDAY, office, without } from './streams.ts'

const limits: Limits = { floor: 45, ceiling: undefined }
const LEARNED = 8

function rhythmOf(arrivals: readonly number[], to = at(LEARNED, 0, 0)): Rhythm | undefined {
  return learn({ from: MONDAY, to, arrivals: arrivals.filter((minute) => minute < to), unseen: [] })
}

/** What is told of the weeks after those that were learned from. */
function told(arrivals: readonly number[], now: number, more: Partial<Limits> & { unseen?: readonly Span[] } = {}) {
  const past = { from: MONDAY, arrivals: arrivals.filter((minute) => minute < now), unseen: more.unseen ?? [] }
  return holes(rhythmOf(arrivals), past, [at(LEARNED, 0, 0), now], { ...limits, ...more })
}

function asText(found: readonly Hole[]): string[] {
  const text = (minute: number | undefined) =>
    minute === undefined ? 'now' : new Date(minute * 60_000).toISOString().slice(5, 16)
  return found.map(({ from, to }) => `${text(from)} to ${text(to)}`)
}

test('an ordinary fortnight has no holes: neither its nights nor its weekends', () => {
  expect(told(office(LEARNED + 2), at(LEARNED + 2, 0, 0))).toEqual([])
  expect(told(everyHour(LEARNED + 2), at(LEARNED + 2, 0, 0))).toEqual([])
})

test('a stream that stops at work is told while it is silent, with what was expected and how rare it is', () => {
  const [hole, ...others] = told(
    without(office(LEARNED + 1), [at(LEARNED, 2, 11), at(LEARNED, 9, 0)]),
    at(LEARNED, 2, 14),
  )
  expect(others).toEqual([])
  expect(hole?.to).toBeUndefined()
  expect(hole?.from).toBeGreaterThan(at(LEARNED, 2, 10))
  expect(hole?.toldAt).toBeLessThanOrEqual(at(LEARNED, 2, 12, 30))
  expect(hole?.silence?.expected).toBeGreaterThan(15)
  expect(hole?.silence?.working).toBeLessThan(0.01)
})

test('three hours that are missing between others are told afterwards', () => {
  const found = told(without(office(LEARNED + 1), [at(LEARNED, 2, 11), at(LEARNED, 2, 14)]), at(LEARNED, 4, 0))
  expect(asText(found)).toHaveLength(1)
  expect(found[0]?.to).toBeGreaterThanOrEqual(at(LEARNED, 2, 14))
})

test('a morning that is missing is told within an hour of the stream coming back', () => {
  const [hole] = told(without(office(LEARNED + 1), [at(LEARNED, 2, 0), at(LEARNED, 2, 13)]), at(LEARNED, 2, 18))
  expect(hole?.toldAt).toBeLessThanOrEqual((hole?.to ?? 0) + HOUR)
  expect(hole?.to).toBeLessThan(at(LEARNED, 2, 14))
})

test('one silent weekday is a holiday to a stream that rests at night; three in a row are none', () => {
  const days = (count: number) =>
    told(without(office(LEARNED + 2), [at(LEARNED, 1, 0), at(LEARNED, 1 + count, 0)]), at(LEARNED, 6, 0))
  expect(days(1)).toEqual([])
  expect(asText(days(3))).toHaveLength(1)
})

test('a holiday with a stray or two is no hole', () => {
  const quiet = without(office(LEARNED + 1), [at(LEARNED, 1, 0), at(LEARNED, 2, 0)])
  const strays = [...quiet, at(LEARNED, 1, 11, 20), at(LEARNED, 1, 15, 5)].sort((a, b) => a - b)
  expect(told(strays, at(LEARNED, 4, 0))).toEqual([])
})

test('a silent day of a stream that never rests is a hole within hours', () => {
  const [hole] = told(without(everyHour(LEARNED + 1), [at(LEARNED, 2, 0), at(LEARNED, 3, 0)]), at(LEARNED, 3, 12))
  expect((hole?.toldAt ?? 0) - (hole?.from ?? 0)).toBeLessThan(4 * HOUR)
})

test.each([-HOUR, HOUR])('clocks that change by %d minutes make no holes', (shift) => {
  const from = at(LEARNED, 0, 0)
  const moved = office(LEARNED + 3).map((minute) => (minute < from ? minute : minute + shift))
  expect(told(moved, at(LEARNED + 2, 0, 0))).toEqual([])
})

test('a slow week is no hole', () => {
  const slow = office(LEARNED + 1).filter((minute, index) => minute < at(LEARNED, 0, 0) || index % 5 === 0)
  expect(told(slow, at(LEARNED + 1, 0, 0))).toEqual([])
})

test('a declared freeze is no silence', () => {
  const freeze: Span = [at(LEARNED, 1, 0), at(LEARNED, 5, 0)]
  expect(told(without(office(LEARNED + 1), freeze), at(LEARNED, 6, 0), { unseen: [freeze] })).toEqual([])
})

test('a hole in the history, or a few holidays, do not make the detector deaf', () => {
  const spoilt = without(
    office(LEARNED + 1),
    [at(3, 1, 9), at(3, 1, 15)],
    [at(5, 0, 0), at(5, 1, 0)],
    [at(6, 3, 0), at(6, 5, 0)],
  )
  expect(told(without(spoilt, [at(LEARNED, 2, 11), at(LEARNED, 2, 14)]), at(LEARNED, 4, 0))).toHaveLength(1)
})

test('no silence shorter than the floor is told, and every one longer than the ceiling, rhythm or none', () => {
  const cut = without(everyHour(LEARNED + 1), [at(LEARNED, 2, 11), at(LEARNED, 2, 14)])
  expect(told(cut, at(LEARNED, 3, 0), { floor: 4 * HOUR })).toEqual([])
  const [hole] = told(office(LEARNED + 1), at(LEARNED + 1, 0, 12), { ceiling: 60 * HOUR })
  expect(hole?.silence).toBeUndefined()
  expect(hole?.toldAt).toBe((hole?.from ?? 0) + 60 * HOUR)
  const past = { from: MONDAY, arrivals: [MONDAY], unseen: [] }
  expect(holes(undefined, past, [MONDAY, MONDAY + WEEK], limits)).toEqual([])
  expect(holes(undefined, past, [MONDAY, MONDAY + WEEK], { ...limits, ceiling: DAY })).toHaveLength(1)
})

test('a ceiling does not count a freeze', () => {
  const past = { from: MONDAY, arrivals: [MONDAY], unseen: [[MONDAY + HOUR, MONDAY + DAY] as const] }
  const [hole] = holes(undefined, past, [MONDAY, MONDAY + WEEK], { ...limits, ceiling: 2 * HOUR })
  expect(hole?.toldAt).toBe(MONDAY + DAY + HOUR)
})

test('two weeks of history are needed before anything is judged', () => {
  expect(rhythmOf(office(8), at(1, 6, 0))).toBeUndefined()
  expect(rhythmOf(office(8), at(2, 0, 0))).toBeDefined()
  expect(
    learn({ from: MONDAY, to: at(3, 0, 0), arrivals: office(3), unseen: [[at(0, 0, 0), at(2, 0, 0)]] }),
  ).toBeUndefined()
})

test('nothing is told twice or missed, however the time is cut into looks', () => {
  const cut = without(
    office(LEARNED + 2),
    [at(LEARNED, 1, 10), at(LEARNED, 1, 13)],
    [at(LEARNED, 3, 9), at(LEARNED, 3, 14)],
  )
  const rhythm = rhythmOf(cut)
  const [begin, end] = [at(LEARNED, 0, 0), at(LEARNED, 5, 0)]
  const look = (from: number, to: number) =>
    holes(rhythm, { from: MONDAY, arrivals: cut.filter((minute) => minute < to), unseen: [] }, [from, to], limits)
  const whole = look(begin, end).map(({ from }) => from)
  expect(whole).toHaveLength(2)
  const moments = fc.array(fc.integer({ min: begin + 1, max: end - 1 }), { maxLength: 12 })
  fc.assert(
    fc.property(moments, (inner) => {
      const cuts = [...new Set([begin, ...inner, end])].sort((a, b) => a - b)
      const looks = cuts.slice(1).flatMap((to, index) => look(cuts[index] ?? begin, to))
      expect([...new Set(looks.map(({ from }) => from))]).toEqual(whole)
    }),
    { numRuns: 40 },
  )
})

test('a stream that stutters is one incident', () => {
  expect(isSameIncident({ to: 1_000 }, { from: 1_000 + 3 * HOUR })).toBe(true)
  expect(isSameIncident({ to: 1_000 }, { from: 1_000 + 13 * HOUR })).toBe(false)
  expect(isSameIncident(undefined, { from: 0 })).toBe(false)
})

test('a little of the bench: few false alarms, and no long hole in busy hours goes by', () => {
  for (const shape of shapes.filter((shape) => shape !== 'busy')) {
    const { alarms, trials } = evaluate(history(shape, 1, 18), 1, 18)
    const missed = trials.filter(({ place, hours, told }) => place === 'busy hours' && hours >= 6 && told === undefined)
    expect(
      alarms.reduce((sum, count) => sum + count, 0),
      shape,
    ).toBeLessThanOrEqual(2)
    expect(missed, shape).toEqual([])
  }
})
