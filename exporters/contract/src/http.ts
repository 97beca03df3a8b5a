// One HTTP attempt, for every exporter that speaks HTTP. It compresses off the main thread, never follows a redirect
// (the next host would get the token), reads a bounded part of the answer and drains the rest, and tells an attempt
// that cannot have arrived from one that may have: the body is handed to undici as an iterable, so its first pull is
// the moment from which bytes can be on the wire. Rejected: reading that from error codes (ECONNRESET means both), and
// fetch, which hides the socket's error, adds CORS semantics and cannot be given a deadline without its own signal.
import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { contentEncoding, squeezeOnce } from './compress.ts'
import { withDeadline } from './deadline.ts'
import { checkHeaders, createDispatcher } from './dispatcher.ts'
import { isTimeout, isTlsFailure, networkReason } from './network.ts'
import { retryAfter } from './retry-after.ts'

/** How to reach a destination. All that the configuration's common HTTP options say. */
export interface HttpOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Default: gzip, level 1. */
  readonly compression?: 'gzip' | 'zstd' | 'none' | undefined
  /** Whole attempt, connect to last byte of the answer, in milliseconds. A deadline, not an idle time. Default: 30 s. */
  readonly timeoutMs?: number | undefined
  readonly tls?: TlsOptions | undefined
  /** An explicit proxy. Without it HTTPS_PROXY, HTTP_PROXY and NO_PROXY hold. */
  readonly proxyUrl?: string | undefined
  /** What of a URL may be shown. Default: origin and path, never query or userinfo. For URLs whose path holds a token. */
  readonly redactUrl?: ((url: URL) => string) | undefined
  /** Values that must not appear in an answer or a reason, besides those of `headers`: a server may echo them. */
  readonly secrets?: readonly string[] | undefined
}

/** Files are read once, when the client is made. */
export interface TlsOptions {
  /** PEM; replaces the system's authorities, as in the OpenTelemetry Collector. */
  readonly caFile?: string | undefined
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  readonly serverName?: string | undefined
  readonly insecureSkipVerify?: boolean | undefined
}

/** One request. The client adds its own headers, compresses the body and tells its length. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  /** Win over the options' headers of the same name. */
  readonly headers?: Readonly<Record<string, string>>
  /** Uncompressed parts, sent one after another. */
  readonly body?: readonly Uint8Array[]
  /**
   * What the body is wholly made of, if it is: a batch's members. The same members give the same body, whoever sends them
   * and however often, so that it is compressed once. Left out where anything else goes into it, such as the time.
   */
  readonly members?: readonly object[]
  /** How much of the answer's body to keep, for answers that are lists, in bytes. Default: 64 KiB. */
  readonly answerBytes?: number
}

/** What the server said. */
export interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The beginning of the body, as text: 64 KiB, or as much as the request asked for. */
  readonly body: string
  /** The same as bytes, for answers that are no text. */
  readonly bytes: Uint8Array
  /** From Retry-After, in seconds or as a date; at most 15 minutes. */
  readonly retryAfterMs?: number
}

/**
 * Why nothing came back. `ambiguous`: the request may have been carried out. `tls`: the handshake failed. `timedOut`: it
 * was not there in time.
 */
export interface HttpFailure {
  readonly status: 'failed'
  readonly reason: string
  readonly ambiguous: boolean
  readonly tls: boolean
  readonly timedOut?: boolean
}

/** What came back, or why nothing did. `failed` is a value: an attempt never throws for what a network can do. */
export type HttpAnswer = HttpResponse | HttpFailure

const answerBytes = 64 * 1024
const drainedBytes = 1024 * 1024
const shortestSecret = 6

/**
 * One destination's way over HTTP/1.1: certificates, proxy, compression, a deadline. One call, one attempt; it never
 * retries and never follows a redirect. Times are milliseconds; errors of the network are answers (`HttpFailure`).
 */
export class HttpClient {
  readonly #dispatcher: Dispatcher
  readonly #headers: Readonly<Record<string, string>>
  readonly #compression: 'gzip' | 'zstd' | 'none'
  readonly #timeoutMs: number
  readonly #redactUrl: (url: URL) => string
  readonly #secrets: readonly string[]
  readonly #now: () => number
  #closing: Promise<void> | undefined

  /** Opens no connection. Throws SettingError for a certificate, proxy or header that cannot work. */
  constructor(options: HttpOptions, now: () => number = Date.now) {
    this.#headers = checkHeaders(options.headers ?? {})
    this.#compression = options.compression ?? 'gzip'
    this.#timeoutMs = options.timeoutMs ?? 30_000
    this.#redactUrl = options.redactUrl ?? ((url) => url.origin + url.pathname)
    this.#secrets = secretsOf(options)
    this.#now = now
    this.#dispatcher = createDispatcher(options)
  }

  /** One attempt. Resolves in any case; rejects only for a URL that is none. */
  async request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const url = new URL(request.url)
    const progress = { started: false }
    try {
      signal.throwIfAborted()
      const body = await this.#prepare(request)
      return await withDeadline(this.#timeoutMs, signal, (limit) => this.#attempt(request, url, body, progress, limit))
    } catch (error) {
      return this.#failed(request, url, error, progress.started)
    }
  }

  /** Lets what is in flight end, then closes the connections. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#dispatcher.close()
    return this.#closing
  }

  async #prepare(request: HttpRequest): Promise<Prepared> {
    if (request.body === undefined) return { headers: {}, bytes: undefined }
    const empty = request.body.every((part) => part.length === 0)
    if (empty || this.#compression === 'none') return { headers: {}, bytes: Buffer.concat(request.body) }
    const bytes = await squeezeOnce(request.members ?? [], request.body, this.#compression)
    return { headers: { 'content-encoding': contentEncoding[this.#compression] }, bytes }
  }

  async #attempt(
    request: HttpRequest,
    url: URL,
    body: Prepared,
    progress: Progress,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const answer = await this.#dispatcher.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: request.method,
      headers: this.#headersFor(request, body),
      body: body.bytes === undefined || body.bytes.length === 0 ? null : observed(body.bytes, progress),
      headersTimeout: 0,
      bodyTimeout: 0,
      signal,
    })
    const bytes = await readBounded(answer.body, request.answerBytes ?? answerBytes)
    const wait = retryAfter(answer.headers['retry-after'], this.#now())
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: this.#scrub(bytes.toString('utf8')),
      bytes,
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
    }
  }

  #headersFor(request: HttpRequest, body: Prepared): Record<string, string> {
    const length: Record<string, string> = body.bytes === undefined ? {} : { 'content-length': `${body.bytes.length}` }
    return {
      'user-agent': 'circleci-audit-forwarder',
      'accept-encoding': 'identity',
      ...this.#headers,
      ...lowerKeys(request.headers ?? {}),
      ...body.headers,
      ...length,
    }
  }

  #failed(request: HttpRequest, url: URL, error: unknown, started: boolean): HttpFailure {
    const reason = `${request.method} ${this.#redactUrl(url)}: ${networkReason(error)}`
    return {
      status: 'failed',
      reason: this.#scrub(reason),
      ambiguous: started && !isTlsFailure(error, started),
      tls: isTlsFailure(error, started),
      ...(isTimeout(error) && { timedOut: true }),
    }
  }

  #scrub(text: string): string {
    return this.#secrets.reduce((clean, secret) => clean.replaceAll(secret, '***'), text)
  }
}

interface Progress {
  started: boolean
}

interface Prepared {
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Buffer | undefined
}

/** Undici's documentation allows async iterables as bodies; its types do not know them. */
function observed(bytes: Uint8Array, progress: Progress): Readable {
  async function* parts(): AsyncGenerator<Uint8Array> {
    progress.started = true
    yield bytes
  }
  return parts() as unknown as Readable
}

/** Keeps the beginning. Reads on so that the connection can be used again, and gives it up when there is no end. */
async function readBounded(body: AsyncIterable<Buffer>, keep: number): Promise<Buffer> {
  const kept: Buffer[] = []
  let total = 0
  for await (const chunk of body) {
    if (total < keep) kept.push(chunk.subarray(0, keep - total))
    total += chunk.length
    if (total > Math.max(drainedBytes, keep)) break
  }
  return Buffer.concat(kept)
}

/** Header values, and the credential of `Scheme credential`, as servers quote them in texts, JSON and URLs; longest first. */
function secretsOf(options: HttpOptions): readonly string[] {
  const values = [...(options.secrets ?? []), ...Object.values(options.headers ?? {}), ...proxySecrets(options)]
  const parts = values.flatMap((value) => [value, value.slice(value.indexOf(' ') + 1)])
  const long = parts.filter((part) => part.length >= shortestSecret)
  const all = long.flatMap((part) => [
    part,
    inJson(part),
    inJson(inJson(part)),
    encodeURIComponent(part.toWellFormed()),
  ])
  return [...new Set(all)].sort((a, b) => b.length - a.length)
}

/** A proxy that says no may quote what it was given: the password, and both as they stand in its header. */
function proxySecrets({ proxyUrl }: HttpOptions): readonly string[] {
  const { http_proxy, https_proxy, HTTP_PROXY, HTTPS_PROXY } = process.env
  const proxies = proxyUrl === undefined ? [http_proxy, https_proxy, HTTP_PROXY, HTTPS_PROXY] : [proxyUrl]
  return proxies.flatMap((proxy) => {
    const { username = '', password = '' } = URL.parse(proxy ?? '') ?? {}
    if (password === '') return []
    const [user, word] = [decoded(username), decoded(password)]
    return [password, word, Buffer.from(`${user}:${word}`).toString('base64')]
  })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

function lowerKeys(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
