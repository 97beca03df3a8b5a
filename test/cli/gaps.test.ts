// `gaps` over a real ledger, a real folder and a real file: alone, and beside a running forwarder.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { load } from '../../src/cli/load.ts'
import { openPipeline, openTelemetry } from '../../src/cli/open.ts'
import { main } from '../../src/cli/program.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'

let folder: string
let config: string
let printed: string[]
let complained: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gaps-'))
  printed = []
  complained = []
  config = join(folder, 'config.yaml')
  writeFileSync(
    config,
    `receivers: { circleci_audit: { store: { directory: { path: ${join(folder, 'bucket')} } }, start_at: -1h } }
exporters: { file: { path: ${join(folder, 'out.ndjson')} } }
service:
  ledger: { sqlite: { path: ${join(folder, 'ledger.db')} } }
  admin: { endpoint: 127.0.0.1:0 }
  telemetry: { logs: { level: error }, metrics: { endpoint: 127.0.0.1:0 } }
  pipelines: { logs: { receivers: [circleci_audit], exporters: [file] } }
`,
  )
  vi.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text))
  vi.spyOn(console, 'error').mockImplementation((text: string) => void complained.push(text))
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

/** An object of which one line is no event: for every destination that is a record refused for good. */
function putBad(): void {
  const time = new Date(Date.now() - 600_000)
  const [, year, month, day, hour] = /^(\d+)-(\d+)-(\d+)T(\d+)/.exec(time.toISOString()) ?? []
  const name = `${time.toISOString().slice(0, 19)}Z_1.json`
  const path = join(folder, 'bucket', `year=${year}/month=${month}/day=${day}/hour=${hour}/${name}`)
  const event = {
    id: 'e1',
    action: 'context.create',
    occurred_at: time.toISOString(),
    actor: { id: 'u', type: 'user' },
  }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(event)}\nno event at all\n`)
  utimesSync(path, time, time)
}

async function ran(...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  printed = []
  const code = await main(['--config', config, ...args])
  return { code, text: printed.join('\n') }
}

interface Listed {
  readonly gaps: readonly Record<string, unknown>[]
}

async function listed(): Promise<Listed['gaps']> {
  return (JSON.parse((await ran('--json', 'gaps')).text) as Listed).gaps
}

const delivered = (): readonly string[] => readFileSync(join(folder, 'out.ndjson'), 'utf8').trim().split('\n')

test('a gap is listed, explained by the beginning of its id, and acknowledged, on record and to the destinations', async () => {
  putBad()
  expect((await ran('run', '--once')).code).toBe(0)

  const [gap] = await listed()
  expect(gap).toMatchObject({ kind: 'object_unreadable', state: 'open', to: null, closedAt: null })
  expect(delivered().some((line) => line.includes('gap.opened') && line.includes(String(gap?.['id'])))).toBe(true)

  const table = (await ran('gaps')).text
  expect(table).toContain('object_unreadable')
  expect(table).toContain('next: ')

  const id = String(gap?.['id'])
  const explained = (await ran('gaps', 'explain', id.slice(0, 8))).text
  expect(explained).toContain(id)
  expect(explained).toMatch(/^state +open/m)
  expect(explained).toMatch(/^seen +\S/m)
  expect(JSON.parse((await ran('--json', 'gaps', 'explain', id)).text)).toMatchObject({ id, openings: 1 })

  expect((await ran('gaps', 'explain', 'deadbeef')).code).toBe(2)
  expect(complained.join('\n')).toContain('there is no gap deadbeef')
  expect((await ran('gaps', 'ack', id, '--note', ' ')).code).toBe(2)
  expect((await ran('gaps', '--closed', 'some')).code).toBe(2)

  const done = await ran('--json', 'gaps', 'ack', id.slice(0, 8), '--note', 'a known bad line')
  expect(done.code).toBe(0)
  expect(JSON.parse(done.text)).toEqual({ id, kind: 'object_unreadable', state: 'acknowledged', lasts: true })
  expect(await listed()).toMatchObject([{ id, state: 'acknowledged', note: 'a known bad line' }])

  // It is an act: the next run brings it to the destinations.
  expect((await ran('run', '--once')).code).toBe(0)
  expect(delivered().some((line) => line.includes('gap_acknowledged') && line.includes('a known bad line'))).toBe(true)
})

test('a gap is acknowledged beside the running forwarder', async () => {
  mkdirSync(join(folder, 'bucket'))
  await ran('run', '--once')
  expect((await ran('gaps')).text).toBe('nothing is known to be missing')
  putBad()
  await ran('run', '--once')
  const [gap] = await listed()
  const id = String(gap?.['id'])
  // Whoever holds the ledger does the work; the command only asks.
  const loaded = await load({ config })
  const ledger = openSqliteLedger({ path: join(folder, 'ledger.db') })
  const end = new AbortController()
  const { pipeline } = await openPipeline(loaded, ledger, openTelemetry(loaded), end.signal)
  const running = pipeline.run(end.signal)
  const done = await ran('gaps', 'ack', id, '--note', 'seen')
  expect(done).toMatchObject({ code: 0 })
  expect(done.text).toContain('acknowledged')
  end.abort()
  await running
  ledger.close()
  expect(await listed()).toMatchObject([{ id, note: 'seen' }])
})
