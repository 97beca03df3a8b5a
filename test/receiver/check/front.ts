// S3 and SQS with a will: an emulator behind a server that answers what it is told to in the emulator's place. Denials and
// what the emulator does not know (regions, notifications) are scripted, everything else is real.
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type FauxqsServer, startFauxqs } from 'fauxqs'

export interface Scripted {
  readonly status: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

export type Script = (asked: Asked) => Scripted | 'hang' | undefined

/** What a request asks for: `HEAD`, `ListObjectsV2`, `GetObject`, `lifecycle`, `notification`, or an SQS action. */
export interface Asked {
  readonly what: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly url: string
}

export class Front {
  readonly emulator: FauxqsServer
  readonly address: string
  /** Everything asked so far. */
  readonly asked: Asked[] = []
  script: Script = () => undefined
  readonly #server: Server

  static async start(): Promise<Front> {
    const emulator = await startFauxqs({ port: 0, logger: false })
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    return new Front(emulator, server)
  }

  private constructor(emulator: FauxqsServer, server: Server) {
    this.emulator = emulator
    this.#server = server
    this.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', async (request, response) => {
      const pieces: Buffer[] = []
      for await (const piece of request) pieces.push(piece as Buffer)
      const asked = { what: whatOf(request), headers: request.headers, url: request.url ?? '' }
      this.asked.push(asked)
      const scripted = this.script(asked)
      if (scripted === 'hang') return
      if (scripted === undefined) {
        // Without an answer where the emulator is stopped while it holds a long poll.
        const answer = await this.#forward(request, Buffer.concat(pieces)).catch(() => undefined)
        if (answer === undefined) response.destroy()
        else response.writeHead(answer.status, answer.headers).end(answer.body)
      } else response.writeHead(scripted.status, { ...scripted.headers }).end(scripted.body)
    })
  }

  async #forward(request: IncomingMessage, body: Buffer) {
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers
    const answer = await fetch(`${this.emulator.address}${request.url}`, {
      method: request.method ?? 'GET',
      headers: headers as Record<string, string>,
      ...(body.length > 0 && { body: new Uint8Array(body) }),
    })
    const given = Object.fromEntries(answer.headers)
    return { status: answer.status, headers: given, body: Buffer.from(await answer.arrayBuffer()) }
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await this.emulator.stop()
  }
}

function whatOf(request: IncomingMessage): string {
  const target = request.headers['x-amz-target']
  if (typeof target === 'string') return target.replace('AmazonSQS.', '')
  const url = new URL(request.url ?? '', 'http://x')
  if (request.method === 'HEAD') return 'HEAD'
  if (request.method === 'PUT') return 'PUT'
  for (const name of ['lifecycle', 'notification']) if (url.searchParams.has(name)) return name
  return url.searchParams.has('list-type') ? 'ListObjectsV2' : 'GetObject'
}

/** S3's way to refuse. */
export function refusal(status: number, code: string, message = 'No.'): Scripted {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`
  return { status, body, headers: { 'content-type': 'application/xml' } }
}

/** SQS's way to refuse. */
export function queueRefusal(status: number, code: string, message = 'No.'): Scripted {
  const body = JSON.stringify({ __type: `com.amazonaws.sqs#${code}`, message })
  return { status, body, headers: { 'content-type': 'application/x-amz-json-1.0' } }
}
