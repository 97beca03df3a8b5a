// What is told of hours must be what the ledger counts, and what lies in the objects, whatever happens to them.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { HourAccount } from '../../src/domain/control.ts'
import { ownReceiver, ownStore } from '../../src/domain/own-records.ts'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { contentOf, hour, start } from './lane.ts'
import { acts, type Kind, rest } from './steps.ts'
import { allRefs } from './steps-own.ts'
import { Witness } from './witness.ts'

/**
 * Settling what was not sent, and events that are none at the second look, are in no object; and what comes and goes has
 * its accounts elsewhere.
 */
const unfit = new Set<string>(['settle', 'settleTwice', 'decideOtherwise', 'enrol', 'rename', 'together'])
const repairs = new Set<string>(['refill', 'release', 'replay'])
const kinds = (Object.keys(acts) as Kind[]).filter((kind) => !unfit.has(kind))
const weights: Partial<Record<Kind, number>> = {
  ...{ see: 6, read: 12, resolve: 6, lose: 4, closeHours: 5, swept: 3, work: 3, seal: 4 },
}
const number = fc.nat(60)
const steps = fc.array(
  fc.oneof(
    ...kinds.map((kind) => {
      const arbitrary = fc.record({ kind: fc.constant(kind), a: number, b: number, c: number })
      return { weight: weights[kind] ?? 1, arbitrary }
    }),
    { weight: 1, arbitrary: fc.constant('crash' as const) },
  ),
  { minLength: 5, maxLength: 90, size: 'max' },
)

/** The last account of every hour. */
class Told {
  readonly hours = new Map<string, HourAccount>()
  records = 0

  close(ledger: MemoryLedger): number {
    const tell = (account: HourAccount) => {
      this.records += 1
      this.hours.set(`${account.destination} ${account.hour}`, account)
      const id = `${account.destination} ${account.hour} ${account.revision}`
      return { kind: 'control', id, at: start, level: 'info', body: '', attributes: {} } as const
    }
    return ledger.closeHours(99, tell, start)
  }
}

test('accounts of hours agree with the ledger and with the objects, to the record, whatever happens', () => {
  fc.assert(
    fc.property(steps, (random) => {
      const ledger = new MemoryLedger()
      const told = new Told()
      const witness = new Witness()
      const routes = ['splunk', 'datadog'].flatMap((destination) => [
        { destination, receiver: 'bucket', startAt: start },
        { destination, receiver: ownReceiver, startAt: 0 },
      ])
      ledger.enrol(routes, start)
      for (const [index, step] of random.entries()) {
        if (step === 'crash') ledger.crash(index % 5)
        else if (step.kind === 'closeHours') told.close(ledger)
        else attempt(() => acts[step.kind](ledger, step, start + index * 1000, witness))
      }
      rest(ledger, witness, start)
      ledger.swept('bucket', start + 9 * hour)
      while (told.close(ledger) > 0);
      for (const account of ledger.accounts()) {
        const mine = [...told.hours.values()].filter(({ destination }) => destination === account.destination)
        for (const name of ['delivered', 'filtered', 'duplicates', 'quarantined', 'lostObjects'] as const)
          expect(
            mine.reduce((sum, one) => sum + one[name], 0),
            name,
          ).toBe(account[name])
      }
      const isRepaired = random.some((step) => step !== 'crash' && repairs.has(step.kind))
      for (const one of told.hours.values())
        expect(one).toEqual({ ...one, ...recounted(ledger, witness, one, isRepaired) })
    }),
    {
      numRuns: Number(process.env['LEDGER_RUNS'] ?? 150),
      ...(process.env['LEDGER_RUNS'] === undefined && { seed: 1 }),
    },
  )
})

function attempt(body: () => unknown): void {
  try {
    body()
  } catch (error) {
    if ((error as Error).name !== 'AssertionError') throw error
  }
}

/**
 * What the objects of an hour hold, as far as anybody has read them. Where none is lost, everything in them has ended,
 * and what was asked for again more than once.
 */
function recounted(
  ledger: MemoryLedger,
  witness: Witness,
  account: HourAccount,
  isRepaired: boolean,
): Partial<HourAccount> {
  const known = new Map([...witness.known, ...allRefs(ledger).map((object) => [object.ref, object] as const)])
  const objects = [...known.values()]
    .filter(({ store, time }) => store !== ownStore && time >= account.hour && time < account.hour + hour)
    .sort((a, b) => a.time - b.time || a.ref - b.ref)
  const items = objects.flatMap((object) => contentOf(object))
  const good = items.filter(({ bad }) => !bad)
  if (objects.some(({ length }) => length === undefined)) return { objects: objects.length }
  const { delivered, filtered, duplicates, quarantined } = account
  const ended = delivered + filtered + duplicates + quarantined
  if (account.lostObjects === 0 && isRepaired) expect(ended).toBeGreaterThanOrEqual(items.length)
  else if (account.lostObjects === 0) expect(ended).toBe(items.length)
  return {
    objects: objects.length,
    events: good.length,
    bad: items.length - good.length,
    firstId: good[0]?.id,
    lastId: good[good.length - 1]?.id,
  }
}
