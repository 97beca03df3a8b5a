// What stands in a cell, in the spellings of everybody who writes such files.
import { expect, test } from 'vitest'
import { cell, id, importedItems, read, row } from './rows.ts'

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
