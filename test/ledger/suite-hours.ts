// The guarantees around the calendar: what came in which hour, and what became of it, for as long as the ledger is.
import { expect } from 'vitest'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { hour, start } from './lane.ts'
import { at, everything, route, see, whole } from './pieces.ts'
import type { Subject } from './suite.ts'

type Guarantee = (what: string, body: (ledger: Ledger) => void) => void

const beginning = Math.floor(start / hour) * hour

export function hourGuarantees(subject: Subject, guarantee: Guarantee): void {
  guarantee('an hour knows what came in it and what became of that, once per receiver', (first) => {
    first.enrol([route('a'), route('b'), route('b', start, 'other')], start)
    see(first, at(0), at(1), at(1, 'rewritten'), at(3))
    see(first, at(0), at(3))
    first.see('other', 's3://b', [at(3)], 'swept', start)
    first.decide(whole(1, ['x']), start)
    first.settle('a', [
      { object: 1, ranges: [[0, 10]], tally: { delivered: 0, filtered: 1, duplicates: 0, quarantined: 0 } },
    ])
    first.lose('a', 2, 'gone', start)
    const ledger = subject.reopen(first)
    const waits = (outstanding: object, lost = {}) => ({ outstanding, lost })
    expect(ledger.hours(0)).toEqual([
      { receiver: 'bucket', hour: beginning, objects: 1, ...waits({ b: 1 }) },
      { receiver: 'bucket', hour: beginning + hour, objects: 2, ...waits({ a: 1, b: 2 }, { a: 1 }) },
      { receiver: 'bucket', hour: beginning + 3 * hour, objects: 1, ...waits({ a: 1, b: 1 }) },
      { receiver: 'other', hour: beginning + 3 * hour, objects: 1, ...waits({}) },
    ])
    expect(ledger.hours(beginning + hour).map((one) => one.hour - beginning)).toEqual([hour, 3 * hour, 3 * hour])
    expect(ledger.due('a', everything)).toHaveLength(2)
    if (ledger !== first) ledger.close()
  })
}
