// `node --conditions=@circleci-audit-forwarder/source bench/rapid7.ts`: how many events a second reach a webhook that
// takes one event a request, and what encoding one costs. The rate is measured at the webhook, through the program as it
// runs: a folder, the lane with its defaults, an intent for each event in a ledger on the disk. `--delay 200` is nearer to
// the real webhook; `--events 500` is quicker. Nothing here asserts; the figures are for reading.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import { auditRecord } from '@circleci-audit-forwarder/contract/testing'
import { encodeLine } from '@circleci-audit-forwarder/exporter-rapid7'
import { makeCorpus } from './corpus.ts'

const here = import.meta.dirname
const stringified = (body: unknown): Buffer => Buffer.from(JSON.stringify(body))
const options = { delay: { type: 'string', default: '50' }, events: { type: 'string', default: '3000' } } as const
const { delay, events } = parseArgs({ options }).values
const folder = mkdtempSync(join(tmpdir(), 'bench-'))

try {
  await throughput(Number(events), Number(delay))
  encoding()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function throughput(events: number, delayMs: number): Promise<void> {
  const corpus = makeCorpus(folder, 'objects', Math.ceil(events / 100), 100_000)
  const webhook = spawn(process.execPath, [join(here, 'webhook.ts'), String(delayMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface(webhook.stdout)[Symbol.asyncIterator]()
  await forward(corpus.path, Number((await lines.next()).value))
  webhook.kill('SIGTERM')
  const seen = JSON.parse((await lines.next()).value ?? '{}')
  const rate = ((seen.requests - 1) / seen.ms) * 1_000
  console.log(`answers after ${delayMs} ms: ${seen.requests} of ${corpus.events} events, ${rate.toFixed(0)} a second,`)
  console.log(`  ${seen.connections} connections, ${seen.mostAtOnce} requests at once at most`)
}

/** One `run --once` of the program itself. */
async function forward(path: string, port: number): Promise<void> {
  const config = join(folder, 'config.json')
  const token = '11111111-2222-4333-8444-555555555555'
  const configuration = {
    receivers: { circleci_audit: { store: { directory: { path } }, start_at: 'beginning' } },
    exporters: { rapid7: { endpoint: `http://127.0.0.1:${port}`, token } },
    service: {
      ledger: { sqlite: { path: join(folder, 'ledger.db') } },
      telemetry: { logs: { level: 'error' } },
      pipelines: { logs: { receivers: ['circleci_audit'], exporters: ['rapid7'] } },
    },
  }
  writeFileSync(config, JSON.stringify(configuration))
  const flags = ['--conditions=@circleci-audit-forwarder/source']
  const main = join(here, '..', 'src', 'cli', 'main.ts')
  const program = spawn(process.execPath, [...flags, main, 'run', '--once', '--config', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(program, 'exit')
  if (code !== 0) throw new Error(`the forwarder ended with ${code}`)
}

/** Against JSON.stringify of the very same body, both to bytes, in turns. */
function encoding(): void {
  const records = Array.from({ length: 1_000 }, (_, number) => recordOf(number))
  const bodies = records.map(
    (record) => JSON.parse(Buffer.from(encodeLine(record, 'trim').bytes).toString()) as unknown,
  )
  const rounds = Array.from({ length: 200 }, () => {
    return { ours: timed(() => records.map((r) => encodeLine(r, 'trim'))), plain: timed(() => bodies.map(stringified)) }
  })
  const [ours, plain] = [least(rounds.map(({ ours }) => ours)), least(rounds.map(({ plain }) => plain))]
  const size = encodeLine(records[0] as LogRecord, 'trim').bytes.length
  console.log(
    `encoding an event of ${size} bytes: ${ours.toFixed(2)} µs, JSON.stringify of the same ${plain.toFixed(2)} µs,`,
  )
  console.log(`  ratio ${(ours / plain).toFixed(2)}`)
}

function timed(work: () => unknown): number {
  const start = performance.now()
  work()
  return performance.now() - start
}

/** The tenth part of the rounds was quicker: those that nobody disturbed. */
function least(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 10)] ?? 0
}

function recordOf(number: number): LogRecord {
  const id = `0b7f3c7e-6a0e-4d0c-9b35-${String(number).padStart(12, '0')}`
  const payload = { context_id: id, context_name: 'aws-prod', environment_variable_titles: 'AWS_KEY,AWS_SECRET' }
  const actor = { id, type: 'user', name: 'github: octocat' }
  const scope = { id, type: 'organization', name: 'acme' }
  const original = {
    id,
    version: 1,
    action: 'context.secrets.accessed',
    actor,
    target: actor,
    scope,
    success: true,
    payload,
  }
  const attributes = {
    'circleci.audit.action': 'context.secrets.accessed',
    'circleci.audit.actor.name': actor.name,
    'circleci.audit.actor.id': id,
    'circleci.audit.target.name': 'aws-prod',
    'circleci.audit.scope.name': 'acme',
    'aws.s3.bucket': 'acme-circleci-audit',
    'aws.s3.key': 'audit-logs/year=2026/month=03/day=04/hour=14/2026-03-04T14:02:11_0b7f3c7e.json.gz',
  }
  return auditRecord({ id, attributes, [ORIGINAL]: JSON.stringify(original) })
}
