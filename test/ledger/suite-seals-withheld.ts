// What filters withheld of objects that are sealed by now.
import { expect } from 'vitest'
import { hour, start } from './lane.ts'
import { at, none, route, see, whole } from './pieces.ts'
import type { Subject } from './suite.ts'
import { all, type Guarantee } from './suite-seals.ts'

export function withheldGuarantees(subject: Subject, guarantee: Guarantee): void {
  guarantee('what filters withheld of a sealed object can be sent later', (first) => {
    first.enrol([route('a'), route('b')], start)
    see(first, at(1), at(2))
    for (const object of [1, 2]) {
      first.decide(whole(object, [`x${object}`, `y${object}`]), start)
      const withheld = object === 1 ? [[10, 20] as const] : []
      first.settle('a', [{ object, ranges: [[0, 20]], withheld, tally: { ...none, delivered: 1, filtered: 1 } }])
      first.settle('b', [{ object, ranges: [[0, 20]], tally: none }])
    }
    expect(first.seal(all).sealed).toBe(2)
    const ledger = subject.reopen(first)
    const query = { destination: 'a', receiver: undefined, from: start, to: start + 9 * hour, after: 0, limit: 9 }
    expect(ledger.withholding(query)).toMatchObject([{ ref: 1, key: at(1).key, version: 'v', size: 50, length: 20 }])
    for (const other of [{ destination: 'b' }, { receiver: 'other' }, { after: 1 }, { to: start }])
      expect(ledger.withholding({ ...query, ...other })).toEqual([])
    expect(ledger.withheld('a', 1)).toEqual([[10, 20]])
    ledger.enrol([], start)
    expect(ledger.withholding(query)).toEqual([])
    expect(ledger.withholding({ ...query, closed: ['bucket'] }).map(({ ref }) => ref)).toEqual([1])
    ledger.enrol([route('a'), route('b')], start)
    const positions = [0, 10].map((from) => ({ object: 1, from, to: from + 10 }))
    expect(ledger.release('a', positions, 7, start)).toBe(1)
    expect(ledger.row('a', 1)).toMatchObject({ settled: [[0, 10]], released: [[10, 20]] })
    expect([ledger.row('b', 1), ledger.withheld('a', 1), ledger.object(2)]).toEqual([undefined, [], undefined])
    expect(ledger.decide(whole(1, ['x1', 'y1']), start)).toEqual({ copies: [], reused: [] })
    ledger.settle('a', [{ object: 1, ranges: [[10, 20]], tally: { ...none, delivered: 1 } }])
    expect(ledger.seal(all).sealed).toBe(1)
    expect(ledger.release('a', positions, 8, start)).toBe(0)
    if (ledger !== first) ledger.close()
  })

  guarantee('what was withheld is found in the order of numbers, in whichever order it was sealed', (ledger) => {
    ledger.enrol([route('a')], start)
    // Numbers against the order of time, and shelves of two.
    see(ledger, ...[7, 1, 6, 2, 5, 3, 4].map((n) => at(n)))
    for (const ref of [1, 2, 3, 4, 5, 6, 7]) {
      ledger.decide(whole(ref, [`x${ref}`]), start)
      const tally = { ...none, filtered: 1 }
      ledger.settle('a', [{ object: ref, ranges: [[0, 10]], withheld: ref === 4 ? [] : [[0, 10]], tally }])
    }
    for (const before of [3, 5, 7]) ledger.seal({ ...all, before: start + before * hour, limit: 2 })
    expect([1, 3].map((ref) => ledger.object(ref) === undefined)).toEqual([false, true])
    const query = { destination: 'a', receiver: undefined, from: start, to: start + 9 * hour, after: 0, limit: 2 }
    const found: number[] = []
    for (let after: number | undefined = 0; after !== undefined; after = found.at(-1)) {
      const refs = ledger.withholding({ ...query, after }).map(({ ref }) => ref)
      if (refs.length === 0) break
      found.push(...refs)
    }
    expect(found).toEqual([1, 2, 3, 5, 6, 7])
    expect(ledger.withholding({ ...query, from: start + 3 * hour, to: start + 6 * hour, limit: 9 })).toMatchObject([
      { ref: 5 },
      { ref: 6 },
      { ref: 7 },
    ])
  })
}
