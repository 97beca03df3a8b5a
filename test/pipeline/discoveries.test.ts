// What is said of the store's clock.
import { expect, test } from 'vitest'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { Discoveries } from '../../src/pipeline/discovery.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { FakeClock } from '../tools/fake-clock.ts'

test('clocks are said to be apart as long as they are, and once that they agree again', () => {
  const told: TelemetryEvent[] = []
  const parts = { receiver: 'circleci_audit', store: 's3://b', ledger: new MemoryLedger(), clock: new FakeClock() }
  const found = new Discoveries({ ...parts, tell: (event) => told.push(event), fresh: () => undefined })
  const minutes = [0, 4, -6, 6, 1, 0].map((minute) => minute * 60_000)
  for (const skew of minutes) found.storeTime(1_790_000_000_000 + skew, 1_790_000_000_000)
  expect(told).toEqual([
    { type: 'clock_skewed', receiver: 'circleci_audit', skewMs: -360_000 },
    { type: 'clock_skewed', receiver: 'circleci_audit', skewMs: 360_000 },
    { type: 'clock_agreed', receiver: 'circleci_audit' },
  ])
})
