import { expect, test } from 'vitest'
import { Gathering, mostIntervals } from '../../src/domain/intervals.ts'

test('an interval ends where something is that is not lacking', () => {
  const gathering = new Gathering()
  for (const [at, lacks] of [1, 2, 2, 3, 4, 9].map((at, index) => [at, index !== 3 && index !== 0] as const)) {
    if (lacks) gathering.lacks(at)
    else gathering.has()
  }
  const listed = [
    { from: 2, to: 2, events: 2 },
    { from: 4, to: 9, events: 2 },
  ]
  expect(gathering.end()).toEqual({ events: 4, count: 2, listed })
})

test('nothing lacks nothing, and of very many the first are listed', () => {
  expect(new Gathering().end()).toEqual({ events: 0, count: 0, listed: [] })
  const gathering = new Gathering()
  for (let at = 0; at < 2 * mostIntervals; at += 1) {
    gathering.lacks(at)
    gathering.has()
  }
  const { events, count, listed } = gathering.end()
  expect([events, count, listed.length]).toEqual([2 * mostIntervals, 2 * mostIntervals, mostIntervals])
})
