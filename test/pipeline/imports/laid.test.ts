// Files that are laid in a store are imported by the forwarder that runs, each once.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ReadFailure } from '../../../src/domain/failures.ts'
import { readAnswer } from '../../../src/domain/request.ts'
import { allColumns, eventsFrom } from '../../cli/import/place.ts'
import { csv } from '../../receiver/csv/rows.ts'
import { World } from './world.ts'

let world: World
beforeEach(() => {
  world = new World({ laid: true })
})
afterEach(() => world.remove())

const events = eventsFrom('2026-06-01T00:00:00Z', 12)

function lay(key: string, text: string | Buffer, version = '1'): void {
  world.store.put({ key, version, bytes: Buffer.from(text) })
}

async function answered(requests: number): Promise<unknown[]> {
  await world.until(`${requests} requests are answered`, () => world.ledger.request(requests)?.answer !== undefined)
  return Array.from({ length: requests }, (_, index) => readAnswer(world.ledger.request(index + 1)?.answer ?? ''))
}

test('what lies there is imported once, what is laid later too, and a new version again', async () => {
  lay('laid/2026/first.csv', csv(events.slice(0, 5), allColumns))
  lay('elsewhere/other.csv', csv(events, allColumns))
  world.start()
  await answered(1)
  lay('laid/second.csv.gz', csv(events.slice(0, 8), allColumns))
  await answered(2)
  lay('laid/second.csv.gz', csv(events, allColumns), '2')
  const answers = await answered(3)
  expect(answers).toMatchObject(
    [5, 3, 4].map((forwarded) => ({ done: { receiver: 'r', destinations: [{ forwarded }] } })),
  )
  await world.stop()
  world.start()
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(world.ledger.request(4)).toBeUndefined()
  expect(world.ledger.request(2)).toMatchObject({ by: 'whoever laid it there', kind: 'import' })
  expect(world.catcher().ids.toSorted()).toEqual(events.map(({ id }) => id))
  expect(world.store.keys).toHaveLength(3)
  expect(world.told.filter(({ type }) => type === 'objects_ignored')).toMatchObject([{ key: 'elsewhere/other.csv' }])
})

test('a file that cannot be read keeps no other from being imported, and is named', async () => {
  const refuse = (key: string) => new ReadFailure('denied', `cannot read ${key}: access denied`)
  const { read } = world.store
  world.store.read = async (object) => {
    if (object.key === 'laid/a.csv') throw refuse(object.key)
    return read.call(world.store, object)
  }
  lay('laid/a.csv', csv(events.slice(0, 5), allColumns))
  lay('laid/b.csv', csv(events.slice(5), allColumns))
  world.start()
  expect(await answered(1)).toMatchObject([{ done: { destinations: [{ forwarded: 7 }] } }])
  const waits = world.told.filter((event) => event.type === 'import_waits')
  expect(waits[0]).toMatchObject({ receiver: 'r', reason: expect.stringContaining('laid/a.csv') })
})

test('a file there is no room for is not read again before there is more, and is said to wait', async () => {
  const large = eventsFrom('2026-06-02T00:00:00Z', 400, 'b')
  await world.remove()
  world = new World({ laid: true, stagedBytes: 9_000 })
  await world.staging.keep('other', 'x'.repeat(6_000))
  const { read } = world.store
  let reads = 0
  world.store.read = (object) => {
    if (object.key === 'laid/large.csv') reads += 1
    return read.call(world.store, object)
  }
  lay('laid/large.csv', csv(large, allColumns))
  const waits = () => world.told.filter((event) => event.type === 'import_waits')
  world.start()
  await world.until('it is said again and again', () => waits().length >= 4)
  expect([reads, waits()[3]?.reason]).toEqual([
    1,
    expect.stringMatching(/laid\/large.csv waits: no room .* 6000 are taken/),
  ])
  await world.staging.remove('other')
  expect(await answered(1)).toMatchObject([{ done: { destinations: [{ forwarded: 400 }] } }])
  expect(reads).toBe(2)
})

test('a run that is to end says which receiver’s files it could not take', async () => {
  lay('laid/b.csv', csv(events, allColumns))
  world.store.read = () => Promise.reject(new ReadFailure('denied', 'access denied'))
  expect(await world.once()).toEqual({ unswept: ['r'], unfinished: [], unanswered: [] })
  expect(world.told.filter((event) => event.type === 'import_waits')).toHaveLength(1)
})

test('what is no audit log is said once, with its name, and left alone', async () => {
  lay('laid/invoice.csv', 'name,price\napple,1\n')
  lay('laid/book.xlsx', Buffer.from('504b030414000600', 'hex'))
  world.start()
  const answers = await answered(2)
  expect(answers).toMatchObject([
    { refused: expect.stringMatching(/no events: .*(no audit log|zip)/) },
    { refused: expect.stringMatching(/no events: .*(no audit log|zip)/) },
  ])
  await new Promise((resolve) => setTimeout(resolve, 100))
  const refused = world.told.filter((event) => event.type === 'import_refused').map(({ name }) => name)
  expect(refused.toSorted()).toEqual(['s3://fuzz/laid/book.xlsx', 's3://fuzz/laid/invoice.csv'])
  await world.until('nothing is left staged', () => world.staged.length === 0)
})
