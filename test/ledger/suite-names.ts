// The guarantees around what comes, goes and is renamed: destinations have names, and their rows outlive a configuration.
import { expect } from 'vitest'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { hour, refusal, start } from './lane.ts'
import { account, at, everything, none, route, see, whole } from './pieces.ts'
import type { Subject } from './suite.ts'

type Guarantee = (what: string, body: (ledger: Ledger) => void) => void

export function namingGuarantees(subject: Subject, guarantee: Guarantee): void {
  /** `a` has a settled, a copied, a refused, an intended and an open event; `b` is its neighbour. */
  const prepare = (ledger: Ledger) => {
    ledger.enrol([route('a'), route('b', start + 2 * hour)], start)
    see(ledger, at(1), at(2), at(3))
    ledger.swept('bucket', start + 4 * hour)
    ledger.advance()
    ledger.decide(whole(1, ['u', 'v', 'w', 'x']), start)
    ledger.decide(whole(2, ['y', 'x']), start)
    const member = (from: number) => ({ object: 1, from, to: from + 10 })
    const intended = [0, 10, 20].map((from) => ({ token: `t${from}`, members: [member(from)] }))
    const [delivered, refused] = ledger.intend('a', intended, start)
    ledger.resolve(delivered?.id ?? 0, { delivered: 'all' }, start)
    ledger.resolve(refused?.id ?? 0, { delivered: [], refused: [refusal(0)] }, start)
    ledger.stop('a', { cause: 'credentials', reason: '401', since: start })
  }

  guarantee('a renamed destination goes on where it was, and its neighbour does not notice', (first) => {
    prepare(first)
    const before = account(first, 'a')
    const neighbour = account(first, 'b')
    const due = first.due('a', everything)
    first.rename('a', 'c')
    const ledger = subject.reopen(first)
    expect(account(ledger, 'c')).toEqual({ ...before, destination: 'c' })
    expect(account(ledger, 'b')).toEqual(neighbour)
    expect(ledger.routes().map(({ destination }) => destination)).toEqual(['c', 'b'])
    expect(ledger.due('c', everything)).toEqual(due)
    expect(ledger.intents('c')).toMatchObject([{ token: 't20', members: [{ object: 1, from: 20, to: 30 }] }])
    expect(ledger.provisional('c')).toEqual([{ object: 1, from: 10, to: 20 }])
    expect(ledger.quarantine({ destination: 'c', limit: 9 })).toMatchObject([
      { destination: 'c', reason: 'no such field' },
    ])
    expect([ledger.due('a', everything), ledger.intents('a'), ledger.provisional('a'), ledger.row('a', 1)]).toEqual([
      [],
      [],
      [],
      undefined,
    ])
    if (ledger !== first) ledger.close()
  })

  guarantee('what a renamed destination holds it still holds, and what it has open can be ended', (ledger) => {
    prepare(ledger)
    ledger.rename('a', 'c')
    const again = [{ token: 'n', members: [{ object: 1, from: 20, to: 30 }] }]
    expect(() => ledger.intend('c', again, start)).toThrow(/held/)
    expect(ledger.resolve(ledger.intents('c')[0]?.id ?? 0, { delivered: 'all' }, start).confirmed).toBe(1)
    ledger.settle('c', [{ object: 1, ranges: [[30, 40]], tally: { ...none, delivered: 1 } }])
    expect(account(ledger, 'c')).toMatchObject({ delivered: 3, quarantined: 1, provisional: 0, outstanding: 2 })
  })

  guarantee('who comes later under the old name begins with nothing of it', (ledger) => {
    prepare(ledger)
    ledger.rename('a', 'c')
    ledger.enrol([route('a'), route('b', start + 2 * hour), route('c')], start)
    expect(account(ledger, 'a')).toMatchObject({ delivered: 0, outstanding: 3, stop: undefined })
    expect(ledger.intend('a', [{ token: 'n', members: [{ object: 1, from: 20, to: 30 }] }], start)).toHaveLength(1)
  })

  guarantee('a renamed destination keeps who delivers an event that lies in several objects', (ledger) => {
    ledger.enrol([route('a', start + 2 * hour)], start)
    ledger.enrol([route('a', start + 2 * hour), route('b')], start)
    see(ledger, at(1), at(2), at(3))
    ledger.decide(whole(1, ['x']), start)
    const second = ledger.decide(whole(2, ['x']), start).copies
    const third = ledger.decide(whole(3, ['x']), start).copies
    expect(ledger.judge('a', 2, second)).toEqual([false])
    ledger.rename('a', 'c')
    expect([ledger.adopted('c', 1), ledger.adopted('a', 1)]).toEqual([new Set([0]), new Set()])
    expect([ledger.judge('c', 3, third), ledger.judge('c', 2, second)]).toEqual([[true], [false]])
    expect(account(ledger, 'c')?.adopted).toBe(1)
  })

  guarantee('a rename of nobody, or onto a name that has routes, changes nothing', (ledger) => {
    prepare(ledger)
    const before = ledger.accounts()
    expect(() => ledger.rename('nobody', 'c')).toThrow(/no destination nobody/)
    expect(() => ledger.rename('a', 'b')).toThrow(/b is a destination of its own/)
    expect(() => ledger.rename('a', 'a')).toThrow(/a is a destination of its own/)
    ledger.enrol([route('a')], start)
    expect(() => ledger.rename('a', 'b')).toThrow(/b is a destination of its own/)
    expect(ledger.accounts()).toEqual(before.slice(0, 1))
  })

  guarantee('a destination that is gone is shown with its watermark and what it was not given', (first) => {
    prepare(first)
    const { watermark, delivered, outstanding, oldest } = account(first, 'a') ?? {}
    expect(watermark).toBe(start + hour)
    expect(first.retired()).toEqual([])
    first.enrol([route('b')], start + 5 * hour)
    const ledger = subject.reopen(first)
    const gone = { destination: 'a', receiver: 'bucket', retiredAt: start + 5 * hour }
    expect(ledger.retired()).toEqual([{ ...gone, watermark, delivered, outstanding, oldest }])
    ledger.enrol([route('b')], start + 6 * hour)
    expect(ledger.retired()).toMatchObject([gone])
    ledger.enrol([route('a'), route('b')], start + 7 * hour)
    expect(ledger.retired()).toEqual([])
    if (ledger !== first) ledger.close()
  })

  guarantee('a destination renamed after it was gone comes back with its rows, its start and its intent', (ledger) => {
    prepare(ledger)
    ledger.enrol([route('b')], start)
    ledger.rename('a', 'c')
    expect(ledger.retired()).toMatchObject([{ destination: 'c', outstanding: 3, watermark: start + hour }])
    ledger.enrol([route('b'), route('c', start + 9 * hour)], start)
    expect(account(ledger, 'c')).toMatchObject({
      startAt: start,
      outstanding: 3,
      delivered: 1,
      watermark: start + hour,
    })
    expect(ledger.intents('c')).toHaveLength(1)
    expect(account(ledger, 'b')).toMatchObject({ outstanding: 2 })
  })

  guarantee('a destination that comes later has its own start, and takes nothing from the others', (ledger) => {
    prepare(ledger)
    const neighbours = ledger.accounts()
    const rows = [1, 2, 3].map((ref) => ledger.row('a', ref))
    ledger.enrol([route('a'), route('b'), route('c', start + 3 * hour), route('d', start - hour)], start)
    expect(ledger.due('c', everything).map(({ object }) => object.ref)).toEqual([3])
    expect(ledger.due('d', everything).map(({ object }) => object.ref)).toEqual([1, 2, 3])
    expect([1, 2, 3].map((ref) => ledger.row('a', ref))).toEqual(rows)
    // The next sweep goes back to the new start; watermarks do not.
    const sweptTo = start - hour
    expect(ledger.accounts().slice(0, 2)).toEqual(neighbours.map((one) => ({ ...one, sweptTo })))
    ledger.advance()
    expect(account(ledger, 'a')?.watermark).toBe(start + hour)
    expect(account(ledger, 'd')?.watermark).toBe(sweptTo - 300_000)
  })
}
