// A TCP proxy between a client and a real server, whose fault can be changed while connections are open. It works on
// bytes, so it serves HTTP, TLS and anything else. Sockets are read with 'data' handlers: one that is consumed by
// `for await` and then reset does not always emit 'close' and keeps the process alive.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export type Fault =
  | { readonly kind: 'none' }
  /** Reset every new connection. */
  | { readonly kind: 'refuse' }
  /** Accept, forward nothing. */
  | { readonly kind: 'hang' }
  /** Delay every piece of an answer. */
  | { readonly kind: 'latency'; readonly ms: number }
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
  /** Break off after so many bytes of the request: the server sees a part of it, then the end. */
  | { readonly kind: 'cutRequest'; readonly after: number }
  /** Forward the whole request and reset at the first byte of the answer: the server did what the client cannot know. */
  | { readonly kind: 'dropResponse' }
  /** Reset the client after so many bytes of the answer. */
  | { readonly kind: 'cutResponse'; readonly after: number }

export interface Target {
  readonly host: string
  readonly port: number
}

export class FaultProxy {
  readonly #server: Server
  readonly #target: Target
  readonly #open = new Set<Socket>()
  #fault: Fault = { kind: 'none' }
  #connections = 0

  private constructor(target: Target) {
    this.#target = target
    this.#server = createServer((client) => this.#accept(client))
  }

  /** Listens on a free port of 127.0.0.1. */
  static async start(target: Target): Promise<FaultProxy> {
    const proxy = new FaultProxy(target)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Connections accepted so far. */
  get connections(): number {
    return this.#connections
  }

  /** Holds from the next piece of data on, for open connections too (except `refuse` and `hang`: new ones). */
  set(fault: Fault): void {
    this.#fault = fault
  }

  /** Resets every open connection. */
  dropAll(): void {
    for (const socket of this.#open) socket.resetAndDestroy()
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#open) socket.destroy()
    await closed
  }

  #accept(client: Socket): void {
    this.#connections++
    this.#track(client)
    if (this.#fault.kind === 'refuse') client.resetAndDestroy()
    else if (this.#fault.kind === 'hang') client.resume()
    else this.#join(client, this.#track(connect(this.#target)))
  }

  #track(socket: Socket): Socket {
    this.#open.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#open.delete(socket))
    return socket
  }

  #join(client: Socket, server: Socket): void {
    const reset = (): void => {
      client.resetAndDestroy()
      server.resetAndDestroy()
    }
    // Not a reset towards the server: that would take from it what it has not read yet.
    const breakOff = (): void => {
      client.resetAndDestroy()
      server.destroy()
    }
    this.#forwardRequest(client, server, breakOff)
    this.#forwardAnswer(client, server, reset)
    client.on('end', () => server.end()).on('close', () => server.destroy())
    server.on('error', () => client.resetAndDestroy())
  }

  #forwardRequest(client: Socket, server: Socket, breakOff: () => void): void {
    let sent = 0
    client.on('data', (data: Buffer) => {
      sent += data.length
      if (this.#fault.kind === 'cutRequest' && sent > this.#fault.after) {
        client.pause()
        server.write(beginning(data, sent, this.#fault.after), breakOff)
      } else if (!server.write(data)) {
        client.pause()
        server.once('drain', () => client.resume())
      }
    })
  }

  #forwardAnswer(client: Socket, server: Socket, reset: () => void): void {
    let got = 0
    let turn: Promise<void> = Promise.resolve()
    server.on('data', (data: Buffer) => {
      server.pause()
      got += data.length
      const soFar = got
      turn = turn.then(() => this.#pass(data, soFar, client, server, reset))
    })
    server.on('end', () => void turn.then(() => client.end()))
  }

  async #pass(data: Buffer, got: number, client: Socket, server: Socket, reset: () => void): Promise<void> {
    const fault = this.#fault
    if (fault.kind === 'hang') return
    if (fault.kind === 'dropResponse') return reset()
    if (fault.kind === 'cutResponse' && got > fault.after) {
      client.write(beginning(data, got, fault.after), reset)
      return
    }
    await sleep(delay(fault, data.length))
    if (!client.destroyed) client.write(data, () => server.resume())
  }
}

/** What of the last piece lies within the first `allowed` bytes of the stream. */
function beginning(data: Buffer, total: number, allowed: number): Buffer {
  return data.subarray(0, Math.max(0, data.length - (total - allowed)))
}

function delay(fault: Fault, bytes: number): number {
  if (fault.kind === 'latency') return fault.ms
  return fault.kind === 'bandwidth' ? (bytes / fault.bytesPerSecond) * 1000 : 0
}
