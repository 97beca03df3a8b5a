import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JsonScanner } from '../../../src/receiver/decode/json-scanner.ts'
import { chunksOf, event, pieces } from './bodies.ts'
import { expectSound } from './sound.ts'

const limits = { lineBytes: 150, chunkItems: 5 }
/** With many bad stretches taken together, and with none. */
const eitherLimits = fc.constantFrom(limits, { ...limits, singles: 1 })

// Fragments that meet in all the wrong orders.
const fragment = fc.oneof(
  fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '\n', '\r\n', ' ', '\0', '\uFEFF', '1', '-', 'null', 'x'),
  fc.constantFrom(
    '{"id":"1"}',
    '{"id":"2"}\n',
    '{"a":',
    '{"events":[',
    '"records":[',
    '{\n"id":"3"\n}\n',
    '[\n{"id":"4"},\n',
  ),
  fc.constantFrom(
    '{"id":"5","a":\n',
    '"id":"6"',
    ']}\n',
    '{"items":[{"id":"7"}],"n":1}\n',
    event('8'),
    'y'.repeat(200),
  ),
  fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
)
const body = fc.array(fragment, { maxLength: 40 }).map((parts) => Buffer.from(parts.join('')))
const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 })

test('any bytes: stretches are contiguous and cover the object, however it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(body, sizes, eitherLimits, async (bytes, cuts, limits) => {
      const chunks = await chunksOf(pieces(bytes), { limits })
      expectSound(chunks, bytes)
      expect(await chunksOf(pieces(bytes, cuts), { limits })).toEqual(chunks)
      const items = chunks.flatMap((chunk) => chunk.items)
      const other = await chunksOf(pieces(bytes, cuts), { limits: { ...limits, chunkItems: 2, chunkBytes: 20 } })
      expect(other.flatMap((chunk) => chunk.items)).toEqual(items)
    }),
    { numRuns: 1500 },
  )
})

test('random bytes behind every magic number never throw', async () => {
  const magic = fc.constantFrom(
    [],
    [0x1f, 0x8b],
    [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3],
    [0x28, 0xb5, 0x2f, 0xfd],
    [0xff, 0xfe],
    [0xef, 0xbb, 0xbf],
  )
  await fc.assert(
    fc.asyncProperty(magic, fc.uint8Array({ maxLength: 300 }), async (head, tail) => {
      const chunks = await chunksOf(pieces(Buffer.concat([Buffer.from(head), tail])))
      expect(chunks.at(-1)?.end).toBe(true)
    }),
    { numRuns: 300 },
  )
})

const id = fc.integer({ min: 1, max: 1e9 }).map(String)
const line = fc.oneof(
  { weight: 4, arbitrary: id.map((value) => ({ text: event(value), isGood: true })) },
  {
    weight: 1,
    arbitrary: fc
      .record({ value: id, keep: fc.integer({ min: 1, max: 60 }) })
      .map(({ value, keep }) => ({ text: event(value, { actor: { id: 'u' } }).slice(0, keep), isGood: false })),
  },
)

test('lines whole and torn: each good line is an event, each torn one is bad, alone', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 30 }), sizes, fc.boolean(), async (lines, cuts, isCompressed) => {
      const text = lines.map((each) => `${each.text}\n`).join('')
      const stored = isCompressed ? gzipSync(text) : text
      const items = (await chunksOf(pieces(stored, cuts))).flatMap((chunk) => chunk.items)
      expect(
        items.map((item) => ({ text: item.text, isGood: item.event !== undefined })).filter((item) => item.isGood),
      ).toEqual(lines.filter((each) => each.isGood))
      // Torn lines at the very end may be one unfinished document.
      const tail = lines.length - 1 - lines.findLastIndex((each) => each.isGood)
      const bad = items.filter((item) => item.bad).length
      const torn = lines.filter((each) => !each.isGood).length
      expect(bad).toBeLessThanOrEqual(torn)
      expect(bad).toBeGreaterThanOrEqual(torn - Math.max(0, tail - 1))
    }),
    { numRuns: 500 },
  )
})

test('the scanner is exactly as strict as JSON.parse', () => {
  const almost = fc.oneof(
    fc.json(),
    fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', '"', ',', '}', ']', '1', '\\', '\\u12', '0', '-', '.', 'e', '\t', '\n', '\u0001'),
      )
      .map(([text, at, noise]) => text.slice(0, at % (text.length + 1)) + noise + text.slice(at % (text.length + 1))),
  )
  fc.assert(
    fc.property(almost, fc.integer({ min: 1, max: 9 }), (text, step) => {
      const bytes = Buffer.from(text)
      const scanner = new JsonScanner(0, false)
      let to = 0
      let verdict = 'more'
      while (verdict === 'line' || (verdict === 'more' && to < bytes.length)) {
        if (verdict === 'more') to = Math.min(to + step, bytes.length)
        verdict = scanner.scan(bytes, 0, to)
      }
      const isWhole = verdict === 'done' || (verdict === 'more' && scanner.finish())
      const rest = bytes.subarray(scanner.at).toString().trim()
      expect(isWhole && rest === '').toBe(parses(text))
    }),
    { numRuns: 3000 },
  )
})

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
