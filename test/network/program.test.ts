// The program as a process, in a network whose only way out is a proxy that looks at who asks, with certificates that
// nobody but `service.ca_file` vouches for.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { canary } from '@circleci-audit-forwarder/contract/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Amazon } from './amazon.ts'
import { canSign } from './certificates.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'network-'))
const config = join(folder, 'config.json')
const taken: string[] = []

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  const body = Buffer.concat(pieces)
  taken.push(
    ...(gunzipSync(body)
      .toString()
      .match(/project\.add/g)
      ?.slice(0, 1) ?? []),
  )
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
}

/** Runs a command to its end. Of the environment only what a container would have. */
async function program(...args: readonly string[]) {
  const condition = '--conditions=@circleci-audit-forwarder/source'
  const child = spawn(process.execPath, [condition, join(root, 'src/cli/main.ts'), ...args, '--config', config], {
    env: {
      PATH: process.env['PATH'],
      AWS_ACCESS_KEY_ID: 'THE-PROCESS',
      AWS_SECRET_ACCESS_KEY: canary('aws'),
      PROXY_PASSWORD: canary('proxy'),
    },
  })
  const ended = once(child, 'close')
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await ended) as [number | null]
  return { code, out, err }
}

describe.skipIf(!canSign)('the program behind a proxy', () => {
  let aws: Amazon

  beforeAll(async () => {
    const beside = {
      names: ['otlp.acme.dev'],
      answer: (...[request, response]: Parameters<typeof take>) => void take(request, response),
    }
    aws = await Amazon.start(['eu-west-1'], { credentials: `forwarder:${canary('proxy')}`, beside })
    aws.emulator.createBucket('acme')
    aws.emulator.createQueue('audit', { region: 'eu-west-1' })
    const credentials = { accessKeyId: 'test', secretAccessKey: canary('aws') }
    const s3 = new S3Client({ endpoint: aws.emulator.address, region: 'eu-west-1', forcePathStyle: true, credentials })
    const Key = 'audit-logs/year=2026/month=03/day=15/hour=11/2026-03-15T11:00:00_a1'
    const Body = '{"id":"1","action":"project.add","occurred_at":"2026-03-15T11:00:00Z"}\n'
    await s3.send(new PutObjectCommand({ Bucket: 'acme', Key, Body }))
    s3.destroy()
    const role_arn = 'arn:aws:iam::111122223333:role/audit-reader'
    const queue_url = 'https://sqs.eu-west-1.amazonaws.com/000000000000/audit'
    writeFileSync(
      config,
      JSON.stringify({
        receivers: {
          circleci_audit: {
            store: { s3: { bucket: 'acme', prefix: 'audit-logs', region: 'eu-west-1', role_arn } },
            notifications: { sqs: { queue_url } },
            start_at: 'beginning',
          },
        },
        exporters: { otlp_http: { endpoint: 'https://otlp.acme.dev' } },
        service: {
          proxy: aws.network.proxy.replace(canary('proxy'), '$' + '{env:PROXY_PASSWORD}'),
          ca_file: aws.network.caFile,
          ledger: { sqlite: { path: join(folder, 'ledger.db') } },
          telemetry: { logs: { format: 'json' } },
          pipelines: { logs: { receivers: ['circleci_audit'], exporters: ['otlp_http'] } },
        },
      }),
    )
  })
  afterAll(async () => {
    await aws.stop()
    rmSync(folder, { recursive: true })
  })

  test('reads, delivers, and goes nowhere else', async () => {
    const { code, err } = await program('run', '--once')
    expect(err).not.toMatch(/"level":"(?:warn|error)"/)
    expect(code).toBe(0)
    expect(taken).toEqual(['project.add'])
    expect(aws.network.through.toSorted()).toEqual([
      'acme.s3.eu-west-1.amazonaws.com:443',
      'otlp.acme.dev:443',
      'sts.eu-west-1.amazonaws.com:443',
    ])
  })

  test('is looked at by doctor the same way', async () => {
    const { out } = await program('doctor', '--json')
    const { components } = JSON.parse(out) as {
      components: { id: string; kind: string; findings: { what: string; level: string }[] }[]
    }
    const proven = components.flatMap(({ kind, findings }) =>
      findings.filter(({ level }) => level === 'ok').map(({ what }) => `${kind}: ${what}`),
    )
    expect(proven).toEqual(
      expect.arrayContaining([
        'store: objects under s3://acme/audit-logs can be listed',
        'store: the newest object can be read and decoded',
        'queue: messages may be deleted (sqs:DeleteMessage)',
        'destination: https://otlp.acme.dev/v1/logs takes OTLP logs as json',
      ]),
    )
    expect(aws.network.through).toContain('sqs.eu-west-1.amazonaws.com:443')
  })
})
