// The two things a seal is made of on disk, each against a set that cannot err: a fault in either swallows objects.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import type { Connection } from '../../src/ledger/sqlite/connection.ts'
import { beginning, find, keyMark, type Marked, markOf, merged } from '../../src/ledger/sqlite/marks.ts'
import { addNumbers, holdsNumber, removeNumber } from '../../src/ledger/sqlite/numbers.ts'
import { openForWriting } from '../../src/ledger/sqlite/open.ts'

const directory = mkdtempSync(join(tmpdir(), 'ledger-seals-'))
afterAll(() => rmSync(directory, { recursive: true }))

const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 12 })

test('ranges of sealed numbers hold exactly the numbers that were put into them and not taken out', () => {
  const db = openForWriting(join(directory, 'ranges.db'))
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('a' as const, 'b' as const), fc.boolean(), numbers), { maxLength: 12 }),
      (puts) => {
        const sets = put(db, puts)
        for (const name of ['a', 'b'] as const) {
          for (let n = 0; n <= 41; n += 1)
            expect(holdsNumber(db, 'sealed', name, n), `${name} ${n}`).toBe(sets[name].has(n))
          expect(rangesOf(db, name)).toBe([...sets[name]].filter((n) => !sets[name].has(n - 1)).length)
        }
      },
    ),
  )
  db.close()
})

type Put = readonly [destination: 'a' | 'b', isOut: boolean, objects: readonly number[]]

/** Puts numbers in, or takes them out; answers what is in then. */
function put(db: Connection, puts: readonly Put[]): { readonly a: Set<number>; readonly b: Set<number> } {
  db.run('DELETE FROM sealed')
  const sets = { a: new Set<number>(), b: new Set<number>() }
  for (const [destination, isOut, objects] of puts) {
    if (isOut) for (const object of objects) removeNumber(db, 'sealed', destination, object)
    else addNumbers(db, 'sealed', destination, objects)
    for (const object of objects) {
      if (isOut) sets[destination].delete(object)
      else sets[destination].add(object)
    }
  }
  return sets
}

/** Neighbours are one range, or a year would be a million of them. */
function rangesOf(db: Connection, destination: string): number {
  return db.get<{ n: number }>('SELECT count(*) AS n FROM sealed WHERE destination = ?', destination)?.n ?? -1
}

const text = fc.constantFrom('a', 'b', 'ab', 'a","b', '', '\ud800', 'year=2026/x')
const named = fc.record({ store: text, key: text, version: text })

test('a list of marks holds exactly the objects that were put into it, each with its last number and shelf', () => {
  fc.assert(
    fc.property(fc.array(fc.array(named, { maxLength: 9 }), { maxLength: 6 }), fc.array(named), (puts, asked) => {
      let list = Buffer.alloc(0)
      const known = new Map<string, Marked>()
      for (const objects of puts) {
        const fresh = objects.filter((one, index) => objects.findIndex((two) => name(one) === name(two)) === index)
        const more = fresh.map((object, index) => {
          return {
            mark: markOf(object.store, object),
            ref: 2 ** 40 + known.size + index,
            shelf: puts.indexOf(objects),
          }
        })
        for (const [index, object] of fresh.entries()) {
          known.set(name(object), more[index] as Marked)
        }
        list = Buffer.from(merged(list, more))
      }
      expect(list.length).toBe(known.size * 36)
      for (const object of [...puts.flat(), ...asked]) {
        const { ref, shelf } = known.get(name(object)) ?? {}
        const found = find(list, markOf(object.store, object))
        expect(found, name(object)).toEqual(ref === undefined ? undefined : { ref, shelf })
        const same = [...known].filter(
          ([other]) => JSON.parse(other)[0] === object.store && JSON.parse(other)[1] === object.key,
        )
        const refs = beginning(list, keyMark(object.store, object.key)).map(({ ref }) => ref)
        expect(refs.sort()).toEqual(same.map(([, marked]) => marked.ref).sort())
      }
    }),
  )
})

function name({ store, key, version }: { store: string; key: string; version: string }): string {
  return JSON.stringify([store, key, version])
}
