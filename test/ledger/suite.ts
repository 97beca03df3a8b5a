// What every ledger guarantees, whatever it is made of. An implementation's test is one call.
import { expect, test } from 'vitest'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { hour, start } from './lane.ts'
import { account, altered, at, bad, everything, none, route, see, whole } from './pieces.ts'
import { pruned } from './pruned.ts'
import { closingGuarantees } from './suite-closing.ts'
import { hourGuarantees } from './suite-hours.ts'
import { importGuarantees } from './suite-imports.ts'
import { namingGuarantees } from './suite-names.ts'
import { ownGuarantees } from './suite-own.ts'
import { refillGuarantees, releaseGuarantees } from './suite-refill.ts'
import { repairGuarantees } from './suite-repairs.ts'
import { sealingGuarantees } from './suite-seals.ts'
import { sendingGuarantees } from './suite-sending.ts'
import { watchGuarantees } from './suite-watch.ts'

export interface Subject {
  open(options?: { maxQuarantineBytes?: number }): Ledger
  /** Stops and starts. */
  reopen(ledger: Ledger): Ledger
}

export function ledgerSuite(name: string, subject: Subject): void {
  const guarantee = (what: string, body: (ledger: Ledger) => void) => {
    test(`${name}: ${what}`, () => {
      const ledger = subject.open()
      try {
        body(ledger)
      } finally {
        ledger.close()
      }
    })
  }
  guarantee('an object is its store, key and version, and is seen once', (ledger) => {
    ledger.enrol([route('a')], start)
    expect(see(ledger, at(1), at(1))).toMatchObject({ fresh: [{ ref: 1, time: start + hour }], known: 1 })
    expect(see(ledger, at(1))).toEqual({ fresh: [], late: [], altered: [], known: 1 })
    expect(see(ledger, at(1, 'w')).fresh).toHaveLength(1)
    expect(ledger.see('bucket', 's3://other', [at(1)], 'notified', start).fresh).toHaveLength(1)
    expect(account(ledger, 'a')?.outstanding).toBe(3)
  })

  guarantee('whose events a receiver gives is what was noted last, also after a restart', (first) => {
    const stop = { expected: 'acmee', reason: 'only others', since: start }
    expect(first.belongings.all()).toEqual([])
    first.belongings.note({ receiver: 'other', found: undefined, stop })
    first.belongings.note({ receiver: 'bucket', found: undefined, stop })
    first.belongings.note({ receiver: 'bucket', found: 'acme', stop: undefined })
    const ledger = subject.reopen(first)
    expect(ledger.belongings.all()).toEqual([
      { receiver: 'bucket', found: 'acme', stop: undefined },
      { receiver: 'other', found: undefined, stop },
    ])
    if (ledger !== first) ledger.close()
  })

  guarantee('an object from before every start is nobody’s', (ledger) => {
    ledger.enrol([route('a', start + hour)], start)
    expect(see(ledger, at(0), at(1))).toMatchObject({ fresh: [{ time: start + hour }], known: 1 })
  })

  guarantee('a new destination gets what is known from its start on, and the next sweep begins there', (ledger) => {
    ledger.enrol([route('a', start + 2 * hour)], start)
    see(ledger, at(2), at(4))
    ledger.swept('bucket', start + 5 * hour)
    ledger.enrol([route('a', 0), route('b', start + 3 * hour)], start)
    expect(ledger.due('b', everything).map((row) => row.object.time)).toEqual([start + 4 * hour])
    expect(ledger.sweptTo('bucket')).toBe(start + 3 * hour)
    expect(ledger.routes()[0]?.startAt).toBe(start + 2 * hour)
  })

  guarantee('a retired route keeps its rows uncounted, and counts them again when it is back', (ledger) => {
    ledger.enrol([route('a'), route('b')], start)
    see(ledger, at(1))
    ledger.enrol([route('b')], start)
    expect(ledger.accounts()).toHaveLength(1)
    expect(ledger.due('a', everything)).toEqual([])
    see(ledger, at(2))
    ledger.enrol([route('a'), route('b')], start)
    expect(account(ledger, 'a')?.outstanding).toBe(2)
  })

  guarantee('a row is settled when its ranges cover the object, and settling twice is refused', (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(1))
    ledger.decide(whole(1, ['x', 'y', 'z']), start)
    ledger.settle('a', [{ object: 1, ranges: [[20, 30]], tally: { ...none, filtered: 1 } }])
    ledger.settle('a', [{ object: 1, ranges: [[0, 10]], tally: none }])
    expect(ledger.row('a', 1)?.settled).toEqual([
      [0, 10],
      [20, 30],
    ])
    expect(() => ledger.settle('a', [{ object: 1, ranges: [[5, 15]], tally: none }])).toThrow(/settled twice/)
    ledger.settle('a', [{ object: 1, ranges: [[10, 20]], tally: none }])
    expect(ledger.row('a', 1)).toBeUndefined()
    expect(account(ledger, 'a')).toMatchObject({ outstanding: 0, filtered: 1 })
  })

  guarantee('an object with nothing in it is settled by reading it', (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(1))
    ledger.decide(whole(1, []), start)
    expect(account(ledger, 'a')?.outstanding).toBe(0)
  })

  guarantee(
    'what is due is due in order, but not what is in hand, and a clock that jumped delays nothing',
    (ledger) => {
      ledger.enrol([route('a')], start)
      see(ledger, at(1), at(2), at(3), at(4))
      ledger.postpone('a', 2, start + 1000, 'denied')
      ledger.postpone('a', 3, start + 9 * hour, 'denied')
      const times = (query: object) => ledger.due('a', { ...everything, ...query }).map((row) => row.object.ref)
      expect(times({})).toEqual([1, 3, 4])
      expect(times({ newest: true, limit: 2 })).toEqual([4, 3])
      const { time: since = 0 } = ledger.row('a', 3)?.object ?? {}
      expect(times({ since })).toEqual([3, 4])
      expect(times({ since: since + 1, newest: true })).toEqual([4])
      expect(times({ now: start + 1000, except: new Set([1]) })).toEqual([2, 3, 4])
      expect(ledger.nextDue('a', new Set([1, 4]))).toBe(start + 1000)
      expect(ledger.row('a', 2)).toMatchObject({ attempts: 1, reason: 'denied' })
    },
  )

  guarantee('a copy has one owner, however the chunks are cut and after a restart', (first) => {
    let ledger = first
    ledger.enrol([route('a')], start)
    see(ledger, at(1), at(2))
    ledger.decide(whole(1, ['x']), start)
    const { claimants } = whole(2, ['y', 'x', 'x', 'w'])
    const part = (from: number, to: number) => {
      const inside = claimants.filter((one) => one.from >= from && one.to <= to)
      return { object: 2, from, to, claimants: inside, bad: [], end: to === 40 }
    }
    const owner = { object: 1, from: 0 }
    const copies = [
      { from: 10, to: 20, owner },
      { from: 20, to: 30, owner },
    ]
    expect(ledger.decide(part(0, 20), start).copies).toEqual(copies.slice(0, 1))
    ledger = subject.reopen(ledger)
    expect(ledger.decide(part(0, 40), start).copies).toEqual(copies)
    expect(ledger.decide(part(20, 40), start).copies).toEqual(copies.slice(1))
    expect(ledger.totals()).toMatchObject({ events: 5 })
    if (ledger !== first) ledger.close()
  })

  guarantee('the same id within 2 s is a copy, also across the hour; from 2 s on it is reused', (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(1), at(2), at(3), at(4))
    ledger.decide(whole(1, ['x'], start - 500), start)
    expect(ledger.decide(whole(2, ['x'], start + 1499), start).copies).toHaveLength(1)
    expect(ledger.decide(whole(3, ['x'], start + 1500), start)).toEqual({ copies: [], reused: [[0, 10]] })
    expect(ledger.decide(whole(3, ['x'], start + 1500), start).reused).toEqual([[0, 10]])
    expect(ledger.decide(whole(4, ['x'], start + 1600), start).copies[0]?.owner.object).toBe(3)
  })

  guarantee('a copy is skipped only where its owner is, and one copy alone is adopted', (ledger) => {
    ledger.enrol([route('a'), route('b', start + 2 * hour)], start)
    see(ledger, at(1), at(2), at(3))
    ledger.decide(whole(1, ['x']), start)
    const second = ledger.decide(whole(2, ['x']), start).copies
    const third = ledger.decide(whole(3, ['x']), start).copies
    expect(ledger.judge('a', 2, second)).toEqual([true])
    expect([ledger.judge('b', 2, second), ledger.judge('b', 3, third)]).toEqual([[false], [true]])
    expect([ledger.judge('b', 2, second), ledger.judge('b', 3, third)]).toEqual([[false], [true]])
    expect(ledger.adopted('b', 1)).toEqual(new Set([0]))
    expect(account(ledger, 'b')?.adopted).toBe(1)
  })

  guarantee('losing an object makes the copies skipped for it due again, one of each', (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(1), at(2), at(3))
    ledger.decide(whole(1, ['x', 'y']), start)
    ledger.settle('a', [{ object: 1, ranges: [[10, 20]], tally: none }])
    for (const object of [2, 3]) {
      ledger.judge('a', object, ledger.decide(whole(object, ['x', 'y']), start).copies)
      ledger.settle('a', [{ object, ranges: [[0, 20]], tally: { ...none, duplicates: 2 } }])
    }
    expect(account(ledger, 'a')?.outstanding).toBe(1)
    expect(ledger.lose('a', 1, 'expired', start)).toEqual([2])
    expect(ledger.row('a', 2)?.settled).toEqual([[10, 20]])
    const { copies } = ledger.decide(whole(2, ['x', 'y']), start)
    expect(ledger.judge('a', 2, copies)).toEqual([false, true])
    expect(account(ledger, 'a')).toMatchObject({ lostObjects: 1, lostBytes: 10, duplicates: 3, outstanding: 1 })
    expect(ledger.lose('a', 2, 'expired', start)).toEqual([3])
    expect(ledger.lose('a', 2, 'expired', start)).toEqual([])
  })

  guarantee('claims outlive the oldest undecided object by the window', (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(1), at(30))
    ledger.decide(whole(2, ['x'], start + 20 * hour), start)
    expect(pruned(ledger, 0)).toBe(0)
    ledger.decide(whole(1, ['y'], start), start)
    expect(pruned(ledger, 48 * hour)).toBe(0)
  })

  guarantee('claims are dropped a few hours at a time, and the next step goes on behind the last', (ledger) => {
    ledger.enrol([route('a')], start)
    const refs = Array.from({ length: 15 }, (_, n) => n + 1)
    see(ledger, ...refs.map((n) => at(n)), at(200))
    for (const n of refs) ledger.decide(whole(n, [`x${n}`], start - n * hour), start)
    ledger.decide(whole(16, ['y'], start + 20 * hour), start)
    const first = Math.floor(start / hour) - 15
    expect(ledger.prune(0)).toEqual({ dropped: 6, next: first + 5 })
    expect(ledger.prune(0, start - 5 * hour, first + 5)).toEqual({ dropped: 4, next: undefined })
    expect(ledger.prune(0, undefined, first + 5)).toEqual({ dropped: 5, next: undefined })
    expect(pruned(ledger, 0)).toBe(0)
  })

  guarantee('a key with another version is an object of its own, and noted as an alteration, once', (ledger) => {
    ledger.enrol([route('a')], start)
    expect(see(ledger, at(1), at(2)).altered).toEqual([])
    const object = { ref: 3, store: 's3://b', key: at(1).key }
    const alteration = { object, kind: 'version', evidence: 'v', at: start }
    expect(see(ledger, at(1, 'w'), at(2)).altered).toEqual([alteration])
    expect(see(ledger, at(1, 'w')).altered).toEqual([])
    expect(ledger.see('other', 's3://b', [at(1, 'w')], 'swept', start).altered).toEqual([])
    expect(ledger.alterations({ limit: 9 })).toEqual([alteration])
    expect(ledger.totals()).toMatchObject({ altered: 1 })
  })

  guarantee('bytes that are not what the key says are noted once, also over a restart', (first) => {
    let ledger = first
    ledger.enrol([route('a')], start)
    see(ledger, at(1))
    expect(ledger.altered(altered(1), 'abcd', start)).toBe(true)
    ledger = subject.reopen(ledger)
    expect(ledger.altered(altered(1), 'abcd', start)).toBe(false)
    expect(ledger.alterations({ limit: 9 })).toMatchObject([{ object: { ref: 1 }, kind: 'content', evidence: 'abcd' }])
    expect(ledger.totals()).toMatchObject({ altered: 1 })
    if (ledger !== first) ledger.close()
  })

  guarantee('a stretch that has become bad after it was decided is kept, once', (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(1))
    ledger.decide(whole(1, ['x', 'y']), start)
    const { bad: stretches } = bad(1, 10, 3)
    const later = { ...whole(1, ['x']), to: 20, bad: stretches }
    for (let time = 0; time < 2; time += 1) ledger.decide(later, start)
    expect(ledger.quarantine({ limit: 9 })).toMatchObject([{ object: { ref: 1 }, offset: 10, reason: 'no event' }])
    expect(ledger.totals()).toMatchObject({ events: 2, bad: 1 })
  })

  guarantee('quarantine is charged for what it holds, and says what it may hold', (ledger) => {
    const { bytes, capacity } = ledger.holdings().quarantine
    expect(bytes).toBe(0)
    expect(capacity).toBeGreaterThan(1_000_000)
    ledger.quarantineMessage('bucket', 'x'.repeat(1_000), 'no announcement', start)
    const one = ledger.holdings().quarantine.bytes
    expect(one).toBeGreaterThan(1_000)
    ledger.quarantineMessage('bucket', 'x'.repeat(5_000), 'no announcement', start)
    expect(ledger.holdings().quarantine.bytes).toBe(2 * one + 4_000)
  })

  test(`${name}: the capacity of quarantine is the one that was configured`, () => {
    const ledger = subject.open({ maxQuarantineBytes: 4_321 })
    expect(ledger.holdings().quarantine.capacity).toBe(4_321)
    ledger.close()
  })

  namingGuarantees(subject, guarantee)
  ownGuarantees(subject, guarantee)
  closingGuarantees(subject, guarantee)
  repairGuarantees(guarantee)
  refillGuarantees(guarantee)
  releaseGuarantees(guarantee)
  importGuarantees(guarantee)
  hourGuarantees(subject, guarantee)
  watchGuarantees(subject, guarantee)
  sendingGuarantees(name, subject, guarantee)
  sealingGuarantees(subject, guarantee)
}
