// The guarantees around replays of what is in quarantine.
import { expect } from 'vitest'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { badBytes, hour, refusal, start } from './lane.ts'
import { account, at, none, route, see, whole } from './pieces.ts'

export type Guarantee = (what: string, body: (ledger: Ledger) => void) => void

export const position = (index: number, object = 1) => ({ object, from: index * 10, to: index * 10 + 10 })
export const tallied = { delivered: 0, filtered: 0, duplicates: 0, quarantined: 0, lost: 0 }

/** Sends one position, and answers what the ledger made of the outcome. */
export function send(ledger: Ledger, destination: string, index: number, refused = false, object = 1): void {
  const [intent] = ledger.intend(destination, [{ token: 't', members: [position(index, object)] }], start)
  const certain = { ...refusal(0, index * 10), certain: true, reason: 'refused again' }
  const outcome = refused ? { delivered: [], refused: [certain] } : { delivered: 'all' as const }
  ledger.resolve(intent?.id ?? 0, outcome, start)
}

/** `a` has refused the first of three events of an object and taken the others; `b` has taken all. */
export function prepare(ledger: Ledger): void {
  ledger.enrol([route('a', start + hour), route('b', start + hour)], start)
  see(ledger, at(1))
  ledger.swept('bucket', start + 4 * hour)
  ledger.decide(whole(1, ['u', 'v', 'w']), start)
  for (const index of [0, 1, 2]) send(ledger, 'a', index, index === 0)
  for (const index of [0, 1, 2]) send(ledger, 'b', index)
  ledger.advance()
}

export const mark = (ledger: Ledger, destination: string) => account(ledger, destination)?.watermark

export function repairGuarantees(guarantee: Guarantee): void {
  replayGuarantees(guarantee)
  badStretchGuarantees(guarantee)
}

function replayGuarantees(guarantee: Guarantee): void {
  guarantee(
    'a replayed record is due where it was refused, once, and leaves the quarantine when it is delivered',
    (ledger) => {
      prepare(ledger)
      expect(account(ledger, 'a')).toMatchObject({ quarantined: 1, outstanding: 0 })
      expect(ledger.replay(1, 7, start + 5)).toBe('due')
      expect([ledger.replay(1, 7, start), ledger.replay(1, 8, start), ledger.replay(9, 8, start)]).toEqual([
        'due',
        'under way',
        'no entry',
      ])
      expect(ledger.entry(1)).toMatchObject({ replay: 7, destination: 'a', receiver: 'bucket', from: 0, to: 10 })
      expect(account(ledger, 'a')).toMatchObject({ quarantined: 0, outstanding: 1 })
      expect(account(ledger, 'b')?.outstanding).toBe(0)
      expect(ledger.row('a', 1)).toMatchObject({ settled: [[10, 30]], dueAt: start + 5, generation: 0 })
      expect(ledger.repair(7)).toEqual({ ...tallied, rows: 0, entries: 1 })
      send(ledger, 'a', 0)
      expect(ledger.quarantine({ limit: 9 })).toEqual([])
      expect(account(ledger, 'a')).toMatchObject({ quarantined: 0, outstanding: 0, delivered: 3 })
      expect(ledger.repair(7)).toEqual({ ...tallied, rows: 0, entries: 0, delivered: 1 })
      expect(ledger.replay(1, 9, start)).toBe('no entry')
    },
  )

  guarantee('a record that is refused again stays, with the new reason, and can be replayed again', (ledger) => {
    prepare(ledger)
    ledger.replay(1, 7, start)
    send(ledger, 'a', 0, true)
    expect(ledger.quarantine({ limit: 9 })).toMatchObject([{ id: 1, reason: 'refused again', replay: undefined }])
    expect(account(ledger, 'a')).toMatchObject({ quarantined: 1, outstanding: 0 })
    expect(ledger.repair(7)).toMatchObject({ entries: 0, quarantined: 1 })
    expect(ledger.replay(1, 8, start)).toBe('due')
  })

  guarantee('a provisional refusal of a replayed record keeps its entry, whatever becomes of it', (ledger) => {
    prepare(ledger)
    ledger.replay(1, 7, start)
    const refuse = () => {
      const [intent] = ledger.intend('a', [{ token: 't', members: [position(0)] }], start)
      ledger.resolve(intent?.id ?? 0, { delivered: [], refused: [{ ...refusal(0), reason: 'no' }] }, start)
    }
    refuse()
    expect(ledger.quarantine({ limit: 9 })).toMatchObject([{ id: 1, reason: 'no', provisional: true, replay: 7 }])
    expect([ledger.replay(1, 8, start), ledger.kept(1)]).toEqual(['under way', []])
    expect(ledger.revoke('a', start)).toBe(1)
    expect(ledger.quarantine({ limit: 9 })).toMatchObject([{ id: 1, provisional: false, replay: 7 }])
    expect(ledger.kept(1)).toMatchObject([{ object: 1, from: 0, to: 10, offset: 0, line: 1 }])
    refuse()
    see(ledger, at(2))
    ledger.decide(whole(2, ['x']), start)
    send(ledger, 'a', 0, false, 2)
    expect(ledger.quarantine({ limit: 9 })).toMatchObject([{ id: 1, provisional: false, replay: undefined }])
    expect(ledger.repair(7)).toMatchObject({ entries: 0, quarantined: 1 })
  })

  guarantee('a replayed record that cannot be had goes back, and nothing is lost by the attempt', (ledger) => {
    prepare(ledger)
    ledger.replay(1, 7, start)
    expect(ledger.lose('a', 1, 'gone', start)).toEqual([])
    expect(account(ledger, 'a')).toMatchObject({ quarantined: 1, outstanding: 0, lostObjects: 0, lostBytes: 0 })
    expect(ledger.quarantine({ limit: 9 })).toMatchObject([{ id: 1, replay: undefined }])
    expect(ledger.repair(7)).toMatchObject({ entries: 0, lost: 1 })
  })

  guarantee('the watermark waits for what is replayed, and does not go back', (ledger) => {
    prepare(ledger)
    const before = mark(ledger, 'a')
    ledger.replay(1, 7, start)
    ledger.swept('bucket', start + 9 * hour)
    ledger.advance()
    expect(mark(ledger, 'a')).toBe(before)
    send(ledger, 'a', 0)
    ledger.advance()
    expect(mark(ledger, 'a')).toBe(start + 9 * hour - 300_000)
  })

  guarantee('nothing is replayed for a destination that is retired, and no message', (ledger) => {
    prepare(ledger)
    ledger.quarantineMessage('bucket', '?', 'unknown', start)
    ledger.enrol([route('b')], start)
    expect([ledger.replay(1, 7, start), ledger.replay(2, 7, start)]).toEqual(['retired', 'message'])
    ledger.understood(1)
    ledger.understood(2)
    expect(ledger.quarantine({ limit: 9 }).map(({ id }) => id)).toEqual([1])
  })

  guarantee('entries are found by destination, receiver, reason and time, page by page', (ledger) => {
    prepare(ledger)
    ledger.quarantineMessage('other', '?', 'Not JSON', start + 10)
    const ids = (query: Partial<Parameters<Ledger['quarantine']>[0]>) => {
      return ledger.quarantine({ limit: 9, ...query }).map(({ id }) => id)
    }
    expect([ids({}), ids({ destination: 'a' }), ids({ destination: 'b' })]).toEqual([[1, 2], [1, 2], [2]])
    expect([ids({ receiver: 'other' }), ids({ receiver: 'bucket' })]).toEqual([[2], [1]])
    expect([ids({ reason: 'not j' }), ids({ reason: '%' })]).toEqual([[2], []])
    expect([ids({ since: start + 10 }), ids({ until: start + 10 }), ids({ after: 1 }), ids({ limit: 1 })]).toEqual([
      [2],
      [1],
      [2],
      [1],
    ])
  })
}

function badStretchGuarantees(guarantee: Guarantee): void {
  /** The middle of three stretches was no event; both destinations have passed over it. */
  const spoil = (ledger: Ledger) => {
    ledger.enrol([route('a'), route('b')], start)
    see(ledger, at(1), at(2))
    const { claimants, ...rest } = whole(1, ['u', 'v', 'w'])
    ledger.decide({ ...rest, claimants: claimants.filter(({ from }) => from !== 10), bad: [badBytes(10, 20)] }, start)
    for (const destination of ['a', 'b']) {
      ledger.settle(destination, [{ object: 1, ranges: [[10, 20]], tally: { ...none, quarantined: 1 } }])
      for (const index of [0, 2]) send(ledger, destination, index)
    }
  }

  guarantee(
    'a stretch that turns out to be an event is decided then, and leaves when every destination has it',
    (ledger) => {
      spoil(ledger)
      ledger.decide(whole(2, ['v']), start)
      expect(ledger.replay(1, 7, start)).toBe('due')
      expect([account(ledger, 'a'), account(ledger, 'b')]).toMatchObject([
        { outstanding: 2, quarantined: 0 },
        { outstanding: 2, quarantined: 0 },
      ])
      // Another object has the event: what is decided anew is its copy, in any reading.
      const copy = { from: 10, to: 20, owner: { object: 2, from: 0 } }
      expect(ledger.decide(whole(1, ['u', 'v', 'w']), start)).toEqual({ copies: [copy], reused: [] })
      expect(ledger.decide(whole(1, ['u', 'v', 'w']), start)).toEqual({ copies: [copy], reused: [] })
      expect(ledger.totals()).toMatchObject({ events: 4 })
      for (const destination of ['a', 'b']) {
        expect(ledger.quarantine({ limit: 9 })).toHaveLength(1)
        expect(ledger.judge(destination, 1, [copy])).toEqual([true])
        ledger.settle(destination, [{ object: 1, ranges: [[10, 20]], tally: { ...none, duplicates: 1 } }])
      }
      expect(ledger.quarantine({ limit: 9 })).toEqual([])
      expect(ledger.repair(7)).toMatchObject({ entries: 0, delivered: 1 })
    },
  )

  guarantee('a copy that was no event for a time is a copy again', (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(1), at(2))
    ledger.decide(whole(1, ['x']), start)
    const { copies } = ledger.decide(whole(2, ['x', 'y']), start)
    const tally = { ...none, duplicates: 1, delivered: 1 }
    ledger.settle('a', [{ object: 2, ranges: [[0, 20]], tally }])
    const y = whole(2, ['x', 'y']).claimants.slice(1)
    ledger.decide({ ...whole(2, ['x', 'y']), claimants: y, bad: [badBytes(0, 10)] }, start)
    expect(ledger.replay(1, 5, start)).toBe('arrived')
    expect(ledger.decide(whole(2, ['x', 'y']), start).copies).toEqual(copies)
    expect(ledger.judge('a', 2, copies)).toEqual([true])
  })

  guarantee('what a destination had before it turned out to be no event is not sent to it again', (ledger) => {
    ledger.enrol([route('a'), route('b'), route('c')], start)
    see(ledger, at(1))
    ledger.decide(whole(1, ['u', 'v']), start)
    send(ledger, 'a', 0)
    ledger.intend('b', [{ token: 't', members: [position(0)] }], start)
    const { claimants, ...rest } = whole(1, ['u', 'v'])
    // Another setting: the first is somebody else's event now.
    ledger.decide({ ...rest, claimants: claimants.slice(1), bad: [badBytes(0, 10)] }, start)
    ledger.settle('c', [{ object: 1, ranges: [[0, 10]], tally: { ...none, quarantined: 1 } }])
    ledger.rename('c', 'd')
    ledger.rename('a', 'c')
    expect(ledger.replay(1, 7, start)).toBe('due')
    expect(ledger.row('c', 1)?.settled).toEqual([[0, 10]])
    expect(ledger.row('d', 1)?.settled).toEqual([])
    expect(ledger.decide(whole(1, ['u', 'v']), start)).toEqual({ copies: [], reused: [] })
    expect(ledger.totals()).toMatchObject({ events: 2 })
    send(ledger, 'd', 0)
    ledger.resolve(ledger.intents('b')[0]?.id ?? 0, { delivered: 'all' }, start)
    expect(ledger.quarantine({ limit: 9 })).toEqual([])
    // Where everybody had it, nothing is due.
    ledger.decide({ ...rest, claimants: claimants.slice(1), bad: [badBytes(0, 10)] }, start)
    expect(ledger.replay(2, 8, start)).toBe('arrived')
    expect(ledger.quarantine({ limit: 9 })).toEqual([])
  })

  guarantee('a stretch that is no event still stays where it is', (ledger) => {
    spoil(ledger)
    ledger.replay(1, 7, start)
    const { claimants, ...rest } = whole(1, ['u', 'v', 'w'])
    ledger.decide({ ...rest, claimants: claimants.filter(({ from }) => from !== 10), bad: [badBytes(10, 20)] }, start)
    for (const destination of ['a', 'b'])
      ledger.settle(destination, [{ object: 1, ranges: [[10, 20]], tally: { ...none, quarantined: 1 } }])
    expect(ledger.quarantine({ limit: 9 })).toMatchObject([{ id: 1, replay: undefined }])
    expect(ledger.repair(7)).toMatchObject({ entries: 0, quarantined: 1 })
    expect(account(ledger, 'a')).toMatchObject({ quarantined: 1 })
    ledger.remark(1, 'still no event')
    expect(ledger.entry(1)?.reason).toBe('still no event')
  })
}
