// The guarantees of sealing: rows go, and nothing that can be told from outside changes by it.
import { expect } from 'vitest'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { hour, start } from './lane.ts'
import { account, at, bad, everything, none, route, see, whole } from './pieces.ts'
import type { Subject } from './suite.ts'
import { restoringGuarantees } from './suite-seals-restored.ts'
import { withheldGuarantees } from './suite-seals-withheld.ts'

export type Guarantee = (what: string, body: (ledger: Ledger) => void) => void

export const all = { before: Number.MAX_SAFE_INTEGER, after: undefined, limit: 99 }

/** Reads objects to the end and delivers all there is in them to the destination. */
export function deliver(
  ledger: Ledger,
  destination: string,
  ...objects: readonly [ref: number, ids: readonly string[]][]
) {
  for (const [object, ids] of objects) {
    ledger.decide(whole(object, ids), start)
    const tally = { ...none, delivered: ids.length }
    ledger.settle(destination, [{ object, ranges: [[0, ids.length * 10]], tally }])
  }
}

export function sealingGuarantees(subject: Subject, guarantee: Guarantee): void {
  guarantee('what is done with everywhere is sealed, and is as known and as counted as before', (first) => {
    first.enrol([route('a'), route('b')], start)
    first.swept('bucket', start + 9 * hour)
    first.advance()
    see(first, at(1), at(2))
    for (const destination of ['a', 'b']) deliver(first, destination, [1, ['x']], [2, ['y']])
    const before = [first.accounts(), first.totals()]
    expect(first.seal(all)).toEqual({ sealed: 2, next: undefined })
    const ledger = subject.reopen(first)
    expect([ledger.accounts(), ledger.totals()]).toEqual(before)
    expect(account(ledger, 'a')).toMatchObject({ lateTotal: 2, delivered: 2, watermark: start + 9 * hour - 300_000 })
    expect([ledger.object(1), ledger.row('a', 1), ledger.due('a', everything)]).toEqual([undefined, undefined, []])
    for (const how of ['swept', 'notified'] as const)
      expect(ledger.see('bucket', 's3://b', [at(1), at(2)], how, start)).toEqual({
        fresh: [],
        late: [],
        altered: [],
        known: 2,
      })
    expect(ledger.seal(all).sealed).toBe(0)
    expect([ledger.accounts(), ledger.totals()]).toEqual(before)
    if (ledger !== first) ledger.close()
  })

  guarantee(
    'nothing is sealed that is young, open, lost, in quarantine or of a time that its key does not tell',
    (ledger) => {
      ledger.enrol([route('a', 0), route('b', start + 4 * hour)], start)
      const undated = { key: 'a.gz', version: 'v', size: 50, modified: start + hour }
      see(ledger, undated, at(1), at(2), at(3), at(4), at(6))
      deliver(ledger, 'a', [1, ['x']], [3, ['y']], [5, ['z']], [6, ['w']])
      ledger.lose('a', 2, 'expired', start)
      ledger.decide(bad(4, 0, 3), start)
      ledger.decide({ ...whole(4, ['q', 'r']), from: 10, claimants: whole(4, ['q', 'r']).claimants.slice(1) }, start)
      ledger.settle('a', [{ object: 4, ranges: [[0, 20]], tally: none }])
      expect(account(ledger, 'a')?.outstanding).toBe(0)
      expect(ledger.seal({ ...all, before: start + 5 * hour }).sealed).toBe(1)
      const left = [1, 2, 3, 4, 5, 6].map((ref) => ledger.object(ref) !== undefined)
      expect(left).toEqual([true, true, false, true, true, true])
      deliver(ledger, 'b', [5, ['z']])
      expect(ledger.seal({ ...all, before: start + 5 * hour }).sealed).toBe(1)
      expect(ledger.quarantine({ limit: 9 })).toMatchObject([{ object: { ref: 4, key: at(3).key } }])
    },
  )

  guarantee(
    'a new object in an hour that is sealed is new, and so is another version of one that is sealed',
    (first) => {
      first.enrol([route('a')], start)
      see(first, at(1))
      deliver(first, 'a', [1, ['x']])
      first.swept('bucket', start + 9 * hour)
      first.advance()
      first.seal(all)
      // Number 1 is forgotten, and was the highest: it must not be given again.
      const ledger = subject.reopen(first)
      const other = { ...at(1), key: `${at(1).key}.7` }
      expect(see(ledger, other)).toMatchObject({ fresh: [{ ref: 2 }], late: [{ ref: 2 }], altered: [] })
      const object = { ref: 3, store: 's3://b', key: at(1).key }
      const alteration = { object, kind: 'version', evidence: 'v', at: start }
      expect(see(ledger, at(1, 'w'), at(1))).toMatchObject({ fresh: [{ ref: 3 }], altered: [alteration], known: 1 })
      expect(ledger.see('bucket', 's3://other', [at(1)], 'swept', start)).toMatchObject({ altered: [], known: 0 })
      deliver(ledger, 'a', [2, ['y']], [3, ['z']])
      expect(ledger.seal(all).sealed).toBe(2)
      expect(see(ledger, at(1), at(1, 'w'), other).known).toBe(3)
      expect(ledger.alterations({ limit: 9 })).toEqual([alteration])
      if (ledger !== first) ledger.close()
    },
  )

  guarantee('what somebody is still reading is left alone', (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(1), at(2))
    deliver(ledger, 'a', [1, ['x']], [2, ['y']])
    expect(ledger.seal({ ...all, except: new Set([1]) })).toEqual({ sealed: 1, next: undefined })
    expect([ledger.object(1)?.ref, ledger.object(2)]).toEqual([1, undefined])
    expect(ledger.seal(all).sealed).toBe(1)
  })

  guarantee('a copy of a sealed event is skipped where its owner was, and delivered where it was not', (ledger) => {
    ledger.enrol([route('a'), route('b', start + 2 * hour)], start)
    see(ledger, at(1))
    deliver(ledger, 'a', [1, ['x']])
    expect(ledger.seal(all).sealed).toBe(1)
    see(ledger, at(2), at(3))
    const { copies } = ledger.decide(whole(2, ['x']), start)
    expect(copies).toEqual([{ from: 0, to: 10, owner: { object: 1, from: 0 } }])
    expect([ledger.judge('a', 2, copies), ledger.judge('b', 2, copies)]).toEqual([[true], [false]])
    for (const destination of ['a', 'b']) ledger.settle(destination, [{ object: 2, ranges: [[0, 10]], tally: none }])
    expect(ledger.seal(all).sealed).toBe(1)
    const third = ledger.decide(whole(3, ['x']), start).copies
    expect([ledger.judge('a', 3, third), ledger.judge('b', 3, third)]).toEqual([[true], [true]])
    expect(ledger.adopted('b', 1)).toEqual(new Set([0]))
  })

  guarantee('what skipped something for an object that is still open is not sealed, and can take it back', (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(1), at(2), at(3))
    ledger.decide(whole(1, ['x', 'y']), start)
    for (const object of [2, 3]) {
      ledger.judge('a', object, ledger.decide(whole(object, ['x']), start).copies)
      ledger.settle('a', [{ object, ranges: [[0, 10]], tally: { ...none, duplicates: 1 } }])
    }
    ledger.settle('a', [{ object: 1, ranges: [[10, 20]], tally: none }])
    expect(ledger.seal(all).sealed).toBe(0)
    expect(ledger.lose('a', 1, 'expired', start)).toEqual([2])
    expect(ledger.seal(all).sealed).toBe(0)
    ledger.settle('a', [{ object: 2, ranges: [[0, 10]], tally: none }])
    expect(ledger.seal(all).sealed).toBe(2)
    expect(see(ledger, at(1), at(2), at(3)).known).toBe(3)
  })

  guarantee('what was skipped for a copy that is still open elsewhere is not sealed', (ledger) => {
    ledger.enrol([route('a', start + 2 * hour), route('b')], start)
    see(ledger, at(1), at(2))
    ledger.decide(whole(1, ['x']), start)
    expect(ledger.judge('a', 2, ledger.decide(whole(2, ['x', 'y']), start).copies)).toEqual([false])
    ledger.enrol([route('a', start + 2 * hour), route('b'), route('a', start, 'other')], start)
    ledger.see('other', 's3://b', [at(1)], 'swept', start)
    expect(ledger.adopted('a', 1)).toEqual(new Set([0]))
    for (const destination of ['a', 'b']) ledger.settle(destination, [{ object: 1, ranges: [[0, 10]], tally: none }])
    expect(ledger.seal(all).sealed).toBe(0)
    for (const destination of ['a', 'b']) ledger.settle(destination, [{ object: 2, ranges: [[0, 20]], tally: none }])
    expect(ledger.seal(all).sealed).toBe(2)
  })

  restoringGuarantees(subject, guarantee)
  withheldGuarantees(subject, guarantee)
}
