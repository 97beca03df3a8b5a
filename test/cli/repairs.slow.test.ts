// The commands that mend, over a real ledger, a real folder and a real server: beside a running forwarder, and alone.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { backfill } from '../../src/cli/backfill.ts'
import { load } from '../../src/cli/load.ts'
import { openPipeline, openTelemetry } from '../../src/cli/open.ts'
import { exportQuarantine } from '../../src/cli/quarantine/export.ts'
import { listQuarantine } from '../../src/cli/quarantine/list.ts'
import { replayQuarantine } from '../../src/cli/quarantine/replay.ts'
import { showQuarantine } from '../../src/cli/quarantine/show.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'

let folder: string
let config: string
let server: Server
let printed: string[]
/** What the destination refuses, and how often each event came to it. */
let refuses: string | undefined
let taken: string[]
let common: { readonly config: string; readonly json: boolean }

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'repairs-'))
  printed = []
  refuses = undefined
  taken = []
  server = createServer(async (request, response) => {
    const body = await text(request)
    const isRefused = refuses !== undefined && body.includes(refuses)
    if (!isRefused) taken.push(...['mended', 'withheld', 'plain', 'old'].filter((word) => body.includes(`"${word}"`)))
    response.writeHead(isRefused ? 400 : 200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  config = join(folder, 'config.yaml')
  const { port } = server.address() as AddressInfo
  writeFileSync(
    config,
    `receivers: { circleci_audit: { store: { directory: { path: ${folder} } }, start_at: -1h } }
processors: { filter/no_jobs: { exclude: ["workflow.*"] }, redact/names: { mask: [actor.name] } }
exporters:
  otlp_http:
    { endpoint: "http://127.0.0.1:${port}", encoding: json, compression: none, own_records: false, batch: { linger: 1ms } }
service:
  ledger: { sqlite: { path: ${join(folder, 'ledger.db')} } }
  telemetry: { logs: { level: error } }
  pipelines:
    logs: { receivers: [circleci_audit], processors: [filter/no_jobs, redact/names], exporters: [otlp_http] }
`,
  )
  common = { config, json: false }
  vi.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text))
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
})
afterEach(async () => {
  vi.restoreAllMocks()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  rmSync(folder, { recursive: true })
})

function put(age: number, ...lines: readonly string[]): void {
  const time = new Date(Date.now() - age * 60_000).toISOString()
  const [, year, month, day, hour] = /^(\d+)-(\d+)-(\d+)T(\d+)/.exec(time) ?? []
  const path = join(folder, `year=${year}/month=${month}/day=${day}/hour=${hour}/${time.slice(0, 19)}Z_1.json`)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''))
  // Whatever was written a moment ago may be written still.
  utimesSync(path, new Date(time), new Date(time))
}

function event(id: string, action = 'context.create'): string {
  const occurred_at = new Date(Date.now() - 1_800_000).toISOString()
  return JSON.stringify({ id, action, occurred_at, actor: { id: 'u1', type: 'user', name: 'Ann Example' } })
}

/** A forwarder, until everything it was given has been dealt with. */
async function forwarder(): Promise<{ stop(): Promise<void> }> {
  const loaded = await load({ config })
  const ledger = openSqliteLedger({ path: join(folder, 'ledger.db') })
  const end = new AbortController()
  const { pipeline } = await openPipeline(loaded, ledger, openTelemetry(loaded), end.signal)
  const { promise: caughtUp, resolve } = Promise.withResolvers<void>()
  const running = pipeline.run(end.signal, resolve)
  await caughtUp
  const stop = async (): Promise<void> => {
    end.abort()
    await running
    ledger.close()
  }
  return { stop }
}

async function printing<T>(act: () => Promise<T>): Promise<{ readonly result: T; readonly text: string }> {
  printed = []
  const result = await act()
  return { result, text: printed.join('\n') }
}

const replay = (ids: readonly string[] = [], more = {}) =>
  printing(() => replayQuarantine({ ...common, ids, all: ids.length === 0, dryRun: false, ...more }))
const list = (more = {}) => printing(() => listQuarantine({ ...common, limit: 10, ...more }))
const count = (id: string): number => taken.filter((one) => one === id).length

test('what was refused is seen, replayed beside the running forwarder, and is gone from quarantine', async () => {
  put(10, event('mended'), event('plain'))
  refuses = '"mended"'
  await (await forwarder()).stop()
  // What it takes next makes the refusal final.
  put(5, event('old'))
  const running = await forwarder()
  expect((await list({ json: true })).text).toContain('"provisional": false')
  const listed = (await list({ destination: 'otlp_http' })).text
  expect(listed).toMatch(/DESTINATION +ENTRIES +SIZE/)
  expect(listed).toMatch(/ 1 {2}otlp_http +20.*_1\.json:1 +.*400/)
  expect((await list({ reason: 'something else' })).text).toBe('nothing is in quarantine')
  expect((await replay([], { dryRun: true })).text).toMatch(/would be sent again:.*otlp_http +1 /s)
  refuses = undefined
  expect(await replay(['1'], { why: 'INC-7' })).toEqual({ result: 0, text: '       1  delivered' })
  expect((await list()).text).toBe('nothing is in quarantine')
  expect([count('mended'), count('plain')]).toEqual([1, 1])
  expect(await replay()).toEqual({ result: 0, text: 'nothing in quarantine is meant' })
  await running.stop()
}, 30_000)

test('what is shown is what the destination would get, unless the original is asked for', async () => {
  put(10, event('mended'), event('plain'), 'Ann Example writes no JSON')
  refuses = '"mended"'
  await (await forwarder()).stop()
  const show = (id: string, original = false) => printing(() => showQuarantine({ ...common, id, original }))
  const entries = JSON.parse((await list({ json: true })).text).entries as { id: number; destination?: string }[]
  const of = (destination: string | undefined) => String(entries.find((one) => one.destination === destination)?.id)
  const record = await show(of('otlp_http'))
  expect(record.text).toMatch(/reason .*400/)
  expect(record.text).toContain('[redacted]')
  expect(record.text).not.toContain('Ann Example')
  const line = await show(of(undefined))
  expect(line.text).toContain('nobody can say what is in it')
  expect(line.text).not.toContain('Ann Example')
  for (const id of [of('otlp_http'), of(undefined)]) expect((await show(id, true)).text).toContain('Ann Example')
  await expect(show('99')).rejects.toThrow('there is no entry 99')
  await expect(show('x')).rejects.toThrow('x is no entry')
}, 30_000)

test('an export is for this user alone, holds the bytes as read, and overwrites nothing', async () => {
  put(10, event('plain'), 'no event', '{"id":"a\xff"')
  await (await forwarder()).stop()
  const file = join(folder, 'out.ndjson')
  const run = (more = {}) => exportQuarantine({ ...common, file, dryRun: false, ...more })
  expect((await printing(() => run({ dryRun: true }))).text).toBe(`would write 2 entries to ${file}`)
  expect(existsSync(file)).toBe(false)
  expect(await run()).toBe(0)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const lines = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines).toMatchObject([{ original: 'no event', line: 2, key: expect.stringContaining('_1.json') }, { line: 3 }])
  await expect(run()).rejects.toThrow(`cannot write ${file}: it exists`)
  const none = join(folder, 'none.ndjson')
  expect(await run({ file: none, reason: 'nobody says this' })).toBe(0)
  expect([existsSync(none), vi.mocked(process.stderr.write).mock.lastCall?.[0]]).toEqual([
    false,
    `nothing in quarantine is like that: ${none} is not written\n`,
  ])
  expect((await list({ json: true })).text).toContain('"total": 2')
}, 30_000)

test('a range is brought once more: told beforehand, done beside the forwarder or alone, and never twice', async () => {
  put(10, event('plain'), event('withheld', 'workflow.job.start'))
  put(120, event('old'))
  const running = await forwarder()
  const run = (more = {}) => printing(() => backfill({ ...common, from: '6h', force: false, dryRun: false, ...more }))
  const before = await run({ dryRun: true })
  expect(before.text).toMatch(/2 objects in the range.*\n +1 {2}would be sent\n.*\n +1 {2}arrived before/)
  expect(taken).toEqual(['plain'])
  const done = await run({ json: true })
  expect(JSON.parse(done.text)).toMatchObject({ objects: 2, taken: 1, settled: 1, events: 1, sent: 1 })
  expect(taken).toEqual(['plain', 'old'])
  await running.stop()
  expect((await run({ only: 'workflow.*', dryRun: true })).text).toBe(
    'would send 1 event that filters withheld, from 1 object',
  )
  expect((await run({ only: 'workflow.*' })).text).toMatch(/1 event\n +1 {2}sent/)
  expect(taken).toEqual(['plain', 'old', 'withheld'])
  expect((await run()).text).toMatch(/2 objects\n +2 {2}had arrived before\n0 events/)
  expect((await run({ force: true })).text).toMatch(/2 {2}brought to a destination/)
  expect([count('plain'), count('old'), count('withheld')]).toEqual([2, 2, 1])
}, 30_000)

test('what cannot be meant is refused before anything is asked', async () => {
  await (await forwarder()).stop()
  const run = (more: object) => backfill({ ...common, from: '6h', force: false, dryRun: false, ...more })
  await expect(run({ force: true, only: '*' })).rejects.toThrow('--force and --only exclude each other')
  await expect(run({ to: '7h' })).rejects.toThrow('the range is empty')
  await expect(run({ from: 'yesterday' })).rejects.toThrow('--from yesterday is no time')
  await expect(run({ destination: 'nobody' })).rejects.toThrow('no destination is fed as asked: nobody')
  await expect(replay([], { all: false })).rejects.toThrow('it is not said what to replay')
  await expect(replay(['1; drop'])).rejects.toThrow('1; drop is no entry of the quarantine')
}, 30_000)
