import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { objectTime } from '../../src/domain/objects.ts'
import { isOwnReceiver } from '../../src/domain/own-records.ts'
import type { Route } from '../../src/ledger/discovery.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { openSqliteLedger, type SqliteLedger } from '../../src/ledger/sqlite/ledger.ts'
import { contentOf, start } from './lane.ts'
import { acts, type Kind, rest, type Step } from './steps.ts'
import { view } from './view.ts'
import { Witness } from './witness.ts'

// What is durable is another test's question; here an fsync only costs time.
const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'ledger-model-'))
afterAll(() => rmSync(directory, { recursive: true }))
let files = 0

const weights: Partial<Record<Kind, number>> = {
  see: 6,
  read: 12,
  resolve: 6,
  lose: 6,
  decide: 3,
  enrol: 2,
  rename: 2,
  replay: 4,
  refill: 3,
  withhold: 3,
  release: 3,
  work: 4,
  seal: 6,
}
const number = fc.nat(60)
const steps = fc.array(
  fc.oneof(
    ...(Object.keys(acts) as Kind[]).map((kind) => ({
      weight: weights[kind] ?? 1,
      arbitrary: fc.record<Step>({ kind: fc.constant(kind), a: number, b: number, c: number }),
    })),
    { weight: 1, arbitrary: fc.constant('reopen' as const) },
  ),
  { minLength: 5, maxLength: 70, size: 'max' },
)
const beginning: Step[] = [
  { kind: 'enrol', a: 4, b: 0, c: 0 },
  { kind: 'see', a: 0, b: 4, c: 1 },
]

/** The same ones in every run of the tests; LEDGER_RUNS asks for others, and more of them. */
function runs(usual: number): { readonly numRuns: number; readonly seed?: number } {
  const asked = process.env['LEDGER_RUNS']
  return asked === undefined ? { numRuns: usual, seed: 1 } : { numRuns: Number(asked) }
}

function outcome(body: () => unknown): unknown {
  try {
    return { value: body() }
  } catch (error) {
    return { error: String(error) }
  }
}

function play(ledger: Ledger, step: Step, index: number, witness?: Witness): unknown {
  return outcome(() => acts[step.kind](ledger, step, start + index * 1000, witness))
}

test('memory and sqlite answer alike, whatever is done to them', () => {
  fc.assert(
    fc.property(steps, (random) => {
      const path = join(directory, `${files++}.db`)
      const cap = 1600
      const memory = new MemoryLedger({ maxQuarantineBytes: cap })
      let sqlite: SqliteLedger = openSqliteLedger({ path, maxQuarantineBytes: cap })
      try {
        for (const [index, step] of [...beginning, ...random].entries()) {
          if (step === 'reopen') {
            memory.reopen()
            sqlite.close()
            sqlite = openSqliteLedger({ path, maxQuarantineBytes: cap })
          } else expect(play(sqlite, step, index), step.kind).toEqual(play(memory, step, index))
          expect(view(sqlite)).toEqual(view(memory))
        }
      } finally {
        sqlite.close()
      }
    }),
    runs(25),
  )
})

test('a transaction that fails changes nothing, and a crash forgets whole commits, the latest first', () => {
  fc.assert(
    fc.property(steps, fc.nat(10), (random, kept) => {
      const memory = new MemoryLedger({ maxQuarantineBytes: 1600 })
      const views: unknown[] = [view(memory)]
      for (const [index, step] of [...beginning, ...random].entries()) {
        // A lane's work is many commits, and may fail in the midst of them.
        if (step === 'reopen' || step.kind === 'work') continue
        const before = view(memory)
        const volatile = memory.volatileCommits()
        const result = play(memory, step, index)
        if (memory.volatileCommits() === 0) views.length = 0
        const failed = (result as { error?: string }).error !== undefined
        if (failed && memory.volatileCommits() === volatile) expect(view(memory)).toEqual(before)
        views[memory.volatileCommits()] = view(memory)
      }
      const keep = Math.min(kept, memory.volatileCommits())
      const expected = views[keep]
      memory.crash(keep)
      // A step of several commits leaves views of its last only.
      if (expected !== undefined) expect(ambiguous(view(memory))).toEqual(ambiguous(expected))
    }),
    runs(100),
  )
})

/** After a restart every intent may have been sent. */
function ambiguous(seen: unknown): unknown {
  return JSON.parse(JSON.stringify(seen).replaceAll('"ambiguous":false', '"ambiguous":true'))
}

test('at rest every event of every object that is not lost was delivered or refused, crashes or not', () => {
  fc.assert(
    fc.property(steps, fc.array(fc.nat(5), { minLength: 80, maxLength: 80 }), (random, keeps) => {
      const ledger = new MemoryLedger()
      const witness = new Witness()
      for (const [index, step] of [...beginning, ...random].entries()) {
        if (step === 'reopen') ledger.crash(keeps[index % 80] ?? 0)
        // Settling without sending, and forgetting whose an event is, are not what lanes do.
        else if (!['settle', 'settleTwice'].includes(step.kind)) play(ledger, step, index, witness)
      }
      rest(ledger, witness, start)
      for (const route of ledger.routes().filter(({ receiver }) => !isOwnReceiver(receiver))) {
        const account = ledger.accounts().find((a) => sameRoute(a, route))
        expect(account).toMatchObject({ outstanding: 0, late: 0, provisional: 0 })
        const stored = witness.stored(route.destination)
        expect(wantedIds(witness, route).filter((id) => !stored.has(id))).toEqual([])
      }
    }),
    runs(200),
  )
})

function sameRoute(a: Route, b: Route): boolean {
  return a.destination === b.destination && a.receiver === b.receiver
}

/** Ids of the good events of all objects announced to the route's receiver that are not lost. */
function wantedIds(witness: Witness, { destination, receiver, startAt }: Route): string[] {
  const announced = [...(witness.announced.get(receiver)?.values() ?? [])]
  const wanted = announced.filter((one) => objectTime(one) >= startAt && !witness.isLost(destination, one))
  return wanted.flatMap((one) => {
    const good = contentOf({ ref: 0, size: one.size }).filter(({ bad }) => !bad)
    return good.map(({ id }) => id)
  })
}
