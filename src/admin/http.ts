// The small HTTP server under both doors. GET and HEAD only, no bodies, everything bounded: whoever can reach it can
// read what it shows and cost a little memory, nothing else. A framework was rejected: there are five paths.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SetupError } from '../domain/failures.ts'
import { type Endpoint, parseEndpoint } from './endpoint.ts'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

export interface HttpOptions {
  /** The setting, for messages: `service.admin.endpoint`. */
  readonly setting: string
  /** `host:port`; port 0 takes any free one. */
  readonly endpoint: string
  /** Paths, matched whole, without the query. */
  readonly routes: Readonly<Record<string, Handler>>
  /** Answers and returns false if the request may not pass. */
  readonly guard?: (request: IncomingMessage, response: ServerResponse) => boolean
}

const maxConnections = 64
const maxHeaderBytes = 8192
const requestMs = 10_000

export class SmallHttpServer {
  readonly #options: HttpOptions
  readonly #endpoint: Endpoint
  readonly #server: Server

  constructor(options: HttpOptions) {
    this.#options = options
    this.#endpoint = parseEndpoint(options.endpoint, options.setting)
    this.#server = createServer(
      {
        maxHeaderSize: maxHeaderBytes,
        requestTimeout: requestMs,
        headersTimeout: requestMs,
        keepAliveTimeout: requestMs,
      },
      (request, response) => this.#answer(request, response),
    )
    this.#server.maxConnections = maxConnections
  }

  /** Resolves with the address taken. Rejects with SetupError when it cannot be had. */
  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(this.#refused(error)))
      this.#server.listen({ host: this.#endpoint.host, port: this.#endpoint.port }, () => {
        resolve(shown(this.#server.address() as AddressInfo))
      })
    })
  }

  /** Open requests are cut: a scrape can be repeated. May be called twice. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('cache-control', 'no-store')
    response.setHeader('x-content-type-options', 'nosniff')
    if (!isReading(request, response)) return
    if (this.#options.guard?.(request, response) === false) return
    const handler = this.#handler(request)
    if (handler === undefined) refuse(response, 404, `nothing here; there is ${this.#paths()}`)
    else guarded(handler, request, response)
  }

  #handler(request: IncomingMessage): Handler | undefined {
    const path = pathOf(request)
    return Object.hasOwn(this.#options.routes, path) ? this.#options.routes[path] : undefined
  }

  #paths(): string {
    return Object.keys(this.#options.routes).join(', ')
  }

  #refused(error: NodeJS.ErrnoException): SetupError {
    const { setting, endpoint } = this.#options
    const why: Record<string, string> = {
      EADDRINUSE: 'another process has taken this port',
      EADDRNOTAVAIL: 'this machine has no such address',
      EACCES: 'ports below 1024 need a privilege',
      ENOTFOUND: 'the host name is unknown',
    }
    const reason = why[error.code ?? ''] ?? error.message
    return new SetupError(`cannot listen on ${endpoint} (${setting}): ${reason}`, {
      hint: `choose another ${setting}, or stop what listens there`,
      cause: error,
    })
  }
}

/** Without the query. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '/'
}

/** Plain text, and the connection ends when something was sent that nobody read. */
export function refuse(response: ServerResponse, status: number, text: string): void {
  if (status === 413) response.setHeader('connection', 'close')
  reply(response, status, 'text/plain; charset=utf-8', `${text}\n`)
}

export function reply(response: ServerResponse, status: number, type: string, body: string): void {
  response.statusCode = status
  response.setHeader('content-type', type)
  response.setHeader('content-length', Buffer.byteLength(body))
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

/** A handler's failure is an answer, without its reason: reasons may hold what only the log may. */
function guarded(handler: Handler, request: IncomingMessage, response: ServerResponse): void {
  try {
    handler(request, response)
  } catch {
    if (!response.headersSent) refuse(response, 500, 'cannot answer; see the log')
    else response.destroy()
  }
}

function isReading(request: IncomingMessage, response: ServerResponse): boolean {
  const reads = request.method === 'GET' || request.method === 'HEAD'
  if (hasBody(request)) refuse(response, 413, 'no request body is read here')
  else if (!reads) refuse(response.setHeader('allow', 'GET, HEAD'), 405, 'only GET and HEAD')
  return reads && !hasBody(request)
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) !== 0
}

function shown({ address, family, port }: AddressInfo): string {
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`
}
