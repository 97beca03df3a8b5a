// Which objects an import takes for gone: those of its own receiver that can no longer be listed, and no others.
import { afterEach, expect, test } from 'vitest'
import { ReadFailure } from '../../../src/domain/failures.ts'
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

/** Puts them into one object, stamped a minute after the last of them. */
function put(some: readonly Event[], prefix = ''): string {
  const at = Date.parse(some.at(-1)?.occurred_at ?? '') + 60_000
  const bytes = Buffer.from(some.map((event) => `${JSON.stringify(event)}\n`).join(''))
  const key = `${prefix}${keyOf(at, bytes.toString())}`
  world.store.put({ key, version: '1', bytes })
  return key
}

const dayOf = (at: number): string => `${keyOf(at, '').split('/').slice(0, 3).join('/')}/`
const file = (some: readonly Event[]): string => csv(some, allColumns)
const cleared = (): Promise<void> => world.until('nothing is left staged', () => world.staged.length === 0)
const idsOf = (some: readonly { readonly id: string }[]): string[] => some.map(({ id }) => id).toSorted()
const arrived = (destination = 'd'): string[] => [...world.catcher(destination).ids].toSorted()

test('where objects are gone their events cannot be recognised: refused, unless that is accepted', async () => {
  begin({ deduplicationMs: hour })
  const old = events(50, 20)
  const gone = put(old.slice(0, 10))
  put(old.slice(10))
  put(events(0, 2, 'b'))
  world.start()
  await world.rest()
  pruned(world.ledger, hour)
  world.store.remove(gone)
  const refused = await world.answer(await world.ask(file(old)))
  expect(refused).toMatchObject({
    refused: expect.stringContaining('1 objects'),
    hint: expect.stringContaining('--accept-repeats'),
  })
  await cleared()
  const report = await world.import(file(old), { acceptRepeats: true })
  expect(report).toMatchObject({ stream: { gone: 1 }, destinations: [{ alreadyForwarded: 10, forwarded: 10 }] })
})

test('what another receiver has in the same bucket is not taken for gone', async () => {
  begin({ beside: 'eu' })
  const [mine, others] = [events(3, 10), events(3, 10, 'b')]
  put(mine.slice(0, 5), 'r/')
  put(others, 'eu/')
  world.start()
  await world.rest()
  const report = await world.import(file(mine))
  expect(report).toMatchObject({
    stream: { objects: 1, gone: 0 },
    destinations: [{ alreadyForwarded: 5, forwarded: 5 }],
  })
  expect((await world.import(file(others), { receiver: 'eu' })).destinations).toMatchObject([{ alreadyForwarded: 10 }])
})

test('what comes while the stream is listed is read as well, and not taken for gone', async () => {
  begin({ deduplicationMs: hour })
  const all = events(3, 20)
  put(all.slice(0, 10))
  world.start()
  await world.rest()
  const list = world.store.list.bind(world.store)
  let keys: string[] = []
  world.store.list = async function* (under: string): AsyncGenerator<Page> {
    yield* list(under)
    // A day of the past, whose listing is over: nobody lists it again.
    if (keys.length > 0 || under !== dayOf(today - 3 * day)) return
    keys = [put(all.slice(10, 15)), put(all.slice(15, 16))]
    for (const key of keys) world.announce(key)
    world.store.remove(keys[1] as string)
  }
  const report = await world.import(file(all))
  expect(keys).toHaveLength(2)
  expect(report).toMatchObject({
    stream: { objects: 3, unreadable: 1, gone: 0 },
    lackingInStream: { events: 5 },
  })
  await world.until('all of it is there', () => arrived().length >= all.length)
  expect(arrived()).toEqual(idsOf(all))
})

test('an object that is found by the import and cannot be read does not stand in its way', async () => {
  begin()
  const all = events(20, 10)
  put(events(0, 2, 'b'))
  world.start()
  await world.rest()
  const key = put(all.slice(0, 5))
  const read = world.store.read.bind(world.store)
  let denied = true
  world.store.read = (object) => {
    if (denied && object.key === key) throw new ReadFailure('denied', 'no right to decrypt it')
    return read(object)
  }
  const report = await world.import(file(all))
  expect(report).toMatchObject({ stream: { unreadable: 1, gone: 0 }, destinations: [{ forwarded: 10 }] })
  denied = false
  await world.rest()
  expect(arrived().filter((id) => id.startsWith('a'))).toEqual(idsOf(all))
})

test('an object whose stamp lies beside its partition is read, and not taken for gone', async () => {
  begin()
  const all = eventsFrom(new Date(today - 20 * day + 60_000).toISOString(), 4)
  const bytes = Buffer.from(all.map((event) => `${JSON.stringify(event)}\n`).join(''))
  // Stamped before midnight, laid after it.
  const [before, after] = [-1, 1].map((side) => keyOf(today - 20 * day + side * 30_000, bytes.toString()))
  const key = `${after?.slice(0, after.lastIndexOf('/'))}${before?.slice(before.lastIndexOf('/'))}`
  world.store.put({ key, version: '1', bytes })
  const edge = eventsFrom(new Date(today - 28 * day + 3 * hour).toISOString(), 4, 'c')
  world.start()
  await world.rest()
  for (const some of [all, edge]) await world.import(file(some))
  expect(arrived()).toEqual(idsOf([...all, ...edge]))
})

test('what the stream is yet to deliver is not called forwarded, and taken from the file where the stream loses it', async () => {
  begin({ destinations: ['d', 'other'] })
  const all = events(2, 10)
  const key = put(all)
  world.catcher().down = true
  world.start()
  await world.until('the other one has it', () => world.catcher('other').ids.length === all.length)
  const id = await world.ask(file(all))
  await world.until('it is said what it waits for', () => /503/.test(world.ledger.request(id)?.progress ?? ''))
  expect(world.ledger.request(id)?.answer).toBeUndefined()
  expect(world.staged).not.toEqual([])
  await world.stop()
  // Nobody has tried to deliver it since it was taken back: there is nothing of it on its way.
  for (const { id } of world.ledger.intents('d')) world.ledger.resolve(id, { delivered: [] }, Date.now())
  world.store.remove(key)
  world.ledger.lose('d', 1, 'it is gone', Date.now())
  world.catcher().down = false
  world.start()
  expect(await world.answer(id)).toMatchObject({
    done: { destinations: [{ id: 'd', forwarded: 10 }, { id: 'other' }] },
  })
  expect([arrived(), arrived('other')]).toEqual([idsOf(all), idsOf(all)])
  await cleared()
})

test('what a destination refused of a file can be sent again when the import is long done', async () => {
  begin()
  const all = events(2, 10)
  const refused = all[3]?.id ?? ''
  world.catcher().refused.add(refused)
  world.start()
  const report = await world.import(file(all))
  expect(report.destinations).toMatchObject([{ forwarded: 9, quarantined: 1 }])
  await world.until('only a spared copy is left', () => world.staged.every((name) => name.endsWith('.spare')))
  for (const name of world.staged) await world.staging.remove(name)
  await world.stop()
  world.catcher().refused.clear()
  world.start()
  const id = world.ledger.ask('replay', JSON.stringify({ why: 'mended' }), 'ann', Date.now() + 1_000)
  expect(await world.answer(id)).toMatchObject({ done: { due: 1, delivered: 1, retired: 0, lost: 0, left: 0 } })
  expect(arrived()).toEqual(idsOf(all))
  expect(world.ledger.quarantine({ limit: 10 })).toEqual([])
})

test('what a filter withheld of a file can be sent when the import is long done', async () => {
  begin({ exclude: ['workflow.*'] })
  const all = events(2, 10).map((event, index) => (index < 3 ? { ...event, action: 'workflow.job.start' } : event))
  world.start()
  expect((await world.import(file(all))).destinations).toMatchObject([{ forwarded: 7, filtered: 3 }])
  await world.until('only a spared copy is left', () => world.staged.every((name) => name.endsWith('.spare')))
  expect(world.staged).toHaveLength(1)
  expect(world.ledger.routes().map(({ receiver }) => receiver)).toEqual(['r'])
  await world.stop()
  world.start()
  const range = { from: 0, to: Date.now(), force: false, why: 'wanted after all' }
  const ask = (body: object): number => {
    return world.ledger.ask('backfill', JSON.stringify({ ...range, ...body }), 'ann', Date.now())
  }
  expect(await world.answer(ask({ only: 'project.*', receiver: 'r' }))).toMatchObject({ done: { taken: 0, sent: 0 } })
  const done = await world.answer(ask({ only: 'workflow.*', receiver: 'r' }))
  expect(done).toMatchObject({ done: { taken: 1, sent: 3, unreadable: 0 } })
  expect(arrived()).toEqual(idsOf(all))
  expect(await world.answer(ask({ only: 'workflow.*' }))).toMatchObject({ done: { taken: 0, sent: 0 } })
})

test('rows that could not be read can be sent when the import is long done, once they can be', async () => {
  begin({ decode: { limits: { lineBytes: 2_000 } } })
  const all = events(2, 10).map((event, index) => (index === 4 ? { ...event, note: 'x'.repeat(3_000) } : event))
  world.start()
  const report = await world.import(csv(all, [...allColumns, 'note']))
  expect(report).toMatchObject({ file: { rows: 9, unreadable: 1 }, destinations: [{ forwarded: 9, quarantined: 1 }] })
  const replay = (): number => world.ledger.ask('replay', JSON.stringify({ why: 'mended' }), 'ann', Date.now() + 1_000)
  expect(await world.answer(replay())).toMatchObject({ done: { due: 0, still: 1 } })
  await world.stop()
  world.settings = {}
  world.start()
  expect(await world.answer(replay())).toMatchObject({ done: { due: 1, delivered: 1, still: 0, gone: 0 } })
  expect(arrived()).toEqual(idsOf(all))
  expect(world.ledger.quarantine({ limit: 10 })).toEqual([])
})
