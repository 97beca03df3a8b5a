// The guarantees around accounts of hours: told once, exact, and told again where an hour has changed.
import { expect } from 'vitest'
import type { HourAccount } from '../../src/domain/control.ts'
import { type OwnRecord, ownId, ownReceiver } from '../../src/domain/own-records.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { badBytes, hour, refusal, start } from './lane.ts'
import { at, none, route, see, whole } from './pieces.ts'
import type { Subject } from './suite.ts'

type Guarantee = (what: string, body: (ledger: Ledger) => void) => void

const minutes = 60_000

export function told({ destination, receiver, hour, revision }: HourAccount): OwnRecord {
  const id = ownId('control', destination, receiver, hour, revision)
  return { kind: 'control', id, at: start, level: 'info', body: 'an hour', attributes: { destination, revision } }
}

/** Every account there is now. */
export function close(ledger: Ledger, limit = 99): HourAccount[] {
  const accounts: HourAccount[] = []
  const tell = (account: HourAccount) => {
    accounts.push(account)
    return told(account)
  }
  expect(ledger.closeHours(limit, tell, start)).toBe(accounts.length)
  return accounts
}

const brief = ({ hour: when, destination, revision }: HourAccount) => [(when - start) / hour, destination, revision]
const own = (destination: string) => route(destination, 0, ownReceiver)

function settle(ledger: Ledger, destination: string, object: number, from: number, to: number, as: keyof typeof none) {
  const tally = { ...none, [as]: (to - from) / 10 }
  ledger.settle(destination, [{ object, ranges: [[from, to]], tally }])
}

export function closingGuarantees(subject: Subject, guarantee: Guarantee): void {
  guarantee(
    'an hour is accounted for once it is swept and nothing in it is outstanding, each destination by itself',
    (ledger) => {
      ledger.enrol([route('a'), route('b'), route('silent'), own('a'), own('b')], start)
      see(ledger, at(0), { ...at(0), key: `${at(0).key}x` }, at(1))
      ledger.decide({ ...whole(1, ['u', 'v', 'w', 'x']), bad: [badBytes(40, 50)], to: 50 }, start)
      ledger.decide(whole(2, ['v']), start)
      ledger.decide(whole(3, ['y']), start)
      ledger.judge('a', 2, [{ from: 0, to: 10, owner: { object: 1, from: 10 } }])
      settle(ledger, 'a', 1, 0, 10, 'filtered')
      settle(ledger, 'a', 2, 0, 10, 'duplicates')
      settle(ledger, 'a', 1, 40, 50, 'quarantined')
      const member = (from: number) => ({ object: 1, from, to: from + 10 })
      const [sent] = ledger.intend('a', [{ token: 't', members: [10, 20, 30].map(member) }], start)
      expect(close(ledger)).toEqual([])
      ledger.swept('bucket', start + hour + 5 * minutes)
      expect(close(ledger)).toEqual([])
      ledger.resolve(sent?.id ?? 0, { delivered: [0, 2], refused: [{ ...refusal(1), certain: true }] }, start)
      expect(close(ledger)).toEqual([
        {
          destination: 'a',
          receiver: 'bucket',
          hour: start,
          revision: 1,
          objects: 2,
          lostObjects: 0,
          events: 5,
          bad: 1,
          delivered: 2,
          filtered: 1,
          duplicates: 1,
          quarantined: 2,
          firstId: 'u',
          lastId: 'v',
        },
      ])
      expect(close(ledger)).toEqual([])
      settle(ledger, 'b', 1, 0, 50, 'delivered')
      settle(ledger, 'b', 2, 0, 10, 'delivered')
      expect(close(ledger).map(brief)).toEqual([[0, 'b', 1]])
      expect(ledger.waiting('a', { kind: 'control', before: start + 9, limit: 9 })).toHaveLength(1)
      expect(ledger.waiting('b', { kind: 'control', before: start + 9, limit: 9 })).toHaveLength(1)
    },
  )

  guarantee('from the first sweep on every hour is accounted for, before it only those with objects', (first) => {
    first.enrol([route('a', start - 900 * hour), own('a')], start)
    see(first, at(-800), at(-700), at(2))
    for (const ref of [1, 2, 3]) first.decide(whole(ref, []), start)
    first.swept('bucket', start + 2.5 * hour)
    expect(close(first).map(brief)).toEqual([
      [-800, 'a', 1],
      [-700, 'a', 1],
    ])
    const ledger = subject.reopen(first)
    ledger.swept('bucket', start + 5.2 * hour)
    expect(close(ledger, 2).map(brief)).toEqual([
      [2, 'a', 1],
      [3, 'a', 1],
    ])
    expect(close(ledger)).toMatchObject([{ hour: start + 4 * hour, objects: 0, events: 0, firstId: undefined }])
    expect(close(ledger)).toEqual([])
    if (ledger !== first) ledger.close()
  })

  guarantee('an hour in which something is outstanding waits, and holds up no other', (ledger) => {
    ledger.enrol([route('a'), own('a')], start)
    see(ledger, at(0), at(1), at(2))
    for (const ref of [2, 3]) ledger.decide(whole(ref, []), start)
    ledger.swept('bucket', start + 4 * hour)
    expect(close(ledger).map(brief)).toEqual([
      [1, 'a', 1],
      [2, 'a', 1],
    ])
    ledger.lose('a', 1, 'expired', start)
    expect(close(ledger)).toMatchObject([{ hour: start, revision: 1, objects: 1, lostObjects: 1, delivered: 0 }])
  })

  guarantee('an hour that has changed is accounted for again, with what it holds now', (ledger) => {
    ledger.enrol([route('a'), own('a')], start)
    see(ledger, at(0), at(1))
    ledger.decide(whole(1, ['x', 'y']), start)
    const { copies } = ledger.decide(whole(2, ['x', 'z']), start)
    ledger.judge('a', 2, copies)
    settle(ledger, 'a', 2, 0, 10, 'duplicates')
    settle(ledger, 'a', 2, 10, 20, 'delivered')
    ledger.swept('bucket', start + 4 * hour)
    expect(close(ledger).map(brief)).toEqual([[1, 'a', 1]])
    // Something late; an owner that is lost; a lost object's batch that arrives after all.
    const [late] = see(ledger, { ...at(2), key: `${at(2).key}late` }).fresh
    const [underWay] = ledger.intend('a', [{ token: 't', members: [{ object: 1, from: 10, to: 20 }] }], start)
    ledger.lose('a', 1, 'expired', start)
    expect(close(ledger).map(brief)).toEqual([[0, 'a', 1]])
    ledger.resolve(underWay?.id ?? 0, { delivered: 'all' }, start)
    ledger.decide(whole(late?.ref ?? 0, []), start)
    settle(ledger, 'a', 2, 0, 10, 'delivered')
    expect(close(ledger)).toMatchObject([
      { hour: start, revision: 2, lostObjects: 1, events: 2, delivered: 1 },
      { hour: start + hour, revision: 2, events: 2, delivered: 2, duplicates: 0 },
      { hour: start + 2 * hour, revision: 1, objects: 1, events: 0 },
    ])
    expect(close(ledger)).toEqual([])
  })

  guarantee('a destination that is told later is told of the hours before, and one that is gone of none', (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(0))
    ledger.decide(whole(1, []), start)
    ledger.swept('bucket', start + 2 * hour)
    expect(close(ledger)).toEqual([])
    ledger.enrol([route('a'), own('a')], start)
    expect(close(ledger).map(brief)).toEqual([[0, 'a', 1]])
    ledger.enrol([own('a')], start)
    ledger.swept('bucket', start + 9 * hour)
    expect(close(ledger)).toEqual([])
    ledger.enrol([route('a'), own('a')], start)
    ledger.swept('bucket', start + 3 * hour)
    expect(close(ledger).map(brief)).toEqual([[1, 'a', 1]])
  })

  guarantee('an hour whose record could not be made is accounted for later', (ledger) => {
    ledger.enrol([route('a'), own('a')], start)
    see(ledger, at(0))
    ledger.decide(whole(1, []), start)
    ledger.swept('bucket', start + 2 * hour)
    const failing = () => {
      throw new Error('no words')
    }
    expect(() => ledger.closeHours(9, failing, start)).toThrow('no words')
    expect(close(ledger).map(brief)).toEqual([[0, 'a', 1]])
  })
}
