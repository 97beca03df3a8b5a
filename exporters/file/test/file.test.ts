import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ORIGINAL } from '@circleci-audit-forwarder/contract'
import { auditRecord, bareRecord } from '@circleci-audit-forwarder/contract/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { encode, FileExporter, type FileOptions, module } from '../src/index.ts'

const never = new AbortController().signal
const NOW = Date.UTC(2026, 2, 4, 14, 2, 11, 123)

let directory: string
let path: string
const opened: FileExporter[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'file-exporter-'))
  path = join(directory, 'audit.jsonl')
})

afterEach(async () => {
  await Promise.all(opened.splice(0).map((exporter) => exporter.close()))
  await rm(directory, { recursive: true })
})

function exporterWith(options: Partial<FileOptions> = {}): FileExporter {
  const exporter = new FileExporter({ path, ...options })
  opened.push(exporter)
  return exporter
}

function batchOf(exporter: FileExporter, ids: readonly string[], now = NOW) {
  const records = ids.map((id) => auditRecord({ id }))
  return { members: records.map((each) => exporter.encode(each)), token: 't', now }
}

async function idsIn(file: string): Promise<readonly string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line).attributes['log.record.uid'])
}

test('a line is the whole record', () => {
  const attributes = { list: ['x'], map: { n: 1 } }
  const record = { ...auditRecord({ body: 'two\nlines\u2028', [ORIGINAL]: '{"id":1.0}' }), attributes }
  const line = Buffer.from(encode(record)).toString()
  expect(line).toBe(
    '{"timeUnixNano":"1790812800123456789","severityNumber":9,"severityText":"info",' +
      '"eventName":"circleci.audit.context.create","body":"two\\nlines\\u2028",' +
      '"attributes":{"list":["x"],"map":{"n":1}},"original":"{\\"id\\":1.0}",' +
      '"observedTimeUnixNano":"1790812860250000000","resource":{"attributes":{"service.name":"circleci"}},' +
      '"scope":{"name":"circleci-audit-forwarder","version":"0.1.0"}}\n',
  )
})

test('a record with nothing in it is a line too', () => {
  expect(`${Buffer.from(encode(bareRecord))}`).toBe(
    '{"attributes":{},"resource":{"attributes":{}},"scope":{"name":""}}\n',
  )
})

test('appends batches to one file, also after a restart', async () => {
  const first = exporterWith()
  expect(await first.send(batchOf(first, ['a', 'b']), never)).toEqual({ status: 'delivered' })
  await first.close()
  const second = exporterWith()
  expect(await second.send(batchOf(second, ['c']), never)).toEqual({ status: 'delivered' })
  expect(await idsIn(path)).toEqual(['a', 'b', 'c'])
  expect(second.cutBytes).toBe(0)
})

test('files are not readable by everybody', async () => {
  const exporter = exporterWith({ mode: 0o600 })
  await exporter.send(batchOf(exporter, ['a']), never)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('an unfinished last line is cut at open, and check tells how much', async () => {
  const writer = exporterWith()
  await writer.send(batchOf(writer, ['a']), never)
  await writer.close()
  await appendFile(path, `{"timeUnixNano":"1${'x'.repeat(200_000)}`)
  const exporter = exporterWith()
  expect(await exporter.send(batchOf(exporter, ['b']), never)).toEqual({ status: 'delivered' })
  expect(await idsIn(path)).toEqual(['a', 'b'])
  expect(exporter.cutBytes).toBe(200_018)
  expect(await exporter.check(never)).toContainEqual(
    expect.objectContaining({ level: 'warning', detail: expect.stringContaining('200018 bytes') }),
  )
})

test.each(['{', '{"', '\0\0\0'])('a tail of %j after a crash is cut', async (tail) => {
  await writeFile(path, tail)
  const exporter = exporterWith()
  expect(await exporter.send(batchOf(exporter, ['a']), never)).toEqual({ status: 'delivered' })
  expect(await idsIn(path)).toEqual(['a'])
})

test("somebody else's file is not damaged", async () => {
  await writeFile(path, 'root:x:0:0\nno line feed at the end')
  const exporter = exporterWith()
  const outcome = await exporter.send(batchOf(exporter, ['a']), never)
  expect(outcome).toMatchObject({ status: 'stopped', reason: expect.stringContaining('no record of ours') })
  expect(await readFile(path, 'utf8')).toBe('root:x:0:0\nno line feed at the end')
})

test('rotates by size, never over an existing file', async () => {
  const exporter = exporterWith({ maxBytes: 1 })
  await writeFile(join(directory, 'audit.2026-03-04T14-02-11.123Z.jsonl'), 'precious')
  for (const id of ['a', 'b', 'c']) await exporter.send(batchOf(exporter, [id]), never)
  expect((await readdir(directory)).sort()).toEqual([
    'audit.2026-03-04T14-02-11.123Z.jsonl',
    'audit.2026-03-04T14-02-11.123Z_001.jsonl',
    'audit.2026-03-04T14-02-11.123Z_002.jsonl',
    'audit.jsonl',
  ])
  expect(await readFile(join(directory, 'audit.2026-03-04T14-02-11.123Z.jsonl'), 'utf8')).toBe('precious')
  expect(await idsIn(join(directory, 'audit.2026-03-04T14-02-11.123Z_001.jsonl'))).toEqual(['a'])
  expect(await idsIn(path)).toEqual(['c'])
})

test('rotates by age', async () => {
  const exporter = exporterWith({ maxAgeMs: 3_600_000 })
  const begun = Date.now()
  await exporter.send(batchOf(exporter, ['a'], begun), never)
  await exporter.send(batchOf(exporter, ['b'], begun + 3_000_000), never)
  expect(await readdir(directory)).toHaveLength(1)
  await exporter.send(batchOf(exporter, ['c'], begun + 3_700_000), never)
  expect(await readdir(directory)).toHaveLength(2)
  expect(await idsIn(path)).toEqual(['c'])
})

test('keeps all files unless told how many, and deletes only its own, oldest first', async () => {
  await writeFile(join(directory, 'audit.notes.jsonl'), 'mine')
  const all = exporterWith({ maxBytes: 1 })
  for (let n = 0; n < 5; n++) await all.send(batchOf(all, [`${n}`], NOW + n), never)
  expect(await readdir(directory)).toHaveLength(6)
  await all.close()
  const two = exporterWith({ maxBytes: 1, maxFiles: 2 })
  await two.send(batchOf(two, ['5'], NOW + 5), never)
  expect((await readdir(directory)).sort()).toEqual([
    'audit.2026-03-04T14-02-11.127Z.jsonl',
    'audit.2026-03-04T14-02-11.128Z.jsonl',
    'audit.jsonl',
    'audit.notes.jsonl',
  ])
})

test('a file that was renamed or deleted by somebody is followed by a new one', async () => {
  const exporter = exporterWith()
  await exporter.send(batchOf(exporter, ['a']), never)
  await rename(path, join(directory, 'audit.jsonl.1'))
  expect(await exporter.send(batchOf(exporter, ['b']), never)).toEqual({ status: 'delivered' })
  expect(await idsIn(path)).toEqual(['b'])
  await rm(path)
  expect(await exporter.send(batchOf(exporter, ['c']), never)).toEqual({ status: 'delivered' })
  expect(await idsIn(path)).toEqual(['c'])
})

test('a second writer is noticed', async () => {
  const one = exporterWith()
  const other = exporterWith()
  await one.send(batchOf(one, ['a']), never)
  await other.send(batchOf(other, ['b']), never)
  expect(await one.send(batchOf(one, ['c']), never)).toMatchObject({
    status: 'stopped',
    reason: expect.stringContaining('another program writes to this file'),
  })
  expect(await idsIn(path)).toEqual(['a', 'b'])
})

test('a missing directory, a directory as path: stopped, with the next step', async () => {
  const missing = exporterWith({ path: join(directory, 'no', 'audit.jsonl') })
  expect(await missing.send(batchOf(missing, ['a']), never)).toMatchObject({
    status: 'stopped',
    cause: 'configuration',
    reason: expect.stringContaining('ENOENT; create its directory'),
  })
  await mkdir(path)
  const wrong = exporterWith()
  expect(await wrong.send(batchOf(wrong, ['a']), never)).toMatchObject({ status: 'stopped' })
  expect(await wrong.check(never)).toContainEqual(
    expect.objectContaining({ level: 'error', detail: 'not a regular file' }),
  )
})

test('concurrent sends write whole batches one after another', async () => {
  const exporter = exporterWith({ maxBytes: 2000 })
  const sends = Array.from({ length: 20 }, (_, n) => exporter.send(batchOf(exporter, [`${n}-a`, `${n}-b`]), never))
  expect(new Set((await Promise.all(sends)).map((outcome) => outcome.status))).toEqual(new Set(['delivered']))
  const files = await readdir(directory)
  const ids = (await Promise.all(files.map((file) => idsIn(join(directory, file))))).flat()
  expect(ids).toHaveLength(40)
})

test('aborted before its turn: nothing is written', async () => {
  const exporter = exporterWith()
  const outcome = await exporter.send(batchOf(exporter, ['a']), AbortSignal.abort())
  expect(outcome).toMatchObject({ status: 'retry', ambiguous: false })
  expect(await readdir(directory)).toEqual([])
})

test('check touches nothing and tells what stands in the way', async () => {
  const exporter = exporterWith()
  const findings = await exporter.check(never)
  expect(findings[0]).toMatchObject({ level: 'ok', detail: 'will be created' })
  expect(await readdir(directory)).toEqual([])
  const missing = exporterWith({ path: join(directory, 'no', 'audit.jsonl') })
  expect((await missing.check(never))[0]).toMatchObject({ level: 'error', next: 'create it' })
  const huge = exporterWith({ maxBytes: Number.MAX_SAFE_INTEGER })
  expect((await huge.check(never))[1]).toMatchObject({ level: 'warning' })
})

test.skipIf(process.getuid?.() === 0)('a read-only directory is an error of check', async () => {
  await chmod(directory, 0o500)
  expect((await exporterWith().check(never))[0]).toMatchObject({ level: 'error' })
  await chmod(directory, 0o700)
})

test('close may be called twice; a send after it is a retry', async () => {
  const exporter = exporterWith()
  await exporter.send(batchOf(exporter, ['a']), never)
  await exporter.close()
  await exporter.close()
  expect(await exporter.send(batchOf(exporter, ['b']), never)).toMatchObject({ status: 'retry', ambiguous: false })
})

test('settings: defaults, units, refusals', () => {
  expect(module.schema.parse({ path: 'x' })).toEqual({ path: 'x', max_size: 100 * 1024 * 1024, mode: 0o640 })
  const parsed = module.schema.parse({ path: 'x', max_size: '1MiB', max_age: '1d', max_files: 3, mode: '0600' })
  expect(parsed).toEqual({ path: 'x', max_size: 1048576, max_age: 86_400_000, max_files: 3, mode: 0o600 })
  for (const bad of [
    {},
    { path: '' },
    { path: 'x', max_size: 0 },
    { path: 'x', max_files: 0 },
    { path: 'x', mode: '999' },
  ]) {
    expect(module.schema.safeParse(bad).success).toBe(false)
  }
  expect(module.create(module.schema.parse({ path: 'x' }))).toBeInstanceOf(FileExporter)
})
