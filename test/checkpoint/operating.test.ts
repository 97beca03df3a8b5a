// What an operator meets beside the forwarder: the doctor, commands beside a replica that stands by, and one-time runs.
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { fulfilled } from '../../src/cli/asking.ts'
import { examineCheckpoint } from '../../src/cli/doctor/checkpoint.ts'
import { load } from '../../src/cli/load.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { Bench, BUCKET, filledLedger } from './bench.ts'

let bench: Bench
beforeAll(async () => {
  bench = await Bench.start()
})
afterEach(() => {
  bench.front.mishap = () => undefined
})
afterAll(() => bench.stop())

const { signal } = new AbortController()

async function configured() {
  const prefix = randomUUID()
  const path = bench.path(`${prefix}.db`)
  const file = bench.path(`${prefix}.yaml`)
  const s3 = { bucket: BUCKET, prefix, region: 'us-east-1', endpoint: bench.front.address, force_path_style: true }
  const config = {
    receivers: { circleci_audit: { store: { directory: { path: bench.folder } } } },
    exporters: { console: {} },
    service: {
      ledger: { sqlite: { path } },
      checkpoint: { s3 },
      pipelines: { logs: { receivers: ['circleci_audit'], exporters: ['console'] } },
    },
  }
  writeFileSync(file, JSON.stringify(config))
  return { loaded: await load({ config: file }), path, store: await bench.store(prefix) }
}

test('the doctor says who owns and how old the latest copy is, and what a reader cannot prove', async () => {
  const { loaded, store } = await configured()
  const looked = async () => (await examineCheckpoint(loaded.config, 5_000))[0]?.findings
  expect(await looked()).toMatchObject([
    { level: 'ok', detail: 'nobody has owned the sending yet' },
    { level: 'unknown', what: 'the store heeds conditional writes' },
  ])
  const sizes = { bytes: 1, sha256: 'a'.repeat(64), ledgerBytes: 1, ledgerSha256: 'b'.repeat(64), schema: 1, oldest: 1 }
  const name = 'ledger-0000000003-000001-0a0b0c0d'
  const checkpoint = { name, epoch: 3, takenAt: Date.now() - 120_000, complete: false, ...sizes }
  const head = { stamp: '1', owner: { name: 'app-7d9f', id: 'a' }, epoch: 3, termMs: 60_000, begunAt: 0, checkpoint }
  await store.write({ ...head, released: false }, undefined, signal)
  expect((await looked())?.[0]?.detail).toMatch(/^owner app-7d9f, epoch 3; .* the latest 2 min old$/)
  bench.front.mishap = () => 'denied'
  expect((await looked())?.[0]).toMatchObject({ level: 'error', next: expect.stringContaining('grant s3:') })
})

test('a command does no work on a ledger that nobody sends from, and asks the one that does', async () => {
  const { loaded, path } = await configured()
  filledLedger(path, 1).close()
  const asking = { kind: 'backfill', body: {}, show: () => undefined }
  await expect(fulfilled(loaded, asking)).rejects.toMatchObject({
    message: expect.stringContaining('nobody sends from here'),
    hint: expect.stringContaining('ask beside the replica that owns the sending'),
  })
  const owner = openSqliteLedger({ path })
  const answered = fulfilled(loaded, asking)
  for (let looks = 0; owner.asked().length === 0 && looks < 1_000; looks += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  owner.answer(owner.asked()[0]?.id ?? 0, JSON.stringify({ done: 'yes' }))
  expect((await answered).answer).toEqual({ done: 'yes' })
  owner.close()
})
