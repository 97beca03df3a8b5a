import { createHash } from 'node:crypto'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { itemsOf } from '../decode/bodies.ts'
import { cell, csv, firstColumns, importedItems, read } from './rows.ts'

const id = '0b7f3c7e-6a0e-4d0c-9b35-2f4c1f0a9d11'
const event = {
  id,
  version: 1,
  action: 'context.env_var.store',
  occurred_at: '2023-01-05T10:11:12.123456789Z',
  actor: { id: '5a1b', type: 'user', name: 'github: octocat' },
  target: { id: 'c0ffee', type: 'context', name: 'aws-prod' },
  scope: { id: '9e9e', type: 'account', name: 'acme' },
  success: true,
  request: { id: '1-65e5' },
  payload: { context_name: 'aws-prod', number: 3 },
  metadata: {},
}
const head = firstColumns.join(',')

/** A file with one row of which only these cells are filled. */
function row(cells: Readonly<Record<string, string>>): string {
  const names = Object.keys(cells)
  return `${names.map(cell).join(',')}\n${names.map((name) => cell(cells[name])).join(',')}\n`
}

test('a row is the very event of the stream: same text, same hash', async () => {
  const [streamed] = await itemsOf(`${JSON.stringify(event)}\n`)
  const [item] = await importedItems(csv([event]))
  expect(item?.event).toEqual(streamed?.event)
  expect(item?.text).toBe(streamed?.text)
  expect(item?.sha256).toBe(streamed?.sha256)
})

test('the documented row, as it is reconstructed', async () => {
  const text = `id,version,action,payload,metadata,occurred_at,actor,target,scope,success,request
0b7f3c7e-6a0e-4d0c-9b35-2f4c1f0a9d11,1,context.env_var.store,"{""context_name"":""aws-prod""}",{},2023-01-05T10:11:12.123Z,"{""id"":""5a1b"",""type"":""user"",""name"":""github: octocat""}","{""id"":""c0ffee"",""type"":""context"",""name"":""aws-prod""}","{""id"":""9e9e"",""type"":""account"",""name"":""acme""}",true,"{""id"":""1-65e5""}"
`
  expect(await read(text)).toEqual([
    { ...event, payload: { context_name: 'aws-prod' }, occurred_at: '2023-01-05T10:11:12.123Z' },
  ])
})

describe('columns', () => {
  test.each(['OCCURRED_AT', 'Occurred At', 'occurred-at', ' occurred_at ', '"occurred_at"'])('%s', async (name) => {
    expect(await read(`ID,${name},Action\n${id},2023-01-05T10:11:12Z,a.b\n`)).toEqual([
      { id, occurred_at: '2023-01-05T10:11:12Z', action: 'a.b' },
    ])
  })

  test('any order, and those nobody knows are kept', async () => {
    expect(await read(`Plan,action,id,extra\nscale,a.b,${id},"{""x"":[1]}"\n`)).toEqual([
      { action: 'a.b', id, Plan: 'scale', extra: { x: [1] } },
    ])
  })

  test('flattened ones go back into their object', async () => {
    const names = ['id', 'actor_id', 'Actor Type', 'actor.name', 'actor.email', 'REQUEST_ID', 'payload.job.name']
    const values = [id, 'u', 'user', 'github: x', 'x@acme.dev', 'r', 'build']
    expect(await read(`${names.join(',')}\n${values.join(',')}\n`)).toEqual([
      {
        id,
        actor: { id: 'u', type: 'user', name: 'github: x', email: 'x@acme.dev' },
        request: { id: 'r' },
        payload: { job: { name: 'build' } },
      },
    ])
  })

  test('what an object says itself stands, and what does not fit is kept beside it', async () => {
    const cells = { id, actor: '{"id":"u"}', actor_id: 'other', actor_name: 'x', target: 'plain', target_id: 't' }
    expect(await read(row(cells))).toEqual([
      { id, actor: { id: 'u', name: 'x' }, target: 'plain', actor_id: 'other', target_id: 't' },
    ])
  })

  test('an exact name wins, two of one name are two, and one without a name has one', async () => {
    expect(await read(`ID,id,note,action,note,\nother,${id},a,x,b,c\n`)).toEqual([
      { id, action: 'x', ID: 'other', note: 'a', note_: 'b', column_6: 'c' },
    ])
  })

  test('without a header, the first documented order', async () => {
    expect(await read(csv([event]).slice(head.length + 1))).toEqual([event])
  })

  test.each([';', '\t'])('separated by %j', async (delimiter) => {
    expect(await read(`id${delimiter}action${delimiter}actor\n${id}${delimiter}a.b${delimiter}x,y\n`)).toEqual([
      { id, action: 'a.b', actor: 'x,y' },
    ])
  })

  test('files that were joined: each has the columns it says', async () => {
    expect(await read(`id,action,occurred_at\na,x,y\n\uFEFFoccurred_at,id,action,success\r\nz,b,w,true\r\n`)).toEqual([
      { id: 'a', action: 'x', occurred_at: 'y' },
      { id: 'b', action: 'w', occurred_at: 'z', success: true },
    ])
  })
})

describe('cells', () => {
  test.each([
    ['doubled quotes', '"{""id"":""u"",""name"":""say \\""hi\\"", \\\\""}"'],
    ['backslashes before quotes', '"{\\"id\\":\\"u\\",\\"name\\":\\"say \\\\\\"hi\\\\\\", \\\\\\\\\\"}"'],
    ['a JSON string', cell(JSON.stringify(JSON.stringify({ id: 'u', name: 'say "hi", \\' })))],
    ['blanks around it', ' "  {""id"":""u"",""name"":""say \\""hi\\"", \\\\""}" '],
  ])('a blob with %s', async (_, text) => {
    expect(await read(`id,actor,action\n${id},${text},a.b\n`)).toEqual([
      { id, action: 'a.b', actor: { id: 'u', name: 'say "hi", \\' } },
    ])
  })

  test.each(['', 'null', 'NULL'])('%j says nothing', async (text) => {
    expect(await read(row({ id, action: text, actor: text, success: text, payload: text, extra: text }))).toEqual([
      { id },
    ])
  })

  test.each(['{broken', '[1,', 'github: octocat', '12', 'true'])('a blob that is none stays text: %s', async (text) => {
    expect(await read(row({ id, actor: text }))).toEqual([{ id, actor: text }])
  })

  test('a blob is taken over as it stands', async () => {
    const payload = '{"n": 12345678901234567890, "e":1e400, "__proto__":{"x":1},"half":"\\ud800"}'
    const [item] = await importedItems(row({ id, payload }))
    expect(item?.text).toBe(`{"id":"${id}","payload":${payload}}`)
  })

  test.each([
    ['true', true],
    ['TRUE', true],
    ['t', true],
    ['1', true],
    ['False', false],
    ['f', false],
    ['0', false],
    ['perhaps', 'perhaps'],
  ])('success: %s', async (text, success) => {
    expect(await read(row({ id, success: text }))).toEqual([{ id, success }])
  })

  test.each([
    ['1', 1],
    ['1.0', 1],
    ['v2', 'v2'],
  ])('version: %s', async (text, version) => {
    expect(await read(row({ id, version: text }))).toEqual([{ id, version }])
  })

  test.each([
    ['2017-12-21T13:50:54.474Z', '2017-12-21T13:50:54.474Z'],
    ['2017-12-21 13:50:54.474', '2017-12-21T13:50:54.474Z'],
    ['2017-12-21 13:50:54.474123456 UTC', '2017-12-21T13:50:54.474123456Z'],
    ['2017-12-21T13:50:54', '2017-12-21T13:50:54Z'],
    ['2017-12-21 13:50:54+00:00', '2017-12-21T13:50:54Z'],
    // Not surely UTC, or no such text at all: left to who reads times.
    ['2017-12-21T13:50:54+02:00', '2017-12-21T13:50:54+02:00'],
    ['1513864254474', '1513864254474'],
    ['yesterday', 'yesterday'],
  ])('occurred_at: %s', async (text, occurred_at) => {
    expect(await read(row({ id, occurred_at: text }))).toEqual([{ id, occurred_at }])
  })

  test('text with a backslash is left alone, unless quotes stand behind backslashes in this file', async () => {
    expect(await read(`id,action,note\n${id},a.b,C:\\temp\n`)).toEqual([{ id, action: 'a.b', note: 'C:\\temp' }])
    expect(await read(`id,action,note\n${id},a.b,"say \\"hi\\", C:\\\\temp"\n`)).toEqual([
      { id, action: 'a.b', note: 'say "hi", C:\\temp' },
    ])
  })
})

describe('rows', () => {
  test.each(['\n', '\r\n', '\r'])('lines end with %j, and the last one may not', async (newline) => {
    const text = csv([event, event], firstColumns, newline)
    expect(await read(text)).toEqual([event, event])
    expect(await read(text.slice(0, -newline.length))).toEqual([event, event])
  })

  test('a cell over several lines', async () => {
    const pretty = JSON.stringify(event.payload, null, 2)
    const items = await importedItems(`id,payload,action\r\na,${cell(pretty)},x\r\nb,,y\r\n`)
    expect(items.map((item) => item.event)).toEqual([
      { id: 'a', action: 'x', payload: event.payload },
      { id: 'b', action: 'y' },
    ])
    expect(items.map(({ line }) => line)).toEqual([2, 6])
  })

  test('a byte order mark, blank lines, gzip and zstd', async () => {
    const text = `\uFEFF\n\n${csv([event])}\n\n`
    for (const body of [Buffer.from(text), gzipSync(text), zstdCompressSync(text)])
      expect(await read(body)).toEqual([event])
  })

  test('JSON lines are what they always were', async () => {
    expect(await read(`\n${JSON.stringify(event)}\n`)).toEqual([event])
    expect(await read(`[${JSON.stringify(event)}]`)).toEqual([event])
  })

  test('empty cells behind the last column are nothing', async () => {
    expect(await read(`id,action\n${id},a.b,,\n`)).toEqual([{ id, action: 'a.b' }])
  })

  test('a position is that of the row in the decompressed file', async () => {
    const text = csv([event, event])
    const [, second] = await importedItems(gzipSync(text))
    const offset = text.indexOf(id, text.indexOf(id) + 1)
    expect(second).toMatchObject({ offset, to: text.length - 1, line: 3 })
  })
})

describe('what is no event is kept, and costs nothing else', () => {
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
})
