import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A reverse proxy that serves another server under a path. Answers the address with that path, and the server to close. */
export async function underPrefix(target: string, prefix: string): Promise<{ url: string; server: Server }> {
  const server = createServer((asked, answer) => {
    const path = asked.url ?? '/'
    if (!path.startsWith(prefix)) return void answer.writeHead(404).end()
    const call = request(`${target}${path.slice(prefix.length - 1)}`, { headers: { ...asked.headers } }, (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers)
      given.pipe(answer)
    })
    call.on('error', () => answer.writeHead(502).end()).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`, server }
}
