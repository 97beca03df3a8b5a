// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language of the configuration
import { expect, test } from 'vitest'
import { ConfigDocument } from '../../src/config/document.ts'

const sources = { env: {}, readFile: (path: string) => `what is in ${path}` }

test.each(['{ <<: *a, mine: "${file:/own}" }', '{ mine: "${file:/own}", <<: *a }'])(
  'of a merged mapping a value of its own counts, and where that came from: %s',
  (mapping) => {
    const document = new ConfigDocument(
      `a: &a { mine: "\${file:/merged}", other: "\${file:/other}" }\nb: ${mapping}\n`,
      sources,
    )
    expect(document.value).toMatchObject({ b: { mine: 'what is in /own', other: 'what is in /other' } })
    expect(document.origins(['b', 'mine'])).toEqual(['file:/own'])
    expect(document.origins(['b', 'other'])).toEqual(['file:/other'])
    const now = { ...sources, readFile: (path: string) => `what is in ${path} now` }
    expect(document.again(['b', 'mine'], now)?.text).toBe('what is in /own now')
  },
)

test('a value of its own that refers to nothing has no origin, whatever is merged', () => {
  const document = new ConfigDocument('a: &a { mine: "${file:/merged}" }\nb: { <<: *a, mine: plain }\n', sources)
  expect(document.value).toMatchObject({ b: { mine: 'plain' } })
  expect(document.origins(['b', 'mine'])).toBeUndefined()
  expect(document.again(['b', 'mine'], sources)).toBeUndefined()
})
