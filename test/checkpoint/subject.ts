// A replica as a test has it: a ledger path of its own, and everything it tells.
import { randomUUID } from 'node:crypto'
import type { Ownership } from '../../src/checkpoint/ownership.ts'
import { Replica } from '../../src/checkpoint/replica.ts'
import type { S3Checkpoints } from '../../src/checkpoint/s3.ts'
import type { SqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { type Bench, clock, filledLedger, receiver } from './bench.ts'

export const TERM_MS = 60_000
const { signal } = new AbortController()

/** One process that would send, what it said, and where its ledger lies. */
export interface Subject {
  readonly replica: Replica
  readonly told: TelemetryEvent[]
  readonly path: string
}

export function replicaOn(bench: Bench, store: S3Checkpoints, name: string, intervalMs = 3_600_000): Subject {
  const told: TelemetryEvent[] = []
  const path = bench.path(`${name}-${randomUUID()}.db`)
  const me = { name, id: randomUUID() }
  const tell = (event: TelemetryEvent) => void told.push(event)
  const seams = { clock, now: Date.now, random: Math.random, stamp: randomUUID, tell }
  return { replica: new Replica({ store, me, path, intervalMs, termMs: TERM_MS, ...seams }), told, path }
}

export async function owned({ replica }: Subject): Promise<Ownership> {
  const ownership = await replica.own(signal)
  if (ownership === undefined) throw new Error('it was not told to stop')
  return ownership
}

export function types(told: readonly TelemetryEvent[]): readonly string[] {
  return told.map(({ type }) => type)
}

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 1_000; looks += 1) {
    if (await holds()) return
    await clock.sleep(20)
  }
  throw new Error('it never came')
}

/** Owns, fills a ledger with so many objects, and opens it. */
export async function begun(subject: Subject, objects: number): Promise<[Ownership, SqliteLedger]> {
  const ownership = await owned(subject)
  const ledger = filledLedger(subject.path, objects)
  ownership.begin(ledger, [receiver])
  return [ownership, ledger]
}
