import type { AuditFile } from './corpus.ts'
import { Spawned } from './spawned.ts'

const BUCKET = 'acme-circleci-audit'
const QUEUE = 'circleci-audit'
/** Puts at once. */
const PUTS = 8

interface Put {
  readonly file: AuditFile
  readonly etag: string
  /** Milliseconds since 1970, by the store's clock. */
  readonly at: number
}

/** A bucket and its queue. Objects are put over the wire; who announces them is up to the test. */
export class Aws {
  readonly #server: Spawned
  readonly #address: string
  readonly #queueUrl: string
  readonly #puts = new Map<string, Put>()

  private constructor(server: Spawned, address: string, queueUrl: string) {
    this.#server = server
    this.#address = address
    this.#queueUrl = queueUrl
  }

  static async start(): Promise<Aws> {
    const server = await Spawned.start('aws')
    await server.call('createBucket', BUCKET)
    const queueUrl = await server.call<string>('createQueue', QUEUE)
    return new Aws(server, await server.call<string>('address'), queueUrl)
  }

  get address(): string {
    return this.#address
  }

  /** One more bucket, in which nothing is announced. */
  async createBucket(name: string): Promise<void> {
    await this.#server.call('createBucket', name)
  }

  /** A receiver's `store` and, unless told otherwise, `notifications`. */
  settings(options: { readonly notifications: boolean } = { notifications: true }): object {
    const store = { s3: { bucket: BUCKET, region: 'us-east-1', endpoint: this.#address, force_path_style: true } }
    const sqs = { queue_url: this.#queueUrl, region: 'us-east-1', endpoint: this.#address, visibility_timeout: '10s' }
    return options.notifications ? { store, notifications: { sqs } } : { store }
  }

  async put(files: readonly AuditFile[]): Promise<void> {
    const rest = files.values()
    await Promise.all(Array.from({ length: PUTS }, () => this.#putAll(rest)))
  }

  async #putAll(files: Iterable<AuditFile>): Promise<void> {
    for (const file of files) {
      const url = `${this.#address}/${BUCKET}/${file.key.split('/').map(encodeURIComponent).join('/')}`
      const answer = await fetch(url, { method: 'PUT', body: file.body })
      if (!answer.ok) throw new Error(`cannot put ${file.key}: ${answer.status} ${await answer.text()}`)
      await answer.arrayBuffer()
      const etag = (answer.headers.get('etag') ?? '').replaceAll('"', '')
      this.#puts.set(file.key, { file, etag, at: Date.parse(answer.headers.get('date') ?? '') || Date.now() })
    }
  }

  /** Sends S3's notification for objects that were put, one message each. */
  announce(files: readonly AuditFile[]): Promise<void> {
    const bodies = files.map(({ key }) => notification(this.#puts.get(key) as Put))
    return this.#server.call('send', { queue: QUEUE, bodies })
  }

  /** Messages in the queue, those held by a reader included. */
  waiting(): Promise<number> {
    return this.#server.call('waiting', QUEUE)
  }

  /** Forgets all messages, as a queue does when their retention is over. */
  async expireMessages(): Promise<void> {
    await this.#server.call('recreateQueue', QUEUE)
  }

  /** Milliseconds to add to the machine's clock. */
  setClock(ms: number): Promise<void> {
    return this.#server.call('setClock', ms)
  }

  stop(): Promise<void> {
    return this.#server.stop()
  }
}

function notification({ file, etag, at }: Put): string {
  const key = encodeURIComponent(file.key).replaceAll('%2F', '/').replaceAll('%20', '+')
  const object = { key, size: Buffer.byteLength(file.body), eTag: etag, sequencer: '0055AED6DCD90281E5' }
  const s3 = { s3SchemaVersion: '1.0', configurationId: 'audit', bucket: { name: BUCKET }, object }
  const head = { eventVersion: '2.1', eventSource: 'aws:s3', awsRegion: 'us-east-1' }
  const record = { ...head, eventTime: new Date(at).toISOString(), eventName: 'ObjectCreated:Put', s3 }
  return JSON.stringify({ Records: [record] })
}
