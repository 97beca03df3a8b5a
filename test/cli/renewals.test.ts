// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language of the configuration
// Secrets and certificates that are replaced while the program runs, as files on a disk, against real TLS servers.
import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { Exporter, Outcome } from '@circleci-audit-forwarder/contract'
import { canary } from '@circleci-audit-forwarder/contract/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openNotify } from '../../src/cli/assemble.ts'
import { components } from '../../src/cli/components.ts'
import { openPipeline, openTelemetry } from '../../src/cli/open.ts'
import { Renewals } from '../../src/cli/renewals.ts'
import { type Loaded, loadConfig, processSources } from '../../src/config/load.ts'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { canaryRecord } from '../../src/mapping/canary.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { Authority, canSign } from '../network/certificates.ts'

const never = new AbortController().signal
const record = canaryRecord({ id: 'i', destination: 'otlp_http', now: 0, version: '0' })

/** One attempt with one record. */
function sent(exporter: Exporter): Promise<Outcome> {
  return exporter.send({ members: [exporter.encode(record)], token: 't', now: 0 }, never)
}

let folder: string
let told: TelemetryEvent[]
const open: Server[] = []
const authorities: Authority[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'renewals-'))
  mkdirSync(join(folder, 'bucket'))
  told = []
})
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  for (const authority of authorities.splice(0)) authority.remove()
  rmSync(folder, { recursive: true })
})

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** As a volume of Kubernetes replaces all files of a Secret at once. */
function swap(version: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(join(folder, version))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, version, name), content)
  symlinkSync(version, join(folder, '..data.new'))
  renameSync(join(folder, '..data.new'), join(folder, '..data'))
  return join(folder, '..data')
}

async function load(exporter: object, more: object = {}): Promise<Loaded> {
  const config = {
    receivers: {
      circleci_audit: {
        store: { directory: { path: join(folder, 'bucket') } },
        start_at: 'beginning',
        sweep: { lookback: '3650d' },
      },
    },
    exporters: { otlp_http: exporter },
    service: { pipelines: { logs: { receivers: ['circleci_audit'], exporters: ['otlp_http'] } }, ...more },
  }
  return loadConfig(file('config.json', JSON.stringify(config)), components, { sources: processSources(), now: 0 })
}

/** The program around one destination. */
async function opened(loaded: Loaded) {
  const telemetry = { ...openTelemetry(loaded, 'error'), tell: (event: TelemetryEvent) => void told.push(event) }
  const end = new AbortController()
  const { pipeline, destinations } = await openPipeline(loaded, new MemoryLedger(), telemetry, end.signal)
  return { pipeline, exporter: destinations[0]!.exporter, end }
}

/** The one destination, as the program makes it. */
async function exporterOf(loaded: Loaded): Promise<Exporter> {
  const { exporter, end } = await opened(loaded)
  end.abort()
  return exporter
}

/** What was said of secrets and certificates. */
const toldOfThem = () => told.filter(({ type }) => type.startsWith('credentials_'))

function authority(): Authority {
  const made = new Authority()
  authorities.push(made)
  return made
}

interface Site {
  readonly address: string
  readonly seen: string[]
  /** What it lets in. */
  bearer: string
}

/** A destination with a certificate of this authority, which asks for one of it and for a token. */
async function site(by: Authority, bearer: string, port = 0): Promise<Site> {
  const seen: string[] = []
  const found = { bearer }
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    request.resume()
    seen.push(request.headers.authorization ?? '')
    const isLetIn = request.headers.authorization === `Bearer ${found.bearer}`
    response.writeHead(isLetIn ? 200 : 401, { 'content-type': 'application/json' }).end('{}')
  }
  const ca = readFileSync(by.caFile)
  const server = createServer({ ...by.sign(['localhost']), ca, requestCert: true, rejectUnauthorized: true }, answer)
  open.push(server)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const { port: taken } = server.address() as AddressInfo
  return Object.assign(found, { address: `https://localhost:${taken}`, seen })
}

async function closeAll(): Promise<void> {
  for (const server of open.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

describe.skipIf(!canSign)('a destination whose credentials are replaced', () => {
  test('token, authority and client certificate all at once: the next attempt has them, without a restart', async () => {
    const [before, after] = [authority(), authority()]
    const secret = (by: Authority, token: string) => {
      const { cert, key } = by.sign(['client'])
      return { 'ca.pem': readFileSync(by.caFile, 'utf8'), 'cert.pem': cert, 'key.pem': key, token }
    }
    const now = swap('1', secret(before, canary('one')))
    const first = await site(before, canary('one'))
    const tls = { ca_file: `${now}/ca.pem`, cert_file: `${now}/cert.pem`, key_file: `${now}/key.pem` }
    const headers = { authorization: `Bearer \${file:${now}/token}` }
    const loaded = await load({ endpoint: first.address, tls, headers })
    const exporter = await exporterOf(loaded)
    expect(await sent(exporter)).toEqual({ status: 'delivered' })

    await closeAll()
    const { seen } = await site(after, canary('two'), Number(new URL(first.address).port))
    expect(await sent(exporter)).toMatchObject({ status: 'stopped' })
    expect(seen).toEqual([])
    swap('2', secret(after, canary('two')))
    expect(await sent(exporter)).toEqual({ status: 'delivered' })
    expect(seen).toEqual([`Bearer ${canary('two')}`])
    expect(toldOfThem()).toEqual([{ type: 'credentials_renewed', component: 'exporters.otlp_http' }])
    expect(loaded.secrets).toContain(`Bearer ${canary('two')}`)
    await exporter.close()
  })

  test('a certificate without its key yet replaces nothing, is said once, and holds as soon as the key is there', async () => {
    const by = authority()
    const { address } = await site(by, canary('one'))
    const [one, two] = [by.sign(['client']), by.sign(['client'])]
    const tls = { ca_file: by.caFile, cert_file: file('cert.pem', one.cert), key_file: file('key.pem', one.key) }
    const headers = { authorization: `Bearer ${'${file:'}${file('token', canary('one'))}}` }
    const exporter = await exporterOf(await load({ endpoint: address, tls, headers }))
    file('cert.pem', two.cert)
    expect(await sent(exporter)).toEqual({ status: 'delivered' })
    expect(await sent(exporter)).toEqual({ status: 'delivered' })
    expect(toldOfThem()).toMatchObject([
      { type: 'credentials_unusable', component: 'exporters.otlp_http', reason: expect.stringContaining('key.pem') },
    ])
    file('key.pem', two.key)
    expect(await sent(exporter)).toEqual({ status: 'delivered' })
    expect(toldOfThem().at(-1)).toEqual({ type: 'credentials_renewed', component: 'exporters.otlp_http' })
    await exporter.close()
  })

  test('a probe reads the file, though it looks as before', async () => {
    const by = authority()
    const place = await site(by, canary('one'))
    const { cert, key } = by.sign(['client'])
    const tls = { ca_file: by.caFile, cert_file: file('cert.pem', cert), key_file: file('key.pem', key) }
    const long = new Date(Date.now() - 3_600_000)
    const token = file('token', canary('one'))
    utimesSync(token, long, long)
    const headers = { authorization: `Bearer \${file:${token}}` }
    let read = canary('one')
    const loaded = await load({ endpoint: place.address, tls, headers })
    // A file system whose clock stands still shows no difference.
    const again = loaded.document.again.bind(loaded.document)
    loaded.document.again = (path, sources) => again(path, { ...sources, readFile: () => read })
    const exporter = await exporterOf(loaded)
    await sent(exporter)
    place.bearer = canary('two')
    expect(await sent(exporter)).toMatchObject({ status: 'stopped', cause: 'credentials' })
    read = canary('two')
    expect(await sent(exporter)).toEqual({ status: 'delivered' })
    await exporter.close()
  })

  test('a stopped destination goes on with the first probe that has the new token', async () => {
    const by = authority()
    const place = await site(by, canary('two'))
    const { cert, key } = by.sign(['client'])
    const tls = { ca_file: by.caFile, cert_file: file('cert.pem', cert), key_file: file('key.pem', key) }
    const token = file('token', canary('one'))
    const headers = { authorization: `Bearer \${file:${token}}` }
    const retry = { initial_interval: '10ms', max_interval: '20ms' }
    const path = join(folder, 'bucket/year=2026/month=11/day=09/hour=08')
    mkdirSync(path, { recursive: true })
    const object = join(path, '2026-11-09T08:20:12_a1')
    writeFileSync(object, '{"id":"1","action":"project.add","occurred_at":"2026-11-09T08:19:00Z"}\n')
    utimesSync(object, 1, 1_794_000_000)
    const { pipeline, end } = await opened(
      await load({ endpoint: place.address, tls, headers, retry, own_records: false }),
    )
    const ran = pipeline.runOnce(end.signal, 60_000)
    await vi.waitFor(() => expect(told.map(({ type }) => type)).toContain('destination_stopped'), 30_000)
    file('token', canary('two'))
    expect(await ran).toMatchObject({ unfinished: [] })
    end.abort()
    expect(told.map(({ type }) => type)).toContain('destination_resumed')
    expect(place.seen.at(0)).toBe(`Bearer ${canary('one')}`)
    expect(place.seen.at(-1)).toBe(`Bearer ${canary('two')}`)
  })

  test('an authority of `service.ca_file` takes the place of the one before', async () => {
    const trusted = getCACertificates('default')
    const [before, after] = [authority(), authority()]
    const ca_file = file('service-ca.pem', readFileSync(before.caFile, 'utf8'))
    const loaded = await load({ endpoint: 'https://localhost:1' }, { ca_file })
    const renewals = new Renewals(loaded, (event) => told.push(event))
    file('service-ca.pem', readFileSync(after.caFile, 'utf8'))
    renewals.look()
    try {
      const now = getCACertificates('default').map((one) => one.trim())
      expect(now).toContain(readFileSync(after.caFile, 'utf8').trim())
      expect(now).not.toContain(readFileSync(before.caFile, 'utf8').trim())
      expect(told).toEqual([{ type: 'credentials_renewed', component: 'service.ca_file' }])
    } finally {
      setDefaultCACertificates(trusted)
    }
  })
})

test('a text of its own, such as the admin token, is as its file says, whatever lies there in between', async () => {
  const token = file('token', canary('one'))
  const loaded = await load({ endpoint: 'http://localhost:1' }, { admin: { token: `\${file:${token}}` } })
  const renewals = new Renewals(loaded, (event) => told.push(event))
  const current = renewals.current(['service', 'admin', 'token'])
  expect(current?.()).toBe(canary('one'))
  file('token', canary('two'))
  expect(current?.()).toBe(canary('two'))
  file('token', '')
  expect(current?.()).toBe(canary('two'))
  rmSync(token)
  expect(current?.()).toBe(canary('two'))
  file('token', `${canary('six')}\n`)
  expect(current?.()).toBe(canary('six'))
  const kinds = told.map(({ type }) => type)
  expect(kinds).toEqual(['credentials_renewed', 'credentials_unusable', 'credentials_unusable', 'credentials_renewed'])
  expect(JSON.stringify(told)).not.toContain(canary('two'))
  expect(loaded.secrets).toEqual(expect.arrayContaining([canary('one'), canary('two'), canary('six')]))
})

test('where people are told has its headers from files, too', async () => {
  const token = file('token', canary('one'))
  const notify = { endpoint: 'http://localhost:1', headers: { authorization: `Bearer \${file:${token}}` } }
  const loaded = await load({ endpoint: 'http://localhost:1' }, { notify })
  const renewals = new Renewals(loaded, (event) => told.push(event))
  renewals.exporter('service.notify', openNotify(loaded.config)!.exporter)
  file('token', canary('two'))
  renewals.look()
  expect(told).toEqual([{ type: 'credentials_renewed', component: 'service.notify' }])
})

test('what stands in the configuration itself, or in the environment, is fixed', async () => {
  const loaded = await load({ endpoint: 'http://localhost:1', headers: { 'x-scope': 'audit' } })
  const first = {} as Exporter
  const renewals = new Renewals(loaded, () => undefined)
  expect(renewals.exporter('otlp_http', first)).toBe(first)
  expect(renewals.current(['service', 'admin', 'token'])).toBeUndefined()
})
