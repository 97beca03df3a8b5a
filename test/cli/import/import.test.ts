// `import`, the whole program in process: real ledger file, real pipeline, a folder for a bucket, a file for a destination.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Event, eventsFrom, Place } from './place.ts'

let place: Place
beforeEach(() => {
  place = new Place()
})
afterEach(() => place.remove())

const hour = 3_600_000

/** Puts events into objects by the hour, each stamped with the end of its hour. */
function stream(events: readonly Event[]): void {
  const hours = Map.groupBy(events, ({ occurred_at }) => Math.ceil((Date.parse(occurred_at) + 1) / hour) * hour)
  for (const [at, some] of hours) place.put(at, some)
}

test('without a stream everything in the file is forwarded', async () => {
  const events = eventsFrom('2026-03-01T00:00:00Z', 50)
  const report = await place.report(place.file('audit.csv', events))
  expect(place.ids().toSorted()).toEqual(events.map(({ id }) => id))
  expect(report.destinations).toEqual([
    { id: 'file', alreadyForwarded: 0, forwarded: 50, filtered: 0, quarantined: 0, lost: false },
  ])
  expect(place.staged()).toEqual([])
})

test('a file of a range that the stream delivered with 1 % removed', async () => {
  const events = eventsFrom('2026-03-01T00:00:00Z', 2_000)
  const removed = events.filter((_, index) => index % 100 === 37 || (index >= 900 && index < 905))
  const streamed = events.filter((event) => !removed.includes(event))
  stream(streamed)
  await sleep(2_050)
  await place.once()
  expect(place.ids()).toHaveLength(streamed.length)
  const inFile = events.filter((_, index) => index !== 5)
  const report = await place.report(place.file('audit.csv', inFile))
  expect(place.ids().slice(streamed.length).toSorted()).toEqual(removed.map(({ id }) => id))
  expect(report.destinations[0]).toMatchObject({ alreadyForwarded: inFile.length - removed.length, forwarded: 25 })
  expect(report.lackingInStream).toMatchObject({ events: 25, count: 21 })
  expect(report.lackingInStream.intervals[9]).toEqual({
    from: events[900]?.occurred_at,
    to: events[904]?.occurred_at,
    events: 5,
  })
  expect(report.lackingInFile).toMatchObject({ events: 1, count: 1 })
})
