// The door for people and for `--admin URL`: shows state, changes nothing. Beyond loopback only with a token. Without
// one the Host header must name this machine, because a web page can make a browser ask loopback under its own name
// (DNS rebinding) and read the answer.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { SetupError } from '../domain/failures.ts'
import { pageAssets } from './assets.ts'
import { isLoopback, parseEndpoint } from './endpoint.ts'
import type { HoursDocument } from './hours.ts'
import { type Handler, pathOf, refuse, reply, SmallHttpServer } from './http.ts'
import type { StatusDocument } from './status.ts'

export interface AdminServerOptions {
  /** `host:port`, as in `service.admin.endpoint`. */
  readonly endpoint: string
  /** Bearer token, or what says it as it is now; required unless the host is loopback. */
  readonly token?: string | (() => string)
  readonly status: () => StatusDocument
  readonly hours: () => HoursDocument
}

const setting = 'service.admin.endpoint'

export class AdminServer {
  readonly #server: SmallHttpServer
  readonly #host: string
  readonly #token: (() => string) | undefined

  /** Throws SetupError for an endpoint beyond loopback without a token. */
  constructor(options: AdminServerOptions) {
    this.#host = parseEndpoint(options.endpoint, setting).host
    this.#token = typeof options.token === 'string' ? constant(options.token) : options.token
    if (options.token === '') throw new SetupError('service.admin.token is empty: set one, or remove the setting')
    if (options.token === undefined && !isLoopback(this.#host)) {
      throw new SetupError(`${setting} is ${options.endpoint}, which others can reach, and there is no token`, {
        hint: 'set service.admin.token, or listen on 127.0.0.1',
      })
    }
    this.#server = new SmallHttpServer({
      setting,
      endpoint: options.endpoint,
      routes: {
        '/api/status': (_, response) => json(response, options.status()),
        '/api/hours': (_, response) => json(response, options.hours()),
        ...pages,
      },
      guard: (request, response) => this.#admits(request, response),
    })
  }

  /** Resolves with the address taken, `host:port`. Rejects with SetupError. */
  listen(): Promise<string> {
    return this.#server.listen()
  }

  close(): Promise<void> {
    return this.#server.close()
  }

  #admits(request: IncomingMessage, response: ServerResponse): boolean {
    response.setHeader('content-security-policy', policy)
    response.setHeader('referrer-policy', 'no-referrer')
    if (this.#token === undefined) return this.#namesThisMachine(request, response)
    if (Object.hasOwn(assets, pathOf(request))) return true
    if (isSame(request.headers.authorization ?? '', `Bearer ${this.#token()}`)) return true
    response.setHeader('www-authenticate', 'Bearer')
    refuse(response, 401, 'a bearer token is needed (service.admin.token)')
    return false
  }

  #namesThisMachine(request: IncomingMessage, response: ServerResponse): boolean {
    const host = hostName(request.headers.host ?? '')
    if (isLoopback(host) || isIP(host) !== 0 || host === this.#host) return true
    refuse(response, 421, 'ask under localhost or an address')
    return false
  }
}

function constant(text: string): () => string {
  return () => text
}

const assets = pageAssets()

/** The page holds no state of its own, so it needs no token; what it then asks for does. */
const pages: Readonly<Record<string, Handler>> = Object.fromEntries(
  Object.entries(assets).map(([path, { type, body }]) => [path, (_, response) => reply(response, 200, type, body)]),
)

/** Nothing but what is served here, and nobody else's frame around it. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

function json(response: ServerResponse, document: unknown): void {
  reply(response, 200, 'application/json; charset=utf-8', `${JSON.stringify(document, null, 2)}\n`)
}

function hostName(header: string): string {
  return header.replace(/:\d*$/, '').replace(/^\[|\]$/g, '')
}

/** Digests first, so that neither length nor content shows in the time it takes. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
