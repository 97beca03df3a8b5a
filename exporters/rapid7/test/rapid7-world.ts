// One webhook over real HTTP and one exporter that talks to it.
import type { Batch, LogRecord, Outcome } from '@circleci-audit-forwarder/contract'
import { FakeServer, overheard } from '@circleci-audit-forwarder/contract/testing'
import { afterEach } from 'vitest'
import { Rapid7Exporter, type Rapid7Options } from '../src/index.ts'
import { FakeRapid7, TOKEN } from './fake-rapid7.ts'

export const never: AbortSignal = new AbortController().signal

/** The account's APIs on one server. */
export function apiAt(url: string): NonNullable<Rapid7Options['api']> {
  return { validate: `${url}/validate`, logs: `${url}/management/logs`, query: `${url}/query/logs` }
}

export class Rapid7World {
  readonly vendor: FakeRapid7
  readonly server: FakeServer
  readonly exporter: Rapid7Exporter

  constructor(server: FakeServer, vendor: FakeRapid7, options: Partial<Rapid7Options>) {
    this.server = server
    this.vendor = vendor
    const api = apiAt(server.url)
    this.exporter = overheard(new Rapid7Exporter({ endpoint: server.url, token: TOKEN, api, ...options }))
  }

  batch(record: LogRecord): Batch {
    return { members: [this.exporter.encode(record)], token: 't', now: 0 }
  }

  send(record: LogRecord): Promise<Outcome> {
    return this.exporter.send(this.batch(record), never)
  }
}

const open: Rapid7World[] = []

afterEach(async () => {
  for (const { exporter, server } of open.splice(0)) {
    await exporter.close()
    await server.stop()
  }
})

/** Closed after the test. */
export async function rapid7World(options: Partial<Rapid7Options> = {}): Promise<Rapid7World> {
  const vendor = new FakeRapid7()
  const world = new Rapid7World(await FakeServer.start(vendor.behave), vendor, options)
  open.push(world)
  return world
}
