// A port for a program that is told where to listen. One that the system would give out by itself may be taken by any
// connection that another test opens in the meantime; so it is one from below that range, tried out.
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

const LOWEST = 20_000
/** Where Linux begins to give out ports by itself (net.ipv4.ip_local_port_range). */
const BEYOND = 32_000
const TRIES = 50

/** A TCP port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(LOWEST, BEYOND)
    if (await isFree(port)) return port
  }
  throw new Error(`${TRIES} ports between ${LOWEST} and ${BEYOND} are all taken`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  const isListening = await once(server, 'listening').then(
    () => true,
    () => false,
  )
  if (isListening) await new Promise((resolve) => server.close(resolve))
  return isListening
}
