import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { exporters } from '../../src/cli/components.ts'
import type { ProfileDocument } from '../../src/cli/profile/profile.ts'
import { profile } from '../../src/cli/profile.ts'

let folder: string
let written: string[]
let complained: string[]

const event = (id: string, more: object = {}) => ({
  id,
  version: 1,
  action: 'context.delete',
  occurred_at: '2026-11-03T07:10:00.000Z',
  actor: { id: '11111111-2222-3333-4444-555555555555', type: 'user', name: 'someone-private' },
  success: true,
  payload: { contextName: 'top-secret-context', 'acme-corp/web': 1 },
  ...more,
})
const lines = (...events: object[]) => events.map((one) => JSON.stringify(one)).join('\n')

function put(key: string, body: string | Uint8Array): void {
  const path = join(folder, key)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, body)
  utimesSync(path, 1_700_000_000, 1_700_000_000)
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'profile-'))
  const strange = event('d', { action: 'warp.drive.engage', surprise: 1, actor: { id: 'x', email: 'a@b.test' } })
  put(
    'audit-logs/year=2026/month=11/day=3/hour=7/2026-11-03T07:12:00Z_1.json.gz',
    gzipSync(lines(event('a'), event('b'), event('a'))),
  )
  put('audit-logs/year=2026/month=11/day=03/hour=09/2026-11-03T09:00:00Z_1.json', JSON.stringify([event('c'), strange]))
  put('audit-logs/year=2026/month=11/day=03/hour=09/2026-11-03T09:30:00Z_1.json', `${lines(event('e'))}\nnot json\n`)
  put('audit-logs/year=2026/month=10/day=01/hour=10/2026-10-01T10:00:00Z_1.json', lines(event('old')))
  put('audit-logs/notes/readme.txt', 'hello')
  // The store takes a file for settled when nothing has touched it for two seconds.
  await sleep(2100)
})
afterAll(() => rmSync(folder, { recursive: true }))
beforeEach(() => {
  written = []
  complained = []
  vi.spyOn(console, 'log').mockImplementation((text: string) => void written.push(text))
  vi.spyOn(console, 'error').mockImplementation((text: string) => void complained.push(text))
})

const range = { from: '2026-11-03T00:00:00Z', to: '2026-11-04T00:00:00Z', config: '/nowhere.yaml' }

async function document(options: object = {}): Promise<ProfileDocument> {
  expect(await profile({ ...range, json: true, shape: false, store: `dir:${folder}/audit-logs`, ...options })).toBe(0)
  return JSON.parse(written[0] ?? '')
}

test('counts what is there: formats, keys, volumes, copies, bad lines, lateness', async () => {
  const found = await document()
  expect(found).toMatchObject({
    objects: { listed: 3, read: 3, truncated: false, unreadable: {} },
    formats: { 'gzip ndjson': 1, 'plain array': 1, 'plain ndjson': 1 },
    keys: { spellings: { unpadded: 1, padded: 3, foreign: 1 }, foreign: ['notes/readme.txt'] },
    events: 6,
    bad: { lines: 1 },
    duplicates: { copies: 1, complete: true },
    days: { '2026-11-03': { events: 6 } },
    actions: { 'context.delete': { events: 5 }, 'warp.drive.engage': { events: 1 } },
    severities: { critical: 5 },
    unknownActions: { 'warp.drive.engage': 1 },
    unknownFields: { surprise: 1, 'actor.email': 1 },
    hours: { total: 24, empty: 22 },
  })
  expect(found.latenessSeconds).toMatchObject({ count: 6, min: 120, max: 8400 })
  expect(found.hours.runs[0]).toEqual({ from: '2026-11-03T10:00:00.000Z', hours: 14 })
})

test('weighs the events as each destination type would get them', async () => {
  const { destinations, days } = await document()
  expect(Object.keys(destinations)).toEqual(exporters.map(({ type }) => type))
  for (const sizes of Object.values(destinations)) {
    expect(sizes['2026-11-03']).toBeGreaterThan((days['2026-11-03']?.bytes ?? 0) / 2)
  }
})

test('reads no more objects than told, the newest ones, and says so', async () => {
  const found = await document({ objects: 1 })
  expect(found.objects).toMatchObject({ listed: 3, read: 1, truncated: true })
  expect(found.events).toBe(1)
})

test('the shape holds names and types and no value', async () => {
  const options = { ...range, store: `${folder}/audit-logs`, shape: true }
  expect(await profile({ ...options, json: false })).toBe(0)
  expect(await profile({ ...options, json: true })).toBe(0)
  for (const text of written) {
    expect(text).not.toMatch(/someone|private|secret|acme|corp|context\.delete|11111111|a@b|2026|warp|surprise/)
  }
  expect(written[0]).toContain('actor.id: string up to 8 ×1, string uuid ×5')
  expect(written[0]).toContain('payload.<13 characters>: integer ×6')
  expect(written[0]).toContain('payload.contextName: string up to 32 ×6')
})

test('people get it in words', async () => {
  await profile({ ...range, store: `${folder}/audit-logs`, json: false, shape: false })
  expect(written[0]).toMatch(/HOURS WITHOUT AN OBJECT: 22 OF 24/)
  expect(written[0]).toMatch(/warp\.drive\.engage +1/)
  expect(written[0]).toMatch(/6 events, 1 copy of events seen before/)
})

test('an object that cannot be read is named and makes it 1; a store that cannot be listed too', async () => {
  expect(await profile({ ...range, store: `${folder}/nothing`, json: false, shape: false })).toBe(1)
  expect(complained[0]).toMatch(/cannot list .*nothing.*\n {4}hint: /)
})

test.each([
  [{ from: 'yesterday' }, /--from yesterday is no time/],
  [{ from: '2026-11-03T00:00:00' }, /is no time/],
  [{ from: '1h', to: '2h' }, /--from is not before --to/],
  [{ store: 'ftp://bucket' }, /ftp:\/\/bucket is no store/],
])('refuses %j', async (options, message) => {
  await expect(profile({ ...range, store: folder, json: false, shape: false, ...options })).rejects.toThrow(message)
})
