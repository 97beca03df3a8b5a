// What must stand in no file of the project: addresses of package registries, paths of one machine, notes of unfinished
// work, and talk of how the project was made. The text is about the program.
import { expect, test } from 'vitest'
import { projectFiles, textOf } from './checkout.ts'

const self = 'test/docs/words.test.ts'

const forbidden: readonly (readonly [string, RegExp])[] = [
  [
    'the host of a registry',
    /\bregistry\.(?:npmjs|yarnpkg|npmmirror)\b|\bnpm\.pkg\.github\b|\bartifactory\b|\bverdaccio\b/i,
  ],
  ['a path of one machine', /(?<![\w.*-])\/(?:work|root|home\/\w+|Users\/\w+)\/|bash_jobs/],
  ['a note of unfinished work', /\b(?:TODO|FIXME|XXX|HACK)\b/],
  ['how the project was made', /\b(?:claude|anthropic|openai|chatgpt|copilot|llms?|sub-?agents?|co-authored-by)\b/i],
  ['a paper that is not here', /\b(?:design|style|brief)\.md\b|\bshared\/(?:facts|seeds|tools)\b/],
]

/** Generated, or not text. */
const skipped = /^package-lock\.json$|\.(?:png|gz|zst|db|ico)$/

function problemsIn(path: string, text: string): readonly string[] {
  return text
    .split('\n')
    .flatMap((line, index) =>
      forbidden
        .filter(([, pattern]) => pattern.test(line))
        .map(([what]) => `${path}:${index + 1}: ${what}: ${line.trim().slice(0, 120)}`),
    )
}

test('no file says what must not be said', () => {
  const files = projectFiles().filter((path) => !skipped.test(path) && path !== self)
  expect(files.length).toBeGreaterThan(100)
  expect(files.flatMap((path) => problemsIn(path, textOf(path)))).toEqual([])
})

test('the lock file names no registry', () => {
  const lock = JSON.parse(textOf('package-lock.json')) as { packages: Record<string, { resolved?: string }> }
  const hosts = Object.values(lock.packages).flatMap(({ resolved }) => resolved?.match(/^[a-z+]+:\/\/[^/]+/) ?? [])
  expect([...new Set(hosts)]).toEqual([])
})

test.each([
  '"resolved": "https://registry.npmjs.org/a"',
  'see /work/main/src',
  '// TODO: later',
  'as the design.md says',
  'Co-Authored-By: somebody',
])('the test sees: %s', (line) => {
  expect(problemsIn('a.md', line)).toHaveLength(1)
})

test.each(['a framework/room', 'https://example.com/work/x', 'user-agent: x', 'new Agent()'])(
  'the test lets pass: %s',
  (line) => {
    expect(problemsIn('a.md', line)).toEqual([])
  },
)
