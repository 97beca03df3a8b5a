import { Gzip, gunzipSync, inflateRawSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { squeeze, squeezeOnce } from '../src/compress.ts'

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

test('an error of zlib, such as no memory left, fails that body alone', async () => {
  const write = vi.spyOn(Gzip.prototype, 'write').mockImplementationOnce(function (this: Gzip) {
    this.destroy(new Error('insufficient memory'))
    return true
  })
  await expect(squeeze([Buffer.from('one')], 'gzip')).rejects.toThrow('insufficient memory')
  write.mockRestore()
  await new Promise((resolve) => setImmediate(resolve)) // what is called back late must not throw: nobody would catch it
  for (let i = 0; i < 5; i += 1) expect(gunzipSync(await squeeze([Buffer.from('two')], 'gzip')).toString()).toBe('two')
})

test('zstd', async () => {
  const parts = [Buffer.from('one '), Buffer.from('two')]
  expect(zstdDecompressSync(await squeeze(parts, 'zstd')).toString()).toBe('one two')
})

/** Members of a body, each with some bytes. */
function members(...texts: string[]): { readonly bytes: Buffer }[] {
  return texts.map((text) => ({ bytes: Buffer.from(text) }))
}

function once(all: readonly { readonly bytes: Buffer }[], compression: 'gzip' | 'zstd' = 'gzip'): Promise<Buffer> {
  const parts = all.map(({ bytes }) => bytes)
  return squeezeOnce(all, parts, compression)
}

test('a body of the same members is compressed once, for a repeat as for another destination', async () => {
  const all = members('a', 'b', 'c')
  const first = await once(all)
  expect(await once([...all])).toBe(first)
  expect(gunzipSync(first).toString()).toBe('abc')
})

test.each([
  ['fewer members', (all: { bytes: Buffer }[]) => all.slice(0, 2), 'ab'],
  ['another order', ([a, b, c]: { bytes: Buffer }[]) => [a, c, b], 'acb'],
  ['other members of the same text', (all: { bytes: Buffer }[]) => [...all.slice(0, 2), ...members('c')], 'abc'],
] as const)('%s: a body of its own', async (_, change, text) => {
  const all = members('a', 'b', 'c')
  const first = await once(all)
  const changed = change(all) as { bytes: Buffer }[]
  const other = await once(changed)
  expect(other).not.toBe(first)
  expect(gunzipSync(other).toString()).toBe(text)
})

test('another compression is another body', async () => {
  const all = members('a', 'b')
  await once(all)
  expect(zstdDecompressSync(await once(all, 'zstd')).toString()).toBe('ab')
})
