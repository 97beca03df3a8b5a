import { expect, test } from 'vitest'
import { samples } from './samples.ts'
import { now, scrape, standing, toldMetrics, value } from './scraping.ts'

const route = '{destination="splunk_hec/soc",receiver="circleci_audit"}'
const soc = 'destination="splunk_hec/soc"'

test('records count only after the destination has stored them', async () => {
  const metrics = toldMetrics([samples.started, samples.batch_retried, samples.batch_accepted], [])
  expect(value(await scrape(metrics), `records_delivered_total{${soc}}`)).toBe(0)
  metrics.tell(samples.batch_delivered)
  expect(value(await scrape(metrics), `records_delivered_total{${soc}}`)).toBe(500)
})

test('errors are counted by outcome, and begin at 0 so that the first one is an increase', async () => {
  const metrics = toldMetrics([samples.started], [])
  expect(value(await scrape(metrics), `send_errors_total{${soc},outcome="stopped"}`)).toBe(0)
  metrics.tell(samples.destination_stopped)
  expect(value(await scrape(metrics), `send_errors_total{${soc},outcome="stopped"}`)).toBe(1)
})

test('what was changed in delivered records is counted by how, and notices too', async () => {
  const metrics = toldMetrics([samples.started], [])
  const changed = (change: string) => `records_changed_total{${soc},change="${change}"}`
  const before = await scrape(metrics)
  for (const change of ['late', 'early', 'trimmed']) expect(value(before, changed(change))).toBe(0)
  for (const event of [samples.records_changed, samples.records_changed, samples.destination_noticed])
    metrics.tell(event)
  const text = await scrape(metrics)
  expect(['late', 'early', 'trimmed'].map((change) => value(text, changed(change)))).toEqual([4, 0, 2])
  expect(value(text, `destination_notices_total{${soc}}`)).toBe(1)
})

test('watermark, age and outstanding objects are the ledger’s own, at the time of the scrape', async () => {
  const text = await scrape(toldMetrics([], [standing]))
  expect(value(text, `watermark_timestamp_seconds${route}`)).toBe((now - 600_000) / 1000)
  expect(value(text, `watermark_age_seconds${route}`)).toBe(600)
  expect(value(text, `outstanding_objects${route}`)).toBe(4)
  expect(value(text, `oldest_outstanding_age_seconds${route}`)).toBe(900)
  expect(value(text, `possible_duplicates_total${route}`)).toBe(2)
  expect(value(text, `destination_stopped{${soc},cause="credentials"}`)).toBe(1)
  expect(value(text, `destination_stopped{${soc},cause="configuration"}`)).toBe(0)
})

test('before the first sweep there is no watermark rather than a false one', async () => {
  const text = await scrape(toldMetrics([], [{ ...standing, watermark: undefined, sweptTo: undefined }]))
  expect(text).not.toMatch(/watermark_timestamp_seconds\{|watermark_age_seconds\{|swept_to_timestamp_seconds\{/)
  expect(value(text, `outstanding_objects${route}`)).toBe(4)
})

test('what a power cut took from the ledger is not taken for a reset', async () => {
  const metrics = toldMetrics([], [standing])
  await scrape(metrics)
  metrics.watch(() => [{ ...standing, possibleDuplicates: 1 }])
  expect(value(await scrape(metrics), `possible_duplicates_total${route}`)).toBe(2)
})

test('size never comes without capacity', async () => {
  const text = await scrape(toldMetrics([samples.in_flight_changed], []))
  expect(value(text, `buffered_bytes{${soc}}`)).toBe(1_000_000)
  expect(value(text, `buffer_capacity_bytes{${soc}}`)).toBe(33_554_432)
  expect(value(text, `in_flight_requests{${soc}}`)).toBe(3)
  expect(value(text, `concurrency_limit{${soc}}`)).toBe(4)
  expect(value(text, `concurrency_max{${soc}}`)).toBe(16)
})

test('lags are histograms in seconds', async () => {
  const text = await scrape(toldMetrics([samples.batch_delivered], []))
  expect(value(text, `delivery_lag_seconds_sum{${soc}}`)).toBe(90)
  expect(value(text, `delivery_lag_seconds_bucket{${soc},le="60"}`)).toBe(0)
  expect(value(text, `delivery_lag_seconds_bucket{${soc},le="120"}`)).toBe(1)
})

test('an unknown kind of failure makes no new series', async () => {
  const text = await scrape(toldMetrics([{ ...samples.read_failed, kind: 'anything at all' }], []))
  expect(value(text, `read_errors_total{${soc},kind="other"}`)).toBe(1)
})

test('a ledger that cannot be read costs its own numbers only', async () => {
  const metrics = toldMetrics([samples.batch_delivered], [])
  metrics.watch(() => {
    throw new Error('database is locked')
  })
  const text = await scrape(metrics)
  expect(value(text, `records_delivered_total{${soc}}`)).toBe(500)
  expect(text).toContain('build_info{version="0.1.0"')
  expect(value(text, 'ledger_readable')).toBe(0)
})
