import { afterEach, expect, test } from 'vitest'
import { lookUp } from '../../src/delivery/lookup.ts'
import { Bench, ids } from './harness.ts'

let bench = new Bench()
afterEach(() => bench.stop())

test('an exporter that names a row twice, or one that was not asked for, names each member once', async () => {
  bench = new Bench()
  const exporter = bench.outlet()
  exporter.stored = async () => [2, 0, 2, 7]
  const members = ids('a', 3).map((id, at) => {
    const encoded = { bytes: Buffer.from(id) }
    const place = { object: 1, from: at, to: at + 1, offset: at, line: at + 1, generation: 0, objectTime: 0 }
    return { ...place, id, at: 0, sha256: '', original: id, encoded, unsendable: undefined, own: false }
  })
  const parts = { exporter, clock: bench.clock, attemptMs: 1_000, signal: new AbortController().signal }
  expect(await lookUp(members, 'token', parts)).toEqual([2, 0])
})
