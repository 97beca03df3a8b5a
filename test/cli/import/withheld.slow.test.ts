// What filters withheld of a file, long after its import is done: told beforehand by `backfill --only --dry-run`, and sent.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { backfill } from '../../../src/cli/backfill.ts'
import { eventsFrom, Place } from './place.ts'

let place: Place
beforeEach(() => {
  place = new Place()
  const pipeline = { receivers: ['circleci_audit'], processors: ['filter/quiet'], exporters: ['file'] }
  place.configure({
    service: { pipelines: { logs: pipeline } },
    processors: { 'filter/quiet': { exclude: ['workflow.*'] } },
  })
})
afterEach(() => place.remove())

const events = eventsFrom(new Date(Date.now() - 5 * 3_600_000).toISOString(), 20).map((event, index) =>
  index % 4 === 0 ? { ...event, action: 'workflow.job.start' } : event,
)

async function backfilled(options: Partial<Parameters<typeof backfill>[0]>): Promise<Record<string, number>> {
  const print = vi.spyOn(console, 'log').mockReturnValue(undefined)
  try {
    const common = { config: place.config, json: true, from: 'beginning', only: 'workflow.*', force: false }
    await backfill({ ...common, dryRun: false, ...options })
    return JSON.parse(String(print.mock.lastCall?.[0]))
  } finally {
    print.mockRestore()
  }
}

test('a rehearsal counts what finished imports hold, changes nothing, and is right', async () => {
  await place.once()
  const report = await place.report(place.file('audit.csv', events))
  expect(report.destinations).toMatchObject([{ forwarded: 15, filtered: 5 }])
  expect(place.staged()).toEqual([expect.stringMatching(/\.spare$/)])
  const told = { withheld: 5, taken: 1, unreadable: 0 }
  for (const options of [{}, { receiver: 'circleci_audit' }, { destination: 'file' }])
    expect(await backfilled({ dryRun: true, ...options })).toMatchObject(told)
  expect(await backfilled({ dryRun: true, only: 'project.*' })).toMatchObject({ withheld: 0, taken: 0 })
  expect(place.ids()).toHaveLength(15)
  expect(await backfilled({})).toMatchObject({ taken: 1, sent: 5, unreadable: 0 })
  expect(place.ids().toSorted()).toEqual(events.map(({ id }) => id).toSorted())
  expect(await backfilled({ dryRun: true })).toMatchObject({ withheld: 0, taken: 0 })
})
