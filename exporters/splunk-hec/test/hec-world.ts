// One collector over real HTTP, one exporter, a clock and GUIDs of our own.

import type { Batch } from '@circleci-audit-forwarder/contract'
import { auditRecords, FakeServer, overheard } from '@circleci-audit-forwarder/contract/testing'
import { afterEach } from 'vitest'
import { SplunkHecExporter, type SplunkHecOptions } from '../src/index.ts'
import { FakeHec, type HecSetup, TOKEN } from './fake-hec.ts'

export const never = new AbortController().signal

export class HecWorld {
  readonly hec: FakeHec
  readonly server: FakeServer
  readonly exporter: SplunkHecExporter
  now = Date.UTC(2026, 2, 4)
  #guids = 0

  constructor(hec: FakeHec, server: FakeServer, options: Partial<SplunkHecOptions>) {
    this.hec = hec
    this.server = server
    const world = { now: () => this.now, uuid: () => this.#guid() }
    this.exporter = overheard(new SplunkHecExporter({ endpoint: server.url, token: TOKEN, ...options }, world))
  }

  batch(count = 3): Batch {
    return this.batchOf(auditRecords(count))
  }

  batchOf(records: ReturnType<typeof auditRecords>): Batch {
    return { members: records.map((record) => this.exporter.encode(record)), token: 't', now: this.now }
  }

  /** Channels of the requests that carried events, in order of arrival. */
  get channels(): readonly unknown[] {
    const events = this.server.arrived.filter((request) => request.path.endsWith('/event'))
    return events.map((request) => request.headers['x-splunk-request-channel'])
  }

  #guid(): string {
    return `00000000-0000-4000-8000-${String(++this.#guids).padStart(12, '0')}`
  }
}

const open: HecWorld[] = []

afterEach(async () => {
  for (const { exporter, server } of open.splice(0)) {
    await exporter.close()
    await server.stop()
  }
})

/** Closed after the test. */
export async function hecWorld(setup: HecSetup = {}, options: Partial<SplunkHecOptions> = {}): Promise<HecWorld> {
  const hec = new FakeHec(setup)
  const world = new HecWorld(hec, await FakeServer.start(hec.behave), options)
  open.push(world)
  return world
}

/** The same in parts, with the batch functions bound. */
export async function hecParts(...args: Parameters<typeof hecWorld>) {
  const world = await hecWorld(...args)
  const { exporter, hec, server, now } = world
  return { exporter, hec, server, now, batch: world.batch.bind(world), batchOf: world.batchOf.bind(world) }
}
