// The runbook: every page is in its index, answers the same four questions, and names metrics and messages that exist.
import { expect, test } from 'vitest'
import { pages, projectFiles, textOf } from './checkout.ts'

const index = textOf('docs/runbook/README.md')
const paths = projectFiles().filter((path) => /^docs\/runbook\/.*\.md$/.test(path) && !path.endsWith('README.md'))
const metrics = textOf('test/telemetry/metric-names.txt')
const known: readonly string[] = metrics.match(/(?<=^(?:circleci_audit_forwarder_)?)(?!circleci_)\w+/gm) ?? []

test.each(paths)('%s says what it means, how to see it, what to do and how it ends', (path) => {
  const text = textOf(path)
  expect(index).toContain(`](${path.replace('docs/runbook/', '')})`)
  for (const part of ['**Means.**', '**See.**', '**Ends**']) expect(text).toContain(part)
  expect(/\*\*Do\b|\| do \|/.test(text), 'what to do').toBe(true)
})

test('every metric that the runbook names is one', () => {
  const named = [index, ...paths.map(textOf)].flatMap((text) =>
    [...text.matchAll(/`([a-z]+(?:_[a-z]+)+)(?:\{[^`]*\})?`/g)].map(([, name = '']) => name),
  )
  const suspects = named.filter((name) => /_(total|seconds|bytes|objects|stopped)$/.test(name))
  expect(suspects.length).toBeGreaterThan(10)
  for (const name of suspects) expect(known).toContain(name)
})

test('every counter that any page names is one', () => {
  const named = pages().flatMap((page) =>
    [...textOf(page).matchAll(/`(?:circleci_audit_forwarder_)?([a-z]+(?:_[a-z]+)*_total)\b/g)].map(
      ([, name = '']) => [page, name] as const,
    ),
  )
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter(([, name]) => !known.includes(name))).toEqual([])
})

test('every metric in the tables for operators is one', () => {
  const [, section = ''] = textOf('docs/operations.md').split('\n## Metrics\n')
  const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `.*?\|/gm)].map(([cell]) => cell)
  const named = rows.flatMap((cell) => [...cell.matchAll(/`([a-z_]+)(?:\{[^`]*\})?`/g)].map(([, name = '']) => name))
  expect(named.length).toBeGreaterThan(25)
  // A histogram has a series that counts.
  expect(named.filter((name) => !known.includes(name.replace(/_count$/, '')))).toEqual([])
})
