// Going back one version with a checkpoint: what the older one takes, what it refuses, and what helps then.
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { S3Checkpoints } from '../../src/checkpoint/s3.ts'
import { SetupError } from '../../src/domain/failures.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { migrations, type Step, schemaVersion } from '../../src/ledger/sqlite/schema.ts'
import { Bench, BUCKET, destination, receiver } from './bench.ts'
import { begun, owned, replicaOn, type Subject, TERM_MS, types, until } from './subject.ts'

let bench: Bench
beforeAll(async () => {
  bench = await Bench.start()
})
afterAll(() => bench.stop())

const { signal } = new AbortController()

function replica(store: S3Checkpoints, name: string, intervalMs?: number): Subject {
  return replicaOn(bench, store, name, intervalMs)
}

/** Leaves a checkpoint of a version that knows one more step of the ledger. */
async function leftByNewer(store: S3Checkpoints, step: Omit<Step, 'version'>): Promise<void> {
  const subject = replica(store, 'newer')
  const ownership = await owned(subject)
  const steps = [...migrations, { version: schemaVersion + 1, ...step }]
  const ledger = openSqliteLedger({ path: subject.path, steps })
  ledger.enrol([{ destination, receiver, startAt: 0 }], 1)
  ledger.swept(receiver, 1_000_000)
  ownership.begin(ledger, [receiver])
  await ownership.end()
  ledger.close()
}

test('after a step back, one goes on with the checkpoint of a newer version that only added to the ledger', async () => {
  const store = await bench.store()
  const sql = "ALTER TABLE routes ADD COLUMN newer TEXT NOT NULL DEFAULT ''; CREATE INDEX newer ON routes (newer)"
  await leftByNewer(store, { additive: true, sql, back: 'DROP INDEX newer; ALTER TABLE routes DROP COLUMN newer' })
  const left = (await store.read(signal))?.head.checkpoint
  expect(left?.schema).toBe(schemaVersion + 1)
  const older = replica(store, 'older')
  const following = await owned(older)
  expect(following.takenUp).toMatchObject({ ledger: 'restored', listAll: false })
  const restored = openSqliteLedger({ path: older.path })
  following.begin(restored, [receiver])
  expect(restored.sweptTo(receiver)).toBe(1_000_000)
  restored.enrol([{ destination: 'another', receiver, startAt: 0 }], 2)
  await following.end()
  restored.close()
  // The copy that the older one makes of it goes on saying who can read it.
  const { schema, oldest } = (await store.read(signal))?.head.checkpoint ?? {}
  expect({ schema, oldest }).toEqual({ schema: left?.schema, oldest: left?.oldest })
})

test('a checkpoint of a newer version that changed more is refused in words, and left at once to who can read it', async () => {
  const store = await bench.store()
  await leftByNewer(store, { additive: false, sql: 'CREATE TABLE other (id INTEGER)', back: 'DROP TABLE other' })
  const { checkpoint } = (await store.read(signal))?.head ?? {}
  expect(checkpoint).toMatchObject({ schema: schemaVersion + 1, oldest: schemaVersion + 1 })
  const older = replica(store, 'older')
  const refused = older.replica.own(signal)
  await expect(refused).rejects.toThrow(SetupError)
  await expect(refused).rejects.toThrow(`it has schema ${schemaVersion + 1}, newer than this version knows`)
  expect(existsSync(older.path)).toBe(false)
  expect((await store.read(signal))?.head).toMatchObject({ released: true, owner: { name: 'older' }, checkpoint })
})

test('a checkpoint that was kept while it was sent from is gone on with when both its files are put back', async () => {
  const prefix = 'kept'
  const store = await bench.store(prefix)
  const at = (name: string): string => `${bench.emulator.address}/${BUCKET}/${prefix}/${name}`
  const first = replica(store, 'first', 50)
  // Nothing is removed between the reading of the one and of the other.
  bench.front.mishap = (method) => (method === 'DELETE' ? 'denied' : undefined)
  const [ownership, ledger] = await begun(first, 50)
  await until(() => types(first.told).includes('checkpoint_made'))
  const owner = await (await fetch(at('owner.json'))).text()
  const { name } = JSON.parse(owner).checkpoint
  const copy = await (await fetch(at(name))).arrayBuffer()
  bench.front.mishap = () => undefined
  await ownership.end()
  ledger.close()
  await leftByNewer(store, { additive: false, sql: 'CREATE TABLE other (id INTEGER)', back: 'DROP TABLE other' })
  await fetch(at(name), { method: 'PUT', body: copy })
  // A term that nobody needs to wait for.
  await fetch(at('owner.json'), { method: 'PUT', body: owner.replace(`"term_ms": ${TERM_MS}`, '"term_ms": 10') })
  const older = replica(store, 'older')
  const following = await owned(older)
  expect(following.takenUp).toMatchObject({ ledger: 'restored', listAll: true, from: { name } })
  const restored = openSqliteLedger({ path: older.path })
  expect(restored.accounts()).toMatchObject([{ outstanding: 50 }])
  restored.close()
  await following.giveUp()
})
