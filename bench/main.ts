// `npm run bench`: what it costs to forward, against the least it could cost, measured in the same run. From a folder to
// null servers in another process. Ratios are what counts: machines differ, and a floor measured on another day proves
// nothing. Program and floor take turns, three times, and of each the middle one counts: on a machine that others share, two
// runs of one program differ by a tenth. Nothing here asserts; the figures are for reading.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { startScript } from '../test/tools/start-script.ts'
import { type Corpus, makeCorpus } from './corpus.ts'
import { encodeTable } from './encode.ts'
import { rapid7Table } from './rapid7.ts'
import { startUpTable } from './start-up.ts'

interface Usage {
  readonly cpuUs: number
  readonly peakMiB: number
  readonly wallMs: number
}

const turns = 3
const here = import.meta.dirname
const folder = mkdtempSync(join(tmpdir(), 'bench-'))
/**
 * `--only '1 MB'` measures one size, `--only encode` what encoding costs, `--only start-up` how soon it is ready, `--only
 * rapid7` the pace where an event is a request. Anything else is refused before it takes minutes.
 */
const { small = false, only } = parseArgs({
  options: { small: { type: 'boolean' }, only: { type: 'string' } },
}).values

/** What is measured beside forwarding, in this order. */
const tables = [
  ['start-up', () => startUpTable()],
  ['encode', () => encodeTable()],
  ['rapid7', (scale: number) => rapid7Table(scale)],
] as const

try {
  await main()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function main(): Promise<void> {
  const scale = small ? 0.1 : 1
  const sizes: readonly [string, number, number][] = [
    ['1 KB', Math.round(10_000 * scale), 1_000],
    // Enough of them that it is not the compiling of the program that is measured.
    ['1 MB', Math.round(200 * scale), 1_000_000],
    ['200 MB', 1, Math.round(200_000_000 * scale)],
  ]
  const chosen = only === undefined ? sizes : sizes.filter(([name]) => name === only)
  if (only !== undefined && chosen.length === 0 && !tables.some(([name]) => name === only))
    throw new Error(`--only ${only} is none of ${[...sizes, ...tables].map(([name]) => name).join(', ')}`)
  if (chosen.length > 0) await forwarding(chosen)
  for (const [name, table] of tables) {
    if (only !== undefined && only !== name) continue
    const { head, rows } = await table(scale)
    print(head, rows)
  }
}

async function forwarding(chosen: readonly [string, number, number][]): Promise<void> {
  const corpora = chosen.map(([name, objects, bytes]) => makeCorpus(folder, name, objects, bytes))
  const idle = await forward(makeCorpus(folder, 'nothing', 1, 1), 1)
  const rows: string[][] = []
  for (const corpus of corpora) for (const destinations of [1, 4]) rows.push(await measure(corpus, destinations, idle))
  print(
    [
      'objects',
      'destinations',
      'events',
      'objects/s',
      'events/s',
      'CPU µs/event',
      'floor µs/event',
      'ratio',
      'peak MiB',
    ],
    rows,
  )
}

async function measure(corpus: Corpus, destinations: number, idle: Usage): Promise<string[]> {
  const bodies = join(folder, `bodies ${corpus.name} ${destinations}`)
  mkdirSync(bodies)
  await forward(corpus, destinations, bodies)
  const uses: Usage[] = []
  const floors: Usage[] = []
  for (let turn = 0; turn < turns; turn += 1) {
    uses.push(await forward(corpus, destinations))
    floors.push(await run([join(here, 'floor.ts'), corpus.path, bodies, '1']))
  }
  const used = middle(uses)
  const floor = middle(floors)
  const floorIdle = await run([join(here, 'floor.ts'), join(folder, 'nothing'), emptyFolder(), '1'])
  rmSync(bodies, { recursive: true })
  // Start-up included: a rate that leaves it out would flatter short runs.
  const seconds = used.wallMs / 1_000
  const perEvent = (used.cpuUs - idle.cpuUs) / corpus.events
  const least = (floor.cpuUs - floorIdle.cpuUs) / corpus.events
  const rates = [corpus.objects / seconds, corpus.events / seconds].map((rate) => Math.round(rate).toLocaleString('en'))
  const costs = [
    perEvent.toFixed(1),
    least.toFixed(1),
    (perEvent / least).toFixed(2),
    Math.round(used.peakMiB).toString(),
  ]
  return [
    `${corpus.objects} × ${corpus.name}`,
    String(destinations),
    corpus.events.toLocaleString('en'),
    ...rates,
    ...costs,
  ]
}

/** The one whose CPU time is neither the most nor the least. */
function middle(usages: readonly Usage[]): Usage {
  const sorted = usages.toSorted((a, b) => a.cpuUs - b.cpuUs)
  return sorted[Math.floor(sorted.length / 2)] as Usage
}

function emptyFolder(): string {
  return mkdtempSync(join(folder, 'empty-'))
}

/** One `run --once` of the program itself over the corpus. With `bodies` the servers keep what they get. */
async function forward(corpus: Corpus, destinations: number, bodies?: string): Promise<Usage> {
  const server = spawn(process.execPath, [join(here, 'null-server.ts'), ...(bodies === undefined ? [] : [bodies])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface(server.stdout)[Symbol.asyncIterator]()
  const port = Number((await lines.next()).value)
  const state = mkdtempSync(join(folder, 'state-'))
  const config = join(state, 'config.json')
  writeFileSync(config, JSON.stringify(configuration(corpus.path, state, port, destinations)))
  const main = join(here, '..', 'src', 'cli', 'main.ts')
  try {
    return await run([...startScript.flags, main, 'run', '--once', '--config', config])
  } finally {
    server.kill('SIGTERM')
    await once(server, 'exit')
    rmSync(state, { recursive: true })
  }
}

function configuration(path: string, state: string, port: number, destinations: number): unknown {
  const endpoint = `http://127.0.0.1:${port}`
  const kinds: [string, unknown][] = [
    ['otlp_http/a', { endpoint }],
    ['splunk_hec/b', { endpoint, token: '11111111-2222-4333-8444-555555555555' }],
    ['otlp_http/c', { endpoint }],
    ['splunk_hec/d', { endpoint, token: '11111111-2222-4333-8444-555555555555' }],
  ]
  const exporters = Object.fromEntries(kinds.slice(0, destinations))
  return {
    receivers: { circleci_audit: { store: { directory: { path } }, start_at: 'beginning' } },
    exporters,
    service: {
      ledger: { sqlite: { path: join(state, 'ledger.db') } },
      telemetry: { logs: { level: 'error' } },
      pipelines: { logs: { receivers: ['circleci_audit'], exporters: Object.keys(exporters) } },
    },
  }
}

/** Runs a script to its end and tells what it used, all threads included. */
async function run(args: readonly string[]): Promise<Usage> {
  const report = join(folder, 'usage.json')
  const env = { ...process.env, ...startScript.env, BENCH_USAGE: report }
  const child = spawn(process.execPath, ['--import', join(here, 'usage.ts'), ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${said}`)
  return JSON.parse(readFileSync(report, 'utf8')) as Usage
}

function print(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  for (const row of all) console.log(row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '))
}
