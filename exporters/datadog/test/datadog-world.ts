// One Datadog over real HTTP, one exporter, and a clock of our own.
import type { Batch, LogRecord } from '@circleci-audit-forwarder/contract'
import { auditRecord, auditRecords, canaryHex, FakeServer, overheard } from '@circleci-audit-forwarder/contract/testing'
import { afterEach } from 'vitest'
import { DatadogExporter, type DatadogOptions } from '../src/index.ts'
import { FakeDatadog } from './fake-datadog.ts'

export const never = new AbortController().signal
export const KEY: string = canaryHex(0xdd)
export const HOUR = 3_600_000
/** A hundred seconds after the records of the conformance suite happened. */
export const NOW = 1_790_812_900_000

export class DatadogWorld {
  readonly datadog: FakeDatadog
  readonly server: FakeServer
  readonly exporter: DatadogExporter
  #now = NOW

  constructor(datadog: FakeDatadog, server: FakeServer, options: Partial<DatadogOptions>) {
    this.datadog = datadog
    this.server = server
    const place = { endpoint: server.url, apiEndpoint: server.url }
    this.exporter = overheard(new DatadogExporter({ ...place, apiKey: KEY, ...options }, () => this.#now))
  }

  get now(): number {
    return this.#now
  }

  /** Here and at Datadog. */
  passTime(ms: number): void {
    this.#now += ms
    this.datadog.now = this.#now
  }

  batch(count = 3): Batch {
    return this.batchOf(auditRecords(count))
  }

  batchOf(records: readonly LogRecord[]): Batch {
    return { members: records.map((record) => this.exporter.encode(record)), token: 't', now: this.now }
  }

  /** The same members, at an attempt of its own time. */
  again(batch: Batch): Batch {
    return { ...batch, now: this.now }
  }

  send(batch: Batch): ReturnType<DatadogExporter['send']> {
    return this.exporter.send(this.again(batch), never)
  }
}

/** A record whose event happened so long before NOW. */
export function aged(id: string, ms: number, fields: Partial<LogRecord> = {}): LogRecord {
  const at = NOW - ms
  return auditRecord({ id, hrTime: [Math.floor(at / 1000), (at % 1000) * 1e6 + 456_789], ...fields })
}

const open: DatadogWorld[] = []

afterEach(async () => {
  for (const { exporter, server } of open.splice(0)) {
    await exporter.close()
    await server.stop()
  }
})

/** Closed after the test. */
export async function datadogWorld(options: Partial<DatadogOptions> = {}): Promise<DatadogWorld> {
  const datadog = new FakeDatadog(options.apiKey ?? KEY, NOW)
  const world = new DatadogWorld(datadog, await FakeServer.start(datadog.behave), options)
  open.push(world)
  return world
}
