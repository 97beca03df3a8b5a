import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { itemsOf } from '../decode/bodies.ts'
import { cell, csv, event, firstColumns, head, id, importedItems, read, row } from './rows.ts'

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
