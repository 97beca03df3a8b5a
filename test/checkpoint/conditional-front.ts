// The emulator of S3 takes conditional PUTs and writes all the same (and passes over Content-MD5), which is the very thing
// that must not happen here. This stands before it and enforces both, as S3 documents it: writes of one key are done one
// after the other, `If-None-Match: *` over an object and `If-Match` of another version are 412 PreconditionFailed,
// `If-Match` where nothing is 404 NoSuchKey, and a body that is not what its Content-MD5 says is 400 BadDigest.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What is to become of a request: undefined is what it deserves. */
export type Mishap = 'lost' | 'answer lost' | 'conflict' | 'down' | 'denied' | 'torn' | undefined

export interface Passed {
  readonly method: string
  /** Bucket and key. */
  readonly path: string
  readonly query: string
  readonly status: number
}

export class ConditionalFront {
  readonly address: string
  /** Every request that was answered by the store itself. */
  readonly passed: Passed[] = []
  mishap: (method: string, path: string, query: string) => Mishap = () => undefined
  /** Whether conditions are heeded. */
  heeds = true
  readonly #upstream: string
  readonly #server: Server
  readonly #writing = new Map<string, Promise<unknown>>()

  static async start(upstream: string): Promise<ConditionalFront> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    return new ConditionalFront(upstream, server)
  }

  private constructor(upstream: string, server: Server) {
    this.#upstream = upstream
    this.#server = server
    this.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (request, response) => {
      this.#answer(request, response).catch(() => response.destroy())
    })
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const method = request.method ?? 'GET'
    const { pathname: path, search: query } = new URL(request.url ?? '', 'http://x')
    const mishap = this.mishap(method, path, query)
    if (mishap === 'lost') return
    if (mishap === 'down') return refuse(response, 503, 'SlowDown')
    if (mishap === 'denied') return refuse(response, 403, 'AccessDenied')
    if (mishap === 'conflict') return refuse(response, 409, 'ConditionalRequestConflict')
    const body = Buffer.concat(pieces)
    const act = () => this.#act(request, method, path, body)
    const answer = method === 'GET' || method === 'HEAD' ? await act() : await this.#inTurn(path, act)
    this.passed.push({ method, path, query, status: answer.status })
    if (mishap === 'answer lost') return
    response.writeHead(answer.status, answer.headers)
    if (mishap === 'torn') response.write(answer.body.subarray(0, answer.body.length / 2), () => response.destroy())
    else response.end(answer.body)
  }

  /** One write of a key after the other. */
  #inTurn<T>(path: string, act: () => Promise<T>): Promise<T> {
    const done = (this.#writing.get(path) ?? Promise.resolve()).then(act, act)
    this.#writing.set(path, done)
    return done
  }

  async #act(request: IncomingMessage, method: string, path: string, body: Buffer): Promise<Answer> {
    const refused = method === 'PUT' && this.heeds ? await this.#refused(request, path, body) : undefined
    if (refused !== undefined) return refusal(...refused)
    const { host: _, connection: __, 'content-length': ___, expect: ____, ...headers } = request.headers
    const answer = await fetch(`${this.#upstream}${request.url}`, {
      method,
      headers: headers as Record<string, string>,
      ...(body.length > 0 && { body: new Uint8Array(body) }),
    })
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: Buffer.from(await answer.arrayBuffer()),
    }
  }

  async #refused(request: IncomingMessage, path: string, body: Buffer): Promise<[number, string] | undefined> {
    const { 'if-match': match, 'if-none-match': none, 'content-md5': md5 } = request.headers
    if (md5 !== undefined && createHash('md5').update(body).digest('base64') !== md5) return [400, 'BadDigest']
    if (match === undefined && none === undefined) return undefined
    const there = await fetch(`${this.#upstream}${path}`, { method: 'HEAD' })
    const tag = there.ok ? there.headers.get('etag') : undefined
    if (none === '*' && tag !== undefined) return [412, 'PreconditionFailed']
    if (match !== undefined && tag === undefined) return [404, 'NoSuchKey']
    return match !== undefined && match !== tag ? [412, 'PreconditionFailed'] : undefined
  }
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

function refusal(status: number, code: string): Answer {
  const text = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>No.</Message></Error>`
  return { status, headers: { 'content-type': 'application/xml' }, body: Buffer.from(text) }
}

function refuse(response: ServerResponse, status: number, code: string): void {
  const answer = refusal(status, code)
  response.writeHead(answer.status, answer.headers).end(answer.body)
}
