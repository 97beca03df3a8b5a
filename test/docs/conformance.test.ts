// docs/conformance.md names tests. What it names is there, under that name, and not skipped; and no trap and no scenario
// is without one.
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { root, textOf } from './checkout.ts'

interface Named {
  /** The heading it stands under. */
  readonly under: string
  readonly destination: string
  readonly file: string
  readonly name: string
}

const page = textOf('docs/conformance.md')

function namedIn(markdown: string): readonly Named[] {
  let under = ''
  return markdown.split('\n').flatMap((line) => {
    under = /^#+ (.*)$/.exec(line)?.[1] ?? under
    const cells = /^\| `(\w+)` \| (.*) \|$/.exec(line)
    if (cells === null) return []
    const [, destination = '', rest = ''] = cells
    const [name = '', file = ''] = rest.split(' | ').toReversed()
    return [{ under, destination, file, name }]
  })
}

const named = namedIn(page)

/** Whether a source declares a test of this name: `test('name'` or `test.each(…)('name'`, and not `test.skip('name'`. */
function declares(source: string, name: string): boolean {
  const quoted = [name.replaceAll("'", "\\'"), name].flatMap((text) => [`'${text}'`, `"${text}"`])
  return quoted.some((text) => {
    const at = source.indexOf(text)
    return at > 0 && /(?:\btest|\))\(\s*$/.test(source.slice(0, at))
  })
}

test.each(named.map((one) => [`${one.under}, ${one.destination}: ${one.name}`, one] as const))('%s', (_, one) => {
  expect(existsSync(`${root}/${one.file}`), one.file).toBe(true)
  expect(declares(textOf(one.file), one.name), `${one.file} has no test of that name`).toBe(true)
})

test('every trap and every scenario has a test, of the destination it is about', () => {
  const wanted: Readonly<Record<string, readonly string[]>> = {
    splunk_hec: ['Trap 4', 'Trap 5', 'S1', 'S2', 'S3', 'S4'],
    datadog: ['Trap 2', 'Trap 3', 'D1', 'D2', 'D3'],
    rapid7: ['Trap 1', 'R1', 'R2'],
    clickhouse: ['Trap 6', 'Trap 7', 'Trap 8', 'C1', 'C2', 'C3', 'C4'],
    otlp_http: ['O1', 'O2'],
  }
  for (const [destination, headings] of Object.entries(wanted)) {
    const shown = named.filter((one) => one.destination === destination).map(({ under }) => under)
    expect(shown).toEqual(expect.arrayContaining([...headings]))
  }
})

test('a test that is not there, or is skipped, is seen', () => {
  const [one] = named
  const source = textOf(one?.file ?? '')
  expect(declares(source, one?.name ?? '')).toBe(true)
  expect(declares(source, `${one?.name} and more`)).toBe(false)
  expect(declares("// 'a name'\ntest('another', () => {})", 'a name')).toBe(false)
  expect(declares("test.skip('a name', () => {})", 'a name')).toBe(false)
  expect(declares("test('a name', () => {})", 'a name')).toBe(true)
})
