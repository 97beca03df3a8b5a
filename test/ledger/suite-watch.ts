// The guarantees around what the watch goes by: when something came, what cannot be seen again, and the gaps it made.
import { expect } from 'vitest'
import type { Gap, Symptom } from '../../src/domain/gaps.ts'
import { importReceiver, importStore } from '../../src/domain/imports.ts'
import { hour, start } from './lane.ts'
import { at, none, route, see, whole } from './pieces.ts'
import type { Subject } from './suite.ts'
import type { Guarantee } from './suite-repairs.ts'

const minute = (time: number): number => Math.floor(time / 60_000)

export function gapOf(id: string, openedAt: number, closedAt?: number): Gap {
  return {
    id,
    openings: 1,
    kind: 'delivery_behind',
    subject: 'a bucket',
    receiver: 'bucket',
    destination: 'a',
    severity: 'warning',
    from: start,
    to: undefined,
    evidence: 'it waits',
    facts: { objects: 3 },
    next: 'look',
    openedAt,
    changedAt: openedAt,
    toldAt: openedAt,
    acknowledged: undefined,
    opening: undefined,
    closed: closedAt === undefined ? undefined : { at: closedAt, why: 'it is done' },
  }
}

export function lossOf(key: string): Symptom {
  const who = { receiver: 'bucket', destination: 'a', key }
  return { what: 'lost', kind: 'object_vanished', ...who, time: start, reason: 'not there', at: start }
}

export function watchGuarantees(subject: Subject, guarantee: Guarantee): void {
  guarantee('when objects came is known to the minute, once for each receiver, also after they are gone', (first) => {
    first.enrol([route('a'), route('b', start, 'other')], start)
    see(first, at(0), at(1), at(1, 'rewritten'), at(3))
    see(first, at(0))
    first.see('other', 's3://b', [at(3)], 'swept', start)
    first.watch.learn('bucket', [minute(start) - 31, minute(start) + 29, minute(start)])
    const ledger = subject.reopen(first)
    const [from, to] = [minute(start) - 100, minute(start) + 1_000]
    const all = [-31, 0, 29, 60, 180].map((more) => minute(start) + more)
    expect(ledger.watch.arrivals('bucket', from, to)).toEqual(all)
    expect(ledger.watch.arrivals('bucket', all[1] ?? 0, all[4] ?? 0)).toEqual(all.slice(1, 4))
    expect(ledger.watch.arrivals('other', from, to)).toEqual(all.slice(4))
    if (ledger !== first) ledger.close()
  })

  guarantee('when events occurred is known of objects and of imports, of each receiver by itself', (ledger) => {
    const imported = importReceiver(3, 'bucket')
    ledger.enrol([route('a'), route('a', start, 'other'), route('a', 0, imported)], start)
    see(ledger, at(1))
    ledger.see('other', 's3://b', [at(2)], 'swept', start)
    ledger.see(imported, importStore('bucket'), [{ ...at(1), key: 'f' }], 'swept', start)
    ledger.decide(whole(1, ['x', 'y'], start + hour), start)
    ledger.decide(whole(2, ['z'], start + 2 * hour), start)
    ledger.decide(whole(3, ['w'], start + 30 * 60_000), start)
    const minutes = (receiver: string, from: number, to: number) =>
      ledger.watch.eventMinutes(receiver, minute(start) + from, minute(start) + to).map((one) => one - minute(start))
    expect(minutes('bucket', 0, 600)).toEqual([30, 60])
    expect(minutes('bucket', 30, 60)).toEqual([30])
    expect(minutes('other', 0, 600)).toEqual([120])
  })

  guarantee('the oldest object that waits and was not read to its end holds back what is judged', (ledger) => {
    ledger.enrol([route('a'), route('b')], start)
    expect(ledger.watch.unread('bucket')).toBeUndefined()
    see(ledger, at(1), at(2))
    expect(ledger.watch.unread('bucket')).toBe(start + hour)
    ledger.decide(whole(1, ['x']), start)
    expect(ledger.watch.unread('bucket')).toBe(start + 2 * hour)
    ledger.lose('a', 2, 'gone', start)
    expect(ledger.watch.unread('bucket')).toBe(start + 2 * hour)
    ledger.lose('b', 2, 'gone', start)
    expect([ledger.watch.unread('bucket'), ledger.watch.unread('other')]).toEqual([undefined, undefined])
  })

  guarantee('what was noted is there until it is taken, in its order, with what was written with it', (first) => {
    first.enrol([route('a')], start)
    see(first, at(1))
    first.together(() => {
      first.lose('a', 1, 'gone', start)
      first.watch.note(lossOf('k1'))
    })
    expect(() =>
      first.together(() => {
        first.watch.note(lossOf('k2'))
        throw new Error('no')
      }),
    ).toThrow('no')
    first.watch.note(lossOf('k3'))
    const ledger = subject.reopen(first)
    const noted = ledger.watch.noted(9)
    expect(noted.map(({ symptom }) => symptom)).toEqual([lossOf('k1'), lossOf('k3')])
    expect(ledger.watch.noted(1)).toEqual(noted.slice(0, 1))
    ledger.watch.taken(noted[0]?.id ?? 0)
    ledger.watch.note(lossOf('k4'))
    expect(ledger.watch.noted(9).map(({ symptom }) => symptom)).toEqual([lossOf('k3'), lossOf('k4')])
    if (ledger !== first) ledger.close()
  })

  guarantee(
    'a gap is as it was kept last; of those that are over the latest are shown, until they are forgotten',
    (first) => {
      const { watch } = first
      for (const gap of [gapOf('one', 10), gapOf('two', 20), gapOf('three', 30, 90), gapOf('four', 40, 70)])
        watch.keep(gap)
      watch.keep({ ...gapOf('one', 10), evidence: 'it waits for longer', closed: { at: 80, why: 'it came' } })
      watch.remember('here', 'this')
      watch.remember('here', 'that')
      const ledger = subject.reopen(first)
      const ids = (closed: number) => ledger.watch.gaps({ closed }).map(({ id }) => id)
      expect([ids(0), ids(1), ids(2), ids(9)]).toEqual([
        ['two'],
        ['three', 'two'],
        ['three', 'two', 'one'],
        ['four', 'three', 'two', 'one'],
      ])
      expect(ledger.watch.gap('two')).toEqual(gapOf('two', 20))
      expect(ledger.watch.gap('one')).toMatchObject({ evidence: 'it waits for longer', closed: { at: 80 } })
      ledger.watch.forgetGaps(80)
      expect(ids(9)).toEqual(['three', 'two', 'one'])
      expect([ledger.watch.gap('four'), ledger.watch.memory('there')]).toEqual([undefined, undefined])
      expect(ledger.watch.memory('here')).toBe('that')
      if (ledger !== first) ledger.close()
    },
  )

  guarantee('a settled object keeps its arrival', (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(1))
    ledger.decide(whole(1, ['x']), start)
    ledger.settle('a', [{ object: 1, ranges: [[0, 10]], tally: { ...none, delivered: 1 } }])
    expect(ledger.watch.arrivals('bucket', 0, 9e9)).toEqual([minute(start + hour)])
  })
}
