// What an import promises, over a real ledger file: nothing the destination has is sent again, everything else is, and what
// either side lacks is told.
import { afterEach, expect, test } from 'vitest'
import { SourceFailure } from '../../../src/domain/failures.ts'
import type { Page } from '../../../src/receiver/store.ts'
import { allColumns, type Event, eventsFrom } from '../../cli/import/place.ts'
import { keyOf } from '../../e2e/stage/corpus.ts'
import { pruned } from '../../ledger/pruned.ts'
import { csv } from '../../receiver/csv/rows.ts'
import { World, type WorldSettings } from './world.ts'

let world: World
afterEach(() => world.remove())

const hour = 3_600_000
const day = 24 * hour
const today = Math.floor(Date.now() / day) * day

function begin(settings?: WorldSettings): World {
  world = new World(settings)
  return world
}

/** Events that begin so many days ago. */
function events(daysAgo: number, count: number, tag?: string): Event[] {
  return eventsFrom(new Date(today - daysAgo * day).toISOString(), count, tag)
}

/** Puts them into one object, stamped a minute after the last of them unless told otherwise. */
function put(some: readonly Event[], at = Date.parse(some.at(-1)?.occurred_at ?? '') + 60_000): string {
  const bytes = Buffer.from(some.map((event) => `${JSON.stringify(event)}\n`).join(''))
  const key = keyOf(at, bytes.toString())
  world.store.put({ key, version: '1', bytes })
  return key
}

const file = (some: readonly Event[]): string => csv(some, allColumns)
/** The copy goes right after the answer. */
const cleared = (): Promise<void> => world.until('nothing is left staged', () => world.staged.length === 0)
const idsOf = (some: readonly { readonly id: string }[]): string[] => some.map(({ id }) => id).toSorted()
const arrived = (destination = 'd'): string[] => [...world.catcher(destination).ids].toSorted()

test('what the stream brought is not forwarded again, and what it did not bring is, as the very same records', async () => {
  begin()
  const all = events(2, 40)
  put(all.filter((_, index) => index % 4 !== 0))
  world.start()
  await world.rest()
  const report = await world.import(file(all))
  expect(report.destinations).toMatchObject([{ alreadyForwarded: 30, forwarded: 10, quarantined: 0 }])
  expect(report.lackingInStream).toMatchObject({ events: 10, count: 10 })
  expect(report.lackingInFile).toEqual({ events: 0, count: 0, intervals: [] })
  expect(arrived()).toEqual(idsOf(all))
  const [streamed, imported] = ['a.json', 'b'].map((_, index) => {
    const event = all[index === 0 ? 1 : 4]
    return world.catcher().arrived.find(({ id }) => id === event?.id)
  })
  expect(imported?.text).toBe(JSON.stringify(all[4]))
  const names = (attributes: object = {}) => Object.keys(attributes).filter((name) => !name.startsWith('aws.'))
  expect(names(imported?.attributes)).toEqual(names(streamed?.attributes))
  expect(imported?.attributes).toMatchObject({
    'circleci_audit_forwarder.source.store': 'import:r',
    'circleci_audit_forwarder.source.key': report.file.sha256,
  })
  await cleared()
})

test('the same file again forwards nothing, nor does one that overlaps, however long ago that was', async () => {
  begin({ deduplicationMs: hour })
  const all = events(300, 60)
  world.start()
  put(events(0, 2, 'b'))
  await world.import(file(all.slice(0, 40)))
  await world.rest()
  pruned(world.ledger, hour)
  const again = await world.import(file(all.slice(0, 40)))
  expect(again.destinations).toMatchObject([{ alreadyForwarded: 40, forwarded: 0 }])
  const next = await world.import(file([...all.slice(20), ...all.slice(50)]))
  expect(next).toMatchObject({
    file: { rows: 50, events: 40, repeated: 10 },
    destinations: [{ alreadyForwarded: 20, forwarded: 20 }],
  })
  expect(arrived().filter((id) => id.startsWith('a'))).toEqual(idsOf(all))
})

test('ids that were forgotten are read from the stream first', async () => {
  begin({ deduplicationMs: hour })
  const old = events(60, 30)
  put(old)
  put(events(0, 3, 'b'))
  world.start()
  await world.rest()
  expect(pruned(world.ledger, hour)).toBe(30)
  const report = await world.import(file(old))
  expect(report.destinations).toMatchObject([{ alreadyForwarded: 30, forwarded: 0 }])
  expect(report.stream).toMatchObject({ objects: 1, events: 30, gone: 0 })
})

test('what the stream brought is recognised where its objects are sealed, and told apart from what it did not', async () => {
  begin({ deduplicationMs: hour })
  const old = events(60, 30)
  put(old.slice(0, 20))
  const lost = put(old.slice(20, 25))
  put(events(0, 3, 'b'))
  world.start()
  await world.rest()
  expect(pruned(world.ledger, hour)).toBe(25)
  expect(world.ledger.seal({ before: today - 30 * day, after: undefined, limit: 100 }).sealed).toBe(2)
  const report = await world.import(file(old))
  expect(report.destinations).toMatchObject([{ alreadyForwarded: 25, forwarded: 5 }])
  expect(report.lackingInStream.events).toBe(5)
  expect(arrived().filter((id) => id.startsWith('a'))).toEqual(idsOf(old))
  world.store.remove(lost)
  const again = await world.answer(await world.ask(file(old)))
  expect(again).toMatchObject({ refused: expect.stringContaining('1 objects') })
})

test('lying in the bucket is not enough: what a destination was never given it is given', async () => {
  begin()
  const old = events(30, 20)
  put(old)
  put(events(0, 3, 'b'))
  world.start(['d'], 'now')
  await world.until('the first sweep', () => world.ledger.sweptTo('r') !== undefined)
  const report = await world.import(file(old))
  expect(report.destinations).toMatchObject([{ alreadyForwarded: 0, forwarded: 20 }])
  expect(report.lackingInStream.events).toBe(0)
  expect(arrived()).toEqual(idsOf(old))
})

test('an object that no sweep would have found is found, and delivered as what it is', async () => {
  begin()
  const old = events(20, 10)
  put(events(0, 3, 'b'))
  world.start()
  await world.rest()
  put(old.slice(0, 6))
  const report = await world.import(file(old))
  expect(report.lackingInStream.events).toBe(4)
  await world.rest()
  expect(arrived().filter((id) => id.startsWith('a'))).toEqual(idsOf(old))
})

test('each destination is told apart, and one that is down holds up no other and gets nothing twice', async () => {
  begin({ destinations: ['d', 'e'] })
  const all = events(3, 30)
  put(all.slice(0, 20))
  world.catcher('e').down = true
  world.start()
  await world.until('d has it', () => world.catcher('d').ids.length === 20)
  const id = await world.ask(file(all))
  await world.until('d has all', () => world.catcher('d').ids.length === 30)
  expect(world.ledger.request(id)?.answer).toBeUndefined()
  await world.stop()
  expect(world.staged).toHaveLength(2)
  world.start()
  world.catcher('e').down = false
  expect(await world.answer(id)).toMatchObject({
    done: {
      destinations: [
        { id: 'd', alreadyForwarded: 20, forwarded: 10 },
        { id: 'e', alreadyForwarded: 20, forwarded: 10 },
      ],
    },
  })
  await world.rest()
  for (const destination of ['d', 'e']) expect(arrived(destination)).toEqual(idsOf(all))
})

test('stopped at any moment, it goes on where it was', async () => {
  begin({ decode: { limits: { chunkItems: 5 } } })
  const all = events(4, 200)
  for (let at = 0; at < 150; at += 10) put(all.slice(at, at + 10))
  world.start()
  await world.rest()
  const id = await world.ask(file(all))
  for (let pause = 1; world.ledger.request(id)?.answer === undefined; pause *= 1.5) {
    await new Promise((resolve) => setTimeout(resolve, pause))
    await world.stop()
    world.start()
  }
  expect(await world.answer(id)).toMatchObject({ done: { destinations: [{ alreadyForwarded: 150, forwarded: 50 }] } })
  await world.rest()
  expect(arrived()).toEqual(idsOf(all))
})

test('a destination that comes later is given what it lacks by importing again', async () => {
  begin()
  const all = events(40, 20)
  put(all.slice(0, 10))
  world.start()
  await world.import(file(all))
  await world.rest()
  await world.stop()
  world.start(['d', 'e'], 'now')
  const report = await world.import(file(all))
  expect(report.destinations).toMatchObject([
    { id: 'd', alreadyForwarded: 20, forwarded: 0 },
    { id: 'e', alreadyForwarded: 0, forwarded: 20 },
  ])
  expect(arrived('e')).toEqual(idsOf(all))
})

test('rows that are no events, or another organisation’s, are kept in quarantine', async () => {
  begin({ expectOrganization: 'acme' })
  const [first, second, third] = events(3, 3) as [Event, Event, Event]
  const other = { ...second, organization: { name: 'evil' }, scope: undefined, account: undefined }
  const text = `${file([first, other])}not a row\n${csv([third], allColumns).split('\n').slice(1).join('\n')}`
  world.start()
  const report = await world.import(text)
  expect(report).toMatchObject({
    file: { rows: 2, unreadable: 2 },
    destinations: [{ forwarded: 2, quarantined: 2 }],
  })
  const kept = world.ledger.quarantine({ limit: 9 })
  expect(kept.map(({ reason, line }) => [line, reason])).toEqual([
    [3, expect.stringContaining('another organisation')],
    [4, expect.stringContaining('1 cells')],
  ])
  expect(Buffer.from(kept[1]?.bytes ?? '').toString()).toBe('not a row')
})

test('a rehearsal tells the same and leaves nothing behind', async () => {
  begin()
  const all = events(5, 20)
  put(all.slice(0, 15))
  put(all.slice(0, 1), today - 200 * day)
  world.start()
  await world.rest()
  const before = [world.ledger.totals(), pruned(world.ledger, 0)]
  const answer = await world.answer(await world.ask(file(all), {}, 'import.dry'))
  expect(answer).toMatchObject({
    done: { dryRun: true, lackingInStream: { events: 5 }, destinations: [{ alreadyForwarded: 15, forwarded: 5 }] },
  })
  expect([world.ledger.totals(), pruned(world.ledger, 0)]).toEqual([before[0], 0])
  expect(world.catcher().ids).toHaveLength(15)
  await cleared()
})

test('a bucket that cannot be listed is waited for and not taken for an empty one', async () => {
  begin()
  const all = events(5, 10)
  put(all)
  world.start()
  await world.rest()
  const list = world.store.list.bind(world.store)
  let failing = 5
  world.store.list = async function* (under: string): AsyncGenerator<Page> {
    if (under.includes('day=') && !under.includes('hour=') && failing > 0) {
      failing -= 1
      throw new SourceFailure('SlowDown')
    }
    yield* list(under)
  }
  const report = await world.import(file(all))
  expect(report.destinations).toMatchObject([{ alreadyForwarded: 10, forwarded: 0 }])
  expect(world.told.some(({ type }) => type === 'import_waits')).toBe(true)
})

test('watermarks take no part', async () => {
  begin()
  put(events(1, 5))
  world.catcher().down = true
  world.start()
  await world.until('the sweep', () => world.ledger.sweptTo('r') !== undefined)
  world.ledger.advance()
  const before = world.ledger.accounts()[0]?.watermark
  expect(before).toBeLessThan(today)
  await world.ask(file(events(90, 5, 'c')))
  await world.until('the import is due', () =>
    world.ledger.imports.accounts().some(({ outstanding }) => outstanding > 0),
  )
  world.ledger.advance()
  expect(world.ledger.accounts()[0]?.watermark).toBe(before)
  expect(world.ledger.accounts()[0]).toMatchObject({ outstanding: 1, late: 0, lateTotal: 0 })
})

test('what cannot be asked for is refused in words', async () => {
  begin()
  world.start()
  const refusals = [
    await world.answer(await world.ask('id,action\na,b\n', { receiver: 'x' })),
    await world.answer(world.ledger.ask('import', '{"staged":7}', 'ann', 0)),
    await world.answer(await world.ask('id,action\na,b\n', { staged: 'f'.repeat(64) })),
  ]
  expect(refusals).toEqual([
    { refused: 'there is no receiver x', hint: expect.any(String) },
    { refused: 'this is no request for an import', hint: expect.any(String) },
    { refused: 'the staged copy is gone', hint: 'import the file again' },
  ])
})
