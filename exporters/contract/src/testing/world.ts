// The stage of the conformance suite: one fake server, one exporter that talks to it, and what is asked of them.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Batch, Encoded, Exporter, Outcome } from '../exporter.ts'
import { contentToken } from '../packing.ts'
import type { LogRecord } from '../record.ts'
import { canary } from './canary.ts'
import { type Arrived, FakeServer, type Scripted, type VendorBehaviour } from './fake-server.ts'
import { overheard, searchFor } from './overheard.ts'
import { auditRecords } from './records.ts'

/** What the suite needs to know of an exporter and its vendor. */
export interface ConformanceHarness<Guarantee extends string = string> {
  /** The exporter for a fake's address. `secret` goes where the vendor's credential goes. */
  create(address: string, options: { readonly secret: string; readonly timeoutMs: number }): Exporter
  /** The vendor's own answers. Undefined falls back to common HTTP answers. */
  readonly behave: VendorBehaviour
  /** The `log.record.uid`s in a request, in order; empty for requests that carry no records. */
  ids(request: Arrived): readonly string[]
  /** The vendor's hard limit on an uncompressed request body. */
  readonly maxBodyBytes: number
  /** Encoded bytes of a large record that the vendor still takes. Default: 100 kB. */
  readonly largeRecordBytes?: number
  /** A credential of the form this vendor's credentials have. Default: one that resembles none. */
  readonly secret?: string
  /** Guarantees that this vendor's protocol has no room for, and why. */
  readonly cannot?: Readonly<Partial<Record<Guarantee, string>>>
}

/** One fake server and one exporter that talks to it. */
export interface World {
  readonly harness: ConformanceHarness
  readonly server: FakeServer
  readonly exporter: Exporter
}

/** The credential that must show nowhere. Servers that quote it write it in other ways. */
export function secretOf({ secret = canary('se"c%2F/ret') }: ConformanceHarness): string {
  return secret
}

/** The exporter to be held to its guarantees. Whatever it says in any of them, the credential is looked for in it. */
export function exporterFor(harness: ConformanceHarness, address: string, timeoutMs = 10_000): Exporter {
  const secret = secretOf(harness)
  return overheard(harness.create(address, { secret, timeoutMs }), searchFor(secret))
}

export async function inWorld(harness: ConformanceHarness, body: (world: World) => Promise<void>): Promise<void> {
  const server = await FakeServer.start(harness.behave)
  const exporter = exporterFor(harness, server.url)
  try {
    await body({ harness, server, exporter })
  } finally {
    await exporter.close()
    await server.stop()
  }
}

/** Sends three records, or as many as fit, to a server that does as scripted. */
export async function answered({ server, exporter }: World, scripted: Scripted): Promise<Outcome> {
  server.answer(scripted)
  return exporter.send(batchOf(exporter, room(exporter, 3)), never())
}

/** Sends, and waits for the acknowledgement where the vendor gives one later. */
export async function settle(exporter: Exporter, batch: Batch): Promise<Outcome> {
  let outcome = await exporter.send(batch, never())
  for (let poll = 0; outcome.status === 'accepted' && poll < 50; poll++) {
    const { receipt, pollAfterMs } = outcome
    await sleep(Math.min(pollAfterMs, 20))
    outcome = (await exporter.confirm?.([receipt], never()))?.get(receipt) ?? outcome
  }
  return outcome
}

/** `count` records, fewer where the destination takes fewer at once. */
export function room(exporter: Exporter, count: number): LogRecord[] {
  return auditRecords(Math.min(count, exporter.limits.records))
}

export function batchOf(exporter: Exporter, records: readonly LogRecord[]): Batch {
  return batchFrom(records.map((record) => exporter.encode(record)))
}

export function batchFrom(members: readonly Encoded[]): Batch {
  return { members, token: contentToken(members), now: 1_790_812_900_000 }
}

export function idsOf(records: readonly LogRecord[]): readonly unknown[] {
  return records.map((record) => record.attributes['log.record.uid'])
}

export function idsIn(harness: ConformanceHarness, server: FakeServer): readonly string[] {
  return server.arrived.flatMap((request) => harness.ids(request))
}

export function refusedIndexes(outcome: Outcome): readonly number[] {
  return outcome.status === 'rejected' ? outcome.records.map((refusal) => refusal.index) : []
}

export function assertRetry(outcome: Outcome, ambiguous: boolean): void {
  assert.equal(outcome.status, 'retry', JSON.stringify(outcome))
  assert.equal(outcome.status === 'retry' && outcome.ambiguous === true, ambiguous, JSON.stringify(outcome))
}

export function never(): AbortSignal {
  return new AbortController().signal
}

export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
