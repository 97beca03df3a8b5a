// A destination that takes nothing and tells everyone what they sent: each answer quotes the request, its address, its
// headers and its body, as careless servers, proxies and their error pages do. It answers for any vendor, and as a proxy
// too. Who asked is known by a header of the configuration's.
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { serve } from './channel.ts'

let status = 401
let asked = new Set<string>()

const server = createServer(async (request, response) => {
  const body = await read(request)
  asked.add(String(request.headers['x-destination'] ?? request.url))
  const { url, headers, method } = request
  const quoted = JSON.stringify({ errors: ['no'], text: 'no', code: 4, message: { method, url, headers }, body })
  const type = status === 200 ? 'text/html' : 'application/json'
  const location = `http://127.0.0.1:1${url}?of=${encodeURIComponent(JSON.stringify(headers))}`
  response.writeHead(status, { 'content-type': type, location }).end(status === 200 ? `<html>${quoted}</html>` : quoted)
})
server.on('connect', (request: IncomingMessage, socket: Duplex) => {
  asked.add('proxy')
  const quoted = JSON.stringify(request.headers)
  socket.end(
    `HTTP/1.1 407 Proxy Authentication Required ${quoted}\r\ncontent-length: ${quoted.length}\r\n\r\n${quoted}`,
  )
})

serve({
  open: async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  },
  /** From now on answers with this status. Forgets who asked. */
  refuse: (next: number) => {
    status = next
    asked = new Set()
  },
  asked: () => [...asked],
})

async function read(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  const bytes = Buffer.concat(pieces)
  const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes
  return text.toString('utf8').slice(0, 2_000)
}
