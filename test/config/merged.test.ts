// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language of the configuration
import { expect, test } from 'vitest'
import { ConfigDocument } from '../../src/config/document.ts'

const sources = { env: {}, readFile: (path: string) => `what is in ${path}` }

test.each(['{ <<: *a, token: "${file:/own}" }', '{ token: "${file:/own}", <<: *a }'])(
  'of a merged mapping a value of its own counts, and where that came from: %s',
  (mapping) => {
    const document = new ConfigDocument(
      `a: &a { token: "\${file:/merged}", other: "\${file:/other}" }\nb: ${mapping}\n`,
      sources,
    )
    expect(document.value).toMatchObject({ b: { token: 'what is in /own', other: 'what is in /other' } })
    expect(document.origins(['b', 'token'])).toEqual(['file:/own'])
    expect(document.origins(['b', 'other'])).toEqual(['file:/other'])
    const now = { ...sources, readFile: (path: string) => `what is in ${path} now` }
    expect(document.again(['b', 'token'], now)?.text).toBe('what is in /own now')
  },
)

test('a value of its own that refers to nothing has no origin, whatever is merged', () => {
  const document = new ConfigDocument('a: &a { token: "${file:/merged}" }\nb: { <<: *a, token: plain }\n', sources)
  expect(document.value).toMatchObject({ b: { token: 'plain' } })
  expect(document.origins(['b', 'token'])).toBeUndefined()
  expect(document.again(['b', 'token'], sources)).toBeUndefined()
})
