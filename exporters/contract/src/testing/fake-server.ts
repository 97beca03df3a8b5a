// A vendor's server for tests: a real HTTP server on 127.0.0.1 whose next answers can be scripted. What a vendor does
// alone (its success, its words for a refusal) comes in as functions; what any network can do is done here.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import * as zlib from 'node:zlib'

/** What the server does with one request. */
export type Scripted =
  | { readonly kind: 'accept' }
  | { readonly kind: 'throttle'; readonly afterSeconds: number }
  | { readonly kind: 'refuse credentials' }
  | { readonly kind: 'not found' }
  | { readonly kind: 'too large' }
  /** By index in the request. */
  | { readonly kind: 'refuse record'; readonly index: number }
  /** Takes the whole request, then resets the connection. */
  | { readonly kind: 'cut before answer' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'HTML 200' }
  | { readonly kind: 'redirect'; readonly location: string }

/** A request as it came in, body uncompressed. */
export interface Arrived {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** An HTTP answer in a vendor's own words: status, headers, body. */
export interface VendorAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** What a vendor says in its own words. Undefined: the common HTTP answer. */
export type VendorBehaviour = (request: Arrived, scripted: Scripted) => VendorAnswer | undefined

/** The common answers. Refusals echo the credentials, as careless servers do. */
const common: Readonly<Partial<Record<Scripted['kind'], (request: Arrived, scripted: Scripted) => VendorAnswer>>> = {
  accept: () => ({ status: 200 }),
  throttle: (_, scripted) => ({
    status: 429,
    headers: { 'retry-after': String(scripted.kind === 'throttle' ? scripted.afterSeconds : 1) },
    body: 'slow down',
  }),
  'refuse credentials': (request) => ({ status: 401, body: `not allowed: ${JSON.stringify(request.headers)}` }),
  'not found': (request) => ({ status: 404, body: `no such path: ${request.path} ${JSON.stringify(request.headers)}` }),
  'too large': () => ({ status: 413, body: 'too large' }),
  'refuse record': () => ({ status: 400, body: 'one record cannot be read' }),
  'HTML 200': (request) => ({
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: `<!DOCTYPE html><html><body>Please log in. ${JSON.stringify(request.headers)}</body></html>`,
  }),
  redirect: (_, scripted) => ({
    status: 307,
    headers: { location: scripted.kind === 'redirect' ? scripted.location : '/' },
  }),
}

/**
 * A vendor's server on 127.0.0.1, on a port the system chose. It keeps every request and does with the next ones as
 * scripted; after that it accepts. Start it with `FakeServer.start`, stop it with `stop`.
 */
export class FakeServer {
  readonly #server: Server
  readonly #behave: VendorBehaviour
  readonly #sockets = new Set<Socket>()
  readonly #arrived: Arrived[] = []
  readonly #script: Scripted[] = []
  readonly #waiting = new Set<() => void>()

  private constructor(behave: VendorBehaviour) {
    this.#behave = behave
    this.#server = createServer((request, response) => void this.#serve(request, response))
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  static async start(behave: VendorBehaviour = () => undefined): Promise<FakeServer> {
    const fake = new FakeServer(behave)
    fake.#server.listen(0, '127.0.0.1')
    await once(fake.#server, 'listening')
    return fake
  }

  /** `http://127.0.0.1:PORT` */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Every request so far, whatever was answered. */
  get arrived(): readonly Arrived[] {
    return this.#arrived
  }

  /** Connections open at this moment. */
  get connections(): number {
    return this.#sockets.size
  }

  /** What to do with the next requests; after these, accept. */
  answer(...script: readonly Scripted[]): void {
    this.#script.push(...script)
  }

  /** Drops what is left of the script. */
  forget(): void {
    this.#script.length = 0
  }

  /** Resolves when another request has come in whole. */
  nextArrival(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve))
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(message).catch(() => undefined)
    if (request === undefined) return
    const scripted = this.#script.shift() ?? { kind: 'accept' }
    this.#arrived.push(request)
    for (const arrived of this.#waiting) arrived()
    this.#waiting.clear()
    if (scripted.kind === 'hang') return
    if (scripted.kind === 'cut before answer') return void message.socket.resetAndDestroy()
    const answer = this.#behave(request, scripted) ?? common[scripted.kind]?.(request, scripted) ?? { status: 500 }
    response.writeHead(answer.status, answer.headers)
    response.end(answer.body)
  }
}

async function readRequest(message: IncomingMessage): Promise<Arrived> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk)
  return {
    method: message.method ?? '',
    path: message.url ?? '',
    headers: message.headers,
    body: decompress(Buffer.concat(chunks), message.headers['content-encoding']),
  }
}

function decompress(body: Buffer, encoding: string | undefined): Buffer {
  if (encoding === 'gzip') return zlib.gunzipSync(body)
  return encoding === 'zstd' ? zlib.zstdDecompressSync(body) : body
}
