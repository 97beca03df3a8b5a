import type { Outcome } from '@circleci-audit-forwarder/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Plan, plan, planAnswered, type Refusal, type Sent } from '../../src/delivery/plan.ts'

const sent = (some: Partial<Sent> = {}): Sent => ({
  members: 10,
  ambiguous: false,
  askable: false,
  deferred: 0,
  ...some,
})
const reason = 'no'

test('a batch that is too large is halved', () => {
  expect(plan({ status: 'split', reason }, sent({ members: 5 }))).toMatchObject({
    parts: [
      [0, 1, 2],
      [3, 4],
    ],
  })
})

test('a single record that is too large is refused, not halved for ever', () => {
  expect(plan({ status: 'split', reason }, sent({ members: 1 }))).toMatchObject({
    refused: [{ member: 0, reason }],
    parts: [],
  })
})

test('a named record is refused and the rest goes again', () => {
  const outcome: Outcome = { status: 'rejected', records: [{ index: 1, reason }] }
  expect(plan(outcome, sent({ members: 3 }))).toMatchObject({ refused: [{ member: 1, reason }], parts: [[0, 2]] })
})

test('a refusal that is certain stays so, beside one that is not', () => {
  const records = [
    { index: 2, reason: 'too late', certain: true },
    { index: 0, reason },
  ]
  expect(plan({ status: 'rejected', records }, sent({ members: 4 }))).toMatchObject({
    refused: [
      { member: 2, reason: 'too late', certain: true },
      { member: 0, reason },
    ],
    parts: [[1, 3]],
  })
})

test('what is said beside a success is passed on', () => {
  const remarks = { changed: { late: 2 }, notice: 'queue approaching capacity' }
  expect(plan({ status: 'delivered', ...remarks }, sent())).toMatchObject({ delivered: 'all', remarks })
  const accepted: Outcome = { status: 'accepted', receipt: 'r', pollAfterMs: 1, ...remarks }
  expect(plan(accepted, sent())).toMatchObject({ kind: 'await', remarks })
})

test('a refusal that names nobody in the batch is bisected', () => {
  const outcome: Outcome = { status: 'rejected', records: [{ index: 7, reason }] }
  expect(plan(outcome, sent({ members: 4 }))).toMatchObject({
    refused: [],
    parts: [
      [0, 1],
      [2, 3],
    ],
  })
})

test('what a refusal left stored goes again with the rest, and is counted as possible duplicates', () => {
  const named: Outcome = { status: 'rejected', records: [{ index: 2, reason }], taken: 2 }
  expect(plan(named, sent({ members: 4 }))).toMatchObject({ parts: [[0, 1, 3]], possibleDuplicates: 2 })
  const unnamed: Outcome = { status: 'unreadable', reason, taken: 3 }
  expect(plan(unnamed, sent({ members: 4 }))).toMatchObject({ possibleDuplicates: 3 })
  expect(plan({ status: 'unreadable', reason }, sent({ members: 4 }))).toMatchObject({ possibleDuplicates: 0 })
})

test('a count of stored records beyond what goes again is no count', () => {
  const boasting: Outcome = { status: 'rejected', records: [{ index: 0, reason }], taken: 99 }
  expect(plan(boasting, sent({ members: 3 }))).toMatchObject({ possibleDuplicates: 2 })
  expect(plan(boasting, sent({ members: 1 }))).toMatchObject({ possibleDuplicates: 0, parts: [] })
  const alone: Outcome = { status: 'unreadable', reason, taken: 1 }
  expect(plan(alone, sent({ members: 1 }))).toMatchObject({ possibleDuplicates: 0, refused: [{ member: 0 }] })
})

test('after an ambiguous attempt a split counts as retry', () => {
  expect(plan({ status: 'split', reason }, sent({ ambiguous: true }))).toMatchObject({ kind: 'retry', deferred: true })
})

test('a frozen batch that stays too large is halved in the end, and counted as possible duplicates', () => {
  const frozen = sent({ ambiguous: true, deferred: 5 })
  expect(plan({ status: 'split', reason }, frozen)).toMatchObject({ kind: 'resolve', possibleDuplicates: 10 })
})

test('after an ambiguous attempt a refusal is resolved by asking, where the destination can be asked', () => {
  const outcome: Refusal = { status: 'rejected', records: [{ index: 0, reason }] }
  expect(plan(outcome, sent({ ambiguous: true, askable: true }))).toEqual({ kind: 'ask', outcome })
})

test('what the destination says it holds is delivered, only the missing goes again', () => {
  const outcome: Refusal = { status: 'rejected', records: [{ index: 2, reason }] }
  const answered = planAnswered(outcome, sent({ members: 4, ambiguous: true, askable: true }), [0, 3])
  expect(answered).toMatchObject({ delivered: [0, 3], refused: [], parts: [[1, 2]], recalled: true })
})

test('every member ends exactly once: delivered, refused or in one part', () => {
  const records = fc.array(fc.record({ index: fc.integer({ min: -2, max: 12 }), reason: fc.string() }))
  const outcome = fc.oneof(
    fc.constant<Refusal>({ status: 'split', reason }),
    fc.constant<Refusal>({ status: 'unreadable', reason }),
    records.map((each): Refusal => ({ status: 'rejected', records: each })),
  )
  const world = fc.record({
    members: fc.integer({ min: 1, max: 10 }),
    ambiguous: fc.boolean(),
    askable: fc.boolean(),
    deferred: fc.integer({ min: 0, max: 9 }),
  })
  fc.assert(
    fc.property(outcome, world, fc.array(fc.integer({ min: 0, max: 9 })), (refusal, how, stored) => {
      const there = [...new Set(stored.filter((index) => index < how.members))]
      const first = plan(refusal, how)
      const next = first.kind === 'ask' ? planAnswered(refusal, how, there) : first
      if (next.kind === 'resolve') expect(endings(next, how.members)).toEqual(Array(how.members).fill(1))
      else expect(next.kind).toBe('retry')
    }),
  )
})

function endings(next: Extract<Plan, { kind: 'resolve' }>, members: number): number[] {
  const ends = Array<number>(members).fill(next.delivered === 'all' ? 1 : 0)
  const named = [...(next.delivered === 'all' ? [] : next.delivered), ...next.refused.map(({ member }) => member)]
  for (const index of [...named, ...next.parts.flat()]) ends[index] = (ends[index] ?? 0) + 1
  return ends
}
