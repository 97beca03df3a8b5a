import { expect, test } from 'vitest'
import { createTelemetry } from '../../src/telemetry/telemetry.ts'
import { bytes, count, duration } from '../../src/telemetry/units.ts'
import { samples } from './samples.ts'
import { scrape, value } from './scraping.ts'

function telemetry(write: (text: string) => void) {
  const log = { level: 'debug', format: 'json', stream: { write }, isTTY: false, now: () => 5000, secrets: [] } as const
  return createTelemetry({ version: '0.1.0', log })
}

test('one event is a line, a number and a state', async () => {
  const lines: string[] = []
  const { tell, metrics, lanes } = telemetry((text) => lines.push(text))
  tell(samples.in_flight_changed)
  tell(samples.batch_retried)
  expect(lines).toHaveLength(2)
  expect(value(await scrape(metrics), 'retries_total{destination="splunk_hec/soc"}')).toBe(1)
  expect(value(await scrape(metrics), 'in_flight_requests{destination="splunk_hec/soc"}')).toBe(3)
  expect(lanes.of('splunk_hec/soc')).toMatchObject({
    inFlight: 3,
    lastError: { reason: '503 server is busy', at: 5000 },
  })
})

test('telling never throws, whatever fails', async () => {
  const { tell, metrics } = telemetry(() => {
    throw new Error('disk full')
  })
  expect(() => tell(samples.batch_split)).not.toThrow()
  expect(value(await scrape(metrics), 'splits_total{destination="splunk_hec/soc"}')).toBe(1)
})

test('a lane is known from the start on, and keeps its last error after it was mended', () => {
  const { tell, lanes } = telemetry(() => {})
  tell(samples.started)
  expect(lanes.of('clickhouse')).toMatchObject({ inFlight: 0, lastError: undefined })
  tell(samples.batch_retried)
  tell(samples.batch_delivered)
  expect(lanes.of('splunk_hec/soc')).toMatchObject({ lastDeliveryAt: 5000, lastError: { at: 5000 } })
})

test('changes add up, the last notice stays, and the log says each once in ten seconds', () => {
  const lines: string[] = []
  const { tell, lanes } = telemetry((text) => lines.push(text))
  expect(lanes.of('splunk_hec/soc')).toBeUndefined()
  for (let n = 0; n < 100; n += 1) {
    tell(samples.records_changed)
    tell({ ...samples.destination_noticed, notice: `${n} attributes were too long` })
  }
  expect(lanes.of('splunk_hec/soc')).toMatchObject({
    changed: { late: 200, early: 0, trimmed: 100 },
    lastNotice: { notice: '99 attributes were too long', at: 5000 },
  })
  expect(lines).toHaveLength(2)
})

test('numbers as an operator reads them', () => {
  expect([950, 12_000, 90_000, 7_200_000, 216_000_000, -5000].map(duration)).toEqual([
    '950 ms',
    '12 s',
    '1.5 min',
    '2 h',
    '2.5 d',
    '-5 s',
  ])
  expect([17, 4300, 1_610_612_736].map(bytes)).toEqual(['17 B', '4.2 KiB', '1.5 GiB'])
  expect([count(1, 'record'), count(12_000, 'record'), count(2, 'copy', 'copies')]).toEqual([
    '1 record',
    '12,000 records',
    '2 copies',
  ])
})
