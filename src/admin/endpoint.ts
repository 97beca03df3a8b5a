import { isIP } from 'node:net'
import { SetupError } from '../domain/failures.ts'

export interface Endpoint {
  readonly host: string
  readonly port: number
}

const form = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]\s/]+)):(\d{1,5})$/

/** `host:port` or `[ipv6]:port`. Throws SetupError naming the setting. */
export function parseEndpoint(text: string, setting: string): Endpoint {
  const match = form.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || !(port <= 65_535)) {
    throw new SetupError(`${setting} is "${text}": expected host:port, for example 127.0.0.1:8686 or [::1]:8686`)
  }
  return { host, port }
}

/** Whether nobody beyond this machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
