// The pages of costs and sizes add up, and the former's bytes are those that the exporters make of the quick start's week.
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { startScript } from '../tools/start-script.ts'
import { root, textOf } from './checkout.ts'

const page = textOf('docs/guides/costs.md')
const sizing = textOf('docs/guides/sizing.md')

const numberOf = (text: string): number => Number(text.replaceAll(',', ''))

/** `a × b / c + d`, from left to right. */
function worth(sum: string): number {
  const [first = '', ...rest] = sum.split(' ')
  let value = numberOf(first)
  for (let at = 0; at < rest.length; at += 2) {
    const next = numberOf(rest[at + 1] ?? '')
    if (rest[at] === '×') value *= next
    else if (rest[at] === '/') value /= next
    else value += next
  }
  return value
}

const sums = [...`${page}${sizing}`.matchAll(/([\d.,]+(?: [×/+] [\d.,]+)+) = \$?([\d,]+(?:\.\d+)?)/g)]

test('there are sums', () => expect(sums.length).toBeGreaterThan(12))

test.each(sums.map(([whole, sum = '', result = '']) => [whole, sum, result]))('%s', (_, sum, result) => {
  const decimals = result.split('.')[1]?.length ?? 0
  expect(Math.abs(worth(sum) - numberOf(result))).toBeLessThanOrEqual(0.5 * 10 ** -decimals + 1e-9)
})

test('bytes per event are as measured', () => {
  const args = ['src/cli/main.ts', 'profile', 'deploy/quickstart/bucket', '--from', '2026-11-09T00:00:00Z', '--json']
  const out = execFileSync(process.execPath, [...startScript.flags, ...args], {
    cwd: root,
    encoding: 'utf8',
    stdio: 'pipe',
  })
  const found = JSON.parse(out)
  const events = found.events - found.duplicates.copies
  expect(Math.round(found.events / found.objects.read)).toBe(4)
  expect(page).toContain(
    `whose events have ${Math.floor(found.objects.bytes / found.events)}\nbytes as CircleCI writes them`,
  )
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| ([\d.]+) GB \|$/gm)]
  const told = Object.fromEntries(rows.map(([, name = '', bytes]) => [name, Number(bytes)]))
  const days = Object.entries(found.destinations as Record<string, Record<string, number>>)
  const measured = days.map(
    ([name, bytes]) => [name, Object.values(bytes).reduce((sum, one) => sum + one, 0) / events] as const,
  )
  expect(Object.keys(told)).toEqual(measured.map(([name]) => name).sort())
  for (const [name, bytes] of measured) expect(Math.abs((told[name] ?? 0) / bytes - 1), name).toBeLessThan(0.01)
  for (const [, name, bytes, gigabytes] of rows) expect(gigabytes, name).toBe((Number(bytes) / 1000).toFixed(1))
})
