// What the program loads: the SDK of a cloud where it is configured, and of no other. Told by Node's own module hooks in
// the program's process, so that neither a stray import nor a library's dependency escapes. How soon it is ready hangs on
// the machine, so what is asserted is what it costs everywhere: the size of what is loaded. The time is a row of the bench.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { type FauxqsServer, startFauxqs } from 'fauxqs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type AzuriteBlobs, account, startBlobs } from '../receiver/azure/azurite.ts'
import { FakeGcs } from '../receiver/gcs/fake.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'startup-'))
const event = '{"id":"1","action":"project.add","occurred_at":"2026-03-15T11:00:00Z"}\n'
const key = 'audit-logs/year=2026/month=03/day=15/hour=11/2026-03-15T11:00:00_a1'
const bucket = 'acme-audit'
const condition = '--conditions=@circleci-audit-forwarder/source'

const clouds = {
  aws: /\/node_modules\/@(?:aws-sdk|smithy|aws)\//,
  azure: /\/node_modules\/(?:@azure|@typespec)\//,
  google: /\/node_modules\/(?:@google-cloud|google-[\w-]+|gaxios|gcp-metadata|teeny-request)\//,
}
type Cloud = keyof typeof clouds

interface Run {
  readonly code: number | null
  readonly records: readonly unknown[]
  readonly clouds: readonly Cloud[]
  /** Size of every module it loads, together. */
  readonly bytes: number
}

let s3: FauxqsServer
let gcs: FakeGcs
let azure: AzuriteBlobs

beforeAll(async () => {
  s3 = await startFauxqs({ port: 0, logger: false })
  s3.createBucket(bucket)
  s3.createQueue('audit')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
  const client = new S3Client({ endpoint: s3.address, region: 'us-east-1', forcePathStyle: true })
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: event }))
  client.destroy()
  gcs = await FakeGcs.start()
  gcs.createBucket(bucket)
  gcs.put(bucket, key, event)
  azure = await startBlobs(bucket)
  await azure.container.getBlockBlobClient(key).upload(event, event.length)
  mkdirSync(join(folder, 'objects', key, '..'), { recursive: true })
  writeFileSync(join(folder, 'objects', key), event)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await Promise.all([s3.stop(), gcs.stop(), azure.close()])
  rmSync(folder, { recursive: true })
})

let runs = 0

function configured(receiver: object, service: object = {}): { readonly config: string; readonly out: string } {
  runs += 1
  const out = join(folder, `out-${runs}.jsonl`)
  const config = join(folder, `config-${runs}.json`)
  const pipelines = { logs: { receivers: ['circleci_audit'], exporters: ['file'] } }
  const ledger = { sqlite: { path: join(folder, `ledger-${runs}.db`) } }
  const exporters = { file: { path: out, own_records: false } }
  const receivers = { circleci_audit: { start_at: 'beginning', ...receiver } }
  writeFileSync(config, JSON.stringify({ receivers, exporters, service: { ledger, ...service, pipelines } }))
  return { config, out }
}

function program(args: readonly string[], nodeArgs: readonly string[] = [], env: object = {}): ChildProcess {
  const all = [condition, ...nodeArgs, join(root, 'src/cli/main.ts'), ...args]
  return spawn(process.execPath, all, {
    cwd: root,
    stdio: 'ignore',
    env: { ...process.env, SAS: azure.signature('rl'), ...env },
  })
}

/** One whole run, to its end. */
async function once(receiver: object): Promise<Run> {
  const { config, out } = configured(receiver)
  const told = join(folder, `loaded-${runs}.json`)
  const hooks = ['--import', join(import.meta.dirname, 'loaded-modules.ts')]
  const child = program(['run', '--once', '--config', config], hooks, { LOADED_MODULES: told })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  const { loaded, bytes } = JSON.parse(readFileSync(told, 'utf8')) as { loaded: string[]; bytes: number }
  const records = readFileSync(out, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  const used = (Object.keys(clouds) as Cloud[]).filter((cloud) => loaded.some((url) => clouds[cloud].test(url)))
  return { code, records, clouds: used, bytes }
}

const delivers = { code: 0, records: [expect.objectContaining({ eventName: 'circleci.audit.project.add' })] }

/**
 * What a forwarder from S3 and SQS may load. It is 6.3 MB of modules, of which the SDK of Amazon is 1.2; any other cloud
 * would add 1.8, a compiler or a schema language more.
 */
const MOST_BYTES = 7_500_000

describe('the program loads', () => {
  const s3Store = () => ({ s3: { bucket, prefix: 'audit-logs', endpoint: s3.address, force_path_style: true } })

  test('no cloud at all for a folder', async () => {
    const directory = { path: join(folder, 'objects'), prefix: 'audit-logs' }
    expect(await once({ store: { directory } })).toMatchObject({ ...delivers, clouds: [] })
  })

  test('Amazon alone for S3 and SQS', async () => {
    const sqs = { queue_url: `${s3.address}/000000000000/audit`, endpoint: s3.address }
    const run = await once({ store: s3Store(), notifications: { sqs } })
    expect(run).toMatchObject({ ...delivers, clouds: ['aws'] })
    expect(run.bytes).toBeLessThan(MOST_BYTES)
  })

  test('Google alone for a bucket of Cloud Storage', async () => {
    const store = { gcs: { bucket, prefix: 'audit-logs', endpoint: gcs.address } }
    expect(await once({ store })).toMatchObject({ ...delivers, clouds: ['google'] })
  })

  test('Azure alone for a container, from a signature in the environment', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the language of the configuration
    const place = { account, container: bucket, endpoint: azure.endpoint, sas_token: '${env:SAS}' }
    const store = { azure_blob: { ...place, prefix: 'audit-logs' } }
    expect(await once({ store })).toMatchObject({ ...delivers, clouds: ['azure'] })
  })
})
