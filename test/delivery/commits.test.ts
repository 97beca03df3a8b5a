// A request to Rapid7 is one event, and each event has an intent of its own, on the disk before it leaves. What keeps that
// from being an fsync a request is that intents are committed in groups. Counted at SQLite, with a ledger on the disk and a
// lane as Rapid7's defaults make it; what time passes is played, so that the pace is the lane's and not the machine's. The
// pace of the whole program over HTTP is measured by `npm run bench -- --only rapid7`.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Outcome } from '@circleci-audit-forwarder/contract'
import { module } from '@circleci-audit-forwarder/exporter-rapid7'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openSqliteLedger, type SqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { Bench, ids, type Outlet } from './harness.ts'

const { records, bytes, lingerMs, concurrency } = module.defaults
const batch = { records, bytes, lingerMs }
const delivered: Outcome = { status: 'delivered' }

let folder: string
let ledger: SqliteLedger
let bench: Bench
beforeEach(() => {
  countSynced()
  folder = mkdtempSync(join(tmpdir(), 'commits-'))
  ledger = openSqliteLedger({ path: join(folder, 'ledger.db') })
  bench = new Bench({}, ledger)
  bench.enrol('d')
})
afterEach(async () => {
  vi.restoreAllMocks()
  await bench.stop()
  ledger.close()
  rmSync(folder, { recursive: true })
})

/** Commits so far that waited for the disk: those made while `synchronous` was FULL. */
let synced = 0

/** From before the ledger is opened, for the mode of a connection stays until it is set anew. */
function countSynced(): void {
  const full = new WeakSet<DatabaseSync>()
  const { exec } = DatabaseSync.prototype
  synced = 0
  vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql: string) {
    if (sql.startsWith('PRAGMA synchronous=')) full[sql.endsWith('FULL') ? 'add' : 'delete'](this)
    if (sql === 'COMMIT' && full.has(this)) synced += 1
    return exec.call(this, sql)
  })
}

async function until(outlet: Outlet, requests: number): Promise<void> {
  for (let ms = 0; outlet.sent.length < requests; ms += 10) {
    if (ms > 600_000) throw new Error(`${outlet.sent.length} requests in ten minutes`)
    await bench.clock.advance(10)
  }
}

test('150 requests a second and more at 50 ms an answer, on a disk that takes 10 ms to sync as well', async () => {
  const EVENTS = 600
  const SYNC_MS = 10
  // A millisecond apart: no two answers of a round come at once.
  const outlet = bench.outlet(async (_, n) => {
    await bench.clock.sleep(35 + (n % 32))
    return delivered
  })
  bench.put('x', ids('a', EVENTS))
  const began = bench.clock.now()
  const before = synced
  bench.lane('d', outlet, { options: { batch, concurrency } })
  await until(outlet, EVENTS)
  // As if nothing else went on while the disk was waited for.
  const ms = bench.clock.now() - began + (synced - before) * SYNC_MS
  expect(EVENTS / (ms / 1_000)).toBeGreaterThanOrEqual(150)
  expect(synced - before).toBeLessThan(EVENTS / 2)
  await bench.clock.advance(10_000)
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: EVENTS, possibleDuplicates: 0 })
})

test('answers that come together cost one commit that is synced, not one each', async () => {
  const [SLOTS, ROUNDS] = [concurrency.max, 5]
  let gate = Promise.withResolvers<void>()
  const outlet = bench.outlet(async () => {
    await gate.promise
    return delivered
  })
  bench.put('x', ids('a', SLOTS * ROUNDS))
  bench.lane('d', outlet, { options: { batch, concurrency: { min: SLOTS, max: SLOTS } } })
  await until(outlet, SLOTS)
  const before = synced
  for (let round = 1; round < ROUNDS; round++) {
    const { resolve } = gate
    gate = Promise.withResolvers()
    resolve()
    await bench.clock.advance(1)
    expect(outlet.sent).toHaveLength(SLOTS * (round + 1))
    expect(synced - before).toBe(round)
  }
  gate.resolve()
  await bench.clock.advance(1_000)
  expect(bench.account('d')).toMatchObject({ outstanding: 0, delivered: SLOTS * ROUNDS })
})
