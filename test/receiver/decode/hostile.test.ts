// Bodies that nobody writes by accident, or that only a broken disk or network writes.
import { createHash } from 'node:crypto'
import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DecodedItem } from '../../../src/domain/event.ts'
import { decode } from '../../../src/receiver/decode/decode.ts'
import { brief, event, itemsOf, pieces } from './bodies.ts'

const [a, b] = ['a', 'b'].map((id) => event(id)) as [string, string]
const salt = (n: number) => createHash('sha256').update(`${n}`).digest('hex')
const lines = (count: number) => Array.from({ length: count }, (_, n) => `${event(`${n}`, { salt: salt(n) })}\n`)

function flipped(bytes: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 0xff
  return copy
}

const zstd = (text: string) => zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })

test.each([
  ['gzip', 1, gzipSync],
  ['gzip', 40, gzipSync],
  ['gzip', 3000, gzipSync],
  ['zstd', 1, zstd],
  ['zstd', 3000, zstd],
])('a wrong checksum at the end of %s costs no event of %i', async (kind, count, compress) => {
  const whole = compress(lines(count).join(''))
  const items = await itemsOf(flipped(whole, whole.length - (kind === 'gzip' ? 8 : 1)))
  expect(items.slice(0, -1).map((item) => item.event?.id)).toEqual(Array.from({ length: count }, (_, n) => `${n}`))
  expect(items.at(-1)?.bad?.reason).toMatch(new RegExp(`^broken ${kind} data after \\d+ decompressed bytes: .*check`))
})

test('damage anywhere in gzip keeps every event before it, to the byte, however the body is cut', async () => {
  const all = lines(400)
  const text = Buffer.from(all.join(''))
  // Stored blocks: a byte of input is a byte of output, so it is known what lies before the damage.
  const whole = gzipSync(text, { level: 0 })
  const header = whole.length - text.length - 8
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 10, max: whole.length - 9 }),
      fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 3 }),
      async (at, cuts) => {
        const cut = whole.subarray(0, at)
        // A block type that does not exist, where the next block's header would be.
        const damaged = Buffer.concat([cut, Buffer.alloc(70_000, 0xff)])
        const items = await itemsOf(damaged, {}, cuts)
        const safe = all.filter((_, n) => all.slice(0, n + 1).join('').length <= at - header - 70)
        expect(items.slice(0, safe.length).map((item) => `${item.text}\n`)).toEqual(safe)
        expect(items.at(-1)?.bad).toBeDefined()
      },
    ),
    { numRuns: 15 },
  )
})

test('a member that is damaged behind a whole one takes nothing of the whole one', async () => {
  const second = gzipSync(`${b}\n`)
  const items = await itemsOf(Buffer.concat([gzipSync(`${a}\n`), flipped(second, second.length - 5)]))
  expect(items.map((item) => item.event?.id)).toEqual(['a', 'b', undefined])
})

test.each([
  ['on a line', (bad: Buffer) => [`${a}\n`, bad, `\n${b}\n`]],
  ['in an array', (bad: Buffer) => [`[${a},`, bad, `,${b}]`]],
  [
    'pretty-printed around',
    (bad: Buffer) => [`${a}\n`, Buffer.concat([Buffer.from('{\n'), bad.subarray(1)]), `\n${b}`],
  ],
])('an event %s that is no UTF-8 is quarantined with its bytes', async (_, around) => {
  for (const letter of [[0xe9], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]]) {
    const bad = Buffer.concat([Buffer.from('{"id":"x","name":"caf'), Buffer.from(letter), Buffer.from('"}')])
    const items = await itemsOf(Buffer.concat(around(bad).map((part) => Buffer.from(part))))
    expect(items.map((item) => item.event?.id)).toEqual(['a', undefined, 'b'])
    expect(items[1]?.bad?.reason).toMatch(/^not UTF-8: byte 2[12] of it is no text$/)
    expect(Buffer.from(items[1]?.bad?.bytes ?? []).includes(Buffer.from(letter))).toBe(true)
  }
})

test('the replacement character itself, and half a pair as an escape, are text', async () => {
  const items = await itemsOf(`${event('a', { name: '\uFFFD' })}\n{"id":"b","name":"\\ud83d"}\n`)
  expect(brief(items)).toEqual(['a', 'b'])
})

test('of keys that stand twice the last counts, however it is written, and the text has both', async () => {
  const twice = '{"id":"first","action":"a.b","id":"last"}'
  for (const body of [`${twice}\n`, `[${twice}]`, twice.replaceAll(',', ',\n'), `{"records":[${twice}]}`]) {
    const [item] = await itemsOf(body)
    expect(item?.event?.id).toBe('last')
    expect(item?.text).toContain('first')
  }
})

test('`__proto__` and `constructor` are keys like others', async () => {
  const [item] = await itemsOf('{"id":"a","__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}\n')
  expect(Object.hasOwn(item?.event ?? {}, '__proto__')).toBe(true)
  expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined()
  expect(item?.event?.['isAdmin']).toBeUndefined()
})

/** Where the first and the last of the items lie, and what lies between. */
function extent(items: readonly DecodedItem[]): unknown {
  return items.map(({ from, to, bad, event: found }) => [from, to, bad?.length ?? found?.id])
}

test('after its share of bad stretches an object has one for each run of them, to the next event', async () => {
  const limits = { singles: 2 }
  const body = `junk\n{"x":1}\n${a}\nfoo\n\n{"x":\n[1,\n  2]\n\0\0\0bar\n${b}\nend`
  const items = await itemsOf(body, { limits })
  const [first, second] = [body.indexOf('foo'), body.indexOf('end')]
  expect(extent(items)).toEqual([
    [0, 4, 4],
    [4, 12, 7],
    [12, 13 + a.length, 'a'],
    [13 + a.length, body.indexOf(b), body.indexOf(b) - first],
    [body.indexOf(b), second - 1, 'b'],
    [second - 1, body.length, 3],
  ])
  const run = Buffer.from(body).subarray(first, body.indexOf(b))
  expect(Buffer.from(items[3]?.bad?.bytes ?? [])).toEqual(run)
  expect(items[3]?.sha256).toBe(createHash('sha256').update(run).digest('hex'))
  expect(items[3]?.bad?.reason).toMatch(/^not JSON: neither.*one of many in this object/)
  expect(await itemsOf(body, { limits }, [1])).toEqual(items)
})

test('megabytes of binary junk are a thousand stretches and one, within bounded memory', async () => {
  const noise = Buffer.from(Array.from({ length: 1 << 16 }, (_, n) => (n * 2_654_435_761) >>> 24))
  async function* junk(): AsyncGenerator<Uint8Array> {
    for (let turn = 0; turn < 320; turn += 1) yield noise
    yield Buffer.from(`\n${a}\n`)
  }
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  const items: DecodedItem[] = []
  for await (const chunk of decode(junk(), { limits: { chunkItems: 100 } })) {
    items.push(...chunk.items.map((item) => (item.bad === undefined ? item : { ...item, bad: { ...item.bad } })))
    most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }
  expect(items.length).toBeLessThan(1_010)
  expect(items.at(-1)?.event?.id).toBe('a')
  expect(most).toBeLessThan(16 * 1024 * 1024)
})

test('a line of many megabytes is hashed and not held, and its neighbours are read', async () => {
  const part = Buffer.alloc(1 << 20, 'x')
  const sha256 = createHash('sha256').update('{"id":"')
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`${a}\n{"id":"`)
    for (let turn = 0; turn < 20; turn += 1) {
      sha256.update(part)
      yield part
    }
    sha256.update('"}')
    yield Buffer.from(`"}\n${b}\n`)
  }
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  const items: DecodedItem[] = []
  for await (const chunk of decode(body())) {
    items.push(...chunk.items)
    most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }
  expect(items.map((item) => item.event?.id)).toEqual(['a', undefined, 'b'])
  expect(items[1]?.sha256).toBe(sha256.digest('hex'))
  expect(most).toBeLessThan(40 * 1024 * 1024)
})

test('work is linear: sixteen times the bytes take nothing like two hundred times the time', async () => {
  const worst = (n: number) => [
    '{"id":'.repeat(n),
    `[${'{"a":['.repeat(n)}`,
    `{"id":"x",\n${'"k":{"a":1},\n'.repeat(n)}`,
    '[\n'.repeat(n),
    '{"events":['.repeat(n),
    `{"events":[${'{"x":\n'.repeat(n)}`,
    '{"a":"\\u12'.repeat(n),
  ]
  const took = async (n: number): Promise<number[]> => {
    const times: number[] = []
    for (const body of worst(n)) {
      const begun = process.cpuUsage()
      for await (const _ of decode(pieces(body)));
      const { user, system } = process.cpuUsage(begun)
      times.push(user + system)
    }
    return times
  }
  await took(2_000)
  const [small, large] = [await took(10_000), await took(160_000)]
  for (const [index, time] of large.entries()) expect(time / Math.max(5_000, small[index] ?? 0)).toBeLessThan(80)
})
