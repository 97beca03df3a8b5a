import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Repeats } from '../../src/telemetry/repeats.ts'

test('every event is either said or counted, and no key is said twice within its window', () => {
  const step = fc.record({ key: fc.constantFrom('a', 'b', 'c'), wait: fc.nat(6000) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const repeats = new Repeats<string>({ windowMs: 10_000, capacity: 100 })
      const saidAt = new Map<string, number>()
      let now = 0
      let accounted = 0
      for (const { key, wait } of steps) {
        now += wait
        for (const { count } of repeats.close(now)) accounted += count
        if (!repeats.admit(key, key, now)) continue
        expect(now - (saidAt.get(key) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(10_000)
        saidAt.set(key, now)
        accounted += 1
      }
      for (const { count } of repeats.drain()) accounted += count
      expect(accounted).toBe(steps.length)
    }),
  )
})

test('holds no more keys than its capacity', () => {
  const repeats = new Repeats<string>({ windowMs: 10_000, capacity: 2 })
  for (const key of ['a', 'a', 'b', 'c']) repeats.admit(key, key, 0)
  expect(repeats.close(0)).toEqual([{ told: 'a', count: 1 }])
})

test('a clock set back does not silence a warning for as long', () => {
  const repeats = new Repeats<string>({ windowMs: 10_000, capacity: 2 })
  repeats.admit('a', 'a', 1_000_000)
  repeats.close(0)
  expect(repeats.admit('a', 'a', 0)).toBe(true)
})
