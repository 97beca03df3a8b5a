// A replica's life over the wire: what it leaves for the next one, and what the next one makes of it.
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { S3Checkpoints } from '../../src/checkpoint/s3.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { Bench, receiver } from './bench.ts'
import { begun, owned, replicaOn, type Subject, types, until } from './subject.ts'

let bench: Bench
beforeAll(async () => {
  bench = await Bench.start()
})
afterEach(() => {
  bench.front.mishap = () => undefined
})
afterAll(() => bench.stop())

const { signal } = new AbortController()

function replica(store: S3Checkpoints, name: string, intervalMs?: number): Subject {
  return replicaOn(bench, store, name, intervalMs)
}

test('what one leaves when it ends is all that the next one needs', async () => {
  const store = await bench.store()
  const first = replica(store, 'first')
  const [ownership, ledger] = await begun(first, 50)
  ledger.swept(receiver, 1_000_000)
  expect(first.replica.state).toMatchObject({ role: 'owner', owner: 'first', epoch: 1 })
  await ownership.end()
  ledger.close()
  expect(types(first.told)).toEqual(['ownership_taken', 'checkpoint_made', 'ownership_given_up'])
  expect(first.replica.state.role).toBe('standing by')

  const second = replica(store, 'second')
  const following = await owned(second)
  expect(following.takenUp).toMatchObject({ ledger: 'restored', listAll: false })
  const restored = openSqliteLedger({ path: second.path })
  expect(restored.accounts()).toMatchObject([{ outstanding: 50 }])
  following.begin(restored, [receiver])
  expect(restored.sweptTo(receiver)).toBe(1_000_000)
  await following.end()
  restored.close()
  expect(second.told[0]).toMatchObject({ type: 'ledger_restored', superseded: false })
})

test('copies are made again and again; the latest two stay, and no file of them', async () => {
  const store = await bench.store()
  const subject = replica(store, 'one', 50)
  const [ownership, ledger] = await begun(subject, 50)
  const made = () => subject.told.flatMap((event) => (event.type === 'checkpoint_made' ? [event.name] : []))
  await until(async () => made().length >= 4 && (await store.names(signal)).length <= 3)
  await ownership.end()
  ledger.close()
  const names = await store.names(signal)
  // The two that stay; the end may come before an older one is removed, and before a newer one is named.
  expect(names.length).toBeLessThanOrEqual(4)
  expect(names).toContain(made().at(-1))
  expect(readdirSync(bench.folder).filter((name) => /\.copy/.test(name))).toEqual([])
})

test('a copy that was uploaded and never named is no checkpoint, and goes', async () => {
  const store = await bench.store('torn')
  const subject = replica(store, 'one', 50)
  const [ownership, ledger] = await begun(subject, 50)
  const failures = () => types(subject.told).filter((type) => type === 'checkpoint_failed').length
  bench.front.mishap = (method, path) => (method === 'PUT' && path.endsWith('owner.json') ? 'down' : undefined)
  await until(() => failures() >= 2)
  expect((await store.read(signal))?.head.checkpoint).toBeUndefined()
  const orphans = await store.names(signal)
  expect(orphans.length).toBeGreaterThanOrEqual(2)
  bench.front.mishap = () => undefined
  await until(async () => (await store.names(signal)).every((name) => !orphans.includes(name)))
  await ownership.end()
  ledger.close()
})

test('one that cannot leave a last copy gives the ownership up all the same', async () => {
  const store = await bench.store()
  const subject = replica(store, 'one')
  const [ownership, ledger] = await begun(subject, 50)
  bench.front.mishap = (method, path) => (method === 'PUT' && path.includes('/ledger-') ? 'denied' : undefined)
  await ownership.end()
  ledger.close()
  expect(types(subject.told)).toEqual(['ownership_taken', 'checkpoint_failed', 'ownership_given_up'])
  expect((await store.read(signal))?.head).toMatchObject({ released: true, checkpoint: undefined })
})

test('one whose ownership was taken says so at once, and sends nothing', async () => {
  const store = await bench.store()
  const subject = replica(store, 'one', 50)
  const [ownership, ledger] = await begun(subject, 50)
  const read = await store.read(signal)
  if (read === undefined) throw new Error('there is no head')
  // As if somebody had moved the clocks of all the world.
  await until(async () => {
    const { head, tag } = (await store.read(signal)) ?? read
    const taken = { ...head, stamp: randomUUID(), epoch: 2, owner: { name: 'other', id: 'other' } }
    return (await store.write(taken, tag, signal)) !== undefined
  })
  await until(() => types(subject.told).includes('ownership_lost'))
  expect(ownership.lease.holds()).toBe(false)
  expect(ownership.lease.over.aborted).toBe(true)
  await ownership.end()
  ledger.close()
  expect(types(subject.told).filter((type) => type === 'ownership_lost')).toHaveLength(1)
  expect((await store.read(signal))?.head.owner.name).toBe('other')
})

test('a ledger that knows no destination is not worth a copy: the next one begins where the first began', async () => {
  const store = await bench.store()
  const first = replica(store, 'first', 50)
  const ownership = await owned(first)
  const ledger = openSqliteLedger({ path: first.path })
  ownership.begin(ledger, [receiver])
  await ownership.end()
  ledger.close()
  expect(await store.names(signal)).toEqual([])
  const begunAt = (await store.read(signal))?.head.begunAt
  const second = await owned(replica(store, 'second'))
  expect(second.takenUp).toEqual({ ledger: 'begun', since: begunAt, listAll: true })
  await second.giveUp()
})

test('one that was lost is followed from its last copy, and the bucket is listed from its beginning', async () => {
  const store = await bench.store()
  const first = replica(store, 'first', 50)
  const [ownership, ledger] = await begun(first, 50)
  ledger.swept(receiver, 1_000_000)
  await until(() => types(first.told).includes('checkpoint_made'))
  // As a term that is over looks to the next one, without waiting for it.
  await ownership.giveUp()
  ledger.close()
  const second = replica(store, 'second')
  const following = await owned(second)
  expect(following.takenUp).toMatchObject({ ledger: 'restored', listAll: true })
  const restored = openSqliteLedger({ path: second.path })
  following.begin(restored, [receiver])
  expect(restored.sweptTo(receiver)).toBe(0)
  await following.end()
  restored.close()
})

test('one that comes back with a ledger that others have gone beyond puts it aside', async () => {
  const store = await bench.store()
  const [first, second] = [replica(store, 'first'), replica(store, 'second')]
  const [ownership, ledger] = await begun(first, 50)
  await ownership.end()
  ledger.close()
  const following = await owned(second)
  const theirs = openSqliteLedger({ path: second.path })
  following.begin(theirs, [receiver])
  theirs.enrol([{ destination: 'other', receiver, startAt: 0 }], 1)
  await following.end()
  theirs.close()
  const back = await owned(first)
  expect(back.takenUp).toMatchObject({ ledger: 'restored', superseded: true })
  const mine = openSqliteLedger({ path: first.path })
  expect(mine.routes()).toMatchObject([{ destination: 'other' }])
  mine.close()
  expect(existsSync(`${first.path}.superseded`)).toBe(true)
  await back.giveUp()
})

test('a store that cannot be reached is asked again, and said so', async () => {
  const store = await bench.store()
  const subject = replica(store, 'one')
  bench.front.mishap = () => 'down'
  const owning = owned(subject)
  await until(() => types(subject.told).includes('checkpoint_unreachable'))
  expect(subject.replica.state).toMatchObject({ role: 'standing by', owner: undefined })
  bench.front.mishap = () => undefined
  await (await owning).giveUp()
})

test('one that stands by says by whom, and stops when it is told to', async () => {
  const store = await bench.store()
  const ownership = await owned(replica(store, 'first'))
  const waiting = replica(store, 'second')
  const stop = new AbortController()
  const owning = waiting.replica.own(stop.signal)
  await until(() => types(waiting.told).includes('standing_by'))
  expect(waiting.replica.state).toMatchObject({ role: 'standing by', owner: 'first', epoch: 1 })
  stop.abort()
  expect(await owning).toBeUndefined()
  await ownership.giveUp()
})
