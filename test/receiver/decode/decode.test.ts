import { createHash } from 'node:crypto'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { decode } from '../../../src/receiver/decode/decode.ts'
import { brief, chunksOf, event, itemsOf, pieces } from './bodies.ts'

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => event(id)) as [string, string, string, string]
const pretty = (id: string) => JSON.stringify(JSON.parse(event(id, { actor: { id: 'u' } })), null, 2)

test.each([
  ['one line each', `${a}\n${b}\n`],
  ['no last line break', `${a}\n${b}`],
  ['CRLF and blank lines', `\r\n${a}\r\n\r\n${b}\r\n\r\n`],
  ['a byte order mark', `\uFEFF${a}\n${b}\n`],
  ['joined files, each with its mark', `\uFEFF${a}\n\uFEFF${b}\n`],
  ['concatenated', `${a}${b}`],
  ['a comma behind each line', `${a},\n${b},\n`],
  ['pretty-printed', `${pretty('a')}\n${pretty('b')}\n`],
  ['an array', `[${a},${b}]`],
  ['a pretty array', JSON.stringify([JSON.parse(a), JSON.parse(b)], null, 2)],
  ['an array, one element a line', `[\n${a},\n${b}\n]\n`],
  ['an array per line', `[${a}]\n[${b}]\n`],
  ['a wrapper', `{"count":2,"events":[${a},${b}],"next":null}`],
  ['a pretty wrapper', JSON.stringify({ total: 2, items: [JSON.parse(a), JSON.parse(b)], meta: { id: 'x' } }, null, 2)],
  ['a wrapper per line', `{"Records":[${a}]}\n{"records":[],"x":1}\n{"records":[${b}]}\n`],
  ['a line, then an array', `${a}\n[${b}]`],
])('reads %s', async (_, body) => {
  const items = await itemsOf(body)
  expect(brief(items)).toEqual(['a', 'b'])
  for (const item of items) {
    const { offset, sha256, text } = item
    const bytes = Buffer.from(body).subarray(offset, offset + Buffer.byteLength(text))
    expect(bytes.toString()).toBe(text)
    expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
    expect(item.line).toBe(Buffer.from(body).subarray(0, offset).toString().split('\n').length)
  }
})

test('an event with an array named records is an event', async () => {
  expect(brief(await itemsOf(`${event('a', { records: [1] })}\n{"records":[{"id":"x"}],"id":"b"}\n`))).toEqual([
    'a',
    'b',
  ])
})

test.each([
  ['outside a string', '{"id":"t","actor":'],
  ['inside a string', '{"id":"t","act'],
  ['in an array', '{"id":"t","l":['],
  ['after a comma', '{"id":"t",'],
  ['at the bracket', '{'],
  ['in an array of events', '[{"id":"t","l":'],
])('a line torn %s is bad alone', async (_, torn) => {
  expect(brief(await itemsOf(`${a}\n${torn}\n${b}\n${c}\n`))).toEqual(['a', `!${torn.replace('[{', '{')}`, 'b', 'c'])
  expect(brief(await itemsOf(`${a}\n${torn}\n${b}`))).toEqual(['a', `!${torn.replace('[{', '{')}`, 'b'])
  expect(brief(await itemsOf(`${torn}\n${pretty('b')}\n${c}\n`)).slice(-1)).toEqual(['c'])
})

test('a torn line in a pretty array costs that line', async () => {
  expect(brief(await itemsOf(`[\n${a},\n{"id":"t","x":\n${b},\n${c}\n]\n${d}`))).toEqual([
    'a',
    '!{"id":"t","x":',
    'b',
    'c',
    'd',
  ])
})

test('a wrapper torn behind its events does not swallow the lines after it', async () => {
  const items = await itemsOf(`{"events":[${a}],"next":\n${b}\n${c}\n`)
  expect(items.filter((item) => item.event).map((item) => item.event?.id)).toEqual(['a', 'b', 'c'])
  expect(items.filter((item) => item.bad)).toHaveLength(1)
})

test('values that are no events are bad, each for its reason', async () => {
  const items = await itemsOf(`hello\n[1,null,"s"]\n{"x":1}\n${a} rest\n\0\0${b}\n`)
  expect(items.map((item) => item.bad?.reason ?? item.event?.id)).toEqual([
    'not JSON: neither { nor [ where an event should begin',
    'a JSON number, not a JSON object',
    'null, not a JSON object',
    'a JSON string, not a JSON object',
    'not an audit event: it has no id, action or occurred_at',
    'a',
    'not JSON: neither { nor [ where an event should begin',
    'NUL bytes where an event should begin: a hole in the file',
    'b',
  ])
})

test('an array or a document that does not end is reported', async () => {
  for (const body of [`[${a}`, `[${a},\n`, `{"events":[${a}]`, `${a}\n{"id":"b",\n  "x": 1,\n`]) {
    const items = await itemsOf(body)
    expect(items.map((item) => item.bad !== undefined)).toEqual([false, true])
    expect(items[1]?.bad?.reason).toMatch(/the object ends before/)
  }
})

test('UTF-16 is one bad stretch', async () => {
  for (const body of [
    Buffer.from(`\uFEFF${a}\n`, 'utf16le'),
    Buffer.from(`${a}\n`, 'utf16le'),
    Buffer.from(`${a}`, 'utf16le').swap16(),
  ]) {
    const items = await itemsOf(body)
    expect(items).toMatchObject([
      { from: 0, to: body.length, bad: { length: body.length, reason: expect.stringMatching(/UTF-16/) } },
    ])
  }
})

test('deep nesting is bad and harms nothing', async () => {
  const deep = `{"id":"x","payload":${'['.repeat(10_000)}${']'.repeat(10_000)}}`
  const items = await itemsOf(`${deep}\n${a}\n${'{"id":'.repeat(10_000)}\n${b}\n`)
  expect(items.map((item) => item.bad?.reason.includes('nested deeper') ?? item.event?.id)).toEqual([
    true,
    'a',
    true,
    'b',
  ])
})

test('a line longer than the limit is hashed whole and kept in part', async () => {
  const long = `{"id":"${'x'.repeat(3_000_000)}"}`
  const options = { limits: { lineBytes: 2_000_000 } }
  for (const body of [`${a}\n${long}\n${b}\n`, `[${a},${long},${b}]`, `${a}${long}${b}`]) {
    const items = await itemsOf(body, options, [50_001])
    expect(items.map((item) => item.event?.id)).toEqual(['a', undefined, 'b'])
    expect(items[1]).toMatchObject({
      sha256: createHash('sha256').update(long).digest('hex'),
      bad: { length: long.length, reason: 'longer than the limit of 2000000 bytes' },
    })
    expect(items[1]?.bad?.bytes).toHaveLength(1024 * 1024)
  }
})

test('members, frames and padding make one stream', async () => {
  const [gz, zst] = [gzipSync(`${a}\n`), zstdCompressSync(`${a}\n`)]
  for (const body of [gz, zst]) {
    expect(brief(await itemsOf(Buffer.concat([body, body])))).toEqual(['a', 'a'])
    expect(brief(await itemsOf(Buffer.concat([body, Buffer.alloc(9), body, Buffer.alloc(9000)])))).toEqual(['a', 'a'])
  }
  // Members that end about where a block of input does, among them exactly there.
  const overhead = gzipSync(`${a}\n${'\n'.repeat(65_000)}`, { level: 0 }).length - 65_000
  for (let cut = -8; cut <= 8; cut += 1) {
    const member = gzipSync(`${a}\n${'\n'.repeat(65_536 - overhead + cut)}`, { level: 0 })
    expect(brief(await itemsOf(Buffer.concat([member, gz])))).toEqual(['a', 'a'])
  }
})

test('truncated compression keeps what was read and says what is missing', async () => {
  const lines = Array.from({ length: 2000 }, (_, index) =>
    event(String(index), { salt: createHash('sha256').update(`${index}`).digest('hex') }),
  )
  const whole = gzipSync(lines.join('\n'))
  const items = await itemsOf(whole.subarray(0, whole.length / 2))
  const last = items.pop()
  expect(items.length).toBeGreaterThan(500)
  expect(items.every((item, index) => item.event?.id === String(index))).toBe(true)
  expect(last?.bad?.reason).toMatch(/^broken gzip data after \d+ decompressed bytes: unexpected end of file$/)
  expect(last?.from).toBe(items.at(-1)?.to)
  const corrupt = Buffer.from(whole)
  corrupt.fill(0xff, corrupt.length - 30_000, corrupt.length - 20_000)
  const broken = await itemsOf(corrupt)
  expect(broken.filter((item) => item.bad)).toHaveLength(1)
  expect(broken.length).toBeGreaterThan(500)
  expect(await itemsOf(corrupt, {}, [777])).toEqual(broken)
})

test('what follows a compressed stream and is none is reported', async () => {
  const items = await itemsOf(Buffer.concat([zstdCompressSync(`${a}\n`), Buffer.from('junk')]))
  expect(items.map((item) => item.bad?.reason ?? item.event?.id)).toEqual([
    'a',
    expect.stringMatching(/broken zstd data/),
  ])
  expect((await itemsOf(gzipSync(a).subarray(0, 5)))[0]).toMatchObject({ from: 0, to: 1, bad: { length: 0 } })
})

test('a bomb stops at the limit, to the byte', async () => {
  const limits = { ratio: 10, ratioFloorBytes: 1000 }
  const bomb = gzipSync(`${a}\n${' '.repeat(1e6)}`)
  const items = await itemsOf(bomb, { limits })
  expect(items.map((item) => item.bad?.reason ?? item.event?.id)).toEqual([
    'a',
    expect.stringMatching(/10 times its compressed size/),
  ])
  expect(items[1]?.to).toBe(bomb.length * 10)
  const long = await itemsOf(`${a}\n`.repeat(100), { limits: { lengthBytes: 1000 } })
  expect(long.at(-1)).toMatchObject({
    to: 1000,
    bad: { reason: expect.stringMatching(/larger than the limit of 1000 bytes/) },
  })
})

test("the body's own error passes untouched, and leaving closes the body", async () => {
  const failure = new Error('connection reset')
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield gzipSync(a).subarray(0, 20)
    throw failure
  }
  await expect(chunksOf(failing())).rejects.toBe(failure)
  let closed = false
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield Buffer.from(`${a}\n`)
    } finally {
      closed = true
    }
  }
  for await (const chunk of decode(endless(), { limits: { chunkItems: 3 } })) {
    expect(chunk.items).toHaveLength(3)
    break
  }
  expect(closed).toBe(true)
})

test('an empty object has no items and one chunk', async () => {
  expect(await chunksOf(pieces(''))).toEqual([{ from: 0, to: 0, items: [], end: true }])
})

test('a huge array on one line is held only in part', async () => {
  const part = Buffer.from(`${a},`.repeat(1000))
  const parts = 300
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('{"x":1,"events":[')
    for (let turn = 0; turn < parts; turn += 1) yield part
    yield Buffer.from(`${b}]}`)
  }
  const before = process.memoryUsage().arrayBuffers
  let items = 0
  let most = 0
  for await (const chunk of decode(body())) {
    items += chunk.items.length
    most = Math.max(most, process.memoryUsage().arrayBuffers - before)
  }
  expect(items).toBe(parts * 1000 + 1)
  expect(most).toBeLessThan(32 * 1024 * 1024)
})
