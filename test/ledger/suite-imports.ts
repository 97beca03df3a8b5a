// The guarantees around imports: each is an object under a receiver of its own, and in nobody's way.
import { expect } from 'vitest'
import { importReceiver, importStore } from '../../src/domain/imports.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { hour, start } from './lane.ts'
import { account, at, everything, none, route, see, whole } from './pieces.ts'
import { pruned } from './pruned.ts'

type Guarantee = (what: string, body: (ledger: Ledger) => void) => void

const receiver = importReceiver(7, 'bucket')
const store = importStore('bucket')
const imported = (destination: string) => route(destination, 0, receiver)
const file = { key: 'abcd', version: '7', size: 50, modified: start - 900 * hour }

function bring(ledger: Ledger, now = start): void {
  ledger.see(receiver, store, [file], 'swept', now)
}

/** Time has passed: claims are forgotten by the newest object's. */
function seeLate(ledger: Ledger, n: number): void {
  ledger.see('bucket', 's3://b', [at(n)], 'swept', start + n * hour)
}

function settle(ledger: Ledger, destination: string, object: number, to: number): void {
  ledger.settle(destination, [{ object, ranges: [[0, to]], tally: { ...none, delivered: to / 10 } }])
}

export function importGuarantees(guarantee: Guarantee): void {
  guarantee(
    'an import is due where its events are wanted, and in no account, watermark or number of late objects',
    (ledger) => {
      ledger.enrol([route('a')], start)
      see(ledger, at(1))
      ledger.swept('bucket', start + 9 * hour)
      ledger.decide(whole(1, ['x']), start)
      settle(ledger, 'a', 1, 10)
      ledger.advance()
      ledger.enrol([route('a'), imported('a'), imported('b')], start)
      bring(ledger)
      expect(ledger.due('b', everything)).toMatchObject([
        { receiver, object: { store, time: file.modified }, late: false },
      ])
      ledger.swept('bucket', start + 10 * hour)
      expect(ledger.advance()).toEqual([{ destination: 'a', receiver: 'bucket', time: start + 10 * hour - 300_000 }])
      expect(ledger.accounts()).toHaveLength(1)
      expect(account(ledger, 'a')).toMatchObject({ outstanding: 0, delivered: 1, lateTotal: 0 })
      ledger.decide(whole(2, ['y', 'z'], file.modified), start)
      settle(ledger, 'a', 2, 20)
      expect(ledger.imports.accounts()).toMatchObject([
        { destination: 'a', receiver, outstanding: 0, delivered: 2, watermark: undefined },
        { destination: 'b', receiver, outstanding: 1, delivered: 0, watermark: undefined },
      ])
    },
  )

  guarantee('an import that is done is retired without a word, one that is not with one', (ledger) => {
    ledger.enrol([imported('a'), imported('b')], start)
    bring(ledger)
    ledger.decide(whole(1, ['x']), start)
    settle(ledger, 'a', 1, 10)
    ledger.enrol([], start)
    expect(ledger.imports.accounts()).toEqual([])
    expect(ledger.retired()).toMatchObject([{ destination: 'b', receiver, outstanding: 1 }])
  })

  guarantee('an import is for whom it was meant: a destination that comes later has none of it', (ledger) => {
    ledger.enrol([route('a'), imported('a')], start)
    bring(ledger)
    see(ledger, at(1))
    ledger.enrol([route('a'), imported('a'), route('b'), imported('b')], start)
    expect(ledger.due('b', everything).map(({ object }) => object.ref)).toEqual([2])
  })

  guarantee('objects are known by their numbers, and those that are not listed any more are counted', (ledger) => {
    ledger.enrol([route('a')], start)
    expect(ledger.imports.latest()).toBe(0)
    see(ledger, at(1), at(2), at(3))
    expect(ledger.imports.latest()).toBe(3)
    expect(ledger.imports.numbers('s3://b', [at(3), at(9), at(1), at(1, 'other')])).toEqual([
      3,
      undefined,
      1,
      undefined,
    ])
    expect(ledger.imports.numbers('s3://c', [at(1)])).toEqual([undefined])
    const span = { from: start + 2 * hour, to: start + 3 * hour }
    const mine = { receiver: 'bucket', store: 's3://b', places: [] }
    expect(ledger.imports.unlisted(mine, span, new Set([3]))).toEqual([2])
    expect(ledger.imports.unlisted(mine, { ...span, to: span.to + 1 }, new Set([2]))).toEqual([3])
    const others = { ...mine, receiver: 'other' }
    expect(ledger.imports.unlisted(others, span, new Set())).toEqual([])
    expect(ledger.imports.unlisted({ ...others, places: ['no', at(2).key] }, span, new Set())).toEqual([2])
    ledger.enrol([route('a'), route('a', 0, 'other')], start)
    ledger.see('other', 's3://b', [at(2)], 'swept', start)
    expect(ledger.imports.unlisted(others, span, new Set())).toEqual([2])
  })

  guarantee("what an object left to another is remembered as the other's", (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(1), at(2))
    seeLate(ledger, 2000)
    ledger.decide(whole(1, ['x']), start)
    ledger.decide(whole(2, ['w', 'x']), start)
    ledger.decide(whole(3, []), start)
    expect(pruned(ledger, hour)).toBe(2)
    ledger.imports.remember(2, whole(2, ['w', 'x']).claimants)
    ledger.enrol([route('a'), imported('a')], start)
    bring(ledger)
    const { copies } = ledger.decide(whole(4, ['w', 'x']), start)
    expect(copies.map(({ owner }) => owner)).toEqual([
      { object: 2, from: 0 },
      { object: 1, from: 0 },
    ])
  })

  guarantee(
    'what was forgotten is known again once it is remembered, and recognised where it was delivered',
    (ledger) => {
      ledger.enrol([route('a')], start)
      see(ledger, at(1))
      seeLate(ledger, 2000)
      ledger.decide(whole(1, ['x', 'y']), start)
      settle(ledger, 'a', 1, 20)
      ledger.decide(whole(2, []), start)
      expect(pruned(ledger, hour)).toBe(2)
      ledger.imports.remember(1, whole(1, ['x', 'y']).claimants)
      ledger.imports.remember(1, whole(1, ['x', 'y']).claimants)
      ledger.enrol([route('a'), imported('a'), imported('b')], start)
      bring(ledger)
      const { copies } = ledger.decide(whole(3, ['new', 'x']), start)
      expect(copies).toEqual([{ from: 10, to: 20, owner: { object: 1, from: 0 } }])
      expect([ledger.judge('a', 3, copies), ledger.judge('b', 3, copies)]).toEqual([[true], [false]])
    },
  )

  guarantee('an import leans on rows that are to deliver what it left to them, until they have', (ledger) => {
    ledger.enrol([route('a'), route('b'), imported('a'), imported('b')], start)
    see(ledger, at(1), at(2))
    ledger.decide(whole(1, ['x', 'y']), start)
    ledger.decide(whole(2, ['z']), start)
    bring(ledger)
    const leans = () => ['a', 'b'].map((destination) => ledger.imports.leansOn(destination, 3))
    expect(leans()).toEqual([false, false])
    const { copies } = ledger.decide(whole(3, ['new', 'x']), start)
    for (const destination of ['a', 'b']) {
      expect(ledger.judge(destination, 3, copies)).toEqual([true])
      ledger.settle(destination, [{ object: 3, ranges: [[0, 20]], tally: { ...none, delivered: 1, duplicates: 1 } }])
    }
    expect(leans()).toEqual([true, true])
    settle(ledger, 'a', 1, 20)
    expect(leans()).toEqual([false, true])
    expect(ledger.lose('b', 1, 'gone', start)).toEqual([3])
    expect(leans()).toEqual([false, false])
    expect(ledger.row('b', 3)).toMatchObject({ settled: [[0, 10]] })
  })

  guarantee(
    'claims that are needed are not forgotten, nor are those of imports for as long as files reach back',
    (ledger) => {
      ledger.enrol([route('a'), imported('a')], start)
      see(ledger, at(1))
      seeLate(ledger, 3000)
      ledger.decide(whole(1, ['x']), start)
      ledger.decide(whole(2, ['z'], start + 3000 * hour), start)
      bring(ledger, start + 3000 * hour)
      ledger.decide(whole(3, ['y'], start), start)
      expect(pruned(ledger, hour, start)).toBe(0)
      expect(pruned(ledger, hour)).toBe(1)
      ledger.imports.remember(1, whole(1, ['y']).claimants)
      seeLate(ledger, 3001)
      expect(ledger.decide(whole(4, ['y'], start), start).copies).toMatchObject([{ owner: { object: 3 } }])
      seeLate(ledger, 401 * 24)
      ledger.decide(whole(5, []), start)
      expect(pruned(ledger, hour)).toBe(2)
    },
  )

  guarantee('a destination has what is settled there or on its way', (ledger) => {
    ledger.enrol([route('a'), route('b', start + 2 * hour)], start)
    see(ledger, at(1), at(2))
    ledger.decide(whole(1, ['x', 'y']), start)
    ledger.settle('a', [{ object: 1, ranges: [[10, 20]], tally: none }])
    expect(ledger.imports.has('a', 1, [0, 10])).toEqual([true, true])
    expect(ledger.imports.has('b', 1, [0, 10])).toEqual([false, false])
    ledger.lose('a', 1, 'gone', start)
    expect(ledger.imports.has('a', 1, [0, 10])).toEqual([false, true])
  })

  guarantee('which rows of a finished import were copies is forgotten a few at a time', (ledger) => {
    ledger.enrol([imported('a')], start)
    bring(ledger)
    ledger.decide(whole(1, ['x', 'x', 'x', 'x']), start)
    expect([2, 2, 2].map((limit) => ledger.imports.forgetCopies(1, limit))).toEqual([2, 1, 0])
    expect(ledger.imports.forgetCopies(99, 2)).toBe(0)
  })
}
