import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Batcher } from '../../src/delivery/batcher.ts'
import type { Candidate } from '../../src/delivery/candidate.ts'

const bounds = { records: 3, bytes: 100, lingerMs: 1_000 }

function one(bytes: number, partition?: string, unsendable?: string): Candidate {
  const encoded = { bytes: new Uint8Array(bytes), ...(partition === undefined ? {} : { partition }) }
  const place = {
    object: 1,
    from: 0,
    to: 1,
    id: 'x',
    at: 0,
    offset: 0,
    line: 1,
    sha256: '',
    original: '',
    generation: 0,
    objectTime: 0,
    own: false,
  }
  return { ...place, encoded, unsendable: unsendable === undefined ? undefined : { reason: unsendable } }
}

test('a batch waits for its linger and no longer', () => {
  const batcher = new Batcher(bounds)
  batcher.add(one(1), 0)
  batcher.closeDue(999)
  expect(batcher.ready).toBe(0)
  batcher.closeDue(1_000)
  expect(batcher.take()).toHaveLength(1)
})

test('a clock set back does not hold a batch for ever', () => {
  const batcher = new Batcher(bounds)
  batcher.add(one(1), 1_000_000)
  batcher.closeDue(5)
  expect(batcher.ready).toBe(1)
})

test('a record that can never be sent travels alone', () => {
  const batcher = new Batcher(bounds)
  batcher.add(one(1), 0)
  batcher.add(one(500, undefined, 'too large'), 0)
  batcher.closeAll()
  expect([batcher.take()?.length, batcher.take()?.length]).toEqual([1, 1])
})

test('no batch exceeds a bound or mixes partitions, and nothing is lost', () => {
  const record = fc.tuple(fc.integer({ min: 1, max: 100 }), fc.constantFrom('2026-10', '2026-11'))
  fc.assert(
    fc.property(fc.array(record, { maxLength: 60 }), (records) => {
      const batcher = new Batcher(bounds)
      for (const [bytes, partition] of records) batcher.add(one(bytes, partition), 0)
      batcher.closeAll()
      const batches: (readonly Candidate[])[] = []
      for (let batch = batcher.take(); batch !== undefined; batch = batcher.take()) batches.push(batch)
      for (const batch of batches) {
        expect(batch.length).toBeLessThanOrEqual(bounds.records)
        expect(batch.reduce((sum, { encoded }) => sum + encoded.bytes.length, 0)).toBeLessThanOrEqual(bounds.bytes)
        expect(new Set(batch.map(({ encoded }) => encoded.partition)).size).toBe(1)
      }
      expect(batches.flat()).toHaveLength(records.length)
      expect(batcher.empty).toBe(true)
    }),
  )
})
