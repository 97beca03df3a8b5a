// The guarantees around backfills, and around what filters withheld.
import { expect } from 'vitest'
import { covers } from '../../src/domain/ranges.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { hour, start } from './lane.ts'
import { account, at, bad, everything, none, route, see, whole } from './pieces.ts'
import { type Guarantee, mark, position, prepare, send, tallied } from './suite-repairs.ts'

export function refillGuarantees(guarantee: Guarantee): void {
  const refill = (ledger: Ledger, repair: number, force: boolean, destinations?: readonly string[]) => {
    const how = { repair, force, destinations }
    const survey = ledger.survey('bucket', 's3://b', [at(0), at(1)], how)
    const { altered: _, ...result } = ledger.refill('bucket', 's3://b', [at(0), at(1)], how, start)
    expect(survey).toEqual(result)
    return result
  }

  guarantee('a backfill brings what is older than the start, leaves what is settled, and may be repeated', (ledger) => {
    prepare(ledger)
    const before = mark(ledger, 'a')
    expect(refill(ledger, 7, false, ['a'])).toEqual({ taken: 1, waiting: 0, settled: 1 })
    expect(refill(ledger, 7, false, ['a'])).toEqual({ taken: 1, waiting: 0, settled: 1 })
    expect(refill(ledger, 8, false)).toEqual({ taken: 1, waiting: 1, settled: 2 })
    expect(ledger.due('a', everything)).toMatchObject([{ object: { ref: 2, time: start }, late: true, generation: 0 }])
    expect([ledger.repair(7), ledger.repair(8)]).toMatchObject([{ rows: 1 }, { rows: 1 }])
    ledger.advance()
    expect(mark(ledger, 'a')).toBe(before)
    ledger.decide(whole(2, ['x']), start)
    send(ledger, 'a', 0, false, 2)
    expect([ledger.repair(7), ledger.repair(8)]).toMatchObject([
      { rows: 0, delivered: 1 },
      { rows: 1, delivered: 0 },
    ])
  })

  guarantee('what a backfill of one destination registers is no secret to the others', (ledger) => {
    prepare(ledger)
    ledger.refill('bucket', 's3://b', [at(2)], { repair: 7, force: false, destinations: ['a'] }, start)
    expect(ledger.due('b', everything).map(({ object }) => object.ref)).toEqual([2])
    expect(ledger.repair(7)).toMatchObject({ rows: 1 })
  })

  guarantee('a forced backfill sends what is settled once more, in a generation of its own, once', (ledger) => {
    prepare(ledger)
    expect(refill(ledger, 7, true, ['a'])).toEqual({ taken: 2, waiting: 0, settled: 0 })
    expect(refill(ledger, 7, true, ['a'])).toEqual({ taken: 2, waiting: 0, settled: 0 })
    expect(ledger.row('a', 1)).toMatchObject({ settled: [], generation: 7 })
    expect(ledger.row('b', 1)).toBeUndefined()
    // What was refused is part of it; the watermark goes back below what is sent again.
    expect(ledger.entry(1)?.replay).toBe(7)
    ledger.advance()
    expect(mark(ledger, 'a')).toBe(start + hour)
    for (const index of [0, 1, 2]) send(ledger, 'a', index)
    expect(ledger.quarantine({ limit: 9 })).toEqual([])
    expect(ledger.repair(7)).toEqual({ ...tallied, rows: 1, entries: 0, delivered: 3 })
    expect(account(ledger, 'a')).toMatchObject({ delivered: 5, quarantined: 0 })
    // Begun again after its rows were settled, it takes nothing more; a later one does.
    expect(refill(ledger, 7, true, ['a'])).toEqual({ taken: 2, waiting: 0, settled: 0 })
    expect(ledger.row('a', 1)).toBeUndefined()
    refill(ledger, 9, true, ['a'])
    expect(ledger.row('a', 1)).toMatchObject({ settled: [], generation: 9 })
  })

  guarantee('of an object that holds no event nothing is forced', (ledger) => {
    prepare(ledger)
    see(ledger, at(2))
    ledger.decide({ ...bad(2, 0, 10), end: true }, start)
    ledger.settle('a', [{ object: 2, ranges: [[0, 10]], tally: { ...none, quarantined: 1 } }])
    const how = { repair: 7, force: true, destinations: ['a'] }
    expect(ledger.refill('bucket', 's3://b', [at(2)], how, start)).toMatchObject({ taken: 0, settled: 1 })
    expect(account(ledger, 'a')).toMatchObject({ outstanding: 0 })
  })

  guarantee('what was delivered once is not lost by being forced', (ledger) => {
    prepare(ledger)
    refill(ledger, 7, true, ['a'])
    send(ledger, 'a', 1)
    expect(ledger.lose('a', 1, 'gone', start)).toEqual([])
    expect(account(ledger, 'a')).toMatchObject({ lostObjects: 0, outstanding: 1, quarantined: 1 })
    expect(ledger.entry(1)).toMatchObject({ replay: undefined })
  })

  guarantee('a lost object that is there again is due again', (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(1))
    ledger.decide(whole(1, ['u', 'v']), start)
    send(ledger, 'a', 0)
    ledger.lose('a', 1, 'gone', start)
    expect(account(ledger, 'a')).toMatchObject({ lostObjects: 1, lostBytes: 10 })
    ledger.refill('bucket', 's3://b', [at(1)], { repair: 7, force: false, destinations: undefined }, start)
    expect(account(ledger, 'a')).toMatchObject({ lostObjects: 0, lostBytes: 0, outstanding: 1 })
    expect(ledger.row('a', 1)).toMatchObject({ settled: [[0, 10]] })
  })
}

export function releaseGuarantees(guarantee: Guarantee): void {
  const query = { destination: 'a', receiver: undefined, from: 0, to: 9e15, after: 0, limit: 9 }
  const withhold = (ledger: Ledger) => {
    prepare(ledger)
    see(ledger, at(2))
    ledger.decide(whole(2, ['x', 'y', 'z']), start)
    const tally = { ...none, filtered: 3 }
    ledger.settle('a', [{ object: 2, ranges: [[0, 30]], withheld: [[0, 30]], tally }])
  }

  guarantee('what was withheld of a route that was taken out is known where its receiver is named', (ledger) => {
    withhold(ledger)
    ledger.enrol([], start)
    const found = (more: object) => ledger.withholding({ ...query, ...more }).map(({ ref }) => ref)
    expect([found({}), found({ closed: ['other'] })]).toEqual([[], []])
    expect([found({ closed: ['other', 'bucket'] }), found({ receiver: 'bucket', closed: ['bucket'] })]).toEqual([
      [2],
      [2],
    ])
  })

  guarantee('what a filter withheld is known, and what of it is asked for is sent whatever filters say', (ledger) => {
    withhold(ledger)
    expect(ledger.withholding(query).map(({ ref }) => ref)).toEqual([2])
    for (const other of [{ destination: 'b' }, { receiver: 'other' }, { to: start }, { after: 2 }])
      expect(ledger.withholding({ ...query, ...other })).toEqual([])
    expect([ledger.withheld('a', 2), ledger.withheld('a', 1)]).toEqual([[[0, 30]], []])
    expect(ledger.release('a', [position(1, 2), position(1, 1)], 7, start + 5)).toBe(1)
    expect(ledger.release('a', [position(1, 2)], 7, start)).toBe(0)
    expect(ledger.withheld('a', 2)).toEqual([
      [0, 10],
      [20, 30],
    ])
    expect(ledger.row('a', 2)).toMatchObject({
      settled: [
        [0, 10],
        [20, 30],
      ],
      released: [[10, 20]],
      dueAt: start + 5,
    })
    expect(ledger.repair(7)).toMatchObject({ rows: 1 })
    send(ledger, 'a', 1, false, 2)
    expect([ledger.row('a', 2), ledger.repair(7)]).toMatchObject([undefined, { rows: 0, delivered: 1 }])
    expect(ledger.release('a', [position(1, 2)], 8, start)).toBe(0)
  })

  guarantee('what was released and is not to be had was withheld, as before', (ledger) => {
    withhold(ledger)
    ledger.release('a', [position(0, 2), position(2, 2)], 7, start)
    ledger.lose('a', 2, 'gone', start)
    expect(ledger.withheld('a', 2)).toEqual([[0, 30]])
    expect(account(ledger, 'a')).toMatchObject({ lostObjects: 0, outstanding: 0 })
    expect(covers(ledger.row('a', 2)?.settled ?? [], 0, 30)).toBe(false)
  })
}
