import { createHash, randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync, zstdDecompressSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ReadFailure, SourceFailure } from '../../../src/domain/failures.ts'
import { Staging } from '../../../src/receiver/imports/staging.ts'

let folder: string
let staging: Staging
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'staging-')), 'staged')
  staging = new Staging({ folder, maxBytes: 10_000 })
})
afterEach(() => rmSync(join(folder, '..'), { recursive: true }))

const text = 'id,action\n'.repeat(5_000)
const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')

async function* pieces(bytes: string | Buffer, size = 7): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(bytes)
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size)
}

test('a copy has the name of its hash, is compressed, and nobody else’s to read', async () => {
  const staged = await staging.stage(pieces(text, 999))
  expect(staged.name).toBe(sha256(text))
  const path = join(folder, staged.name)
  expect(zstdDecompressSync(readFileSync(path)).toString()).toBe(text)
  expect([statSync(path).mode & 0o777, statSync(folder).mode & 0o777]).toEqual([0o600, 0o700])
  expect(await staging.sizeOf(staged.name)).toBe(staged.size)
  expect(staged.size).toBeLessThan(1_000)
  const read = await buffer(staging.read({ key: staged.name }, new AbortController().signal))
  expect(read).toEqual(readFileSync(path))
})

test('what is compressed already stays as it is, however it arrives', async () => {
  const bytes = gzipSync(text)
  const staged = await staging.stage(pieces(bytes, 1))
  expect([staged.name, staged.size]).toEqual([sha256(bytes), bytes.length])
  expect(readFileSync(join(folder, staged.name))).toEqual(bytes)
})

test('an empty file is one, too', async () => {
  const { name } = await staging.stage(pieces(''))
  expect(zstdDecompressSync(readFileSync(join(folder, name))).length).toBe(0)
})

test('all copies together are bounded, and one that does not fit leaves nothing', async () => {
  const noise = Buffer.from(Array.from({ length: 8_000 }, (_, n) => (n * 7919 * (n % 251)) % 256))
  await staging.stage(pieces(gzipSync(noise, { level: 0 }), 999))
  const failure = staging.stage(pieces(gzipSync(noise.subarray(1), { level: 0 }), 999))
  await expect(failure).rejects.toThrow(SourceFailure)
  await expect(failure).rejects.toThrow(/may hold 10000 bytes, and 80\d\d are taken/)
  expect(readdirSync(folder)).toHaveLength(1)
})

test('a body that breaks leaves nothing, and says what it said', async () => {
  const body = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('id,action\n')
    throw new Error('the pipe broke')
  }
  await expect(staging.stage(body())).rejects.toThrow('the pipe broke')
  expect(readdirSync(folder)).toEqual([])
})

test('a copy that is not there is gone, and no name leads out of the folder', async () => {
  await staging.stage(pieces(text, 999))
  writeFileSync(join(folder, '..', 'secret'), 'x')
  for (const key of ['f'.repeat(64), '../secret', '']) {
    const read = buffer(staging.read({ key }, new AbortController().signal))
    await expect(read).rejects.toMatchObject({ kind: 'gone' })
    await expect(read).rejects.toThrow(ReadFailure)
  }
  expect(await staging.sizeOf('f'.repeat(64))).toBeUndefined()
})

test('words are kept beside the copies', async () => {
  await staging.keep('7.differences', '{"a":1}')
  expect([await staging.kept('7.differences'), await staging.kept('8.differences')]).toEqual(['{"a":1}', undefined])
  expect(readdirSync(folder)).toEqual(['7.differences'])
})

test('what nobody wants goes once it is an hour old', async () => {
  for (const name of ['wanted', 'old', 'young', 'torn.part']) await staging.keep(name, 'x')
  const then = new Date(Date.now() - 2 * 3_600_000)
  for (const name of ['wanted', 'old', 'torn.part']) utimesSync(join(folder, name), then, then)
  await staging.tidy(new Set(['wanted']))
  expect(readdirSync(folder).toSorted()).toEqual(['wanted', 'young'])
  await staging.remove('young')
  await staging.remove('young')
  expect(existsSync(join(folder, 'young'))).toBe(false)
  rmSync(folder, { recursive: true })
  await staging.tidy(new Set())
})

test('a spared copy can be read until its bytes are needed, the oldest first', async () => {
  const copies: string[] = []
  for (const [index, size] of [3_000, 3_001, 3_002].entries()) {
    const { name } = await staging.stage(pieces(gzipSync(randomBytes(size), { level: 0 }), 999))
    await staging.spare(name, `import:${index}:circleci_audit/eu`)
    await staging.remove(name)
    const then = new Date(Date.now() - (3 - index) * 1_000)
    for (const file of readdirSync(folder)) if (file.startsWith(name)) utimesSync(join(folder, file), then, then)
    copies.push(name)
  }
  const abouts = [0, 1, 2].map((index) => `import:${index}:circleci_audit/eu`)
  expect([await staging.spared(), await staging.free()]).toEqual([abouts, 10_000])
  const [first = '', second = ''] = copies
  const read = (key: string): Promise<Buffer> => buffer(staging.read({ key }, new AbortController().signal))
  expect((await read(second)).length).toBeGreaterThan(3_000)
  expect(await staging.sizeOf(second)).toBeUndefined()
  await staging.tidy(new Set())
  expect(await staging.spared()).toEqual(abouts)
  await staging.stage(pieces(gzipSync(randomBytes(2_500), { level: 0 }), 999))
  expect(await staging.spared()).toEqual(abouts.slice(1))
  await expect(read(first)).rejects.toThrow('cannot read the staged copy')
  await expect(staging.stage(pieces(gzipSync(randomBytes(9_000), { level: 0 }), 999))).rejects.toThrow('no room')
})
