// How this program asks Google Cloud Storage: through the client's own authentication and transport, for JSON and for an
// object's bytes. Not through its methods: they drop the answer's headers (the store's clock is in them), cannot be
// aborted, and send a body two ways at once, which has Node warn of a leak at every object. Bytes are asked for as they
// are stored (whoever does not accept gzip gets what was uploaded compressed unpacked, without a length or a valid
// checksum) and compared with the checksum that comes along. Tokens are sent over https alone: an endpoint without it is an
// emulator, and is spoken to without credentials.
// https://cloud.google.com/storage/docs/json_api/v1 https://cloud.google.com/storage/docs/transcoding
import type { Readable } from 'node:stream'
import type { CRC32C, Storage } from '@google-cloud/storage'
import { ANSWER_MS, answered } from '../answer.ts'
import { type Counted, uncounted } from '../requests.ts'

export interface GcsSeams {
  /** How long an answer may take to begin, in milliseconds. Default 60 s. */
  readonly answerMs?: number
  /** Attempts beyond the first, for what may pass. Default 2: the loops above try for ever at a pace of their own. */
  readonly retries?: number
  readonly counted?: Counted
}

export interface Answer<Body> {
  readonly body: Body
  /** The service's clock, as it says it. */
  readonly date: string | undefined
}

/** An object's bytes and the checksum that is said of them. */
export interface Media {
  readonly body: Readable
  readonly crc32c: string | undefined
}

type Transport = Pick<Storage['authClient'], 'request'>
type Options = Parameters<Transport['request']>[0]
export type Query = Readonly<Record<string, string | number | undefined>>

export class GcsApi {
  readonly #transport: Transport
  readonly #base: string
  readonly #checksum: () => CRC32C
  readonly #answerMs: number
  readonly #retries: number
  readonly #counted: Counted

  constructor(transport: Transport, base: string, checksum: () => CRC32C, seams: GcsSeams) {
    this.#transport = transport
    this.#base = base
    this.#checksum = checksum
    this.#answerMs = seams.answerMs ?? ANSWER_MS
    this.#retries = seams.retries ?? 2
    this.#counted = seams.counted ?? uncounted
  }

  /** One JSON answer about the bucket; `path` begins behind its name. Rejects with what the client makes of a refusal. */
  async ask<Body>(path: string, query: Query, signal: AbortSignal): Promise<Answer<Body>> {
    const options: Options = { url: this.#url(path, query), responseType: 'json' }
    const { data, headers } = await this.#request<Body>(operationAt(path), options, signal)
    return { body: data, date: headers.get('date') ?? undefined }
  }

  /** The bytes of one generation as stored. Resolves with the answer's head. */
  async read(key: string, generation: string, signal: AbortSignal): Promise<Media> {
    const query = { alt: 'media', generation: generation === '' ? undefined : generation }
    // The transport would unpack what was uploaded compressed; `compress` is its own option, unknown to the types.
    const raw = { headers: { 'accept-encoding': 'gzip' }, compress: false }
    const url = this.#url(`/o/${encodeURIComponent(key)}`, query)
    const { data, headers } = await this.#request<Readable>(
      'objects.get',
      { url, responseType: 'stream', ...raw },
      signal,
    )
    return { body: data, crc32c: /(?:^|,)\s*crc32c=([^,\s]+)/.exec(headers.get('x-goog-hash') ?? '')?.[1] }
  }

  /** The same chunks. If they have not this checksum, what `fail` makes of it is thrown behind the last one. */
  async *checked(
    chunks: AsyncIterable<Uint8Array>,
    crc32c: string | undefined,
    fail: (error: Error) => Error,
  ): AsyncGenerator<Uint8Array> {
    const checksum = this.#checksum()
    for await (const chunk of chunks) {
      checksum.update(chunk as Buffer)
      yield chunk
    }
    if (crc32c === undefined || checksum.toString() === crc32c) return
    throw fail(new Error(`the bytes have the checksum ${checksum.toString()}, and the object has ${crc32c}`))
  }

  #url(path: string, query: Query): string {
    const params = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    )
    return `${this.#base}${path}?${new URLSearchParams(params)}`
  }

  #request<Body>(operation: string, options: Options, signal: AbortSignal) {
    const count = (): void => this.#counted('gcs', operation)
    const retryConfig = { retry: this.#retries, noResponseRetries: this.#retries, onRetryAttempt: count }
    count()
    return answered((until) => this.#transport.request<Body>({ ...options, retryConfig, signal: until }), {
      signal,
      ms: this.#answerMs,
    })
  }
}

/** As the JSON API calls what is asked of a path behind the bucket's name. */
function operationAt(path: string): string {
  if (path === '') return 'buckets.get'
  return path === '/o' ? 'objects.list' : 'objects.get'
}

/** Loads the client and makes an API on a bucket. Sends nothing. */
export async function openGcsApi(bucket: string, endpoint: string | undefined, seams: GcsSeams): Promise<GcsApi> {
  const { CRC32C, Storage } = await import('@google-cloud/storage')
  // A bucket is found without its project. Where none is given the library asks for it: with a federated identity the
  // resource manager, whose refusal would then be the bucket's.
  const storage = new Storage({ userAgent: 'circleci-audit-forwarder', projectId: 'none' })
  const { authClient } = storage
  // A client with an API key, of which only what it sends requests with is used, has no credentials to send.
  const transport = endpoint?.startsWith('http:') === true ? authClient.fromAPIKey('none').transporter : authClient
  const address = (endpoint ?? storage.apiEndpoint).replace(/\/+$/, '')
  const base = `${address}/storage/v1/b/${encodeURIComponent(bucket)}`
  return new GcsApi(transport, base, () => new CRC32C(), seams)
}
