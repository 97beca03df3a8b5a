// The checkpoint's store over the wire: what is promised of conditions, of whole uploads, and of stores that heed neither.
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Checkpoint, Head } from '../../src/checkpoint/head.ts'
import { SetupError, SourceFailure } from '../../src/domain/failures.ts'
import { Bench, BUCKET } from './bench.ts'

let bench: Bench
beforeAll(async () => {
  bench = await Bench.start()
})
afterEach(() => {
  bench.front.mishap = () => undefined
  bench.front.heeds = true
})
afterAll(() => bench.stop())

const { signal } = new AbortController()
const owner = { name: 'app-7d9f', id: 'a' }
const head: Head = { stamp: '1', owner, epoch: 1, termMs: 60_000, released: false, begunAt: 5, checkpoint: undefined }

test('the first head is written once, and each further one over the one it names', async () => {
  const store = await bench.store()
  expect(await store.read(signal)).toBeUndefined()
  const first = await store.write(head, undefined, signal)
  expect(await store.write({ ...head, stamp: '2' }, undefined, signal)).toBeUndefined()
  const second = await store.write({ ...head, stamp: '3', epoch: 2 }, first, signal)
  expect(second).not.toBe(first)
  expect(await store.write({ ...head, stamp: '4' }, first, signal)).toBeUndefined()
  expect(await store.read(signal)).toEqual({
    head: { ...head, stamp: '3', epoch: 2 },
    tag: second,
    ageMs: expect.any(Number),
  })
})

test('of many that write at once, one writes', async () => {
  const store = await bench.store()
  const tag = await store.write(head, undefined, signal)
  const writes = Array.from({ length: 8 }, (_, n) => store.write({ ...head, stamp: `w${n}` }, tag, signal))
  expect((await Promise.all(writes)).filter((written) => written !== undefined)).toHaveLength(1)
})

test('a head that was removed, or whose write met another, is a refusal; a busy store is none', async () => {
  const store = await bench.store('gone')
  expect(await store.write(head, '"a0"', signal)).toBeUndefined()
  bench.front.mishap = () => 'conflict'
  expect(await store.write(head, undefined, signal)).toBeUndefined()
  bench.front.mishap = () => 'down'
  await expect(store.write(head, undefined, signal)).rejects.toThrow(SourceFailure)
  await expect(store.read(signal)).rejects.toThrow('cannot read s3://acme-state/gone/owner.json: SlowDown')
})

test('what is denied because it is not there is not there; what is there and denied is a failure', async () => {
  const store = await bench.store('listed')
  bench.front.mishap = (method, _, query) => (method === 'GET' && !query.includes('list-type') ? 'denied' : undefined)
  expect(await store.read(signal)).toBeUndefined()
  await store.write(head, undefined, signal)
  await expect(store.read(signal)).rejects.toMatchObject({ hint: expect.stringContaining('grant s3:GetObject') })
  bench.front.mishap = (method) => (method === 'GET' ? 'denied' : undefined)
  await expect(store.read(signal)).rejects.toMatchObject({ hint: expect.stringContaining('grant s3:ListBucket') })
})

test('a head of another program or version is not taken for none', async () => {
  const store = await bench.store('foreign')
  const put = (body: string) => fetch(`${bench.emulator.address}/${BUCKET}/foreign/owner.json`, { method: 'PUT', body })
  await put('hello')
  await expect(store.read(signal)).rejects.toThrow('cannot use s3://acme-state/foreign/owner.json')
  await put(JSON.stringify({ format: 2 }))
  await expect(store.read(signal)).rejects.toMatchObject({ hint: expect.stringContaining('newer version') })
})

test('a store that heeds conditions is proven, and nothing is left of the proof', async () => {
  const store = await bench.store('proof')
  const before = Date.now() - 1_000
  expect(await store.prove(signal)).toBeGreaterThan(before - 1_000)
  const listed = await (await fetch(`${bench.emulator.address}/${BUCKET}?list-type=2&prefix=proof/`)).text()
  expect(listed).not.toContain('<Key>')
})

test('a store that takes every PUT is refused in words: the emulator itself is one', async () => {
  const store = await bench.store('bare', bench.emulator.address)
  const refused = store.prove(signal)
  await expect(refused).rejects.toThrow(SetupError)
  await expect(refused).rejects.toThrow('takes a PUT with If-None-Match over an object')
})

function file(bytes: Buffer): { readonly path: string; readonly checkpoint: Checkpoint } {
  const path = bench.path('packed')
  writeFileSync(path, bytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const name = 'ledger-0000000001-000001-0a0b0c0d'
  const sizes = { bytes: bytes.length, sha256, ledgerBytes: 1, ledgerSha256: sha256 }
  return { path, checkpoint: { name, epoch: 1, takenAt: 1, schema: 1, oldest: 1, complete: false, ...sizes } }
}

test('a copy is uploaded as it is, once, listed, read and removed', async () => {
  const store = await bench.store()
  const bytes = randomBytes(3_000_000)
  const { path, checkpoint } = file(bytes)
  await store.upload(checkpoint, path, signal)
  await expect(store.upload(checkpoint, path, signal)).rejects.toThrow('is there already')
  expect(await store.names(signal)).toEqual([checkpoint.name])
  const pieces: Uint8Array[] = []
  for await (const piece of (await store.download(checkpoint.name, signal)) ?? []) pieces.push(piece)
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true)
  await store.remove(checkpoint.name, signal)
  expect(await store.download(checkpoint.name, signal)).toBeUndefined()
  expect(await store.names(signal)).toEqual([])
})

test('a copy that ends early, on the way there or back, is a failure', async () => {
  const store = await bench.store()
  const { path, checkpoint } = file(randomBytes(1_000_000))
  // The file is shorter than it was said to be.
  await expect(store.upload({ ...checkpoint, bytes: 2_000_000 }, path, AbortSignal.timeout(200))).rejects.toThrow()
  expect(await store.names(signal)).toEqual([])
  await store.upload(checkpoint, path, signal)
  bench.front.mishap = (method) => (method === 'GET' ? 'torn' : undefined)
  const read = async () => {
    for await (const _ of (await store.download(checkpoint.name, signal)) ?? []);
  }
  await expect(read()).rejects.toThrow('cannot read')
})
