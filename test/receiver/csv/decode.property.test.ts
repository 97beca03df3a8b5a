import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Marks, scanRow } from '../../../src/receiver/csv/scan.ts'
import { itemsOf } from '../decode/bodies.ts'
import { expectSound } from '../decode/sound.ts'
import { cell, csv, firstColumns, importedChunks, importedItems } from './rows.ts'

const limits = { lineBytes: 120, chunkItems: 5 }
const eitherLimits = fc.constantFrom(limits, { ...limits, singles: 1 })
const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 })
const head = `${firstColumns.join(',')}\n`

// Fragments that meet in all the wrong orders.
const fragment = fc.oneof(
  fc.constantFrom('"', '""', '\\"', ',', '\n', '\r\n', '\r', '{', '}', '\0', '\uFEFF', ' ', '\t', ';', 'a', 'é'),
  fc.constantFrom(
    head,
    'id,action\n',
    'a,b\n',
    '"a","b"\n',
    '"{\\"id\\":\\"u\\"}",x\n',
    '"{""id"":""u""}",x\n',
    'occurred_at;id\r\n',
    '{"id":"1"}\n',
    `${'y'.repeat(150)}\n`,
    '"two\nlines",x\n',
  ),
  fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
)
const start = fc.constantFrom('', head, 'id,action\n', 'id;action\r\n', 'id,action\r')
const body = fc
  .tuple(start, fc.array(fragment, { maxLength: 40 }))
  .map(([first, parts]) => Buffer.from(first + parts.join('')))

test('any bytes: stretches are contiguous and cover the file, however it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(body, sizes, eitherLimits, async (bytes, cuts, limits) => {
      const chunks = await importedChunks(bytes, { limits })
      expectSound(chunks.map(withoutTexts), bytes)
      expect(await importedChunks(bytes, { limits }, cuts)).toEqual(chunks)
    }),
    { numRuns: 800, seed: 1 },
  )
})

/** An event's text is what the stream would have for it, and not the row: for the check on places it is left out. */
function withoutTexts(chunk: Awaited<ReturnType<typeof importedChunks>>[number]) {
  return { ...chunk, items: chunk.items.map((item) => (item.bad === undefined ? { ...item, text: '\uFFFF' } : item)) }
}

test('events that are written as CSV are the events of the stream, byte for byte', async () => {
  const word = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('a,b', '"', '\n', '\\"', '\\\\', 'null', ' x '),
  )
  const party = fc.record({ id: word, type: word, name: word })
  const events = fc.array(
    fc.record({
      id: fc.uuid(),
      version: fc.constant(1),
      action: fc.constantFrom('a.b', 'context.create'),
      occurred_at: fc
        .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
        .map((at) => at.toISOString()),
      actor: party,
      target: party,
      scope: party,
      success: fc.boolean(),
      request: fc.record({ id: word }),
      payload: fc.dictionary(word, fc.jsonValue()),
      metadata: fc.dictionary(word, word),
    }),
    { minLength: 1, maxLength: 6 },
  )
  await fc.assert(
    fc.asyncProperty(events, fc.constantFrom('\n', '\r\n'), sizes, async (written, newline, cuts) => {
      const streamed = await itemsOf(written.map((event) => `${JSON.stringify(event)}\n`).join(''))
      const imported = await importedItems(csv(written, firstColumns, newline), {}, cuts)
      const what = ({ event, text, sha256 }: (typeof imported)[number]) => ({ event, text, sha256 })
      expect(imported.map(what)).toEqual(streamed.map(what))
    }),
    { numRuns: 200, seed: 1 },
  )
})

const marks: Marks = { delimiter: 0x2c, newline: 0x0a }

test('rows are what csv-parse takes them for', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', ' ', '\\', 'é') })
  const rows = fc.array(fc.array(text, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(rows, fc.boolean(), (written, quoted) => {
      const show = (value: string): string => (quoted ? `"${value.replaceAll('"', '""')}"` : cell(value))
      const file = `${written.map((row) => row.map(show).join(',')).join('\n')}\n`
      const options = { relax_column_count: true, record_delimiter: '\n' }
      const theirs = parse(file, options) as string[][]
      expect(scanAll(Buffer.from(file))).toEqual(theirs)
    }),
    { numRuns: 1000, seed: 1 },
  )
})

function scanAll(bytes: Buffer): string[][] {
  const rows: string[][] = []
  for (let at = 0; at < bytes.length; ) {
    const scan = scanRow(bytes, at, bytes.length, true, marks, 'doubled')
    if (scan.kind !== 'row') throw new Error(`broken at ${at}`)
    rows.push([...scan.cells])
    at = scan.at + 1
  }
  return rows
}
