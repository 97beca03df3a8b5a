import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { everyEvent } from './samples.ts'
import { families, scrape, standing, toldMetrics } from './scraping.ts'

test('names, kinds and labels are those of metric-names.txt: dashboards and alerts are written against them', async () => {
  const metrics = toldMetrics(everyEvent, [standing])
  const listed = families(await scrape(metrics)).map(
    ({ name, kind, labels }) => `${name} ${kind} {${labels.join(',')}}`,
  )
  await expect(`${listed.sort().join('\n')}\n`).toMatchFileSnapshot('metric-names.txt')
})

test('every metric says what it means', async () => {
  const text = await scrape(toldMetrics(everyEvent, [standing]))
  for (const { name, help } of families(text)) expect(help, name).toMatch(/^\S.{8,}/)
})

test('no label holds a key, a reason or an address', async () => {
  const text = await scrape(toldMetrics(everyEvent, [standing]))
  expect(text).not.toMatch(/year=2026|access denied|server is busy|hour=/)
})

const promtool = spawnSync('promtool', ['--version']).error === undefined

test.skipIf(!promtool)(
  'promtool finds nothing to complain about (skipped where promtool is not installed)',
  async () => {
    const text = await scrape(toldMetrics(everyEvent, [standing]))
    const lint = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
    expect(lint.stdout + lint.stderr).toBe('')
  },
)
