// A bucket of its own for each test, behind a server with a will (front.ts), and the checks run on it.
import { PutObjectCommand, S3, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, expect, vi } from 'vitest'
import { systemClock } from '../../../src/cli/clock.ts'
import type { Finding } from '../../../src/domain/finding.ts'
import { checkStore } from '../../../src/receiver/check/store.ts'
import type { S3Settings } from '../../../src/receiver/s3/client.ts'
import { S3Inspection } from '../../../src/receiver/s3/inspection.ts'
import { openS3Store } from '../../../src/receiver/s3/store.ts'
import { Front, type Script } from './front.ts'

export const never: AbortSignal = new AbortController().signal
export const hour = 3_600_000
export const event = '{"id":"1","action":"project.add","occurred_at":"2026-03-15T11:00:00Z"}\n'
const secrets = ['AKIAFORWARDERTEST', 'thesecretkey']

/** Where CircleCI would have put an object at this time. */
export function keyAt(time: number, prefix = 'audit-logs/'): string {
  const iso = new Date(time).toISOString()
  const [year, month, day] = iso.slice(0, 10).split('-')
  return `${prefix}year=${year}/month=${month}/day=${day}/hour=${iso.slice(11, 13)}/${iso.slice(0, 19)}_0a1b`
}

/** The finding whose words hold these. */
export function about(findings: readonly Finding[], part: string): Finding {
  const found = findings.find(({ what }) => what.includes(part))
  if (found === undefined) throw new Error(`nothing about ${part} in ${JSON.stringify(findings, null, 1)}`)
  return found
}

export class Bench {
  #front: Front | undefined
  #client: S3Client | undefined
  #buckets = 0

  /** To be called once, outside tests. */
  constructor() {
    beforeAll(() => this.#open())
    afterAll(() => this.#close())
    beforeEach(() => this.#next())
  }

  get front(): Front {
    return this.#front as Front
  }

  get client(): S3Client {
    return this.#client as S3Client
  }

  get bucket(): string {
    return `acme-audit-${this.#buckets}`
  }

  async put(Key: string, Body: string | Buffer): Promise<void> {
    await this.client.send(new PutObjectCommand({ Bucket: this.bucket, Key, Body: Buffer.from(Body) }))
  }

  /** All findings about the bucket, as an S3-compatible store; none of them holds a secret. */
  async check(
    more: Partial<S3Settings> = {},
    script: Script = () => undefined,
    signal: AbortSignal = never,
  ): Promise<readonly Finding[]> {
    this.front.script = script
    const endpoint = this.front.address
    const settings = { bucket: this.bucket, prefix: 'audit-logs', endpoint, force_path_style: true, ...more }
    const store = await openS3Store(settings, { clock: systemClock })
    try {
      const findings = await checkStore(store, Date.now, signal)
      expect(JSON.stringify(findings)).not.toMatch(new RegExp(secrets.join('|')))
      return findings
    } finally {
      store.close()
    }
  }

  /** What only a bucket can tell, as AWS would: no endpoint is set. */
  async asAws(owner: string | undefined, script: Script): Promise<readonly Finding[]> {
    this.front.script = script
    const aws = new S3({ endpoint: this.front.address, region: 'eu-west-1', forcePathStyle: true })
    try {
      return await new S3Inspection(
        aws,
        { arn: `arn:aws:s3:::${this.bucket}`, bucket: this.bucket, prefix: 'audit-logs', owner },
        true,
      ).particulars(never)
    } finally {
      aws.destroy()
    }
  }

  async #open(): Promise<void> {
    vi.stubEnv('AWS_ACCESS_KEY_ID', secrets[0])
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', secrets[1])
    vi.stubEnv('AWS_REGION', '')
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    this.#front = await Front.start()
    this.#client = new S3Client({ endpoint: this.front.emulator.address, region: 'us-east-1', forcePathStyle: true })
  }

  async #close(): Promise<void> {
    this.#client?.destroy()
    await this.#front?.stop()
    vi.unstubAllEnvs()
  }

  #next(): void {
    this.#buckets += 1
    this.front.emulator.createBucket(this.bucket)
    this.front.script = () => undefined
    this.front.asked.splice(0)
  }
}
