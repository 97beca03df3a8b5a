// A ledger's copy: taken beside a writer, carried through the store, and a ledger again; or refused in words.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { zstdCompressSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Copied, copied } from '../../src/checkpoint/copying.ts'
import type { Checkpoint } from '../../src/checkpoint/head.ts'
import { restore } from '../../src/checkpoint/restoring.ts'
import type { S3Checkpoints } from '../../src/checkpoint/s3.ts'
import { SetupError } from '../../src/domain/failures.ts'
import { standingOf } from '../../src/ledger/sqlite/copy.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { schemaVersion } from '../../src/ledger/sqlite/schema.ts'
import { Bench, BUCKET, filledLedger } from './bench.ts'

let bench: Bench
/** A ledger with objects, and its copy. */
let base: { readonly path: string; readonly packed: string; readonly copy: Copied }
beforeAll(async () => {
  bench = await Bench.start()
  const path = bench.path('base.db')
  filledLedger(path, 500).close()
  const packed = bench.path('base.zst')
  base = { path, packed, copy: await copied({ path, plain: bench.path('base.plain'), packed }, signal) }
})
afterEach(() => {
  bench.front.mishap = () => undefined
})
afterAll(() => bench.stop())

const { signal } = new AbortController()

interface Carried {
  readonly store: S3Checkpoints
  readonly checkpoint: Checkpoint
}

/** The copy, uploaded. */
async function carried(prefix?: string): Promise<Carried> {
  const store = await bench.store(prefix)
  const checkpoint = { ...base.copy, name: 'ledger-0000000003-000001-0a0b0c0d', epoch: 3, takenAt: 1, complete: false }
  await store.upload(checkpoint, base.packed, signal)
  return { store, checkpoint }
}

/** Everything in the file, table by table, with how it is made. */
function dump(path: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const made = database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all()
    const tables = made.filter(({ type, name }) => type === 'table' && !String(name).startsWith('sqlite_'))
    const rows = tables.map(({ name }) => [name, database.prepare(`SELECT * FROM "${String(name)}"`).all()])
    return { made, rows, check: database.prepare('PRAGMA integrity_check').all() }
  } finally {
    database.close()
  }
}

test('what is restored is the ledger, row by row and index by index, and works as one', async () => {
  const { store, checkpoint } = await carried()
  const restored = bench.path('restored.db')
  await restore(store, checkpoint, restored, signal)
  const ledger = openSqliteLedger({ path: restored })
  expect(ledger.accounts()).toMatchObject([{ outstanding: 500 }])
  ledger.close()
  expect(dump(restored)).toEqual(dump(base.path))
  expect(statSync(restored).mode & 0o777).toBe(0o600)
  expect(readdirSync(bench.folder).filter((name) => name.startsWith('restored.db.restoring'))).toEqual([])
})

test('a copy is of one moment, while the ledger is written all the time', async () => {
  const path = bench.path('busy.db')
  const ledger = filledLedger(path, 2_000)
  const packed = bench.path('busy.zst')
  const copying = copied({ path, plain: bench.path('busy.plain'), packed }, signal)
  let writes = 0
  let done = false
  void copying.finally(() => {
    done = true
  })
  // Each transaction moves both numbers; a copy in which they differ is of no moment.
  while (!done) {
    writes += 1
    ledger.together(() => {
      ledger.watch.remember('one', String(writes))
      ledger.watch.remember('two', String(writes))
    })
    await new Promise((resolve) => setImmediate(resolve))
  }
  const copy = await copying
  ledger.close()
  const store = await bench.store()
  const checkpoint = { ...copy, name: 'ledger-0000000001-000001-0a0b0c0d', epoch: 1, takenAt: 1, complete: false }
  await store.upload(checkpoint, packed, signal)
  const restored = bench.path('busy-restored.db')
  await restore(store, checkpoint, restored, signal)
  const back = openSqliteLedger({ path: restored })
  expect(back.watch.memory('one')).toBe(back.watch.memory('two'))
  back.close()
  expect(writes).toBeGreaterThan(1)
})

test('what was free in the ledger, and the indexes, are not carried', () => {
  const plain = bench.path('plain')
  const whole = new DatabaseSync(base.path)
  whole.prepare('VACUUM INTO ?').run(plain)
  whole.close()
  expect(base.copy.bytes).toBeLessThan(0.9 * zstdCompressSync(readFileSync(plain)).length)
})

test('a ledger that was there is kept aside, whole, with what is in its log alone', async () => {
  const { store, checkpoint } = await carried()
  const path = bench.path('mine.db')
  const mine = filledLedger(path, 10)
  mine.close()
  await restore(store, checkpoint, path, signal)
  const aside = openSqliteLedger({ path: `${path}.superseded` })
  expect(aside.accounts()).toMatchObject([{ outstanding: 10 }])
  aside.close()
})

test('a ledger in use is not put aside', async () => {
  const { store, checkpoint } = await carried()
  const path = bench.path('used.db')
  const used = filledLedger(path, 10)
  await expect(restore(store, checkpoint, path, signal)).rejects.toThrow('another forwarder is running on this ledger')
  expect(used.accounts()).toMatchObject([{ outstanding: 10 }])
  used.close()
})

async function overwrite(prefix: string, name: string, body: Buffer): Promise<void> {
  const url = `${bench.emulator.address}/${BUCKET}/${prefix}/${name}`
  await fetch(url, { method: 'PUT', body: new Uint8Array(body) })
}

test.each([
  ['one bit is another', (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === 1_000 ? byte ^ 1 : byte)))],
  ['it ends early', (bytes: Buffer) => bytes.subarray(0, bytes.length - 100)],
  ['it is something else', () => Buffer.from('hello')],
  ['something stands behind it', (bytes: Buffer) => Buffer.concat([bytes, bytes])],
])('a copy is refused, and the ledger untouched, where %s', async (what, damage) => {
  const prefix = `damaged ${what}`.replaceAll(' ', '-')
  const { store, checkpoint } = await carried(prefix)
  await overwrite(prefix, checkpoint.name, damage(readFileSync(base.packed)))
  const mine = bench.path(`${prefix}.db`)
  filledLedger(mine, 10).close()
  const before = readFileSync(mine)
  const refused = restore(store, checkpoint, mine, signal)
  await expect(refused).rejects.toThrow(SetupError)
  await expect(refused).rejects.toThrow(checkpoint.name)
  expect(readFileSync(mine).equals(before)).toBe(true)
  expect(existsSync(`${mine}.restoring`)).toBe(false)
})

test('a copy that is not there is said so', async () => {
  const { store, checkpoint } = await carried()
  await store.remove(checkpoint.name, signal)
  const refused = restore(store, checkpoint, bench.path('none.db'), signal)
  await expect(refused).rejects.toThrow(/latest copy of the ledger, is not there/)
})

test('a download that is torn once is made again', async () => {
  const { store, checkpoint } = await carried()
  let torn = 0
  bench.front.mishap = (method, path) => {
    if (method !== 'GET' || !path.includes('ledger-') || torn > 0) return undefined
    torn += 1
    return 'torn'
  }
  const path = bench.path('torn.db')
  await expect(restore(store, checkpoint, path, signal)).rejects.toThrow('cannot read')
  expect(existsSync(path)).toBe(false)
  await restore(store, checkpoint, path, signal)
  expect(standingOf(path)).toEqual({ empty: false, epoch: 0 })
})

test('a ledger of a newer version is refused before anything is read of it', async () => {
  const store = await bench.store()
  const newer: Checkpoint = { ...(await carried()).checkpoint, schema: schemaVersion + 1, oldest: schemaVersion + 1 }
  await expect(restore(store, newer, bench.path('newer.db'), signal)).rejects.toMatchObject({
    message: expect.stringContaining(`it has schema ${schemaVersion + 1}, newer than this version knows`),
    hint: expect.stringContaining('run the newer version'),
  })
})

test('a copy that is told to stop stops, and leaves nothing', async () => {
  const path = bench.path('stopped.db')
  const task = { path: base.path, plain: `${path}.plain`, packed: `${path}.packed` }
  const cut = new AbortController()
  const copying = copied(task, cut.signal)
  cut.abort()
  await expect(copying).rejects.toThrow()
  expect([task.plain, task.packed].filter(existsSync)).toEqual([])
})

test('what stands at the path is told without being changed', () => {
  const none = bench.path('nowhere.db')
  expect(standingOf(none)).toEqual({ empty: true, epoch: 0 })
  const fresh = bench.path('fresh.db')
  openSqliteLedger({ path: fresh }).close()
  expect(standingOf(fresh)).toEqual({ empty: true, epoch: 0 })
  const foreign = bench.path('foreign.db')
  writeFileSync(foreign, 'this is no database, and long enough to be none'.repeat(100))
  expect(() => standingOf(foreign)).toThrow(SetupError)
})
