// The guarantees around sending: intents, verdicts, quarantine, watermarks and what operators ask.
import { expect, test } from 'vitest'
import type { Position } from '../../src/ledger/duplicates.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { hour, refusal, start } from './lane.ts'
import { account, at, bad, route, see, whole } from './pieces.ts'
import type { Subject } from './suite.ts'

type Guarantee = (what: string, body: (ledger: Ledger) => void) => void

export function sendingGuarantees(name: string, subject: Subject, guarantee: Guarantee): void {
  const two = [
    { object: 1, from: 0, to: 10 },
    { object: 1, from: 10, to: 20 },
  ]
  const prepare = (ledger: Ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(1))
    ledger.decide(whole(1, ['x', 'y', 'z']), start)
    return ledger.intend('a', [{ token: 't', members: two }], start)[0]?.id ?? 0
  }

  guarantee('an intent keeps its members and token over a restart, and is ambiguous then', (first) => {
    prepare(first)
    expect(first.intents('a')).toMatchObject([{ token: 't', members: two, ambiguous: false }])
    const ledger = subject.reopen(first)
    expect(ledger.intents('a')).toMatchObject([{ token: 't', members: two, ambiguous: true, attempts: 0 }])
    if (ledger !== first) ledger.close()
  })

  guarantee('what is held or settled goes into no other intent', (ledger) => {
    const id = prepare(ledger)
    expect(() => ledger.intend('a', [{ token: 'u', members: two }], start)).toThrow(/held/)
    ledger.resolve(id, { delivered: [0] }, start)
    expect(() => ledger.intend('a', [{ token: 'u', members: two }], start)).toThrow(/settled/)
    expect(ledger.intend('a', [{ token: 'u', members: two.slice(1) }], start)).toHaveLength(1)
  })

  guarantee('what overlaps anything held goes into no intent, be it by one byte', (ledger) => {
    const id = prepare(ledger)
    const over = [19, 12, 0].map((from) => [{ object: 1, from, to: 30 }])
    for (const members of over) expect(() => ledger.intend('a', [{ token: 'u', members }], start)).toThrow(/held/)
    // Held by verdicts that are not final, too.
    ledger.resolve(id, { delivered: [], refused: [refusal(0), refusal(1)] }, start)
    for (const members of over) expect(() => ledger.intend('a', [{ token: 'u', members }], start)).toThrow(/held/)
    const third = { object: 1, from: 20, to: 30 }
    expect(ledger.intend('a', [{ token: 'u', members: [third] }], start)).toHaveLength(1)
  })

  guarantee('what is settled in part goes into no intent as a whole', (ledger) => {
    const id = prepare(ledger)
    ledger.resolve(id, { delivered: 'all' }, start)
    for (const [from, to] of [
      [19, 30],
      [5, 25],
    ] as const) {
      const members = [{ object: 1, from, to }]
      expect(() => ledger.intend('a', [{ token: 'u', members }], start)).toThrow(/settled/)
    }
    expect(ledger.intents('a')).toEqual([])
    expect(ledger.intend('a', [{ token: 'u', members: [{ object: 1, from: 20, to: 30 }] }], start)).toHaveLength(1)
  })

  guarantee('nothing goes into one intent twice', (ledger) => {
    prepare(ledger)
    for (const from of [20, 25]) {
      const members = [
        { object: 1, from: 20, to: 30 },
        { object: 1, from, to: 30 },
      ]
      expect(() => ledger.intend('a', [{ token: 'u', members }], start)).toThrow(/held/)
    }
    const third = { object: 1, from: 20, to: 30 }
    expect(() => ledger.intend('a', [{ token: 'u', members: [third, third] }], start)).toThrow(/held/)
    expect(ledger.intents('a')).toHaveLength(1)
    expect(ledger.intend('a', [{ token: 'u', members: [third] }], start)).toHaveLength(1)
  })

  guarantee('an ambiguous attempt stays ambiguous', (ledger) => {
    const id = prepare(ledger)
    ledger.attempted(id, { ambiguous: true, dueAt: start + 5, reason: 'reset' })
    const after = ledger.attempted(id, { ambiguous: false, dueAt: start + 9, reason: '503' })
    expect(after).toMatchObject({ ambiguous: true, attempts: 2, dueAt: start + 9, reason: '503' })
  })

  guarantee('an intent ends in one piece: delivered, split, and the rest due again', (ledger) => {
    const id = prepare(ledger)
    const resolution = { delivered: [0], drafts: [{ token: 'u', members: two.slice(1) }], possibleDuplicates: 1 }
    expect(ledger.resolve(id, resolution, start).intents).toMatchObject([{ token: 'u', members: two.slice(1) }])
    expect(ledger.intents('a')).toHaveLength(1)
    expect(account(ledger, 'a')).toMatchObject({ delivered: 1, possibleDuplicates: 1, outstanding: 1 })
    expect(() => ledger.resolve(id, { delivered: 'all' }, start)).toThrow(/no open intent/)
  })

  guarantee('a refusal is provisional until the destination takes another record', (ledger) => {
    const id = prepare(ledger)
    expect(ledger.resolve(id, { delivered: [], refused: [refusal(0), refusal(1)] }, start).confirmed).toBe(0)
    expect(ledger.provisional('a')).toEqual(two)
    expect(account(ledger, 'a')).toMatchObject({ provisional: 2, quarantined: 0, outstanding: 1 })
    const [next] = ledger.intend('a', [{ token: 'u', members: [{ object: 1, from: 20, to: 30 }] }], start)
    expect(ledger.resolve(next?.id ?? 0, { delivered: 'all' }, start).confirmed).toBe(2)
    expect(account(ledger, 'a')).toMatchObject({ provisional: 0, quarantined: 2, delivered: 1, outstanding: 0 })
    expect(ledger.quarantine({ limit: 9 }).map((entry) => entry.provisional)).toEqual([false, false])
  })

  guarantee('a certain refusal is final at once, and says nothing about the others', (ledger) => {
    const id = prepare(ledger)
    const refused = [{ ...refusal(0), certain: true }, refusal(1)]
    expect(ledger.resolve(id, { delivered: [], refused }, start).confirmed).toBe(0)
    expect(ledger.provisional('a')).toEqual(two.slice(1))
    expect(account(ledger, 'a')).toMatchObject({ provisional: 1, quarantined: 1, outstanding: 1 })
    expect(ledger.quarantine({ limit: 9 }).map((entry) => entry.provisional)).toEqual([false, true])
    expect(ledger.revoke('a', start)).toBe(1)
    expect(() => ledger.intend('a', [{ token: 'u', members: two }], start)).toThrow(/settled/)
    const rest = [two[1] as Position, { object: 1, from: 20, to: 30 }]
    const [next] = ledger.intend('a', [{ token: 'u', members: rest }], start)
    const last = {
      delivered: [],
      refused: [0, 1].map((member) => ({ ...refusal(member, member * 10 + 10), certain: true })),
    }
    expect(ledger.resolve(next?.id ?? 0, last, start)).toEqual({ intents: [], confirmed: 0 })
    expect(account(ledger, 'a')).toMatchObject({ provisional: 0, quarantined: 3, outstanding: 0, delivered: 0 })
  })

  guarantee(
    'what was delivered last is named: the newest event, when it was delivered, and of which object',
    (first) => {
      const id = prepare(first)
      expect(account(first, 'a')).toMatchObject({ lastEvent: undefined, lastDelivery: undefined })
      const { key, time } = first.row('a', 1)?.object ?? { key: '', time: 0 }
      const eventTimes = [start - 9_000, start - 5_000]
      // The refused one is newer, and was not delivered.
      first.resolve(id, { delivered: [0], refused: [refusal(1)], eventTimes }, start + 7)
      expect(account(first, 'a')).toMatchObject({
        lastEvent: start - 9_000,
        lastDelivery: { at: start + 7, key, time },
      })
      const third = { token: 'u', members: [{ object: 1, from: 20, to: 30 }] }
      const [older] = first.intend('a', [third], start)
      // Older than what is there already: the delivery is the last, the event is not.
      first.resolve(older?.id ?? 0, { delivered: 'all', eventTimes: [start - 99_000] }, start + 8)
      const ledger = subject.reopen(first)
      const kept = { lastEvent: start - 9_000, lastDelivery: { at: start + 8, key, time } }
      expect(account(ledger, 'a')).toMatchObject(kept)
      ledger.enrol([route('b')], start + 9)
      ledger.enrol([route('a'), route('b')], start + 9)
      expect(account(ledger, 'a')).toMatchObject(kept)
      expect(account(ledger, 'b')).toMatchObject({ lastEvent: undefined, lastDelivery: undefined })
      if (ledger !== first) ledger.close()
    },
  )

  guarantee('an event of the future is no time that anybody heard of last', (ledger) => {
    const eventTimes = [start + 240_000, start + 360_000]
    ledger.resolve(prepare(ledger), { delivered: 'all', eventTimes }, start)
    expect(account(ledger, 'a')).toMatchObject({ lastEvent: start + 240_000, lastDelivery: { at: start } })
  })

  guarantee('of a batch over several receivers each has its own last delivery', (ledger) => {
    ledger.enrol([route('a'), { ...route('a'), receiver: 'other' }], start)
    see(ledger, at(1))
    ledger.see('other', 'elsewhere', [at(2)], 'swept', start)
    for (const ref of [1, 2]) ledger.decide(whole(ref, [`of ${ref}`]), start)
    const members = [1, 2].map((object) => ({ object, from: 0, to: 10 }))
    const [intent] = ledger.intend('a', [{ token: 't', members }], start)
    ledger.resolve(intent?.id ?? 0, { delivered: 'all', eventTimes: [start - 2, start - 1] }, start)
    const last = ledger
      .accounts()
      .map(({ receiver, lastEvent, lastDelivery }) => [receiver, lastEvent, lastDelivery?.key])
    expect(last).toEqual([
      ['bucket', start - 2, at(1).key],
      ['other', start - 1, at(2).key],
    ])
  })

  guarantee('verdicts that were none leave quarantine and are due again', (ledger) => {
    ledger.resolve(prepare(ledger), { delivered: [], refused: [refusal(1)] }, start)
    expect(ledger.revoke('a', start + 7)).toBe(1)
    expect(ledger.quarantine({ limit: 9 })).toEqual([])
    expect(ledger.row('a', 1)?.dueAt).toBe(start + 7)
    expect(ledger.intend('a', [{ token: 'u', members: two }], start)).toHaveLength(1)
  })

  guarantee('some verdicts can be taken back and the others kept', (ledger) => {
    ledger.resolve(prepare(ledger), { delivered: [], refused: [refusal(0), refusal(1)] }, start)
    const [first, second] = ledger.provisional('a')
    expect(ledger.revoke('a', start + 7, first === undefined ? [] : [first])).toBe(1)
    expect(ledger.provisional('a')).toEqual([second])
    expect(account(ledger, 'a')).toMatchObject({ provisional: 1 })
    expect(ledger.revoke('a', start + 7, [])).toBe(0)
    const [next] = ledger.intend('a', [{ token: 'u', members: [first as Position] }], start)
    expect(ledger.resolve(next?.id ?? 0, { delivered: 'all' }, start).confirmed).toBe(1)
    expect(account(ledger, 'a')).toMatchObject({ provisional: 0, quarantined: 1, delivered: 1 })
  })

  test(`${name}: a full quarantine refuses, and nothing has changed`, () => {
    const ledger = subject.open({ maxQuarantineBytes: 600 })
    const id = prepare(ledger)
    see(ledger, at(2))
    ledger.decide(bad(2, 0, 100), start)
    const before = [ledger.accounts(), ledger.totals(), ledger.intents('a')]
    const refused = [refusal(0, 0, 400)]
    expect(() => ledger.resolve(id, { delivered: [1], refused }, start)).toThrow(/quarantine is full/)
    const certain = refused.map((each) => ({ ...each, certain: true }))
    expect(() => ledger.resolve(id, { delivered: [1], refused: certain }, start)).toThrow(/quarantine is full/)
    expect(() => ledger.decide(bad(2, 10, 400), start)).toThrow(/quarantine is full/)
    expect(() => ledger.quarantineMessage('bucket', 'x'.repeat(400), 'unknown', start)).toThrow(/quarantine is full/)
    expect([ledger.accounts(), ledger.totals(), ledger.intents('a')]).toEqual(before)
    ledger.close()
  })

  guarantee('of a record above 1 MiB quarantine keeps all but the bytes', (ledger) => {
    ledger.enrol([route('a')], start)
    see(ledger, at(1))
    ledger.decide(bad(1, 0, (1 << 20) + 1), start)
    ledger.decide(bad(1, 0, (1 << 20) + 1), start)
    const entries = ledger.quarantine({ limit: 9, destination: 'a' })
    expect(entries).toMatchObject([{ destination: undefined, object: { ref: 1 }, length: (1 << 20) + 1 }])
    expect(entries[0]?.bytes).toBeUndefined()
  })

  guarantee('the watermark stands below what is outstanding and the last sweep, and never goes back', (ledger) => {
    ledger.enrol([route('a', 0)], start)
    expect(ledger.advance()).toEqual([])
    ledger.swept('bucket', start + 5 * hour)
    const mark = (time: number) => [{ destination: 'a', receiver: 'bucket', time }]
    expect(ledger.advance()).toEqual(mark(start + 5 * hour - 300_000))
    expect(see(ledger, at(1), at(6)).late).toHaveLength(1)
    ledger.swept('bucket', start + 8 * hour)
    expect(ledger.advance()).toEqual(mark(start + 5 * hour - 300_000))
    expect(account(ledger, 'a')).toMatchObject({ late: 1, lateTotal: 1, oldest: { time: start + hour } })
    ledger.decide(whole(1, []), start)
    expect(ledger.advance()).toEqual(mark(start + 6 * hour))
    expect(account(ledger, 'a')).toMatchObject({ late: 0, lateTotal: 1, lastObjectTime: start + 6 * hour })
  })

  guarantee('a request is answered once', (ledger) => {
    const id = ledger.ask('replay', '{}', 'ann', start)
    const asked = { id, kind: 'replay', body: '{}', by: 'ann', at: start, progress: undefined, answer: undefined }
    expect(ledger.asked()).toEqual([asked])
    ledger.report(id, '1')
    ledger.report(id, '2')
    expect(ledger.asked()).toEqual([{ ...asked, progress: '2' }])
    ledger.answer(id, 'done')
    expect([ledger.asked(), ledger.request(id)]).toEqual([[], { ...asked, progress: '2', answer: 'done' }])
    expect(() => ledger.answer(id, 'again')).toThrow(/answered already/)
    expect(() => ledger.report(id, '3')).toThrow(/answered already/)
    expect(() => ledger.report(id + 1, '3')).toThrow(/no request/)
  })

  guarantee('what was asked long ago and is answered is forgotten, but not that a file was taken', (ledger) => {
    const ask = (kind: string, body: object, at: number) => ledger.ask(kind, JSON.stringify(body), 'ann', at)
    const [old, open] = [ask('replay', {}, start), ask('replay', {}, start)]
    const laid = ask('import', { source: 's3://b/x.csv@1' }, start)
    const others = [ask('import', { source: null }, start), ask('import', {}, start), ask('replay', {}, start + hour)]
    for (const id of [old, laid, ...others]) ledger.answer(id, '{}')
    expect([ledger.forgetAnswered(start, 9), ledger.forgetAnswered(start + hour, 2)]).toEqual([0, 2])
    expect([ledger.forgetAnswered(start + hour, 9), ledger.forgetAnswered(start + hour, 9)]).toEqual([1, 0])
    const left = Array.from({ length: 6 }, (_, index) => ledger.request(index + 1)?.id)
    expect(left).toEqual([undefined, open, laid, undefined, undefined, others[2]])
    expect(ledger.imports.isAsked('s3://b/x.csv@1')).toBe(true)
    expect(ask('replay', {}, start)).toBe(7)
  })

  guarantee('a stopped destination is shown until it resumes', (ledger) => {
    ledger.enrol([route('a')], start)
    const stopped = { cause: 'credentials', reason: '401', since: start } as const
    ledger.stop('a', stopped)
    expect(account(ledger, 'a')?.stop).toEqual(stopped)
    ledger.stop('a', undefined)
    expect(account(ledger, 'a')?.stop).toBeUndefined()
  })

  guarantee('it closes twice', (ledger) => {
    ledger.close()
    ledger.close()
  })
}
