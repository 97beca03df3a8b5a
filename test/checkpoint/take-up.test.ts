import { expect, test } from 'vitest'
import type { Checkpoint, Head } from '../../src/checkpoint/head.ts'
import { takeUp } from '../../src/checkpoint/take-up.ts'

const sizes = { bytes: 1, sha256: 'a', ledgerBytes: 1, ledgerSha256: 'b', schema: 12, oldest: 12 }
const MINUTE = 60_000

function copy(epoch: number, complete = false): Checkpoint {
  return { name: `ledger-${epoch}`, epoch, takenAt: 100 * MINUTE, complete, ...sizes }
}

function head(epoch: number, more: Partial<Head> = {}): Head {
  const owner = { name: 'app', id: `${epoch}` }
  return {
    stamp: `${epoch}`,
    owner,
    epoch,
    termMs: 60_000,
    released: false,
    begunAt: 7,
    checkpoint: undefined,
    ...more,
  }
}

const empty = { empty: true, epoch: 0 }
const written = (epoch: number) => ({ empty: false, epoch })

test('the very first begins with an empty ledger, now by the store’s clock', () => {
  expect(takeUp(undefined, head(1), empty)).toEqual({ ledger: 'begun', since: 7, listAll: false })
})

test('a ledger that was there before there were checkpoints is kept', () => {
  expect(takeUp(undefined, head(1), written(0))).toEqual({ ledger: 'kept', since: undefined, listAll: false })
})

test('an empty ledger is restored, and everything is listed, because what was announced since is known to nobody', () => {
  const before = head(4, { checkpoint: copy(4) })
  expect(takeUp(before, head(5), empty)).toMatchObject({
    ledger: 'restored',
    from: copy(4),
    superseded: false,
    listAll: true,
  })
})

test('what the restored ledger does not know as a destination begins when it was copied', () => {
  expect(takeUp(head(4, { checkpoint: copy(4) }), head(5), empty).since).toBe(95 * MINUTE)
})

test('after one that left all it knew, nothing is listed beyond the look-back', () => {
  const before = head(4, { checkpoint: copy(4, true), released: true })
  expect(takeUp(before, head(5), empty)).toMatchObject({ ledger: 'restored', since: undefined, listAll: false })
})

test('a complete copy of an earlier epoch is not all that is known', () => {
  const before = head(5, { checkpoint: copy(4, true), released: true })
  expect(takeUp(before, head(6), empty)).toMatchObject({ ledger: 'restored', listAll: true })
})

test('one that comes back after nobody else goes on with its own ledger, which knows more than its copy', () => {
  expect(takeUp(head(4, { checkpoint: copy(4) }), head(5), written(4))).toEqual({
    ledger: 'kept',
    since: undefined,
    listAll: false,
  })
})

test('one that comes back after another left a copy goes on with that, and puts its own aside', () => {
  const before = head(6, { checkpoint: copy(6) })
  expect(takeUp(before, head(7), written(5))).toMatchObject({ ledger: 'restored', superseded: true, listAll: true })
})

test('one that comes back after another left none goes on with its own, and lists what that one may have heard of', () => {
  const before = head(6, { checkpoint: copy(5) })
  expect(takeUp(before, head(7), written(5))).toMatchObject({ ledger: 'kept', listAll: true })
})

test('where an owner was lost before its first copy, the next begins where the first one began', () => {
  expect(takeUp(head(1), head(2), empty)).toEqual({ ledger: 'begun', since: 7, listAll: true })
})
