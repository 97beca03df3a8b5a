// The program itself with a pod's identity, from the environment alone: what it reads and hears it asks for as the pod, it
// goes on with a token that was replaced, and whatever it says holds nothing of the token or of the credentials.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { canariesIn } from '@circleci-audit-forwarder/contract/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startScript } from '../../tools/start-script.ts'
import { Front } from '../check/front.ts'
import { Pod, signer } from './pod.ts'

const root = join(import.meta.dirname, '../../..')
const WAIT_MS = 30_000

let front: Front
let pod: Pod
let folder: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'identity-'))
  front = await Front.start()
  front.emulator.createBucket('acme')
  pod = await Pod.start()
})
afterEach(async () => {
  pod.stop()
  await front.stop()
  rmSync(folder, { recursive: true })
})

/** An object of this minute, put past the front. */
async function put(id: string): Promise<void> {
  const at = new Date(Date.now() - 60_000).toISOString()
  const [year, month, day, hour] = at.split(/[-T:]/)
  const key = `year=${year}/month=${month}/day=${day}/hour=${hour}/${at.slice(0, 19)}_${id}`
  const body = `{"id":"${id}","action":"project.add","occurred_at":"2026-03-15T11:00:00Z"}\n`
  expect((await fetch(`${front.emulator.address}/acme/${key}`, { method: 'PUT', body })).ok).toBe(true)
}

function configure(queue_url: string): string {
  const store = { bucket: 'acme', endpoint: front.address, force_path_style: true }
  const config = {
    receivers: {
      circleci_audit: {
        store: { s3: store },
        notifications: { sqs: { queue_url, endpoint: front.address } },
        start_at: 'beginning',
        sweep: { interval: '1s' },
      },
    },
    exporters: { file: { path: join(folder, 'out.jsonl') } },
    service: {
      ledger: { sqlite: { path: join(folder, 'ledger.db') } },
      admin: { endpoint: '127.0.0.1:0' },
      telemetry: { logs: { format: 'json', level: 'debug' }, metrics: { endpoint: '127.0.0.1:0' } },
      pipelines: { logs: { receivers: ['circleci_audit'], exporters: ['file'] } },
    },
  }
  const path = join(folder, 'config.json')
  writeFileSync(path, JSON.stringify(config))
  return path
}

function start(args: readonly string[], environment: Readonly<Record<string, string>>): ChildProcess {
  const env = { PATH: process.env['PATH'], HOME: folder, AWS_EC2_METADATA_DISABLED: 'true', ...environment }
  const command = [...startScript.flags, join(root, 'src/cli/main.ts'), ...args]
  return spawn(process.execPath, command, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
}

const delivered = (): string => readFileSync(join(folder, 'out.jsonl'), 'utf8')

test.each([
  ['EKS Pod Identity', 'POD', () => pod.podIdentity],
  ['IRSA', 'WEB', () => pod.webIdentity],
] as const)('%s', async (_, who, environment) => {
  const config = configure(front.emulator.createQueue('audit').queueUrl)
  await put('first')
  const running = start(['run', '--config', config], environment())
  const said = Promise.all([text(running.stdout!), text(running.stderr!)])
  const ended = once(running, 'close')
  const asks = (what: string, as: string): void =>
    expect(front.asked.filter((asked) => asked.what === what).map(({ headers }) => signer(headers))).toContain(as)
  try {
    await vi.waitFor(() => expect(delivered()).toContain('"first"'), WAIT_MS)
    asks('GetObject', `${who}-1 with session-1`)
    asks('ReceiveMessage', `${who}-1 with session-1`)
    pod.rotate()
    await put('second')
    await vi.waitFor(() => expect(delivered()).toContain('"second"'), WAIT_MS)
    await vi.waitFor(() => asks('ListObjectsV2', `${who}-2 with session-2`), WAIT_MS)
  } finally {
    running.kill('SIGTERM')
  }
  expect(await ended).toEqual([0, null])
  const [out, err] = await said
  expect(err).toContain('"event":"started"')
  expect(canariesIn(`${out}${err}${delivered()}`)).toEqual([])
})

test('an agent that does not take the token is told of, without the token', async () => {
  const config = configure(front.emulator.createQueue('audit').queueUrl)
  pod.expire()
  const running = start(['doctor', '--config', config, '--json'], pod.podIdentity)
  const [out, err] = await Promise.all([text(running.stdout!), text(running.stderr!)])
  expect(out).toContain('give the process AWS credentials the SDK can find: a pod or instance role')
  expect(canariesIn(`${out}${err}`)).toEqual([])
  expect(pod.refusals).toContain('agent')
})
