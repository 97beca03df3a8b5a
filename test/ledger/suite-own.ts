// The guarantees around the forwarder's own records: they are rows like any others, and in nobody's way.
import { expect } from 'vitest'
import { gapReceiver, type OwnRecord, ownId, ownReceiver, ownStore, ownText } from '../../src/domain/own-records.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { hour, refusal, start } from './lane.ts'
import { account, at, everything, none, route, see, whole } from './pieces.ts'
import { pruned } from './pruned.ts'
import type { Subject } from './suite.ts'

type Guarantee = (what: string, body: (ledger: Ledger) => void) => void

function said(n: number, kind: OwnRecord['kind'] = 'heartbeat'): OwnRecord {
  const id = ownId(kind, n)
  return {
    kind,
    id,
    at: start + n * hour,
    level: 'info',
    body: `said ${n}`,
    attributes: { n, list: ['a', { b: true }] },
  }
}

const own = (destination: string) => route(destination, 0, ownReceiver)
const refsOf = (ledger: Ledger, destination: string) =>
  ledger.due(destination, everything).map(({ object }) => object.ref)
const beats = { kind: 'heartbeat', before: start + 99 * hour, limit: 9 } as const

export function ownGuarantees(subject: Subject, guarantee: Guarantee): void {
  guarantee('an own record is due wherever own records are taken, with its text as its only event', (first) => {
    first.enrol([route('a'), own('a'), route('b')], start)
    first.record([{ record: said(1) }], start)
    const ledger = subject.reopen(first)
    const [row] = ledger.due('a', everything)
    const length = Buffer.byteLength(ownText(said(1)))
    expect(row).toMatchObject({
      receiver: ownReceiver,
      object: { ref: 1, store: ownStore, time: start + hour, length },
    })
    expect(ledger.own(1)).toEqual(said(1))
    expect([refsOf(ledger, 'b'), ledger.own(2)]).toEqual([[], undefined])
    const [intent] = ledger.intend('a', [{ token: 't', members: [{ object: 1, from: 0, to: length }] }], start)
    ledger.resolve(intent?.id ?? 0, { delivered: 'all' }, start)
    expect(ledger.due('a', everything)).toEqual([])
    expect(ledger.ownStandings()).toEqual([
      { destination: 'a', ...none, delivered: 1, outstanding: 0, oldest: undefined },
    ])
    if (ledger !== first) ledger.close()
  })

  guarantee('a record that is said twice is one, and whoever it was not for may get it later', (ledger) => {
    ledger.enrol([own('a'), own('b')], start)
    ledger.record(
      [
        { record: said(1), except: ['b'] },
        { record: said(2), only: ['b'] },
      ],
      start,
    )
    ledger.record([{ record: said(1), except: ['b'] }], start)
    expect([refsOf(ledger, 'a'), refsOf(ledger, 'b')]).toEqual([[1], [2]])
    ledger.record([{ record: said(1), only: ['b'] }], start)
    expect([refsOf(ledger, 'a'), refsOf(ledger, 'b')]).toEqual([[1], [1, 2]])
    ledger.record([{ record: said(3), only: ['nobody'] }], start)
    expect(ledger.own(3)).toBeUndefined()
  })

  guarantee('who is told of gaps alone is told of nothing else', (ledger) => {
    ledger.enrol([own('a'), route('page', 0, gapReceiver)], start)
    ledger.record(
      [said(1), said(2, 'gap.opened'), said(3, 'gap.closed'), said(4, 'act')].map((record) => ({ record })),
      start,
    )
    expect([refsOf(ledger, 'a'), refsOf(ledger, 'page')]).toEqual([
      [1, 2, 3, 4],
      [2, 3],
    ])
  })

  guarantee('own records are in no account, no total and no watermark, and hold no claim', (ledger) => {
    ledger.enrol([route('a'), own('a')], start)
    see(ledger, at(1))
    ledger.swept('bucket', start + 9 * hour)
    ledger.decide(whole(1, ['x']), start)
    ledger.settle('a', [{ object: 1, ranges: [[0, 10]], tally: { ...none, delivered: 1 } }])
    ledger.record([{ record: said(-50) }, { record: said(90) }], start + 90 * hour)
    expect(ledger.advance()).toEqual([{ destination: 'a', receiver: 'bucket', time: start + 9 * hour - 300_000 }])
    expect(ledger.accounts()).toHaveLength(1)
    expect(account(ledger, 'a')).toMatchObject({ outstanding: 0, delivered: 1 })
    expect(ledger.totals()).toMatchObject({ objects: 1, events: 1 })
    expect(pruned(ledger, 2 * hour)).toBe(0)
    ledger.enrol([route('a')], start)
    expect(ledger.retired()).toEqual([])
  })

  guarantee(
    'a destination that comes later is told what is said from then on, and one that is back what it was told',
    (ledger) => {
      ledger.enrol([own('a')], start)
      ledger.record([{ record: said(1) }], start)
      ledger.enrol([own('a'), own('b')], start)
      expect(refsOf(ledger, 'b')).toEqual([])
      ledger.record([{ record: said(2) }], start)
      ledger.enrol([own('b')], start)
      ledger.record([{ record: said(3) }], start)
      expect([refsOf(ledger, 'a'), refsOf(ledger, 'b')]).toEqual([[], [2, 3]])
      ledger.enrol([own('a'), own('b')], start)
      expect([refsOf(ledger, 'a'), refsOf(ledger, 'b')]).toEqual([
        [1, 2],
        [2, 3],
      ])
      ledger.rename('a', 'c')
      expect(refsOf(ledger, 'c')).toEqual([1, 2])
    },
  )

  guarantee('what waits can be asked for by kind and time, and withdrawn', (ledger) => {
    ledger.enrol([route('a'), own('a'), own('b')], start)
    see(ledger, at(1))
    const records = [said(3), said(1), said(2, 'control'), said(5)]
    ledger.record(
      records.map((record) => ({ record })),
      start,
    )
    const found = ledger.waiting('a', { ...beats, before: start + 5 * hour })
    expect(found.map(({ record }) => record)).toEqual([said(1), said(3)])
    expect(ledger.waiting('a', { ...beats, limit: 1 })).toEqual(found.slice(0, 1))
    const tally = { ...none, filtered: 1 }
    ledger.settle(
      'a',
      found.map(({ object, length }) => ({ object, ranges: [[0, length]], tally })),
    )
    expect(ledger.waiting('a', beats).map(({ record }) => record)).toEqual([said(5)])
    expect(ledger.waiting('b', beats)).toHaveLength(3)
    expect(ledger.ownStandings()).toMatchObject([
      { destination: 'a', filtered: 2, outstanding: 2, oldest: start + 2 * hour },
      { destination: 'b', filtered: 0, outstanding: 4, oldest: start + hour },
    ])
  })

  guarantee('a record is forgotten once everybody has it, and its number is never given again', (ledger) => {
    ledger.enrol([route('a'), own('a'), own('b')], start)
    ledger.record(
      [1, 2, 3, 4].map((n) => ({ record: said(n) })),
      start,
    )
    const end = (destination: string, ...objects: number[]) => {
      const length = (object: number) => ledger.row(destination, object)?.object.size ?? 0
      const ended = objects.map((object) => ({ object, ranges: [[0, length(object)]] as const, tally: none }))
      ledger.settle(destination, ended)
    }
    end('a', 1, 2, 3, 4)
    end('b', 1, 3, 4)
    expect(ledger.forget(new Set([3]), 0)).toBe(1)
    expect([1, 2, 3, 4].map((ref) => ledger.own(ref)?.body)).toEqual([undefined, 'said 2', 'said 3', 'said 4'])
    expect(ledger.object(1)).toBeUndefined()
    expect(see(ledger, at(7)).fresh).toMatchObject([{ ref: 5 }])
    expect(ledger.forget(new Set(), 0)).toBe(2)
    ledger.record([{ record: said(1) }], start)
    expect(refsOf(ledger, 'b')).toEqual([6, 2])
  })

  guarantee(
    'what was refused or is on its way is not forgotten, and what a retired destination left in time',
    (ledger) => {
      ledger.enrol([route('a'), own('a'), own('b')], start)
      ledger.record(
        [1, 2, 3, 4].map((n) => ({ record: said(n), only: [n < 3 ? 'a' : 'b'] })),
        start,
      )
      see(ledger, at(9))
      const to = (object: number) => ledger.object(object)?.size ?? 0
      const draft = (object: number) => ({ token: `t${object}`, members: [{ object, from: 0, to: to(object) }] })
      const [refused] = ledger.intend('a', [draft(1)], start)
      ledger.resolve(refused?.id ?? 0, { delivered: [], refused: [{ ...refusal(0), certain: true }] }, start)
      const [, underWay] = [
        ledger.settle('a', [{ object: 2, ranges: [[0, to(2)]], tally: none }]),
        ledger.intend('b', [draft(3)], start),
      ]
      ledger.enrol([route('a'), own('a')], start + hour)
      expect(ledger.forget(new Set(), start + hour)).toBe(1)
      expect(ledger.forget(new Set(), start + hour + 1)).toBe(1)
      expect([1, 2, 3, 4].map((ref) => ledger.own(ref)?.body)).toEqual(['said 1', undefined, 'said 3', undefined])
      ledger.resolve(underWay[0]?.id ?? 0, { delivered: [] }, start)
      expect(ledger.forget(new Set(), start + hour + 1)).toBe(1)
      ledger.enrol([route('a'), own('a'), own('b')], start + 2 * hour)
      expect(ledger.ownStandings()).toMatchObject([{ quarantined: 1, outstanding: 0 }, { outstanding: 0 }])
    },
  )

  guarantee('what is written together stands together or not at all', (ledger) => {
    ledger.enrol([route('a'), own('a')], start)
    const tell = () => ledger.record([{ record: said(1, 'act') }], start)
    const failed = () =>
      ledger.together(() => {
        tell()
        ledger.rename('nobody', 'b')
      })
    expect(failed).toThrow(/no destination nobody/)
    expect(ledger.own(1)).toBeUndefined()
    const caught = () =>
      ledger.together(() => {
        tell()
        try {
          ledger.rename('nobody', 'b')
        } catch {}
      })
    expect(caught).toThrow(/no destination nobody/)
    expect(refsOf(ledger, 'a')).toEqual([])
    expect(ledger.together(() => [tell(), ledger.rename('a', 'b')].length)).toBe(2)
    expect(refsOf(ledger, 'b')).toEqual([1])
    expect(() => ledger.together(() => ledger.rename('b', 'c'))).not.toThrow()
  })
}
