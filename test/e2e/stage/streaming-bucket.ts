// A bucket whose objects are made while they are sent: larger than any disk of a test, or refused, broken off, or never
// finished. It speaks as much of S3's protocol as a sweep and a reading need.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An object of so many bytes; what it holds is given piece by piece. */
export interface StreamedObject {
  readonly key: string
  readonly size: number
  readonly pieces: () => Iterable<Uint8Array>
  /** Refuses the reading. */
  readonly refusal?: { readonly status: number; readonly code: string; readonly message: string }
  /** Bytes after which the connection is cut. */
  readonly cutAt?: number
  /** Bytes after which nothing more comes, the connection staying open, for so many readings. */
  readonly stalls?: { readonly at: number; readonly readings: number }
}

const BUCKET = 'acme-streamed-audit'

export class StreamingBucket {
  readonly #server: Server
  readonly #objects: ReadonlyMap<string, StreamedObject>
  /** How often each object was asked for, by key. */
  readonly readings = new Map<string, number>()

  private constructor(objects: readonly StreamedObject[]) {
    this.#objects = new Map(objects.map((object) => [object.key, object]))
    this.#server = createServer((request, response) => {
      void this.#answer(request, response).catch(() => response.destroy())
    })
  }

  static async start(objects: readonly StreamedObject[]): Promise<StreamingBucket> {
    const bucket = new StreamingBucket(objects)
    bucket.#server.listen(0, '127.0.0.1')
    await once(bucket.#server, 'listening')
    return bucket
  }

  /** A receiver's `store`. */
  settings(): object {
    const endpoint = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return { store: { s3: { bucket: BUCKET, region: 'us-east-1', endpoint, force_path_style: true } } }
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #answer({ url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(url, 'http://bucket')
    if (searchParams.has('list-type')) {
      response.end(this.#listing(searchParams.get('prefix') ?? ''))
      return
    }
    const object = this.#objects.get(decodeURIComponent(pathname.slice(BUCKET.length + 2)))
    if (object === undefined) refuse(response, 404, 'NoSuchKey', 'The specified key does not exist.')
    else if (object.refusal !== undefined) {
      refuse(response, object.refusal.status, object.refusal.code, object.refusal.message)
    } else await send(response, this.#read(object))
  }

  /** One more reading of an object that may stall no more. */
  #read(object: StreamedObject): StreamedObject {
    const reading = (this.readings.get(object.key) ?? 0) + 1
    this.readings.set(object.key, reading)
    const { stalls, ...flowing } = object
    return stalls === undefined || reading <= stalls.readings ? object : flowing
  }

  #listing(prefix: string): string {
    const found = [...this.#objects.values()].filter(({ key }) => key.startsWith(prefix))
    const modified = new Date(Date.now() - 60_000).toISOString()
    const contents = found.map(
      ({ key, size }) =>
        `<Contents><Key>${key}</Key><ETag>"${tag(key)}"</ETag><Size>${size}</Size><LastModified>${modified}</LastModified></Contents>`,
    )
    return `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`
  }
}

function tag(key: string): string {
  return Buffer.from(key).toString('hex').slice(-32)
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' })
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`)
}

async function send(response: ServerResponse, { key, size, pieces, cutAt, stalls }: StreamedObject): Promise<void> {
  response.writeHead(200, { 'content-length': size, etag: `"${tag(key)}"` })
  const closed = new Promise((resolve) => response.once('close', resolve))
  let sent = 0
  for (const piece of pieces()) {
    if (response.destroyed) return
    if (!response.write(piece)) await Promise.race([new Promise((resolve) => response.once('drain', resolve)), closed])
    sent += piece.length
    if (stalls !== undefined && sent >= stalls.at) return
    if (cutAt === undefined || sent < cutAt) continue
    response.destroy()
    return
  }
  response.end()
}
