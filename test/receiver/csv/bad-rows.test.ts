// What is no event is kept, with its bytes and the reason, and costs nothing else: the rows around it are read.
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { csv, event, head, importedItems, read } from './rows.ts'

const good = `${csv([event]).slice(head.length + 1)}`

test.each([
  ['too few cells', 'a,b,c', '3 cells, and the file has 11 columns'],
  ['too many', `${good.trimEnd()},more`, '12 cells, and the file has 11 columns'],
  ['a quote that is not closed', 'a,"b', '12 cells'],
  ['text behind a quote', '"a"b,c', 'text behind the quote that closes a cell, at byte 3 of it'],
  ['nothing of an event', ',1,,,,,,,,,', 'not an audit event'],
])('%s', async (_, line, reason) => {
  const [first, bad, last] = await importedItems(`${head}\n${good}${line}\n${good}`)
  expect([first?.event, last?.event]).toEqual([event, event])
  if (reason !== '12 cells') expect(bad?.bad?.reason).toContain(reason)
  expect(bad?.text).toBe(line)
  expect(bad?.sha256).toBe(createHash('sha256').update(line).digest('hex'))
})

test('a row whose bytes are no UTF-8', async () => {
  const latin = Buffer.from(good.replace('octocat', 'café'), 'latin1')
  const [bad, ok] = await read(Buffer.concat([Buffer.from(`${head}\n`), latin, Buffer.from(good)]))
  expect(ok).toEqual(event)
  expect(bad).toBe('!not UTF-8: some of its bytes are no text')
})

test('a file that was cut off: the last row is bad, not a shorter event', async () => {
  const text = csv([event, event])
  for (const cut of [2, 20, 100, 200]) {
    const [first, last] = await read(text.slice(0, -cut))
    expect(first).toEqual(event)
    expect(last, `${cut} bytes off`).toMatch(/^!/)
  }
})

test('broken compression: what came out before is read, and the rest said', async () => {
  const many = Array.from({ length: 400 }, (_, n) => ({ ...event, id: `${n}`, payload: { noise: Math.sin(n) } }))
  const found = await read(gzipSync(csv(many)).subarray(0, -2000))
  expect(found.at(-1)).toMatch(/^!broken gzip data/)
  expect(found.length).toBeGreaterThan(100)
})

test.each([
  ['an Excel workbook', Buffer.from('504b0304140006000800', 'hex'), 'Excel workbook'],
  ['UTF-16', Buffer.from(csv([event]), 'utf16le'), 'UTF-16'],
  ['another table', Buffer.from('name,price\napple,1\npear,2\n'), 'no audit log'],
  ['junk', Buffer.from(Array.from({ length: 3000 }, (_, n) => (n * n * 31) % 251)), 'no audit log'],
])('%s is one bad stretch', async (_, body, reason) => {
  const items = await importedItems(body)
  expect(items).toHaveLength(1)
  expect(items[0]?.bad?.reason).toContain(reason)
  expect(items[0]?.bad?.length).toBe(body.length)
})

test('a row beyond the limit costs its lines, and rows behind it are found', async () => {
  const text = `id,action,note\na,x,"${'y'.repeat(400)}\nz"\nb,x,\n`
  const found = await read(text, { limits: { lineBytes: 200 } })
  expect(found.at(-1)).toEqual({ id: 'b', action: 'x' })
  expect(found[0]).toMatch(/not closed within 200 bytes/)
})

test('once too much was read in vain, a row is a line', async () => {
  const limits = { lineBytes: 500, singles: 1_000 }
  // Opens a cell that is not closed within the limit, whatever follows.
  const vain = `x,"\n${'""\n'.repeat(200)}`
  const twoLines = 'a,"b\nc"\n'
  const before = await read(`id,action\n${vain}${twoLines}d,e\n`, { limits })
  expect(before.slice(-2)).toEqual([
    { id: 'a', action: 'b\nc' },
    { id: 'd', action: 'e' },
  ])
  const after = await read(`id,action\n${vain.repeat(20)}${twoLines}d,e\n`, { limits })
  expect(after.at(-1)).toEqual({ id: 'd', action: 'e' })
  expect(after.slice(-3, -1).every((one) => typeof one === 'string')).toBe(true)
})

const odd = ['"a\n', '"""\n', '"\n""\n', 'x,"""y\n', ',,,,\n', '\u0001"\n', '"', '""', 'id,action,occurred_at\n']
test.each(odd)('a hundred kilobytes of %j end', async (pattern) => {
  const text = `id,action,occurred_at\n${pattern.repeat(100_000 / pattern.length)}`
  const items = await importedItems(text)
  expect(items.at(-1)?.to ?? text.length).toBeLessThanOrEqual(text.length)
  expect(items.every(({ event }) => event === undefined)).toBe(true)
})

test('many that stand in a row are one', async () => {
  const junk = Array.from({ length: 50 }, (_, n) => `junk ${n}`).join('\n')
  const found = await read(`${head}\n${junk}\n${good}`, { limits: { singles: 3 } })
  expect(found).toHaveLength(5)
  expect(found[4]).toEqual(event)
})
