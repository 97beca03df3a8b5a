// A configuration shown to people is one that works: it goes through the loader of the program itself. Fragments (no
// receivers, or no service) are made whole first, where what they show is exporters or processors.
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { pages, textOf } from './checkout.ts'
import { problemsOf } from './loading.ts'

interface Example {
  readonly page: string
  readonly line: number
  readonly text: string
}

function examplesIn(page: string): readonly Example[] {
  const markdown = textOf(page)
  return [...markdown.matchAll(/^( *)```yaml\n([\s\S]*?)^\1```/gm)].map((match) => {
    const line = markdown.slice(0, match.index).split('\n').length
    return { page, line, text: (match[2] ?? '').replaceAll(new RegExp(`^${match[1]}`, 'gm'), '') }
  })
}

type Mapping = Readonly<Record<string, unknown>>

function topOf(text: string): Mapping {
  const value: unknown = parse(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Mapping) : {}
}

const isWhole = ({ text }: Example): boolean => 'receivers' in topOf(text) && 'service' in topOf(text)
const isFragment = ({ text }: Example): boolean => {
  const [only, ...others] = Object.keys(topOf(text))
  return (only === 'exporters' || only === 'processors') && others.length === 0
}

/** A fragment of exporters or processors, fed by a folder. */
function completed({ text }: Example): string {
  const { exporters = { console: {} }, processors = {} } = topOf(text) as Readonly<Record<string, Mapping>>
  const pipeline = {
    receivers: ['circleci_audit'],
    processors: Object.keys(processors),
    exporters: Object.keys(exporters),
  }
  const rest = [
    'receivers: { circleci_audit: { store: { directory: { path: bucket } } } }',
    ...('exporters' in topOf(text) ? [] : ['exporters: { console: {} }']),
    `service: { pipelines: { logs: ${JSON.stringify(pipeline)} } }`,
  ]
  return `${text}\n${rest.join('\n')}\n`
}

const all = pages()
  .filter((page) => /^(README\.md|docs\/.*|exporters\/[^/]+\/README\.md|deploy\/.*)$/.test(page))
  .flatMap(examplesIn)
const whole = all.filter(isWhole)
const fragments = all.filter(isFragment)
const name = ({ page, line }: Example): string => `${page}:${line}`

test.each(whole.map((example) => [name(example), example] as const))(
  '%s is a configuration that works',
  async (_, one) => {
    expect(await problemsOf(one.text)).toBe('valid')
  },
)

test.each(fragments.map((example) => [name(example), example] as const))(
  '%s works in a configuration',
  async (_, one) => {
    expect(await problemsOf(completed(one))).toBe('valid')
  },
)

test('there are examples to check, and a wrong one is seen', async () => {
  expect(whole.length).toBeGreaterThan(0)
  expect(fragments.length).toBeGreaterThan(1)
  expect(await problemsOf((whole[0]?.text ?? '').replace('receivers:', 'recievers:'))).not.toBe('valid')
})
