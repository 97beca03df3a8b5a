// The checkpoint's store in S3, and in what speaks its protocol and heeds conditions on a PUT: AWS, R2, MinIO. One that
// takes a conditional PUT and writes all the same would let two replicas send at once, in silence; so before anything
// is owned, `prove` has the store refuse what it must refuse. A copy is uploaded in one PUT, with its MD5, which the store
// compares: whole or not at all, so that nothing torn can be named. Requests are not repeated by the SDK: a renewal
// counts from when it was sent off, and the lease says itself when the next is due.
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import type { GetObjectCommandOutput, PutObjectCommandInput, S3 } from '@aws-sdk/client-s3'
import type { Clock } from '../domain/clock.ts'
import { SetupError, SourceFailure } from '../domain/failures.ts'
import type { AwsSeams } from '../receiver/aws/connection.ts'
import { partitionOf } from '../receiver/aws/partition.ts'
import { commonHint, isDenial, refusal } from '../receiver/aws/refusal.ts'
import { wholeBody } from '../receiver/body.ts'
import { openS3Client, type S3Settings, storeDate } from '../receiver/s3/client.ts'
import { type Checkpoint, type Head, headText, readHead } from './head.ts'
import type { CheckpointStore, Read } from './store.ts'

const HEAD = 'owner.json'
const COPY = 'ledger-'
/** More than a head has, in bytes. */
const HEAD_MAX = 64 * 1024
/** The most that S3 takes in one PUT, in bytes. */
const COPY_MAX = 5 * 1024 ** 3
const IDLE_MS = 60_000
/** For one upload, from its first byte to the answer, in milliseconds. */
const UPLOAD_MS = 15 * 60_000

/** The SDK remarks on the console what is told here in its own words. */
const say = (): void => undefined
const quiet = { debug: say, info: say, warn: say, error: say }

export interface CheckpointSeams extends AwsSeams {
  readonly clock: Clock
}

/** Loads the SDK and makes a store. Sends nothing. */
export async function openS3Checkpoints(settings: S3Settings, seams: CheckpointSeams): Promise<S3Checkpoints> {
  const { client, region } = await openS3Client(settings, seams, { maxAttempts: 1, logger: quiet })
  return new S3Checkpoints(client, { ...settings, region }, seams.clock)
}

export class S3Checkpoints implements CheckpointStore {
  readonly uri: string
  readonly #client: S3
  readonly #below: string
  readonly #arn: string
  readonly #clock: Clock
  readonly #place: { readonly Bucket: string; readonly ExpectedBucketOwner?: string }

  constructor(client: S3, settings: S3Settings, clock: Clock) {
    const { bucket, expected_bucket_owner: owner } = settings
    const prefix = (settings.prefix ?? '').replace(/^\/+|\/+$/g, '')
    this.#client = client
    this.#below = prefix === '' ? '' : `${prefix}/`
    this.uri = `s3://${bucket}/${this.#below}`.replace(/\/$/, '')
    this.#arn = `arn:${partitionOf(settings.region)}:s3:::${bucket}`
    this.#clock = clock
    this.#place = { Bucket: bucket, ...(owner !== undefined && { ExpectedBucketOwner: owner }) }
  }

  async read(signal: AbortSignal): Promise<Read | undefined> {
    const answer = await this.#get(HEAD, signal)
    if (answer === undefined) return undefined
    const text = await this.#text(answer, signal)
    const date = storeDate(answer)
    const modified = answer.LastModified?.getTime()
    const ageMs = date === undefined || modified === undefined ? undefined : date - modified
    return { head: readHead(text, `${this.uri}/${HEAD}`), tag: tagOf(answer), ageMs }
  }

  write(head: Head, tag: string | undefined, signal: AbortSignal): Promise<string | undefined> {
    const Body = headText(head)
    const condition = tag === undefined ? { IfNoneMatch: '*' } : { IfMatch: tag }
    return this.#conditional(HEAD, { Body, ContentType: 'application/json', ...condition }, signal)
  }

  async upload({ name, bytes }: Checkpoint, file: string, signal: AbortSignal): Promise<void> {
    if (bytes > COPY_MAX)
      throw new SourceFailure(`the ledger's copy has ${bytes} bytes, and S3 takes ${COPY_MAX} at most`)
    const ContentMD5 = await md5Of(file)
    const Body = createReadStream(file)
    const put = { Body, ContentLength: bytes, ContentMD5, ContentType: 'application/zstd', IfNoneMatch: '*' }
    try {
      const tag = await this.#conditional(name, put, signal, { requestTimeout: UPLOAD_MS })
      if (tag === undefined) throw new SourceFailure(`${this.uri}/${name} is there already: somebody else writes here`)
    } finally {
      Body.destroy()
    }
  }

  async download(name: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined> {
    const answer = await this.#get(name, signal)
    return answer === undefined ? undefined : this.#body(answer, name, signal)
  }

  names(signal: AbortSignal): Promise<readonly string[]> {
    return this.#listed(COPY, signal)
  }

  async remove(name: string, signal: AbortSignal): Promise<void> {
    const request = { ...this.#place, Key: this.#below + name }
    await this.#client
      .deleteObject(request, { abortSignal: signal })
      .catch((error: unknown) => this.#fail('remove', name, error, `s3:DeleteObject on ${this.#objects}`))
  }

  async prove(signal: AbortSignal): Promise<number> {
    const name = `proof-${randomUUID()}`
    const put = (Body: string, condition: Partial<PutObjectCommandInput>) =>
      this.#conditional(name, { Body, ...condition }, signal)
    const { tag: first, date } = await this.#dated(name, signal)
    try {
      const second = await put('2', { IfMatch: first })
      const wrong =
        (second === undefined && 'refuses a PUT whose If-Match is right') ||
        ((await put('3', { IfNoneMatch: '*' })) !== undefined && 'takes a PUT with If-None-Match over an object') ||
        ((await put('4', { IfMatch: first })) !== undefined && 'takes a PUT whose If-Match is wrong')
      if (wrong !== false) throw this.#unfit(wrong)
    } finally {
      await this.remove(name, signal).catch(() => undefined)
    }
    return date
  }

  close(): void {
    this.#client.destroy()
  }

  get #objects(): string {
    return `${this.#arn}/${this.#below}*`
  }

  async #dated(name: string, signal: AbortSignal): Promise<{ readonly tag: string; readonly date: number }> {
    const answer = await this.#client
      .putObject({ ...this.#place, Key: this.#below + name, Body: '1' }, { abortSignal: signal })
      .catch((error: unknown) => this.#fail('write', name, error, `s3:PutObject on ${this.#objects}`))
    return { tag: tagOf(answer), date: storeDate(answer) ?? this.#clock.now() }
  }

  /** The new object's tag; undefined where the condition did not hold. */
  async #conditional(
    name: string,
    put: Partial<PutObjectCommandInput>,
    signal: AbortSignal,
    limits: { readonly requestTimeout?: number } = {},
  ): Promise<string | undefined> {
    const request = { ...this.#place, Key: this.#below + name, ...put }
    try {
      return tagOf(await this.#client.putObject(request, { abortSignal: signal, ...limits }))
    } catch (error) {
      const { code, status } = refusal(error)
      // 409: another conditional write was under way. 404: what If-Match names has gone.
      if (status === 412 || code === 'ConditionalRequestConflict' || code === 'NoSuchKey') return undefined
      return this.#fail('write', name, error, `s3:PutObject on ${this.#objects}`)
    }
  }

  async #get(name: string, signal: AbortSignal): Promise<GetObjectCommandOutput | undefined> {
    try {
      return await this.#client.getObject({ ...this.#place, Key: this.#below + name }, { abortSignal: signal })
    } catch (error) {
      const refused = refusal(error)
      if (refused.code === 'NoSuchKey') return undefined
      // To those who may list below a prefix alone, what is not there is denied.
      if (refused.status === 403 && !(await this.#listed(name, signal)).includes(name)) return undefined
      return this.#fail('read', name, error, `s3:GetObject on ${this.#objects} and s3:ListBucket on ${this.#arn}`)
    }
  }

  /** Names that begin like this. */
  async #listed(beginning: string, signal: AbortSignal): Promise<readonly string[]> {
    const prefix = this.#below + beginning
    const names: string[] = []
    let token: string | undefined
    do {
      const request = { ...this.#place, Prefix: prefix, ...(token !== undefined && { ContinuationToken: token }) }
      const page = await this.#client
        .listObjectsV2(request, { abortSignal: signal })
        .catch((error: unknown) => this.#fail('list', `${beginning}*`, error, `s3:ListBucket on ${this.#arn}`))
      names.push(...(page.Contents ?? []).map(({ Key = '' }) => Key.slice(this.#below.length)))
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined
    } while (token !== undefined)
    return names
  }

  #body(answer: GetObjectCommandOutput, name: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const body = { length: answer.ContentLength ?? 0, idleMs: IDLE_MS, clock: this.#clock, signal }
    return wholeBody(answer.Body as Readable, body, (error) => {
      const { text, cause } = refusal(error)
      return new SourceFailure(`cannot read ${this.uri}/${name}: ${text}`, { cause })
    })
  }

  async #text(answer: GetObjectCommandOutput, signal: AbortSignal): Promise<string> {
    const length = answer.ContentLength ?? 0
    if (length > HEAD_MAX) throw new SourceFailure(`${this.uri}/${HEAD} has ${length} bytes: it is not of this program`)
    const pieces: Uint8Array[] = []
    for await (const piece of this.#body(answer, HEAD, signal)) pieces.push(piece)
    return Buffer.concat(pieces).toString('utf8')
  }

  #fail(doing: string, name: string, error: unknown, grant: string): never {
    const refused = refusal(error)
    const hint = commonHint(refused) ?? (isDenial(refused) ? `grant ${grant}` : undefined)
    const noBucket = refused.code === 'NoSuchBucket' ? 'check service.checkpoint.s3: there is no such bucket' : hint
    throw new SourceFailure(`cannot ${doing} ${this.uri}/${name}: ${refused.text}`, {
      cause: refused.cause,
      ...(noBucket !== undefined && { hint: noBucket }),
    })
  }

  #unfit(how: string): SetupError {
    return new SetupError(`${this.uri} cannot hold a checkpoint: the store ${how}`, {
      hint: 'two replicas could send at once there; take a store that heeds conditional writes (AWS S3, R2, MinIO), or a volume for the ledger and no service.checkpoint',
    })
  }
}

/** Quoted, as it was given: that is how it is asked for. */
function tagOf({ ETag }: { readonly ETag?: string | undefined }): string {
  if (ETag === undefined || ETag === '') throw new SourceFailure('the store gave no ETag')
  return ETag
}

async function md5Of(file: string): Promise<string> {
  const hash = createHash('md5')
  for await (const piece of createReadStream(file)) hash.update(piece as Buffer)
  return hash.digest('base64')
}
