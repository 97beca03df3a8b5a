import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import type { Comparison } from '../../src/ledger/comparison.ts'
import { MemoryComparison } from '../../src/ledger/memory/comparison.ts'
import { openComparison } from '../../src/ledger/sqlite/comparison.ts'

const folder = mkdtempSync(join(tmpdir(), 'comparison-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, '1.comparison')

const span = { from: 100, to: 200 }
const uuids = ['0b7f3c7e-6a0e-4d0c-9b35-2f4c1f0a9d11', '0B7F3C7E-6A0E-4D0C-9B35-2F4C1F0A9D11']
const id = fc.constantFrom('a', 'B', ...uuids, 'd')
const at = (min: number, max: number) => fc.option(fc.integer({ min, max }), { nil: undefined })
const inFile = fc.record({ id, at: at(100, 200) })
const inStream = fc.record({ id, at: at(90, 210), held: fc.constantFrom(0, 1, 2, 5, 2 ** 40, 2 ** 51 + 1) })

/** Everything that can be asked. Events of one time come in any order. */
function answers(comparison: Comparison): unknown {
  const sided = [...comparison.inOrder()].flat()
  const times = sided.map(({ at }) => at)
  const sorted = sided.map(({ at, who }) => `${at} ${who}`).toSorted()
  return [comparison.tally(), [0, 1, 2, 40, 51].map((bit) => comparison.held(bit)), times, sorted]
}

test('the one on disk answers as the one in memory', () => {
  fc.assert(
    fc.property(fc.array(inFile), fc.array(inStream), (file, stream) => {
      const both = [new MemoryComparison(), openComparison(path)]
      for (const comparison of both) {
        comparison.file(file)
        comparison.stream(stream, span)
      }
      expect(both.map(answers)[1]).toEqual(both.map(answers)[0])
      for (const comparison of both) comparison.close()
    }),
    { numRuns: 60 },
  )
})

test('it counts events, not rows, and orders them by time', () => {
  const comparison = new MemoryComparison()
  comparison.file([
    { id: 'a', at: 150 },
    { id: 'b', at: 120 },
    { id: 'a', at: 150 },
    { id: 'untimed', at: undefined },
  ])
  const held = 1
  comparison.stream(
    [
      { id: 'a', at: 150, held },
      { id: 'c', at: 110, held },
      { id: 'far', at: 300, held },
    ],
    span,
  )
  comparison.stream([{ id: 'untimed', at: 400, held: 2 }], span)
  expect(comparison.tally()).toEqual({ file: 3, repeated: 1, stream: 3, both: 2 })
  expect([comparison.held(0), comparison.held(1)]).toEqual([1, 1])
  expect([...comparison.inOrder()].flat()).toEqual([
    { at: 110, who: 'stream' },
    { at: 120, who: 'file' },
    { at: 150, who: 'both' },
  ])
})

test('more than a page comes in order, and nothing stays when it is closed', () => {
  const comparison = openComparison(path)
  comparison.file(Array.from({ length: 2_500 }, (_, n) => ({ id: `${n}`, at: (n * 7919) % 2_500 })))
  const times = [...comparison.inOrder()].flat().map(({ at }) => at)
  expect(times).toEqual(Array.from({ length: 2_500 }, (_, n) => n))
  comparison.close()
  expect(existsSync(path)).toBe(false)
})
