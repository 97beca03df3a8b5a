// How many requests a second reach a webhook that takes one event a request: through the program as it runs, with the
// lane's defaults and an intent for each event in a ledger on the disk. Measured at the webhook, which is a process of its
// own and answers after 50 ms, so that it is the pace of delivery and not the program's start that counts. What keeps the
// pace, many intents to a commit, is asserted where no clock takes part: test/delivery/commits.test.ts.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startScript } from '../test/tools/start-script.ts'
import { makeCorpus } from './corpus.ts'
import type { Table } from './encode.ts'

const EVENTS = 3_000
const EVENTS_AN_OBJECT = 100
/** Of fewer, it is how the lane begins that is measured. */
const LEAST_SCALE = 0.5
const DELAY_MS = 50
const PROMISED = 150
const here = import.meta.dirname

/** What `webhook.ts` says when it ends. */
interface Seen {
  readonly requests: number
  readonly connections: number
  readonly mostAtOnce: number
  /** From the first request to the last. */
  readonly ms: number
}

/** Forwards some thousand events, fewer at a smaller scale. */
export async function rapid7Table(scale: number): Promise<Table> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-rapid7-'))
  try {
    const objects = Math.ceil((EVENTS * Math.max(scale, LEAST_SCALE)) / EVENTS_AN_OBJECT)
    const corpus = makeCorpus(folder, 'objects', objects, EVENTS_AN_OBJECT * 1_000)
    const { requests, connections, mostAtOnce, ms } = await forward(folder, corpus.path)
    // Its own records make a few more.
    if (requests < corpus.events) throw new Error(`${requests} requests for ${corpus.events} events`)
    const rate = ((requests - 1) / ms) * 1_000
    const counts = [requests, connections, mostAtOnce, Math.round(rate), PROMISED].map(String)
    const row = [`answers after ${DELAY_MS} ms`, ...counts, rate >= PROMISED ? 'yes' : 'no']
    return { head: ['rapid7', 'requests', 'connections', 'at once', 'requests/s', 'promised', 'kept'], rows: [row] }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One `run --once` of the program itself. */
async function forward(folder: string, path: string): Promise<Seen> {
  const args = [join(here, 'webhook.ts'), String(DELAY_MS)]
  const webhook = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const lines = createInterface(webhook.stdout)[Symbol.asyncIterator]()
    await run(folder, configuration(folder, path, Number((await lines.next()).value)))
    webhook.kill('SIGTERM')
    return JSON.parse((await lines.next()).value ?? '{}') as Seen
  } finally {
    webhook.kill('SIGTERM')
  }
}

function configuration(folder: string, path: string, port: number): unknown {
  const token = '11111111-2222-4333-8444-555555555555'
  return {
    receivers: { circleci_audit: { store: { directory: { path } }, start_at: 'beginning' } },
    exporters: { rapid7: { endpoint: `http://127.0.0.1:${port}`, token } },
    service: {
      ledger: { sqlite: { path: join(folder, 'ledger.db') } },
      telemetry: { logs: { level: 'error' } },
      pipelines: { logs: { receivers: ['circleci_audit'], exporters: ['rapid7'] } },
    },
  }
}

async function run(folder: string, configuration: unknown): Promise<void> {
  const config = join(folder, 'config.json')
  writeFileSync(config, JSON.stringify(configuration))
  const main = join(here, '..', 'src', 'cli', 'main.ts')
  const program = spawn(process.execPath, [...startScript.flags, main, 'run', '--once', '--config', config], {
    env: { ...process.env, ...startScript.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said = program.stderr.toArray()
  const [code] = await once(program, 'exit')
  if (code !== 0) throw new Error(`the forwarder ended with ${code}:\n${Buffer.concat(await said).toString('utf8')}`)
}
