import { expect, test } from 'vitest'
import { memoryBound } from '../../src/telemetry/observing.ts'
import { samples } from './samples.ts'
import { levels, now, scrape, standing, toldMetrics, value } from './scraping.ts'

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
  expect(value(text, `last_event_timestamp_seconds${route}`)).toBe(now / 1000 - 150)
  expect(value(text, `last_delivery_timestamp_seconds${route}`)).toBe(now / 1000 - 90)
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

test('what is bounded is shown beside its bound', async () => {
  const text = await scrape(toldMetrics([], []))
  const shown = (name: string) => value(text, name)
  expect([shown('cache_bytes'), shown('cache_capacity_bytes')]).toEqual([1_000, 16_000])
  expect([shown('quarantine_bytes'), shown('quarantine_capacity_bytes')]).toEqual([2_000, 32_000])
  expect(['ledger_bytes', 'ledger_disk_free_bytes', 'ledger_disk_size_bytes'].map(shown)).toEqual([
    3_000, 4_000, 64_000,
  ])
  expect([`batch_capacity_records{${soc}}`, `batch_capacity_bytes{${soc}}`].map(shown)).toEqual([500, 1_048_576])
  expect(shown('retention_seconds{receiver="circleci_audit"}')).toBe(604_800)
  expect(shown('heap_bytes')).toBeLessThan(shown('heap_capacity_bytes') ?? 0)
})

test('gaps that are open, by kind, and 0 of every other kind', async () => {
  const text = await scrape(toldMetrics([], []))
  expect(value(text, 'gaps_open{kind="stream_silent",severity="critical"}')).toBe(1)
  expect(value(text, 'gaps_open{kind="stream_silent",severity="warning"}')).toBe(0)
  expect(value(text, 'gaps_open{kind="quarantined",severity="warning"}')).toBe(0)
})

test('a ledger in memory lies on no disk', async () => {
  const metrics = toldMetrics([], [standing])
  metrics.watchLevels({ ...levels, held: () => ({ quarantine: { bytes: 1, capacity: 2 }, disk: undefined }) })
  const text = await scrape(metrics)
  expect(text).not.toContain('ledger_disk')
  expect(value(text, 'quarantine_bytes')).toBe(1)
})

test('a disk that cannot be asked says so, and costs its own numbers only', async () => {
  const metrics = toldMetrics([], [standing])
  metrics.watchLevels({
    ...levels,
    held: () => {
      throw new Error('stale file handle')
    },
  })
  const text = await scrape(metrics)
  expect(value(text, 'ledger_readable')).toBe(0)
  expect(text).not.toMatch(/quarantine_bytes|ledger_disk/)
  expect(value(text, 'cache_bytes')).toBe(1_000)
  expect(value(text, `outstanding_objects${route}`)).toBe(4)
})

test.each([
  ['a container’s', 512, 512],
  ['no', 0, 4_096],
  ['an endless', 2 ** 63, 4_096],
])('memory has %s bound', (_, bound, expected) => {
  expect(memoryBound(bound, 4_096)).toBe(expected)
})

test('signs of life: how often they are sent, and when the last one arrived; at first, since when they are awaited', async () => {
  const metrics = toldMetrics([samples.started], [])
  const arrived = async () => value(await scrape(metrics), `own_record_delivered_timestamp_seconds{${soc}}`)
  expect(value(await scrape(metrics), `heartbeat_interval_seconds{${soc}}`)).toBe(300)
  expect(await arrived()).toBe(performance.timeOrigin / 1000)
  metrics.tell({ ...samples.batch_delivered, own: 0 })
  expect(await arrived()).toBe(performance.timeOrigin / 1000)
  metrics.tell({ ...samples.batch_delivered, own: 1 })
  expect(await arrived()).toBe(now / 1000)
})

test('a destination that no receiver feeds is stopped by its own word', async () => {
  const destination = 'service.notify'
  const metrics = toldMetrics([{ ...samples.started, destinations: [destination] }], [standing])
  const stopped = async () =>
    value(await scrape(metrics), `destination_stopped{destination="${destination}",cause="configuration"}`)
  expect(await stopped()).toBe(0)
  metrics.tell({ ...samples.destination_stopped, destination, cause: 'configuration' })
  expect(await stopped()).toBe(1)
  metrics.tell({ ...samples.destination_resumed, destination })
  expect(await stopped()).toBe(0)
})

test('clocks that agree again are not said to be apart', async () => {
  const metrics = toldMetrics([samples.clock_skewed], [])
  expect(value(await scrape(metrics), 'clock_skew_seconds{receiver="circleci_audit"}')).toBe(-400)
  metrics.tell(samples.clock_agreed)
  expect(value(await scrape(metrics), 'clock_skew_seconds{receiver="circleci_audit"}')).toBe(0)
})

test('what waits in queues is shown while somebody knows it, and what is in flight where it is told apart', async () => {
  const metrics = toldMetrics([samples.queue_counted], [])
  const shown = async () => {
    const text = await scrape(metrics)
    const of = (name: string) =>
      text.includes(`forwarder_${name}{`) ? value(text, `${name}{receiver="circleci_audit"}`) : undefined
    return [of('messages_waiting'), of('messages_in_flight')]
  }
  expect(await shown()).toEqual([1200, 10])
  metrics.tell({ ...samples.queue_counted, waiting: 0, inFlight: undefined })
  expect(await shown()).toEqual([0, undefined])
  metrics.tell(samples.queue_uncounted)
  expect(await shown()).toEqual([undefined, undefined])
  metrics.tell(samples.queue_counted)
  expect(await shown()).toEqual([1200, 10])
  metrics.unwatch()
  expect(await shown()).toEqual([undefined, undefined])
})

test('a gauge is of now or absent; counters go on', async () => {
  const metrics = toldMetrics([samples.batch_delivered], [standing])
  expect(value(await scrape(metrics), `outstanding_objects${route}`)).toBe(4)
  expect(value(await scrape(metrics), `outstanding_objects${route}`)).toBe(4)
  metrics.watch(() => {
    throw new Error('database is locked')
  })
  const text = await scrape(metrics)
  expect(text).not.toMatch(/(outstanding_objects|watermark_age_seconds|swept_to_timestamp_seconds)\{/)
  expect(value(text, `records_delivered_total{${soc}}`)).toBe(500)
  expect(value(text, `possible_duplicates_total${route}`)).toBe(2)
  metrics.watch(() => [standing])
  expect(value(await scrape(metrics), `outstanding_objects${route}`)).toBe(4)
})

test('a replica that has given its ledger away shows nothing of what stood there, and goes on counting', async () => {
  const before = [samples.started, samples.destination_stopped, samples.receiver_stopped, samples.clock_skewed]
  const metrics = toldMetrics([...before, samples.batch_delivered], [standing])
  expect(value(await scrape(metrics), `destination_stopped{${soc},cause="credentials"}`)).toBe(1)
  metrics.unwatch()
  const text = await scrape(metrics)
  const gone = ['destination_stopped', 'receiver_stopped', 'clock_skew_seconds', 'outstanding_objects', 'gaps_open']
  for (const name of [...gone, 'own_record_delivered_timestamp_seconds', 'buffered_bytes', 'quarantine_bytes'])
    expect(text).not.toMatch(new RegExp(`^circleci_audit_forwarder_${name}\\b`, 'm'))
  expect(value(text, `records_delivered_total{${soc}}`)).toBe(500)
  metrics.watch(() => [standing])
  metrics.tell(samples.started)
  expect(value(await scrape(metrics), `destination_stopped{${soc},cause="credentials"}`)).toBe(1)
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
