// A destination that counts. What it stores and when is written down per request, so that a test can say not only how
// often a record arrived but also whether the sender could know of it. Its answers are scripted from outside, also
// while requests are open.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'

export type Behaviour =
  | { readonly kind: 'accept' }
  /** Stores, and answers after so long. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Stores nothing and answers this. `echo`: with the request's own headers in the body. */
  | { readonly kind: 'refuse'; readonly status: number; readonly body?: string; readonly echo?: boolean }
  /** Stores nothing and never answers. */
  | { readonly kind: 'hang' }
  /** Stores and resets the connection: every `every`-th request, the others are accepted. */
  | { readonly kind: 'cut'; readonly every: number }

/** One request that was stored. Times are milliseconds since 1970. */
export interface Stored {
  readonly ids: readonly string[]
  readonly arrivedAt: number
  readonly storedAt: number
  /** When the last byte of the answer was handed to the system; null if it never was. */
  answeredAt: number | null
}

export interface Reply {
  readonly status: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What is particular to one kind of destination. */
export interface Dialect {
  readonly path: string | RegExp
  /** Ids of the audit events in a request's body; own records of the forwarder are left out. */
  ids(body: string): readonly string[]
  /** The forwarder's own records in a request's body, as they were sent; without it none is kept. */
  own?(body: string): readonly unknown[]
  /** What is said to a request that is formally wrong, before anything of it is stored. */
  refused?(request: IncomingMessage): Reply | undefined
  accepted(request: IncomingMessage): Reply
  /** Requests to other paths. */
  other?(request: IncomingMessage, body: string): Reply | undefined
}

export class Receiver {
  readonly #dialect: Dialect
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port = 0
  #behaviour: Behaviour = { kind: 'accept' }
  #stored: Stored[] = []
  #own: unknown[] = []
  #requests = 0
  #wanted: { readonly id: string; readonly seen: (at: number) => void } | undefined

  constructor(dialect: Dialect) {
    this.#dialect = dialect
  }

  /** Listens; after a `shut` on the same port as before. Resolves to the port. */
  async open(): Promise<number> {
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => void this.#take(request, response))
    server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
    })
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    this.#server = server
    this.#port = (server.address() as AddressInfo).port
    return this.#port
  }

  /** From now on connections are refused; open ones are reset. */
  async shut(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of this.#sockets) socket.resetAndDestroy()
    await closed
  }

  behave(behaviour: Behaviour): void {
    this.#behaviour = behaviour
  }

  get stored(): readonly Stored[] {
    return this.#stored
  }

  /** The forwarder's own records that were stored. */
  get own(): readonly unknown[] {
    return this.#own
  }

  /** Requests of any outcome. */
  get requests(): number {
    return this.#requests
  }

  get records(): number {
    return this.#stored.reduce((sum, { ids }) => sum + ids.length, 0)
  }

  /** When this event arrives, or arrived: milliseconds since 1970. */
  seen(id: string): Promise<number> {
    const earlier = this.#stored.find(({ ids }) => ids.includes(id))
    if (earlier !== undefined) return Promise.resolve(earlier.storedAt)
    return new Promise((resolve) => {
      this.#wanted = { id, seen: resolve }
    })
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrivedAt = Date.now()
    const body = await read(request).catch(() => undefined)
    if (body === undefined) return
    if (!isFor(request.url, this.#dialect)) {
      const reply = this.#dialect.other?.(request, body) ?? { status: 404, body: '{}' }
      return void send(response, reply)
    }
    this.#requests += 1
    const behaviour = this.#behaviour
    if (behaviour.kind === 'hang') return
    if (behaviour.kind === 'refuse') return void send(response, refusal(behaviour, request))
    const refused = this.#dialect.refused?.(request)
    if (refused !== undefined) return void send(response, refused)
    const stored = this.#store(this.#dialect.ids(body), arrivedAt)
    this.#own.push(...(this.#dialect.own?.(body) ?? []))
    if (behaviour.kind === 'cut' && this.#requests % behaviour.every === 0) return void request.socket.resetAndDestroy()
    if (behaviour.kind === 'slow') await sleep(behaviour.ms)
    send(response, this.#dialect.accepted(request), () => {
      stored.answeredAt = Date.now()
    })
  }

  #store(ids: readonly string[], arrivedAt: number): Stored {
    const stored: Stored = { ids, arrivedAt, storedAt: Date.now(), answeredAt: null }
    this.#stored.push(stored)
    if (this.#wanted !== undefined && ids.includes(this.#wanted.id)) this.#wanted.seen(stored.storedAt)
    return stored
  }
}

function isFor(url: string | undefined, { path }: Dialect): boolean {
  return typeof path === 'string' ? url === path : path.test(url ?? '')
}

async function read(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  const bytes = Buffer.concat(pieces)
  return (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8')
}

function refusal(behaviour: Extract<Behaviour, { kind: 'refuse' }>, request: IncomingMessage): Reply {
  const { status, body = '', echo } = behaviour
  return { status, body: echo === true ? JSON.stringify({ body, headers: request.headers }) : body }
}

function send(response: ServerResponse, { status, body, headers }: Reply, sent?: () => void): void {
  response.on('finish', () => sent?.())
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
}
