import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Members } from '../src/members.ts'

const isLeftOut = (name: string): boolean => name.startsWith('known')

/** What a writer that remembers nothing gives. */
function plainly(attributes: Readonly<Record<string, unknown>>): string {
  const kept = Object.fromEntries(Object.entries(attributes).filter(([name]) => !isLeftOut(name)))
  const json = JSON.stringify(kept).slice(1, -1)
  return json === '' ? '' : `,${json}`
}

const name = fc.constantFrom('known.a', 'known.b', 'a', 'b', 'c.d', 'e"f')
const value = fc.oneof(
  fc.constantFrom('one', 'two', '1', '', 'x'.repeat(2000)),
  fc.constantFrom<unknown>(1, 0, true, null, ['x'], { a: 1 }),
)
const record = fc.dictionary(name, value, { noNullPrototype: true })

test('what is remembered of names and values never shows', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 12 }), (records) => {
      const members = new Members(isLeftOut)
      for (const attributes of records) expect(members.json(attributes as never)).toBe(plainly(attributes))
    }),
    { seed: Number(process.env['MEMBERS_SEED'] ?? 1), numRuns: 300 },
  )
})

test('names beyond those that are remembered are written too', () => {
  const members = new Members(isLeftOut)
  const many = Object.fromEntries(Array.from({ length: 1500 }, (_, n) => [`name${n}`, `${n}`]))
  expect(members.json(many)).toBe(plainly(many))
  expect(members.json({ 'known.a': 'x', other: 'y' })).toBe(',"other":"y"')
})
