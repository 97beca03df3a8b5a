// What is sealed is asked for after all: by a destination that comes later or is back, by an operator, by an import.
import { expect } from 'vitest'
import type { Sighting } from '../../src/domain/objects.ts'
import { hour, refusal, start } from './lane.ts'
import { account, altered, at, everything, none, route, see, whole } from './pieces.ts'
import { pruned } from './pruned.ts'
import type { Subject } from './suite.ts'
import { all, deliver, type Guarantee } from './suite-seals.ts'

/** An object whose partition is so many hours older than its stamp. */
function lagging(n: number, hours: number): Sighting {
  const [, year, month, day, h] =
    /^(....)-(..)-(..)T(..)/.exec(new Date(start + (n - hours) * hour).toISOString()) ?? []
  const { key, ...rest } = at(n)
  return { ...rest, key: `year=${year}/month=${Number(month)}/day=${Number(day)}/hour=${Number(h)}/${key}` }
}

export function restoringGuarantees(subject: Subject, guarantee: Guarantee): void {
  guarantee('a later destination gets what is sealed as it was, once it is listed, and nobody else does', (first) => {
    first.enrol([route('a')], start)
    first.see('bucket', 's3://b', [at(1), at(2)], 'notified', start + 7)
    deliver(first, 'a', [1, ['x', 'x']], [2, ['y', 'x']])
    first.swept('bucket', start + 9 * hour)
    first.seal(all)
    const totals = first.totals()
    const routes = [route('a'), route('b', start + 2 * hour), route('c', start)]
    first.enrol(routes, start + 20 * hour)
    const ledger = subject.reopen(first)
    expect(ledger.sweptTo('bucket')).toBe(start)
    const seen = ledger.see('bucket', 's3://b', [at(1), at(2)], 'swept', start + 20 * hour)
    expect(seen).toMatchObject({ known: 0, late: [], altered: [] })
    expect(seen.fresh).toMatchObject([
      { ref: 1, seenAt: start + 7, length: 20 },
      { ref: 2, seenAt: start + 7 },
    ])
    const due = (destination: string) => ledger.due(destination, { ...everything, now: start + 99 * hour })
    expect(['a', 'b', 'c'].map((name) => due(name).map(({ object }) => object.ref))).toEqual([[], [2], [1, 2]])
    // Its own claims are its own; the copies are found again.
    expect(ledger.decide(whole(1, ['x', 'x']), start).copies).toEqual([
      { from: 10, to: 20, owner: { object: 1, from: 0 } },
    ])
    const { copies } = ledger.decide(whole(2, ['y', 'x']), start)
    expect(copies).toEqual([{ from: 10, to: 20, owner: { object: 1, from: 0 } }])
    expect([ledger.judge('b', 2, copies), ledger.judge('c', 2, copies)]).toEqual([[false], [true]])
    expect(ledger.totals()).toEqual(totals)
    for (const destination of ['b', 'c']) ledger.settle(destination, [{ object: 2, ranges: [[0, 20]], tally: none }])
    ledger.settle('c', [{ object: 1, ranges: [[0, 20]], tally: none }])
    expect(ledger.seal(all).sealed).toBe(2)
    expect(see(ledger, at(1), at(2)).known).toBe(2)
    if (ledger !== first) ledger.close()
  })

  guarantee('a destination that was away gets what was found and sealed meanwhile, however old', (ledger) => {
    ledger.enrol([route('a'), route('b')], start)
    ledger.swept('bucket', start + 9 * hour)
    ledger.enrol([route('a')], start)
    see(ledger, at(3), at(12))
    deliver(ledger, 'a', [1, ['x']], [2, ['y']])
    expect(ledger.seal(all).sealed).toBe(2)
    ledger.swept('bucket', start + 20 * hour)
    ledger.enrol([route('a'), route('b')], start)
    expect(ledger.sweptTo('bucket')).toBe(start + 3 * hour)
    expect(see(ledger, at(3), at(12)).fresh.map(({ ref }) => ref)).toEqual([1, 2])
    expect(account(ledger, 'a')?.outstanding).toBe(0)
    expect(account(ledger, 'b')?.outstanding).toBe(2)
  })

  for (const isSealedAgain of [false, true]) {
    const again = isSealedAgain ? ', sealed once more' : ''
    guarantee(
      `what is sealed and then seen by another receiver is also for its routes that are away${again}`,
      (ledger) => {
        const routes = [route('a'), route('a', start, 'archive')]
        ledger.enrol([...routes, route('b', start, 'archive')], start)
        ledger.swept('archive', start + 9 * hour)
        ledger.enrol(routes, start)
        see(ledger, at(3))
        deliver(ledger, 'a', [1, ['x']])
        expect(ledger.seal(all).sealed).toBe(1)
        const listed = () => ledger.see('archive', 's3://b', [at(3)], 'swept', start)
        expect(listed()).toMatchObject({ fresh: [], known: 1 })
        expect(ledger.hours(start).filter(({ receiver }) => receiver === 'archive')).toMatchObject([{ objects: 1 }])
        if (isSealedAgain) expect(ledger.seal(all).sealed).toBe(1)
        ledger.enrol([...routes, route('b', start, 'archive')], start)
        if (isSealedAgain) expect(ledger.sweptTo('archive')).toBe(start + 3 * hour)
        expect(listed().fresh).toHaveLength(isSealedAgain ? 1 : 0)
        expect([account(ledger, 'a')?.outstanding, account(ledger, 'b')?.outstanding]).toEqual([0, 1])
      },
    )
  }

  guarantee('the sweep for a later destination goes back to the partitions of what is sealed', (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(6), lagging(7, 5))
    deliver(ledger, 'a', [1, ['x']], [2, ['y']])
    ledger.swept('bucket', start + 9 * hour)
    ledger.seal(all)
    ledger.enrol([route('a'), route('b', start + 6 * hour)], start)
    expect(ledger.sweptTo('bucket')).toBe(start + hour)
  })

  guarantee(
    'seals go on under a destination’s new name, and who comes under the old one begins with nothing',
    (ledger) => {
      ledger.enrol([route('a')], start)
      see(ledger, at(1))
      deliver(ledger, 'a', [1, ['x']])
      ledger.seal(all)
      ledger.rename('a', 'c')
      expect(see(ledger, at(1)).known).toBe(1)
      ledger.enrol([route('a'), route('c')], start)
      expect(see(ledger, at(1)).fresh).toHaveLength(1)
      expect([account(ledger, 'a')?.outstanding, account(ledger, 'c')?.outstanding]).toEqual([1, 0])
    },
  )

  guarantee('what a receiver has had sealed another one brings only to those who have not had it', (ledger) => {
    ledger.enrol([route('a'), route('b', start, 'other')], start)
    see(ledger, at(1))
    deliver(ledger, 'a', [1, ['x']])
    ledger.seal(all)
    ledger.enrol([route('a'), route('a', start, 'other'), route('b', start, 'other')], start)
    const other = () => ledger.see('other', 's3://b', [at(1)], 'swept', start)
    expect(other().fresh).toMatchObject([{ ref: 1 }])
    expect([other().known, see(ledger, at(1)).known]).toEqual([1, 1])
    expect([ledger.due('a', everything), ledger.due('b', everything).length]).toEqual([[], 1])
  })

  guarantee('a receiver that saw it before it was sealed brings it anew to those who have not had it', (ledger) => {
    ledger.enrol([route('a'), route('b', start, 'other')], start)
    const other = () => ledger.see('other', 's3://b', [at(1)], 'swept', start)
    see(ledger, at(1))
    other()
    for (const destination of ['a', 'b']) deliver(ledger, destination, [1, ['x']])
    expect(ledger.seal(all).sealed).toBe(1)
    ledger.enrol([route('a'), route('b', start, 'other'), route('c'), route('d', start, 'other')], start)
    expect([see(ledger, at(1)).fresh.length, other().fresh.length]).toEqual([1, 1])
    expect(['a', 'b', 'c', 'd'].map((name) => ledger.due(name, everything).length)).toEqual([0, 0, 1, 1])
  })

  guarantee('a walk goes on where it was, in the order of time, and ends', (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(4), at(2), at(3), at(1))
    deliver(ledger, 'a', [1, ['x']], [2, ['y']], [4, ['z']])
    const first = ledger.seal({ ...all, limit: 2 })
    expect(first).toEqual({ sealed: 2, next: { time: start + 2 * hour, object: 2 } })
    const second = ledger.seal({ ...all, after: first.next, limit: 1 })
    expect(second).toEqual({ sealed: 0, next: { time: start + 3 * hour, object: 3 } })
    expect(ledger.seal({ ...all, after: second.next, limit: 1 })).toEqual({ sealed: 1, next: undefined })
  })

  guarantee('claims are kept and dropped as if nothing were sealed', (ledger) => {
    ledger.enrol([route('a')], start)
    ledger.see('bucket', 's3://b', [at(1), at(30)], 'swept', start + 31 * hour)
    ledger.decide(whole(2, ['y'], start + 30 * hour), start)
    ledger.decide(whole(1, ['x'], start + hour), start)
    for (const object of [1, 2]) ledger.settle('a', [{ object, ranges: [[0, 10]], tally: none }])
    ledger.seal(all)
    expect([pruned(ledger, 48 * hour), pruned(ledger, hour), pruned(ledger, hour)]).toEqual([0, 1, 0])
  })

  guarantee('a copy stays one when it is sealed, although nobody remembers the event’s id', (first) => {
    first.enrol([route('a')], start)
    first.see('bucket', 's3://b', [at(1), at(2), at(60)], 'swept', start + 61 * hour)
    deliver(first, 'a', [1, ['x']], [2, ['y', 'x']])
    first.decide(whole(3, ['z'], start + 60 * hour), start)
    first.settle('a', [{ object: 3, ranges: [[0, 10]], tally: none }])
    expect(first.seal({ ...all, before: start + 9 * hour }).sealed).toBe(2)
    expect(pruned(first, hour)).toBe(2)
    first.enrol([route('a'), route('b')], start)
    see(first, at(2), at(1))
    const ledger = subject.reopen(first)
    const copy = { from: 10, to: 20, owner: { object: 1, from: 0 } }
    expect(ledger.decide(whole(2, ['y', 'x']), start).copies).toEqual([copy])
    expect(ledger.decide(whole(1, ['x']), start).copies).toEqual([])
    expect(ledger.judge('b', 2, [copy])).toEqual([true])
    if (ledger !== first) ledger.close()
  })

  guarantee(
    'who adopted a copy is still to deliver it when the owner is sealed, and its copy is due again',
    (ledger) => {
      ledger.enrol([route('a'), route('b', start + 2 * hour)], start)
      see(ledger, at(1))
      deliver(ledger, 'a', [1, ['x']])
      see(ledger, at(3))
      const { copies } = ledger.decide(whole(2, ['x']), start)
      expect([ledger.judge('a', 2, copies), ledger.judge('b', 2, copies)]).toEqual([[true], [false]])
      ledger.settle('a', [{ object: 2, ranges: [[0, 10]], tally: { ...none, duplicates: 1 } }])
      const withheld = { tally: { ...none, filtered: 1 }, withheld: [[0, 10] as const] }
      ledger.settle('b', [{ object: 2, ranges: [[0, 10]], ...withheld }])
      ledger.enrol([route('a'), route('b', start + 2 * hour), route('b', start, 'other')], start)
      ledger.see('other', 's3://b', [at(1)], 'swept', start)
      expect(ledger.adopted('b', 1)).toEqual(new Set([0]))
      ledger.settle('b', [{ object: 1, ranges: [[0, 10]], tally: { ...none, duplicates: 1 } }])
      expect(ledger.seal(all).sealed).toBe(2)
      const id = ledger.ask('backfill', '{}', 'op', start)
      expect(ledger.release('b', [{ object: 2, from: 0, to: 10 }], id, start)).toBe(1)
      const again = ledger.decide(whole(2, ['x']), start).copies
      expect(ledger.judge('b', 2, again)).toEqual(again.map(() => false))
      expect(ledger.due('b', everything)).toMatchObject([{ object: { ref: 2 }, released: [[0, 10]] }])
    },
  )

  guarantee('bytes that are found altered when their object is sealed are noted all the same', (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(1))
    deliver(ledger, 'a', [1, ['x']])
    ledger.seal(all)
    expect(ledger.altered(altered(1), 'abcd', start)).toBe(true)
    expect(ledger.altered(altered(1), 'abcd', start)).toBe(false)
    expect(ledger.alterations({ limit: 9 })).toMatchObject([{ object: altered(1), kind: 'content' }])
  })

  guarantee(
    'a backfill passes over what is sealed, and sends it again only by force, in a generation of its own',
    (first) => {
      first.enrol([route('a'), route('b')], start)
      see(first, at(1))
      for (const destination of ['a', 'b']) deliver(first, destination, [1, ['x', 'y']])
      first.seal(all)
      const ledger = subject.reopen(first)
      const how = (repair: number, force: boolean) => ({ repair, destinations: ['a'], force })
      const refill = (repair: number, force: boolean) => {
        const objects = ['survey', 'refill'] as const
        return objects.map((name) => ledger[name]('bucket', 's3://b', [at(1)], how(repair, force), start))
      }
      expect(refill(3, false)).toMatchObject([{ settled: 1 }, { settled: 1 }])
      expect([ledger.object(1), account(ledger, 'a')?.outstanding]).toEqual([undefined, 0])
      const request = ledger.ask('backfill', '{}', 'ann', start)
      expect(refill(request, true)).toMatchObject([{ taken: 1 }, { taken: 1 }])
      expect(ledger.row('a', 1)).toMatchObject({ settled: [], generation: request, object: { ref: 1, length: 20 } })
      expect([ledger.row('b', 1), account(ledger, 'b')?.outstanding]).toEqual([undefined, 0])
      deliver(ledger, 'a', [1, ['x', 'y']])
      // The request may be done again as long as it is not answered, and must find its row.
      expect(ledger.seal(all).sealed).toBe(0)
      expect(refill(request, true)).toMatchObject([{ taken: 1 }, { taken: 1 }])
      expect(account(ledger, 'a')?.outstanding).toBe(0)
      ledger.answer(request, 'done')
      expect(ledger.seal(all).sealed).toBe(1)
      expect(see(ledger, at(1)).known).toBe(1)
      expect(ledger.totals()).toMatchObject({ objects: 1, events: 2 })
      if (ledger !== first) ledger.close()
    },
  )

  guarantee('what is sealed and sent again, but gone, is as settled as it was', (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(1))
    deliver(ledger, 'a', [1, ['x', 'y']])
    ledger.seal(all)
    ledger.refill('bucket', 's3://b', [at(1)], { repair: 5, destinations: undefined, force: true }, start)
    expect(ledger.lose('a', 1, 'expired', start)).toEqual([])
    expect(account(ledger, 'a')).toMatchObject({ outstanding: 0, lostObjects: 0 })
    expect(ledger.seal(all).sealed).toBe(1)
  })

  guarantee('an import finds what is sealed by its number, and knows who has it', (ledger) => {
    ledger.enrol([route('a'), route('b', start + 2 * hour)], start)
    see(ledger, at(1), at(2), at(3))
    ledger.see('bucket', 's3://other', [at(1)], 'swept', start)
    deliver(ledger, 'a', [1, ['x']], [2, ['y']], [4, ['z']])
    deliver(ledger, 'b', [2, ['y']])
    expect(ledger.seal(all).sealed).toBe(3)
    const { imports } = ledger
    expect(imports.numbers('s3://b', [at(2), at(3), at(1), at(9)])).toEqual([2, 3, 1, undefined])
    expect([imports.has('a', 1, [0, 5]), imports.has('b', 1, [0])]).toEqual([[true, true], [false]])
    const span = { from: start, to: start + 3 * hour }
    const place = { receiver: 'bucket', store: 's3://b', places: [] }
    const unlisted = (...listed: readonly number[]) => imports.unlisted(place, span, new Set(listed)).toSorted()
    expect([unlisted(2), unlisted()]).toEqual([[1], [1, 2]])
    const elsewhere = { receiver: 'other', store: 's3://b', places: ['2026-11-20T13'] }
    expect(imports.unlisted(elsewhere, span, new Set())).toHaveLength(1)
    // One that is known again is still one.
    ledger.refill('bucket', 's3://b', [at(1)], { repair: 5, destinations: undefined, force: true }, start)
    expect(unlisted()).toEqual([1, 2])
    imports.remember(2, whole(2, ['y']).claimants)
    const minute = start / 60_000
    expect(ledger.watch.eventMinutes('bucket', minute, minute + 1)).toEqual([minute])
    expect(ledger.watch.eventMinutes('other', minute, minute + 1)).toEqual([])
    ledger.decide(whole(3, ['y']), start)
    expect(ledger.judge('a', 3, [{ from: 0, to: 10, owner: { object: 2, from: 0 } }])).toEqual([true])
  })

  guarantee('a refusal keeps its object, and a sealed object’s hour keeps the others', (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(1), { ...at(1), key: `${at(1).key}.2` })
    deliver(ledger, 'a', [1, ['x']])
    ledger.decide(whole(2, ['y']), start)
    const [intent] = ledger.intend('a', [{ token: 't', members: [{ object: 2, from: 0, to: 10 }] }], start)
    ledger.resolve(intent?.id ?? 0, { delivered: [], refused: [{ ...refusal(0), certain: true }] }, start)
    expect(ledger.seal(all).sealed).toBe(1)
    expect(ledger.quarantine({ limit: 9 })).toMatchObject([{ object: { ref: 2, key: `${at(1).key}.2` } }])
    expect(ledger.object(2)).toBeDefined()
  })
}
