// `import`, the whole program in process: real ledger file, real pipeline, a folder for a bucket, a file for a destination.
import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
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

test('a file of a range that the stream delivered with 1 % removed', async () => {
  const events = eventsFrom('2026-03-01T00:00:00Z', 2_000)
  const removed = events.filter((_, index) => index % 100 === 37 || (index >= 900 && index < 905))
  const streamed = events.filter((event) => !removed.includes(event))
  stream(streamed)
  await place.once()
  expect(place.ids()).toHaveLength(streamed.length)
  const inFile = events.filter((_, index) => index !== 5)
  const report = await place.report(place.file('audit.csv', inFile))
  expect(place.ids().slice(streamed.length).toSorted()).toEqual(removed.map(({ id }) => id))
  expect(report.destinations[0]).toMatchObject({ alreadyForwarded: inFile.length - removed.length, forwarded: 25 })
  expect(report.lackingInStream).toMatchObject({ events: 25, count: 21 })
  const [first, last] = [events[900]?.occurred_at, events[904]?.occurred_at]
  expect(report.lackingInStream.intervals[9]).toEqual({ from: first, to: last, events: 5 })
  const at = events[5]?.occurred_at
  expect(report.lackingInFile).toEqual({ events: 1, count: 1, intervals: [{ from: at, to: at, events: 1 }] })
  expect(place.staged()).toEqual([])
})

test('from standard input, without a stream and without a forwarder: everything is forwarded', async () => {
  const events = eventsFrom('2026-03-01T00:00:00Z', 50)
  const stdin = vi.spyOn(process, 'stdin', 'get')
  stdin.mockReturnValue(Readable.from([Buffer.from(place.text(events))]) as unknown as typeof process.stdin)
  const { code, out } = await place.import(['-'], { json: false })
  stdin.mockRestore()
  expect(code).toBe(0)
  expect(out).toContain('-: 50 rows from 2026-03-01T00:00:00.000Z to 2026-03-01T00:49:00.000Z, for circleci_audit')
  expect(place.ids().toSorted()).toEqual(events.map(({ id }) => id))
  expect(place.staged()).toEqual([])
  const acts = place
    .own('act')
    .filter(({ attributes }) => attributes['circleci_audit_forwarder.act'] === 'file_imported')
  expect(acts).toMatchObject([{ attributes: { 'circleci_audit_forwarder.rows': 50 } }])
})

test('a rehearsal tells what would be forwarded', async () => {
  const file = place.file('audit.csv', eventsFrom('2026-03-01T00:00:00Z', 20))
  const { code, out } = await place.import([file], { json: false, dryRun: true })
  expect([code, place.ids(), place.staged()]).toEqual([0, [], []])
  expect(out).toContain('to be forwarded')
  expect(out).toContain('nothing was forwarded (--dry-run)')
})

test('what is no audit log is said at once, and nothing of it stays', async () => {
  place.append('other.csv', 'name,price\napple,1\n')
  place.append('empty.csv', 'id,action,occurred_at\n')
  const asked = ['other.csv', 'empty.csv', 'absent.csv'].map((name) => place.path(name))
  const { code, err } = await place.import(asked, { json: false })
  expect(code).toBe(1)
  expect(err).toContain('other.csv is not imported: no audit log')
  expect(err).toContain('empty.csv is not imported: it holds no events')
  expect(err).toMatch(/absent.csv is not imported: it cannot be read: ENOENT/)
  expect(place.staged()).toEqual([])
})

test('where it is not clear whose events they are, one is asked; a full folder and a ledger in memory are said', async () => {
  const file = place.file('audit.csv', eventsFrom('2026-03-01T00:00:00Z', 2))
  await expect(place.import([file], { receiver: 'circleci_audit/x' })).rejects.toThrow('no receiver circleci_audit/x')
  place.configure({ service: { imports: { max_bytes: '100B' } } })
  expect((await place.import([file])).err).toContain('may hold 100 bytes')
  place.configure({ service: { ledger: { memory: {} } } })
  await expect(place.import([file])).rejects.toThrow('a ledger in memory')
  await expect(place.import([])).rejects.toThrow('a ledger in memory')
})

test('however many files there are, the process listens for signals once', async () => {
  const first = place.file('a.csv', eventsFrom('2026-03-01T00:00:00Z', 3))
  await place.import([first], {})
  const listening = (): number[] => ['SIGTERM', 'SIGINT'].map((signal) => process.listenerCount(signal))
  const before = listening()
  const others = [2, 3].map((day) => place.file(`${day}.csv`, eventsFrom(`2026-03-0${day}T00:00:00Z`, 3)))
  await place.import(others, {})
  await place.once()
  expect(listening()).toEqual(before)
})
