// What is kept for lanes that are not in step stays within its bound, what they share of their encodings included.
import type { Exporter } from '@circleci-audit-forwarder/contract'
import { afterEach, expect, test } from 'vitest'
import type { DecidedChunk } from '../../src/delivery/pass.ts'
import { type Cursor, Readings } from '../../src/delivery/readings.ts'
import type { AuditObject } from '../../src/domain/objects.ts'
import { Bench, ids } from './harness.ts'

const CAPACITY = 1 << 20
/** An encoding is that large. */
const ENCODED = 10_000

let bench = new Bench()
afterEach(() => bench.stop())

function exporter(encodingKey?: string): Exporter {
  const outlet = Object.assign(bench.outlet(), { encode: () => ({ bytes: new Uint8Array(ENCODED) }) })
  return encodingKey === undefined ? outlet : Object.assign(outlet, { encodingKey })
}

/** Readings for two lanes, and `count` objects of ten events. */
function shelved(count: number): { readonly readings: Readings; readonly objects: readonly AuditObject[] } {
  bench = new Bench()
  bench.enrol('a', 'b')
  const { shelf: reader, ledger, clock } = bench
  const common = { reader, ledger, clock, tell: () => undefined, lanes: 2, sharedKeys: new Set(['k']) }
  const readings = new Readings({ ...common, capacityBytes: CAPACITY })
  return { readings, objects: Array.from({ length: count }, (_, n) => bench.put(`x${n}`, ids(`x${n}.`, 10))) }
}

function encodeAll({ pieces, encodings }: DecidedChunk, by: Exporter): void {
  for (const { record } of pieces) if (record !== undefined) encodings.encode(by, record)
}

async function take(cursor: Cursor, by: Exporter): Promise<void> {
  for (let chunk = await cursor.next(); chunk !== undefined; chunk = await cursor.next()) encodeAll(chunk, by)
  cursor.close()
}

/** How many objects are still kept for the second lane after the first has taken all. */
async function kept(first: Exporter): Promise<number> {
  const { readings, objects } = shelved(40)
  for (const object of objects) await take(readings.open(object), first)
  const before = bench.shelf.reads.length
  // The youngest first: what is read anew may push out what is older.
  for (const object of objects.toReversed()) await take(readings.open(object), exporter())
  return objects.length - (bench.shelf.reads.length - before)
}

test('encodings that are shared count as what is kept', async () => {
  const objects = await kept(exporter('k'))
  expect(objects).toBeGreaterThan(2)
  expect(objects * 10 * ENCODED).toBeLessThan(CAPACITY)
})

test('encodings that nobody else wants are not kept, and do not count', async () => {
  expect(await kept(exporter())).toBe(40)
})

test('what counted goes with the chunk: lanes in step never read anything twice', async () => {
  const { readings, objects } = shelved(200)
  const [first, second] = [exporter('k'), exporter('k')]
  for (const object of objects) {
    const [one, other] = [readings.open(object), readings.open(object)]
    await Promise.all([take(one, first), take(other, second)])
  }
  expect(bench.shelf.reads).toHaveLength(200)
  // Nothing is left of them that stands in anybody's way.
  for (const object of objects.slice(0, 5)) await take(readings.open(object), first)
  for (const object of objects.slice(0, 5)) await take(readings.open(object), second)
  expect(bench.shelf.reads).toHaveLength(205)
})

test('a chunk that was dropped while a lane still encodes it counts no more', async () => {
  const { readings, objects } = shelved(60)
  const late: DecidedChunk[] = []
  for (const object of objects.slice(0, 50)) {
    const [one, other] = [readings.open(object), readings.open(object)]
    late.push((await one.next()) as DecidedChunk)
    await other.next()
    for (const cursor of [one, other]) cursor.close()
  }
  for (const chunk of late) encodeAll(chunk, exporter('k'))
  for (const object of objects.slice(50, 55)) await take(readings.open(object), exporter('k'))
  for (const object of objects.slice(50, 55)) await take(readings.open(object), exporter('k'))
  expect(bench.shelf.reads).toHaveLength(55)
})

test('how much is kept is said beside how much there may be, and is nothing when all have taken all', async () => {
  const { readings, objects } = shelved(40)
  expect(readings.level).toEqual({ bytes: 0, capacity: CAPACITY })
  for (const object of objects) await take(readings.open(object), exporter('k'))
  const { bytes } = readings.level
  expect(bytes).toBeGreaterThan(CAPACITY / 4)
  expect(bytes).toBeLessThanOrEqual(CAPACITY)
})
