// The worst objects one can think of, among good ones, through the whole program but for the network: each ends where it
// should with a reason, and every event around it arrives.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, expect, test } from 'vitest'
import { openSqliteLedger, type SqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { type Body, forward, MemoryStore } from '../fuzz/world.ts'
import { event } from '../receiver/decode/bodies.ts'

const directory = mkdtempSync(join(tmpdir(), 'hostile-'))
afterAll(() => rmSync(directory, { recursive: true }))
const ledgers: SqliteLedger[] = []
afterEach(() => {
  for (const ledger of ledgers.splice(0)) ledger.close()
})

let files = 0
function ledger(): SqliteLedger {
  files += 1
  const opened = openSqliteLedger({ path: join(directory, `${files}.db`) })
  ledgers.push(opened)
  return opened
}

const digest = (bytes: Uint8Array | string) => createHash('sha1').update(bytes).digest('hex')

/** An object of CircleCI's, with the sha1 of its bytes in its key unless told otherwise. */
function body(hour: number, content: string | Uint8Array, more: { sha1?: string; version?: string } = {}): Body {
  const bytes = Buffer.from(content)
  const stamp = `2026-03-10T${String(hour).padStart(2, '0')}:30:00`
  const key = `year=2026/month=03/day=10/hour=${hour}/${stamp}_${more.sha1 ?? digest(bytes)}`
  return { key, version: more.version ?? digest(bytes), bytes }
}

const org = (name: string) => ({ organization: { id: `id of ${name}`, type: 'organization', name } })

test('hostile objects end in quarantine, each for its reason, and all others flow', async () => {
  const hostile: readonly [reason: RegExp, content: string | Uint8Array][] = [
    [/times its compressed size/, gzipSync(Buffer.alloc(100_000_000, ' '))],
    [/unexpected end of file/, gzipSync(`${event('cut')}\n`).subarray(0, 60)],
    [/incorrect data check/, damaged(gzipSync(`${event('kept before the damage')}\n`), -8)],
    [/neither \{ nor \[/, Buffer.from('\x7fELF\x02\x01\x01 binary junk', 'latin1')],
    [/UTF-16/, Buffer.from(`\uFEFF${event('wide')}\n`, 'utf16le')],
    [/NUL bytes/, Buffer.alloc(5_000)],
    [/not UTF-8: byte 19/, Buffer.from('{"id":"latin","a":"\xe9"}\n', 'latin1')],
    [/nested deeper/, `{"id":"deep","payload":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
    [/longer than the limit/, `{"id":"${'x'.repeat(5_000_000)}"}\n`],
    [/compressed twice/, gzipSync(gzipSync(event('twice')))],
    [/a JSON number, not a JSON object/, '[42]'],
  ]
  const good = hostile.map((_, index) => event(`good ${index}`))
  const store = new MemoryStore()
  store.put(...hostile.map(([, content], hour) => body(hour, content)))
  store.put(...good.map((text, hour) => body(hour, `${text}\n`)))
  const { finish, catcher, quarantine, account, totals, told } = await forward(store, ledger())
  expect(finish).toEqual({ unswept: [], unfinished: [], unanswered: [] })
  expect(catcher.ids.toSorted()).toEqual([...good.map((text) => JSON.parse(text).id), 'kept before the damage'].sort())
  for (const [reason, content] of hostile) {
    const mine = quarantine.filter(({ object }) => object?.key.endsWith(digest(content)))
    expect(mine.map((entry) => entry.reason)).toEqual([expect.stringMatching(reason)])
  }
  expect(account).toMatchObject({ delivered: good.length + 1, quarantined: hostile.length, outstanding: 0 })
  expect(totals).toMatchObject({ events: good.length + 1, bad: hostile.length, altered: 0 })
  expect(told.filter(({ type }) => type === 'bug')).toEqual([])
})

function damaged(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Buffer.from(bytes)
  const index = copy.length + at
  copy[index] = (copy[index] ?? 0) ^ 0xff
  return copy
}

test('an object whose bytes are not those of its key is told as altered, and forwarded', async () => {
  const store = new MemoryStore()
  store.put(body(1, event('a')), body(2, event('b'), { sha1: digest('as it was written') }), body(3, event('c')))
  const book = ledger()
  const { catcher, told, totals } = await forward(store, book)
  expect(catcher.ids.toSorted()).toEqual(['a', 'b', 'c'])
  expect(told.filter(({ type }) => type === 'object_altered')).toMatchObject([
    { receiver: 'r', how: 'content', evidence: digest(event('b')) },
  ])
  expect(totals.altered).toBe(1)
  expect(book.alterations({ limit: 9 })).toMatchObject([{ kind: 'content', object: { store: 's3://fuzz' } }])
})

test('an object written over after it was delivered is told as altered; old events are copies, new ones arrive', async () => {
  const store = new MemoryStore()
  const book = ledger()
  store.put(body(1, `${event('a')}\n${event('b')}\n`, { sha1: 'x', version: 'first' }))
  expect((await forward(store, book)).catcher.ids).toEqual(['a', 'b'])
  store.put(body(1, `${event('b')}\n${event('c')}\n`, { sha1: 'x', version: 'second' }))
  const { catcher, told, account, totals, finish } = await forward(store, book)
  expect(finish.unfinished).toEqual([])
  expect(catcher.ids).toEqual(['c'])
  expect(account).toMatchObject({ delivered: 3, duplicates: 1, outstanding: 0, lostObjects: 0 })
  expect(told.filter(({ type }) => type === 'object_altered')).toMatchObject([{ how: 'version', evidence: 'first' }])
  expect(totals.altered).toBe(1)
  expect((await forward(store, book)).told.filter(({ type }) => type === 'object_altered')).toEqual([])
})

test('events of another organisation are quarantined with their bytes, and the others flow', async () => {
  const store = new MemoryStore()
  const foreign = event('theirs', org('evil'))
  store.put(body(1, `${event('ours', org('acme'))}\n${foreign}\n${event('nobody’s')}\n`))
  const { catcher, quarantine, account } = await forward(store, ledger(), { expectOrganization: 'ACME' })
  expect(catcher.ids).toEqual(['ours', 'nobody’s'])
  expect(quarantine).toMatchObject([{ reason: expect.stringMatching(/of another organisation.*evil.*"ACME"/) }])
  expect(Buffer.from(quarantine[0]?.bytes ?? []).toString()).toBe(foreign)
  expect(quarantine[0]?.sha256).toBe(createHash('sha256').update(foreign).digest('hex'))
  expect(account).toMatchObject({ delivered: 2, quarantined: 1, outstanding: 0 })
})

test('an organisation that is set later holds for what is still to be delivered, and nothing vanishes', async () => {
  const store = new MemoryStore()
  store.put(body(1, `${event('ours', org('acme'))}\n${event('theirs', org('evil'))}\n`))
  const book = ledger()
  expect((await forward(store, book)).catcher.ids).toEqual(['ours', 'theirs'])
  const later = await forward(store, book, { destination: 'newcomer', expectOrganization: 'acme' })
  expect(later.catcher.ids).toEqual(['ours'])
  expect(later.account).toMatchObject({ delivered: 1, quarantined: 1, outstanding: 0 })
  expect(later.quarantine.map(({ reason }) => reason)).toEqual([expect.stringMatching(/of another organisation/)])
})

test('a flood of junk takes one place in quarantine beyond the first thousand, and the events in it arrive', async () => {
  const store = new MemoryStore()
  const junk = (lines: number) => '{"x":\n'.repeat(lines)
  store.put(body(1, `${junk(50_000)}${event('in the middle')}\n${junk(50_000)}${event('at the end')}\n`))
  const { catcher, quarantine, account } = await forward(store, ledger())
  expect(catcher.ids).toEqual(['in the middle', 'at the end'])
  expect(quarantine).toHaveLength(1_002)
  const bytes = quarantine.reduce((sum, { length }) => sum + length, 0)
  expect(bytes).toBeGreaterThanOrEqual(2 * junk(50_000).length - 2_000)
  expect(account).toMatchObject({ delivered: 2, quarantined: 1_002, outstanding: 0 })
})
