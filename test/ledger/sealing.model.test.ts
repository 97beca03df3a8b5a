// Sealing against a bucket that is really listed: what is put into it, listed from where the ledger says, announced,
// delivered, given up, sealed, and wanted by destinations that come, go and come back. Two things must hold whatever
// happens: what a destination was done with never comes back to it, and what is new to it is never taken for known.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { type Step, World } from './sealing-world.ts'
import { view } from './view.ts'

// What is durable is another test's question; here an fsync only costs time.
const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'ledger-sealing-'))
afterAll(() => rmSync(directory, { recursive: true }))

const weights: Readonly<Record<Step['kind'], number>> = {
  ...{
    put: 14,
    sweep: 8,
    announce: 4,
    enrol: 3,
    work: 8,
    seal: 7,
    lose: 1,
    rename: 1,
    prune: 1,
    close: 3,
    refill: 2,
    release: 2,
    reopen: 1,
  },
}
const number = fc.nat(60)
const steps = fc.array(
  fc.oneof(
    ...Object.entries(weights).map(([kind, weight]) => ({
      weight,
      arbitrary: fc.record<Step>({ kind: fc.constant(kind as Step['kind']), a: number, b: number }),
    })),
  ),
  { minLength: 30, maxLength: 90, size: 'max' },
)
const runs = Number(process.env['LEDGER_RUNS'] ?? 12)
/** The same histories in every run of the tests; LEDGER_RUNS asks for others, and more of them. */
const seeded = process.env['LEDGER_RUNS'] === undefined ? { seed: 1 } : {}
const begin: Step = { kind: 'enrol', a: 0, b: 0 }
let files = 0

function inFile(): World {
  const path = join(directory, `${files++}.db`)
  return new World(openSqliteLedger({ path }), (ledger) => {
    ledger.close()
    return openSqliteLedger({ path })
  })
}

function inMemory(crash = false): World {
  return new World(new MemoryLedger(), (ledger, keep) => {
    if (crash) (ledger as MemoryLedger).crash(keep)
    else (ledger as MemoryLedger).reopen()
    return ledger
  })
}

test('both ledgers seal alike; what is done never comes back, and what is new never counts as known', () => {
  let sealed = 0
  fc.assert(
    fc.property(steps, (random) => {
      const [file, memory] = [inFile(), inMemory()]
      try {
        for (const [index, step] of [begin, ...random].entries()) {
          expect(file.play(step), step.kind).toEqual(memory.play(step))
          expect(file.returned()).toEqual([])
          if (step.kind === 'seal' || index % 10 === 0) expect(view(file.ledger)).toEqual(view(memory.ledger))
        }
        expect(file.missing()).toEqual([])
        expect(memory.missing()).toEqual([])
        expect(view(file.ledger)).toEqual(view(memory.ledger))
        expect(file.returned()).toEqual([])
        sealed += file.sealed.reduce((sum, count) => sum + count, 0)
      } finally {
        file.ledger.close()
      }
    }),
    { numRuns: runs, ...seeded },
  )
  // Or nothing was tested.
  expect(sealed).toBeGreaterThan(runs / 2)
})

test('the same where power fails', () => {
  fc.assert(
    fc.property(steps, (random) => {
      const world = inMemory(true)
      for (const step of [begin, ...random]) {
        world.play(step)
        if (step.kind === 'reopen') world.forgetDone()
        expect(world.returned()).toEqual([])
      }
      expect(world.missing()).toEqual([])
    }),
    { numRuns: runs * 4, ...seeded },
  )
})
