import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { openComparison } from '../../src/ledger/sqlite/comparison.ts'

const folder = mkdtempSync(join(tmpdir(), 'comparison-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, '1.comparison')

const span = { from: 100, to: 200 }
const id = fc.constantFrom(
  'a',
  'B',
  '0b7f3c7e-6a0e-4d0c-9b35-2f4c1f0a9d11',
  '0B7F3C7E-6A0E-4D0C-9B35-2F4C1F0A9D11',
  'd',
)
const inFile = fc.record({
  id,
  at: fc.option(fc.integer({ min: 100, max: 200 }), { nil: undefined }),
})
const inStream = fc.record({
  id,
  at: fc.option(fc.integer({ min: 90, max: 210 }), { nil: undefined }),
  held: fc.nat(7),
})
type Seen = { at: number | undefined; file: number; stream: number; held: number }

test('it counts and orders as a table in memory would', () => {
  fc.assert(
    fc.property(fc.array(inFile), fc.array(inStream), (file, stream) => {
      const comparison = openComparison(path)
      const table = new Map<string, Seen>()
      const known = (name: string, at: number | undefined): Seen => {
        const key = name.length === 36 ? name.toLowerCase() : name
        const seen = table.get(key) ?? { at, file: 0, stream: 0, held: 0 }
        table.set(key, seen)
        return seen
      }
      comparison.file(file)
      for (const { id, at } of file) known(id, at).file += 1
      comparison.stream(stream, span)
      for (const { id, at, held } of stream) {
        const isKnown = table.has(id.length === 36 ? id.toLowerCase() : id)
        if (!isKnown && (at === undefined || at < span.from || at > span.to)) continue
        const seen = known(id, at)
        seen.stream += 1
        seen.held |= held
      }
      const all = [...table.values()]
      const some = (wanted: (one: Seen) => boolean): number => all.filter(wanted).length
      expect(comparison.tally()).toEqual({
        file: some((one) => one.file > 0),
        repeated: all.reduce((sum, one) => sum + Math.max(0, one.file - 1), 0),
        stream: some((one) => one.stream > 0),
        both: some((one) => one.file > 0 && one.stream > 0),
      })
      for (const bit of [0, 1, 2]) {
        expect(comparison.held(bit)).toBe(some((one) => one.file > 0 && ((one.held >> bit) & 1) === 1))
      }
      const times = [...comparison.inOrder()].flat().map(({ at }) => at)
      expect(times).toEqual(all.flatMap(({ at }) => at ?? []).toSorted((a, b) => a - b))
      comparison.close()
    }),
    { numRuns: 60 },
  )
})

test('more than a page comes in order, and nothing stays when it is closed', () => {
  const comparison = openComparison(path)
  comparison.file(Array.from({ length: 2_500 }, (_, n) => ({ id: `${n}`, at: (n * 7919) % 2_500 })))
  const times = [...comparison.inOrder()].flat().map(({ at }) => at)
  expect(times).toEqual(Array.from({ length: 2_500 }, (_, n) => n))
  comparison.close()
  expect(existsSync(path)).toBe(false)
})
