// A webhook that answers 204 after a while, in a process of its own. Says its port, and at SIGTERM what it saw: how many
// requests, over how many connections, how many at once, and the time from the first to the last.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const delayMs = Number(process.argv[2] ?? 50)
let requests = 0
let connections = 0
let atOnce = 0
let mostAtOnce = 0
let first = 0
let last = 0

const server = createServer((request, response) => {
  first ||= performance.now()
  last = performance.now()
  requests += 1
  atOnce += 1
  mostAtOnce = Math.max(mostAtOnce, atOnce)
  request.resume()
  setTimeout(() => {
    atOnce -= 1
    response.writeHead(204).end()
  }, delayMs)
})

server.on('connection', () => {
  connections += 1
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
process.on('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify({ requests, connections, mostAtOnce, ms: last - first })}\n`, () =>
    process.exit(0),
  )
})
