// A store that is asked too much: in front of an emulator, it answers some of its listings as the real service does then,
// and hands over everything else.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How a service says that it is asked too much, and by what one knows a request for a listing. */
export interface Mood {
  readonly isListing: (url: string) => boolean
  /** A parameter that makes a listing's pages small; the emulators' have a thousand objects and more. */
  readonly small?: string
  readonly refuse: (response: ServerResponse) => void
  /** The service's clock, in milliseconds since 1970: it stands still. */
  readonly now: number
}

export class BusyStore {
  readonly address: string
  /** Listings asked for so far, and how many of them were refused. */
  listings = 0
  refused = 0
  /** Which of the listings are refused, the first being 1. */
  isBusy: (listing: number) => boolean = () => false
  /** How it refuses; as it is made to, unless told otherwise. */
  refuse: Mood['refuse']
  readonly #server: Server
  readonly #emulator: string
  readonly #mood: Mood

  static async before(emulator: string, mood: Mood): Promise<BusyStore> {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    return new BusyStore(emulator, server, mood)
  }

  private constructor(emulator: string, server: Server, mood: Mood) {
    this.#emulator = emulator
    this.#server = server
    this.#mood = mood
    this.refuse = mood.refuse
    this.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (request, response) => void this.#answer(request, response))
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('date', new Date(this.#mood.now).toUTCString())
    const isListing = this.#mood.isListing(request.url ?? '')
    if (isListing) {
      this.listings += 1
      if (this.isBusy(this.listings)) {
        this.refused += 1
        this.refuse(response)
        return
      }
    }
    const { host: _, connection: __, ...headers } = request.headers
    const method = request.method ?? 'GET'
    const small = isListing && this.#mood.small !== undefined ? `&${this.#mood.small}` : ''
    const answer = await fetch(`${this.#emulator}${request.url}${small}`, {
      method,
      headers: headers as Record<string, string>,
    })
    const {
      'content-encoding': ___,
      'content-length': ____,
      date: _____,
      ...given
    } = Object.fromEntries(answer.headers)
    response.writeHead(answer.status, given).end(Buffer.from(await answer.arrayBuffer()))
  }
}
