// What `policy aws` prints is enough, and nothing of it is too much: the program runs against an AWS that allows what the
// printed policy says and nothing else, and every action of the policy is needed by something it does.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { canary } from '@circleci-audit-forwarder/contract/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Amazon } from './amazon.ts'
import { canSign } from './certificates.ts'
import { allowedBy, askOf, type Policy } from './iam.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'iam-'))
const config = join(folder, 'config.json')
const out = join(folder, 'out.jsonl')
const account = '111122223333'
const queueArn = `arn:aws:sqs:eu-west-1:${account}:audit`

let policy: Policy = { Statement: [] }
const used = new Set<string>()
const denied = new Set<string>()

function start(
  ...args: readonly string[]
): ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream } {
  const condition = '--conditions=@circleci-audit-forwarder/source'
  const child = spawn(process.execPath, [condition, join(root, 'src/cli/main.ts'), ...args, '--config', config], {
    env: { PATH: process.env['PATH'], AWS_ACCESS_KEY_ID: 'THE-PROCESS', AWS_SECRET_ACCESS_KEY: canary('aws') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return child as ReturnType<typeof start>
}

async function program(...args: readonly string[]) {
  const child = start(...args)
  const ended = once(child, 'close')
  const [said, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await ended) as [number | null]
  return { code, out: said, err }
}

const day = (name: string): string => {
  const at = new Date(Date.now() - 60_000)
  const pad = (value: number): string => String(value).padStart(2, '0')
  const date = `year=${at.getUTCFullYear()}/month=${pad(at.getUTCMonth() + 1)}/day=${pad(at.getUTCDate())}`
  return `audit-logs/${date}/hour=${pad(at.getUTCHours())}/${at.toISOString().slice(0, 19)}_${name}`
}

describe.skipIf(!canSign)('AWS that allows what `policy aws` prints', () => {
  let aws: Amazon
  let s3: S3Client
  let whole: Policy
  let forForwarding: Policy

  const printed = async (...options: readonly string[]): Promise<Policy> =>
    JSON.parse((await program('policy', 'aws', ...options)).out) as Policy

  beforeAll(async () => {
    aws = await Amazon.start(['eu-west-1'], {
      guard: (request) => {
        const ask = askOf(request, queueArn, account)
        const allowed = allowedBy(policy, ask) !== undefined
        ;(allowed ? used : denied).add(request.method === 'HEAD' ? 'HEAD' : ask.action)
        return allowed
      },
    })
    aws.emulator.createBucket('acme')
    aws.emulator.createQueue('audit', { region: 'eu-west-1' })
    const credentials = { accessKeyId: 'test', secretAccessKey: canary('aws') }
    s3 = new S3Client({ endpoint: aws.emulator.address, region: 'eu-west-1', forcePathStyle: true, credentials })
    const store = { bucket: 'acme', prefix: 'audit-logs', region: 'eu-west-1', expected_bucket_owner: account }
    const queue_url = `https://sqs.eu-west-1.amazonaws.com/${account}/audit`
    writeFileSync(
      config,
      JSON.stringify({
        receivers: {
          circleci_audit: { store: { s3: store }, notifications: { sqs: { queue_url } }, start_at: 'beginning' },
        },
        exporters: { file: { path: out } },
        service: {
          proxy: aws.network.proxy,
          ca_file: aws.network.caFile,
          ledger: { sqlite: { path: join(folder, 'ledger.db') } },
          admin: { endpoint: '127.0.0.1:0' },
          telemetry: { logs: { format: 'json' }, metrics: { endpoint: '127.0.0.1:0' } },
          pipelines: { logs: { receivers: ['circleci_audit'], exporters: ['file'] } },
        },
      }),
    )
    ;[whole, forForwarding] = await Promise.all([printed(), printed('--without-doctor')])
  })
  afterAll(async () => {
    s3.destroy()
    await aws.stop()
    rmSync(folder, { recursive: true })
  })

  async function put(name: string): Promise<string> {
    const Key = day(name)
    const Body = `{"id":"${name}","action":"project.add","occurred_at":"2026-03-15T11:00:00Z"}\n`
    await s3.send(new PutObjectCommand({ Bucket: 'acme', Key, Body }))
    return Key
  }

  const allow = (what: Policy): void => {
    policy = what
    used.clear()
    denied.clear()
  }

  test('forwards, with the least that is asked for forwarding', async () => {
    allow(forForwarding)
    await put('swept')
    const running = start('run')
    const log = text(running.stderr)
    const delivered = (): string => readFileSync(out, 'utf8')
    try {
      await vi.waitFor(() => expect(delivered()).toContain('"swept"'), 20_000)
      const key = await put('announced')
      const record = { eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'acme' }, object: { key } } }
      aws.emulator.sendMessage('audit', JSON.stringify({ Records: [record] }), { region: 'eu-west-1' })
      await vi.waitFor(() => expect(delivered()).toContain('"announced"'), 20_000)
      await vi.waitFor(() => expect(used).toContain('sqs:DeleteMessage'), 20_000)
    } finally {
      running.kill('SIGTERM')
    }
    expect(await log).not.toMatch(/AccessDenied|not allowed/)
    expect([...denied]).toEqual([])
    const needed = ['s3:GetLifecycleConfiguration', 's3:GetObject', 's3:ListBucket']
    expect([...used].toSorted()).toEqual([
      ...needed,
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:ReceiveMessage',
    ])
  })

  test('forwards without the right to count messages, and says once what lacks', async () => {
    allow({ Statement: forForwarding.Statement.filter(({ Action }) => !Action.includes('sqs:GetQueueAttributes')) })
    const running = start('run')
    const log = text(running.stderr)
    try {
      await vi.waitFor(() => expect(denied).toContain('sqs:GetQueueAttributes'), 20_000)
      const key = await put('uncounted')
      const record = { eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'acme' }, object: { key } } }
      // Said again until it is heard: the emulator may give the first to the process before this one, whose long poll outlives it.
      const announce = () =>
        aws.emulator.sendMessage('audit', JSON.stringify({ Records: [record] }), { region: 'eu-west-1' })
      const arrived = () => {
        announce()
        expect(readFileSync(out, 'utf8')).toContain('"uncounted"')
      }
      await vi.waitFor(arrived, { timeout: 20_000, interval: 1_000 })
    } finally {
      running.kill('SIGTERM')
    }
    const said = (await log).split('\n').filter((line) => line.includes('GetQueueAttributes'))
    expect(said).toHaveLength(1)
    expect(JSON.parse(said[0]!)).toMatchObject({ event: 'queue_uncounted', level: 'info' })
    expect([...denied]).toEqual(['sqs:GetQueueAttributes'])
  })

  test('is looked at by doctor, with all of it, and every action is one that something asks', async () => {
    const before = [...used]
    allow(whole)
    const { out: said } = await program('doctor', '--json')
    // HEAD names no prefix, so whoever may list below one alone is refused it; the region is told all the same.
    expect([...denied]).toEqual(['HEAD'])
    expect(said).not.toContain('not allowed by the policy')
    const asked = new Set([...before, ...used])
    expect(policy.Statement.flatMap(({ Action }) => Action).filter((action) => !asked.has(action))).toEqual([])
  })

  test('without what doctor alone asks it says what it could not see, and what that needs', async () => {
    allow(forForwarding)
    const { out: said } = await program('doctor', '--json')
    expect([...denied].toSorted()).toEqual(['HEAD', 's3:GetBucketNotification'])
    expect(said).toContain('grant s3:GetBucketNotification on arn:aws:s3:::acme')
  })
})
