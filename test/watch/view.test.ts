// What is said of hours, by the watch, beside it, and after a restart.
import { expect, test } from 'vitest'
import { hoursOf, judged } from '../../src/admin/hours.ts'
import { MINUTE_MS } from '../../src/domain/rhythm-curve.ts'
import { View } from '../../src/watch/view.ts'
import { at, office, without } from '../domain/streams.ts'
import { receiver, settings } from './bench.ts'
import { LEARNED, started } from './started.ts'

const cut = [at(LEARNED, 1, 10), at(LEARNED, 1, 15)] as const

test('hours are proven, suspect or not provable, and the floor of each hour of the week is said', () => {
  const dense = Array.from({ length: (LEARNED + 1) * 7 * 24 * 30 }, (_, n) => at(0, 0, 0) + n * 2)
  const stream = without(dense, cut)
  const bench = started(stream)
  bench.live(stream, at(LEARNED, 0, 0), at(LEARNED, 2, 0))
  const state = (minute: number) => bench.watch.view.hour(receiver, minute * MINUTE_MS).state
  expect([state(at(LEARNED, 1, 8)), state(at(LEARNED, 1, 12)), state(at(LEARNED, 2, 0))]).toEqual([
    'proven',
    'suspect',
    'open',
  ])
  expect(bench.watch.view.hour(receiver, at(LEARNED, 1, 8) * MINUTE_MS).expected).toBeGreaterThan(25)
  const floors = bench.watch.view.floors(receiver)
  expect(floors).toHaveLength(168)
  expect(Math.max(...(floors ?? []).map((one) => one ?? 0))).toBeLessThanOrEqual(60)

  // Whoever reads the ledger beside the forwarder, or without one, is told the same; and so is the calendar.
  const view = new View({ ledger: bench.ledger, streams: [settings], tell: () => {} })
  view.see()
  expect(view.floors(receiver)).toEqual(floors)
  const [shown] = hoursOf(bench.ledger, bench.clock.now(), judged(view)).receivers
  const verdict = (minute: number) =>
    shown?.hours.find(({ hour }) => hour === new Date(minute * MINUTE_MS).toISOString())?.verdict
  expect([8, 12].map((hour) => verdict(at(LEARNED, 1, hour)))).toEqual(['complete', 'suspect'])
  expect(shown?.hours.length).toBeGreaterThan(0)

  // And so is whoever looks at a process that has just begun, before it has listed anything.
  const restarted = bench.restarted()
  const before = [bench.ledger.watch.gaps({ closed: 9 }), bench.woken]
  expect(restarted.view.hour(receiver, at(LEARNED, 1, 12) * MINUTE_MS).state).toBe('open')
  restarted.see()
  expect([state(at(LEARNED, 1, 8)), state(at(LEARNED, 1, 12))]).toEqual(['proven', 'suspect'])
  expect([bench.ledger.watch.gaps({ closed: 9 }), bench.woken]).toEqual(before)

  const week = office(LEARNED + 1)
  const offices = started(week)
  offices.live(week, at(LEARNED, 0, 0), at(LEARNED, 0, 12), 60)
  const ofOffice = offices.watch.view.floors(receiver)
  expect(ofOffice[11]).toBeLessThan(180)
  expect(ofOffice[6 * 24 + 11]).toBeUndefined()
  // A quiet night is never shown as complete.
  const sunday = at(LEARNED - 1, 6, 3) * MINUTE_MS
  expect(judged(offices.watch.view)(receiver, sunday)).toMatchObject({ verdict: 'unprovable' })
})
