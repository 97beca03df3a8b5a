import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DatabaseFiles } from '../../src/databases/databases.ts'
import { openMmdb } from '../../src/databases/mmdb.ts'
import { SetupError } from '../../src/domain/failures.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { FakeClock } from '../tools/fake-clock.ts'
import { london, mmdbOf, provider } from './mmdb-writer.ts'

let folder = ''
let told: TelemetryEvent[] = []
const tell = (event: TelemetryEvent): void => {
  told.push(event)
}
const file = (name: string): string => join(folder, name)
const city = (name: string): unknown => ({ city: { names: { en: name } } })

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'databases-'))
  told = []
})
afterEach(() => rmSync(folder, { recursive: true }))

async function opened(
  bytes: Buffer,
): Promise<{ path: string; files: DatabaseFiles; find: (address: string) => unknown }> {
  const path = file('a.mmdb')
  writeFileSync(path, bytes)
  const files = await DatabaseFiles.open([path, path], tell)
  return { path, files, find: files.lookup(path) }
}

test.each([
  [24, 4],
  [28, 4],
  [32, 4],
  [24, 6],
  [28, 6],
  [32, 6],
] as const)('entries are found, records of %i bits, IPv%i', async (recordSize, ipVersion) => {
  const entries = { '81.2.69.0/24': london, '5.83.0.0/16': provider }
  const { find } = await opened(mmdbOf(entries, { recordSize, ipVersion }))
  expect(find('81.2.69.142')).toEqual(london)
  expect(find('5.83.200.1')).toEqual(provider)
  expect(find('81.2.70.1') ?? undefined).toBeUndefined()
  // A database of IPv4 knows nothing of IPv6, whatever the first four bytes are.
  expect(find('5102:458e::1') ?? undefined).toBeUndefined()
})

test('IPv6 is found by its own', async () => {
  const { find } = await opened(mmdbOf({ '2a00:1450::/32': london, '81.2.69.0/24': provider }))
  expect(find('2a00:1450:4001:80e:0:0:0:200e')).toEqual(london)
  expect(find('2a00:1451:0:0:0:0:0:1') ?? undefined).toBeUndefined()
})

test('what is opened is told once, with its kind and age', async () => {
  const { path } = await opened(mmdbOf({ '81.2.69.0/24': london }, { kind: 'GeoLite2-City', builtAt: 1_780_000_000 }))
  expect(told).toEqual([{ type: 'database_opened', path, kind: 'GeoLite2-City', builtAt: 1_780_000_000_000 }])
})

test.each([
  ['missing', undefined, 'there is no such file'],
  ['empty', Buffer.alloc(0), "no database in MaxMind's format"],
  ['a page', Buffer.from('<html>404</html>'), "no database in MaxMind's format"],
  ['compressed', gzipSync(mmdbOf({ '81.2.69.0/24': london })), 'unpack it'],
  ['cut short', mmdbOf({ '81.2.69.0/24': london }).subarray(0, -40), "no database in MaxMind's format"],
])('a file that is %s is refused at start, in words', async (_, bytes, reason) => {
  if (bytes !== undefined) writeFileSync(file('a.mmdb'), bytes)
  const failure: unknown = await DatabaseFiles.open([file('a.mmdb')], tell).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(SetupError)
  expect((failure as SetupError).message).toContain(`cannot open the database ${file('a.mmdb')}`)
  expect((failure as SetupError).message).toContain(reason)
  expect((failure as SetupError).hint).toBeDefined()
})

test('a folder is refused at start', async () => {
  await expect(DatabaseFiles.open([folder], tell)).rejects.toThrow('it is a folder')
})

test('a replaced file is opened once it stands still, and told', async () => {
  const { path, files, find } = await opened(mmdbOf({ '81.2.69.0/24': city('London') }))
  writeFileSync(file('new'), mmdbOf({ '81.2.69.0/24': city('Paris') }))
  renameSync(file('new'), path)
  await files.refresh()
  expect(find('81.2.69.1')).toEqual(city('London'))
  await files.refresh()
  expect(find('81.2.69.1')).toEqual(city('Paris'))
  expect(told.map(({ type }) => type)).toEqual(['database_opened', 'database_opened'])
  await files.refresh()
  expect(told).toHaveLength(2)
})

test('a file still being written is left alone, however long that takes', async () => {
  const { path, files, find } = await opened(mmdbOf({ '81.2.69.0/24': city('London') }))
  const next = mmdbOf({ '81.2.69.0/24': city('Paris') })
  for (let end = 10; end < next.length; end += 40) {
    writeFileSync(path, next.subarray(0, end))
    await files.refresh()
  }
  writeFileSync(path, next)
  await files.refresh()
  expect(told.map(({ type }) => type)).toEqual(['database_opened'])
  await files.refresh()
  expect(find('81.2.69.1')).toEqual(city('Paris'))
})

test('an unreadable new file keeps the old database and is told once, not at every look', async () => {
  const { path, files, find } = await opened(mmdbOf({ '81.2.69.0/24': city('London') }))
  truncateSync(path, 30)
  for (let i = 0; i < 5; i++) await files.refresh()
  expect(find('81.2.69.1')).toEqual(city('London'))
  expect(told.slice(1)).toEqual([
    { type: 'database_unreadable', path, reason: expect.stringContaining('MaxMind'), builtAt: 1_780_000_000_000 },
  ])
  writeFileSync(path, mmdbOf({ '81.2.69.0/24': city('Rome') }))
  await files.refresh()
  await files.refresh()
  expect(find('81.2.69.1')).toEqual(city('Rome'))
})

test('a file that is gone keeps the old database, and is opened again when it is back', async () => {
  const { path, files, find } = await opened(mmdbOf({ '81.2.69.0/24': city('London') }))
  renameSync(path, file('away'))
  for (let i = 0; i < 3; i++) await files.refresh()
  expect(find('81.2.69.1')).toEqual(city('London'))
  expect(told.slice(1)).toMatchObject([{ type: 'database_unreadable', reason: 'there is no such file' }])
  copyFileSync(file('away'), path)
  for (let i = 0; i < 3; i++) await files.refresh()
  expect(told.map(({ type }) => type)).toEqual(['database_opened', 'database_unreadable', 'database_opened'])
  unlinkSync(path)
  for (let i = 0; i < 3; i++) await files.refresh()
  expect(told).toHaveLength(4)
})

test.runIf(process.getuid?.() !== 0)('a file that may not be read keeps the old database', async () => {
  const { path, files } = await opened(mmdbOf({ '81.2.69.0/24': city('London') }))
  chmodSync(path, 0)
  for (let i = 0; i < 3; i++) await files.refresh()
  expect(told.slice(1)).toMatchObject([{ type: 'database_unreadable', reason: 'permission denied' }])
})

test('a damaged entry is no entry, and is told once', async () => {
  const bytes = mmdbOf({ '81.2.69.0/24': london, '5.83.0.0/16': 'x' })
  const key = bytes.indexOf(Buffer.from('continent'))
  bytes.fill(0, key - 1, key + 1) // no type begins so
  const { path, find } = await opened(bytes)
  expect([find('81.2.69.1'), find('81.2.69.2'), find('5.83.1.1')]).toEqual([undefined, undefined, 'x'])
  expect(told.slice(1)).toMatchObject([{ type: 'database_unreadable', path }])
})

test('files are looked at every half minute until told to stop', async () => {
  const { path, files, find } = await opened(mmdbOf({ '81.2.69.0/24': city('London') }))
  const clock = new FakeClock(0)
  const end = new AbortController()
  const watching = files.watch(clock, end.signal)
  writeFileSync(file('new'), mmdbOf({ '81.2.69.0/24': city('Paris') }))
  renameSync(file('new'), path)
  await expect
    .poll(async () => {
      await clock.advance(30_000)
      return find('81.2.69.1')
    })
    .toEqual(city('Paris'))
  end.abort()
  await watching
})

test('without a database there is nothing to watch, and the package is not loaded', async () => {
  const files = await DatabaseFiles.open([], tell)
  await files.watch(new FakeClock(0), new AbortController().signal)
  expect(told).toEqual([])
})

test('an opened database says what it is', async () => {
  writeFileSync(file('b.mmdb'), mmdbOf({ '81.2.69.0/24': london }, { kind: 'GeoIP2-ISP' }))
  expect(await openMmdb(file('b.mmdb'))).toMatchObject({ kind: 'GeoIP2-ISP', builtAt: 1_780_000_000_000 })
})
