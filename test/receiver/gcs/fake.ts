// Google Cloud Storage's JSON API, as far as a reader and an uploader need it, answering as the real one is documented to:
// names in the order of their bytes, pages of at most a thousand with a token, partial responses (`fields`), a new
// generation with every write, bytes with hashes and ranges, decompressive transcoding for whoever does not accept gzip,
// errors as JSON, and as plain text where bytes were asked for. Denials and moods are scripted.
// https://cloud.google.com/storage/docs/json_api/v1 https://cloud.google.com/storage/docs/transcoding
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

interface Stored {
  readonly bytes: Buffer
  readonly generation: string
  readonly timeCreated: string
  readonly contentEncoding: string | undefined
}

/** What is asked: `list`, `bucket`, `metadata`, `media`, `upload` or `delete`. */
export interface AskedGcs {
  readonly what: string
  readonly url: URL
  readonly headers: IncomingMessage['headers']
}

interface OneObject {
  readonly bucket: string
  readonly name: string
  readonly what: string
  readonly url: URL
}

/** Bucket and object of an address. */
const place = /^(?:\/upload)?\/storage\/v1\/b\/([^/]+)(?:\/o(?:\/(.+))?)?$/

/** An answer in place of the fake's own; true if it was given. */
export type GcsScript = (asked: AskedGcs, response: ServerResponse) => boolean

export class FakeGcs {
  readonly address: string
  readonly asked: AskedGcs[] = []
  script: GcsScript = () => false
  /** Most items of a page, whatever is asked for. */
  pageSize = 1000
  readonly #server: Server
  readonly #buckets = new Map<string, Map<string, Stored>>()
  readonly #settings = new Map<string, object>()
  #generation = BigInt(Date.now()) * 1000n

  static async start(): Promise<FakeGcs> {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    return new FakeGcs(server)
  }

  private constructor(server: Server) {
    this.#server = server
    this.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (request, response) => {
      this.#answer(request, response).catch((error: unknown) => refuse(response, 500, 'fake', String(error)))
    })
  }

  createBucket(name: string, settings: object = {}): void {
    this.#buckets.set(name, new Map())
    this.#settings.set(name, settings)
  }

  put(bucket: string, name: string, bytes: string | Buffer, contentEncoding?: string): void {
    const stored = { bytes: Buffer.from(bytes), generation: this.#next(), timeCreated: new Date().toISOString() }
    this.#objects(bucket).set(name, { ...stored, contentEncoding })
  }

  delete(bucket: string, name: string): void {
    this.#objects(bucket).delete(name)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #next(): string {
    this.#generation += 1n
    return String(this.#generation)
  }

  #objects(bucket: string): Map<string, Stored> {
    const found = this.#buckets.get(bucket)
    if (found === undefined) throw new Error(`there is no bucket ${bucket}`)
    return found
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const url = new URL(request.url ?? '', this.address)
    const [, bucket = '', name = ''] = place.exec(url.pathname) ?? []
    const asked = { what: whatOf(request, url), url, headers: request.headers }
    this.asked.push(asked)
    if (this.script(asked, response)) return
    if (!this.#buckets.has(bucket)) return refuse(response, 404, 'notFound', 'The specified bucket does not exist.')
    if (asked.what === 'bucket') return json(response, { name: bucket, ...this.#settings.get(bucket) }, url)
    if (asked.what === 'list') return json(response, this.#listing(bucket, url), url)
    if (asked.what === 'upload') return this.#upload(bucket, request, Buffer.concat(pieces), response, url)
    this.#aboutObject({ bucket, name: decodeURIComponent(name), what: asked.what, url }, request, response)
  }

  #aboutObject({ bucket, name, what, url }: OneObject, request: IncomingMessage, response: ServerResponse): void {
    const stored = this.#objects(bucket).get(name)
    const wanted = url.searchParams.get('generation')
    if (stored === undefined || (wanted !== null && wanted !== stored.generation)) {
      const words = `No such object: ${bucket}/${name}`
      // What serves bytes speaks no JSON.
      if (what === 'media') response.writeHead(404, html).end(words)
      else refuse(response, 404, 'notFound', words)
    } else if (what === 'media') media(request, response, stored)
    else if (what === 'metadata') json(response, resource(bucket, name, stored), url)
    else {
      this.#objects(bucket).delete(name)
      response.writeHead(204).end()
    }
  }

  #listing(bucket: string, url: URL): object {
    const prefix = url.searchParams.get('prefix') ?? ''
    const delimiter = url.searchParams.get('delimiter') ?? ''
    const after = Buffer.from(url.searchParams.get('pageToken') ?? '', 'base64')
    const most = Math.min(this.pageSize, Number(url.searchParams.get('maxResults') ?? 1000))
    const objects = this.#objects(bucket)
    const names = [...objects.keys()].filter((name) => name.startsWith(prefix)).sort(byBytes)
    const entries = [...new Set(names.map((name) => folded(name, prefix, delimiter)))]
    const rest = entries.filter((entry) => Buffer.compare(Buffer.from(entry), after) > 0)
    const page = rest.slice(0, most)
    const items = page.flatMap((name) => {
      const stored = objects.get(name)
      return stored === undefined || isFolder(name, prefix, delimiter) ? [] : [resource(bucket, name, stored)]
    })
    const prefixes = page.filter((name) => isFolder(name, prefix, delimiter))
    return {
      kind: 'storage#objects',
      ...(items.length > 0 && { items }),
      ...(prefixes.length > 0 && { prefixes }),
      ...(rest.length > most && { nextPageToken: Buffer.from(page.at(-1) ?? '').toString('base64') }),
    }
  }

  #upload(bucket: string, request: IncomingMessage, body: Buffer, response: ServerResponse, url: URL): void {
    const boundary = /boundary=([^;]+)/.exec(String(request.headers['content-type']))?.[1]?.replaceAll('"', '')
    const [, head = '', data = ''] = body.toString('latin1').split(`--${boundary}`)
    const content = (part: string) => part.slice(part.indexOf('\r\n\r\n') + 4, -2)
    const metadata = JSON.parse(Buffer.from(content(head), 'latin1').toString('utf8'))
    const { name = url.searchParams.get('name') ?? '', contentEncoding } = metadata
    this.put(bucket, name, Buffer.from(content(data), 'latin1'), contentEncoding)
    json(response, resource(bucket, name, this.#objects(bucket).get(name) as Stored), url)
  }
}

const html = { 'content-type': 'text/html; charset=UTF-8' }

function whatOf(request: IncomingMessage, url: URL): string {
  if (url.pathname.startsWith('/upload/')) return 'upload'
  if (request.method === 'DELETE') return 'delete'
  if (/\/b\/[^/]+$/.test(url.pathname)) return 'bucket'
  if (/\/o$/.test(url.pathname)) return 'list'
  return url.searchParams.get('alt') === 'media' ? 'media' : 'metadata'
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** With a delimiter, everything below a folder is shown as the folder. */
function folded(name: string, prefix: string, delimiter: string): string {
  const end = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length)
  return end < 0 ? name : name.slice(0, end + delimiter.length)
}

function isFolder(name: string, prefix: string, delimiter: string): boolean {
  return delimiter !== '' && name.length > prefix.length && name.endsWith(delimiter)
}

function resource(bucket: string, name: string, { bytes, generation, timeCreated, contentEncoding }: Stored): object {
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    name,
    bucket,
    generation,
    metageneration: '1',
    storageClass: 'STANDARD',
    size: String(bytes.length),
    md5Hash: createHash('md5').update(bytes).digest('base64'),
    crc32c: crc32c(bytes),
    etag: Buffer.from(generation).toString('base64'),
    timeCreated,
    updated: timeCreated,
    ...(contentEncoding !== undefined && { contentEncoding }),
  }
}

function media(request: IncomingMessage, response: ServerResponse, stored: Stored): void {
  const { bytes, contentEncoding, generation } = stored
  const accepts = String(request.headers['accept-encoding'] ?? '').includes('gzip')
  const hashes = `crc32c=${crc32c(bytes)},md5=${createHash('md5').update(bytes).digest('base64')}`
  const headers = {
    'x-goog-hash': hashes,
    'x-goog-generation': generation,
    'x-goog-stored-content-encoding': contentEncoding ?? 'identity',
    'x-goog-stored-content-length': bytes.length,
    'content-type': 'application/octet-stream',
  }
  // Transcoded on the way: no length is said, and the hashes are those of what is stored.
  if (contentEncoding === 'gzip' && !accepts) return void response.writeHead(200, headers).end(gunzipSync(bytes))
  const encoding = contentEncoding === undefined ? {} : { 'content-encoding': contentEncoding }
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
  if (from !== undefined && Number(from) >= bytes.length) return void response.writeHead(416, html).end()
  const part = from === undefined ? bytes : bytes.subarray(Number(from), to === '' ? undefined : Number(to) + 1)
  const range =
    from === undefined ? {} : { 'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}` }
  const status = from === undefined ? 200 : 206
  response.writeHead(status, { ...headers, ...encoding, ...range, 'content-length': part.length }).end(part)
}

function json(response: ServerResponse, body: object, url: URL): void {
  const fields = url.searchParams.get('fields')
  const shown = fields === null ? body : selected(body, fields)
  response.writeHead(200, { 'content-type': 'application/json; charset=UTF-8' }).end(JSON.stringify(shown))
}

/** A partial response: `a,b` and `items(a,b),c`. */
function selected(body: object, fields: string): object {
  const wanted = [...fields.matchAll(/([\w-]+)(?:\(([^)]*)\))?/g)]
  return Object.fromEntries(
    wanted.flatMap(([, name = '', inner]) => {
      const value = (body as Record<string, unknown>)[name]
      if (value === undefined) return []
      return [[name, inner === undefined ? value : (value as object[]).map((item) => selected(item, inner))]]
    }),
  )
}

/** Google's way to refuse. */
export function refuse(response: ServerResponse, code: number, reason: string, message: string): void {
  const error = { code, message, errors: [{ message, domain: 'global', reason }] }
  response.writeHead(code, { 'content-type': 'application/json; charset=UTF-8' }).end(JSON.stringify({ error }))
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value
})

/** CRC32C (Castagnoli), big-endian in base64, as Google writes it. Written here, so that the client's is checked. */
export function crc32c(bytes: Uint8Array): string {
  let value = 0xffffffff
  for (const byte of bytes) value = (value >>> 8) ^ (table[(value ^ byte) & 0xff] as number)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE((value ^ 0xffffffff) >>> 0)
  return sum.toString('base64')
}
