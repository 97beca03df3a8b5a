// The door for people and for `--admin URL`: shows state, changes nothing. Beyond loopback only with a token. Without
// one the Host header must name this machine, because a web page can make a browser ask loopback under its own name
// (DNS rebinding) and read the answer.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { SetupError } from '../domain/failures.ts'
import { isLoopback, parseEndpoint } from './endpoint.ts'
import { refuse, reply, SmallHttpServer } from './http.ts'
import type { StatusDocument } from './status.ts'

export interface AdminServerOptions {
  /** `host:port`, as in `service.admin.endpoint`. */
  readonly endpoint: string
  /** Bearer token; required unless the host is loopback. */
  readonly token?: string
  readonly status: () => StatusDocument
}

const setting = 'service.admin.endpoint'

export class AdminServer {
  readonly #server: SmallHttpServer
  readonly #host: string
  readonly #token: string | undefined

  /** Throws SetupError for an endpoint beyond loopback without a token. */
  constructor(options: AdminServerOptions) {
    this.#host = parseEndpoint(options.endpoint, setting).host
    this.#token = options.token
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
        '/': (_, response) => reply(response, 200, 'text/plain; charset=utf-8', pointer),
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
    if (this.#token === undefined) return this.#namesThisMachine(request, response)
    if (isSame(request.headers.authorization ?? '', `Bearer ${this.#token}`)) return true
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

const pointer = 'circleci-audit-forwarder\n\nGET /api/status for the state of every destination, as JSON.\n'

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
