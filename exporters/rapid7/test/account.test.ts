// With a gateway in between, two sides are spoken to that know nothing of each other. What says to the gateway who we are,
// and how it is recognised, is not Rapid7's business.
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls'
import type { HttpOptions } from '@circleci-audit-forwarder/contract'
import { overheard } from '@circleci-audit-forwarder/contract/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Rapid7Exporter } from '../src/index.ts'
import { API_KEY, TOKEN } from './fake-rapid7.ts'
import { apiAt, never } from './rapid7-world.ts'

/** What a side saw of whoever called. */
interface Caller {
  readonly certificate: string | undefined
  readonly servername: string | false | null
}

describe.skipIf(spawnSync('openssl', ['version']).error !== undefined)('over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rapid7-test-'))
  const file = (name: string): string => join(folder, name)
  const callers: Record<'gateway' | 'api', Caller[]> = { gateway: [], api: [] }
  const servers: Server[] = []
  const trusted = getCACertificates('default')

  /** A certificate of its own for each side; the client's is the gateway's. */
  function issue(name: string): void {
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:localhost,DNS:${name}.example`]
    const files = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`), '-days', '2', '-nodes']
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
    execFileSync('openssl', ['req', '-x509', ...curve, ...files, ...subject], { stdio: 'ignore' })
  }

  async function serve(side: 'gateway' | 'api'): Promise<number> {
    const [cert, key] = [`${side}.pem`, `${side}.key`].map((name) => readFileSync(file(name)))
    const server = createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      const socket = request.socket as TLSSocket & { servername: string | false | null }
      const certificate = socket.getPeerCertificate()?.subject?.CN?.toString()
      callers[side].push({ certificate, servername: socket.servername })
      response.end('{"logs":[]}')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    servers.push(server)
    return (server.address() as AddressInfo).port
  }

  let exporter: (http: HttpOptions) => Rapid7Exporter

  beforeAll(async () => {
    for (const name of ['gateway', 'api']) issue(name)
    // Rapid7's certificate is one that everybody trusts.
    setDefaultCACertificates([...trusted, readFileSync(file('api.pem'), 'utf8')])
    const [gateway, api] = [await serve('gateway'), `https://localhost:${await serve('api')}`]
    const urls = apiAt(api)
    const place = { endpoint: `https://localhost:${gateway}`, token: TOKEN, apiKey: API_KEY, region: 'eu', api: urls }
    exporter = (http) => overheard(new Rapid7Exporter({ ...place, http }))
  })
  afterAll(() => {
    setDefaultCACertificates(trusted)
    for (const server of servers) server.close()
    rmSync(folder, { recursive: true })
  })
  beforeEach(() => {
    for (const heard of Object.values(callers)) heard.length = 0
  })

  async function check(tls: HttpOptions['tls']): Promise<void> {
    const one = exporter({ tls })
    await one.check(never)
    await one.close()
  }

  test('the account gets neither the certificate, nor the name, nor the authorities that are meant for the gateway', async () => {
    const identity = { certFile: file('gateway.pem'), keyFile: file('gateway.key') }
    await check({ ...identity, caFile: file('gateway.pem'), serverName: 'gateway.example' })
    expect(callers.gateway).toEqual([{ certificate: 'gateway', servername: 'gateway.example' }])
    expect(callers.api.length).toBeGreaterThan(0)
    for (const caller of callers.api) expect(caller).toEqual({ certificate: undefined, servername: 'localhost' })
  })

  test('a gateway that is not verified is no reason to show the account key to anyone', async () => {
    setDefaultCACertificates(trusted)
    await check({ insecureSkipVerify: true })
    expect(callers.gateway).toHaveLength(1)
    expect(callers.api).toEqual([])
  })
})
