import { gunzipSync, inflateRawSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { squeeze } from '../src/compress.ts'

/** The text of a body that is exactly one gzip member: a second one, or bytes behind the first, are a fault. */
function onlyMember(bytes: Buffer): Buffer {
  expect(bytes.subarray(0, 10)).toEqual(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, bytes[8] ?? 0, bytes[9] ?? 0]))
  const { buffer, engine } = inflateRawSync(bytes.subarray(10), { info: true }) as unknown as {
    buffer: Buffer
    engine: { bytesWritten: number }
  }
  expect(engine.bytesWritten).toBe(bytes.length - 10 - 8)
  return buffer
}

test('whatever was compressed before and beside it, a body is one gzip member of its parts', async () => {
  const part = fc.uint8Array({ maxLength: 200 })
  const large = fc.integer({ min: 1, max: 600_000 }).map((length) => new Uint8Array(length).fill(length))
  const body = fc.array(fc.oneof({ weight: 9, arbitrary: part }, { weight: 1, arbitrary: large }), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(fc.array(body, { minLength: 1, maxLength: 9 }), async (bodies) => {
      const all = await Promise.all(bodies.map((parts) => squeeze(parts, 'gzip')))
      for (const [index, bytes] of all.entries()) {
        const wanted = Buffer.concat(bodies[index] ?? [])
        expect(gunzipSync(bytes).equals(wanted)).toBe(true)
        expect(onlyMember(bytes).equals(wanted)).toBe(true)
      }
    }),
    { numRuns: 60 },
  )
})

test('what was answered stays as it is while later bodies are compressed', async () => {
  const first = await squeeze([Buffer.from('first')], 'gzip')
  const kept = Buffer.from(first)
  for (let i = 0; i < 50; i += 1) await squeeze([Buffer.alloc(50_000, `${i}`)], 'gzip')
  expect(first.equals(kept)).toBe(true)
})

test('a body larger than what is kept', async () => {
  const parts = Array.from({ length: 70 }, (_, index) => Buffer.alloc(100_000, `part ${index} `))
  for (let i = 0; i < 2; i += 1)
    expect(gunzipSync(await squeeze(parts, 'gzip')).equals(Buffer.concat(parts))).toBe(true)
})

test('zstd', async () => {
  const parts = [Buffer.from('one '), Buffer.from('two')]
  expect(zstdDecompressSync(await squeeze(parts, 'zstd')).toString()).toBe('one two')
})
