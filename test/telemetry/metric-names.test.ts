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

test('no level without its capacity', async () => {
  const names = families(await scrape(toldMetrics(everyEvent, [standing]))).map(({ name }) => name)
  const capacities = names.filter((name) => name.includes('_capacity_'))
  expect(capacities.length).toBeGreaterThan(6)
  const levelOf: Readonly<Record<string, string>> = {
    circleci_audit_forwarder_batch_capacity_bytes: 'circleci_audit_forwarder_sent_bytes_total',
    circleci_audit_forwarder_batch_capacity_records: 'circleci_audit_forwarder_records_delivered_total',
    circleci_audit_forwarder_buffer_capacity_bytes: 'circleci_audit_forwarder_buffered_bytes',
    circleci_audit_forwarder_memory_capacity_bytes: 'process_resident_memory_bytes',
  }
  for (const name of capacities) expect(names).toContain(levelOf[name] ?? name.replace('_capacity', ''))
  const bytes = names.filter((name) => /(?<!capacity|free|size|resident_memory)_bytes$/.test(name))
  // A copy of the ledger, which lies beside the disk it lies on.
  const unbounded = ['checkpoint', 'ledger'].map((name) => `circleci_audit_forwarder_${name}_bytes`)
  const bounded = (name: string) =>
    Object.values(levelOf).includes(name) || names.includes(name.replace(/_bytes$/, '_capacity_bytes'))
  expect(bytes.filter((name) => !bounded(name)).toSorted()).toEqual(unbounded)
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
