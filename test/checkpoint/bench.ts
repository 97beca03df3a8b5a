// A store on the wire, and a ledger with something in it.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canary } from '@circleci-audit-forwarder/contract/testing'
import { type FauxqsServer, startFauxqs } from 'fauxqs'
import { vi } from 'vitest'
import type { LeaseClock } from '../../src/checkpoint/lease.ts'
import { openS3Checkpoints, type S3Checkpoints } from '../../src/checkpoint/s3.ts'
import { systemClock } from '../../src/cli/clock.ts'
import { openSqliteLedger, type SqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { ConditionalFront } from './conditional-front.ts'

export const BUCKET = 'acme-state'

export const clock: LeaseClock = { monotonic: () => performance.now(), sleep: systemClock.sleep }

export class Bench {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'checkpoint-'))
  readonly emulator: FauxqsServer
  readonly front: ConditionalFront

  static async start(): Promise<Bench> {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'THE-REPLICA')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', canary('aws'))
    const emulator = await startFauxqs({ port: 0, logger: false })
    emulator.createBucket(BUCKET)
    return new Bench(emulator, await ConditionalFront.start(emulator.address))
  }

  private constructor(emulator: FauxqsServer, front: ConditionalFront) {
    this.emulator = emulator
    this.front = front
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  /** A store of its own on the wire. */
  store(prefix: string = randomUUID(), address: string = this.front.address): Promise<S3Checkpoints> {
    const settings = { bucket: BUCKET, prefix, region: 'us-east-1', endpoint: address, force_path_style: true }
    return openS3Checkpoints(settings, { clock: systemClock })
  }

  async stop(): Promise<void> {
    await this.front.stop()
    await this.emulator.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export const receiver = 'circleci_audit'
export const destination = 'console'
export const STORE = 's3://acme-circleci-audit'

/** A ledger that has seen so many objects of an hour each. */
export function filledLedger(
  path: string,
  objects: number,
  from: number = Date.parse('2026-03-01T00:00:00Z'),
): SqliteLedger {
  const ledger = openSqliteLedger({ path })
  ledger.enrol([{ destination, receiver, startAt: 0 }], from)
  const sightings = Array.from({ length: objects }, (_, index) => {
    const stamp = new Date(from + index * 1_000).toISOString().slice(0, 19)
    const key = `year=2026/month=03/day=01/hour=00/${stamp}_${index.toString(16).padStart(40, '0')}`
    return { key, version: 'v1', size: 1_000, modified: from + index * 1_000 }
  })
  if (objects > 0) ledger.see(receiver, STORE, sightings, 'swept', from)
  return ledger
}
