// A destination that takes everything at once and keeps nothing, in a process of its own so that its work is not counted.
// With a folder as argument it keeps the bodies, for the floor. Says its port, and at SIGTERM what it got.
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

const keep = process.argv[2]
let requests = 0
let bytes = 0

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (keep !== undefined) chunks.push(chunk)
  })
  request.on('end', () => {
    requests += 1
    const kind = request.url?.includes('collector') === true ? 'hec' : 'otlp'
    if (keep !== undefined)
      writeFileSync(join(keep, `${kind}-${String(requests).padStart(6, '0')}`), Buffer.concat(chunks))
    response.setHeader('content-type', 'application/json')
    response.end(kind === 'hec' ? '{"text":"Success","code":0}' : '{}')
  })
})

server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
process.on('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify({ requests, bytes })}\n`)
  process.exit(0)
})
