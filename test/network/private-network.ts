// A network without a way out: whatever is reached is reached through a CONNECT proxy on loopback, by its real name, and
// shows a certificate of a private authority. Behind the proxy one TLS server plays every host; what it answers is up to
// the test. Nothing resolves a name, so a client that goes past the proxy goes nowhere.
import { createServer as createProxy, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { Authority } from './certificates.ts'

export interface NetworkOptions {
  /** The names that the certificate holds. */
  readonly names: readonly string[]
  readonly answer: RequestListener
  /** What the proxy asks for, as `user:password`. */
  readonly credentials?: string
}

export class PrivateNetwork {
  readonly #authority: Authority
  readonly #proxy: Server
  readonly #hosts: Server
  readonly #sockets = new Set<Socket>()
  readonly #credentials: string | undefined
  /** Where connections were asked for, each place once, in order. */
  readonly through: string[] = []

  static async start(options: NetworkOptions): Promise<PrivateNetwork> {
    const network = new PrivateNetwork(options)
    await Promise.all([listening(network.#proxy), listening(network.#hosts)])
    return network
  }

  private constructor({ names, answer, credentials }: NetworkOptions) {
    this.#authority = new Authority()
    this.#credentials = credentials
    this.#hosts = createServer(this.#authority.sign(['localhost', ...names]), answer)
    this.#proxy = createProxy((_, response) => response.writeHead(405).end())
    this.#proxy.on('connect', (request, socket) => this.#connect(request, socket as Socket))
    for (const server of [this.#hosts, this.#proxy]) server.on('connection', (socket: Socket) => this.#keep(socket))
  }

  get caFile(): string {
    return this.#authority.caFile
  }

  get proxy(): string {
    const credentials = this.#credentials === undefined ? '' : `${this.#credentials}@`
    return `http://${credentials}127.0.0.1:${portOf(this.#proxy)}`
  }

  /** The TLS server as whoever needs no proxy reaches it. */
  get host(): string {
    return `localhost:${portOf(this.#hosts)}`
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all([closed(this.#proxy), closed(this.#hosts)])
    this.#authority.remove()
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => socket.destroy())
  }

  #connect({ url = '', headers }: IncomingMessage, client: Socket): void {
    const wanted = this.#credentials && `Basic ${Buffer.from(this.#credentials).toString('base64')}`
    if (wanted !== undefined && headers['proxy-authorization'] !== wanted) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    if (!this.through.includes(url)) this.through.push(url)
    const host = connect(portOf(this.#hosts), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      host.pipe(client).pipe(host)
    })
    this.#keep(host)
  }
}

async function listening(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
