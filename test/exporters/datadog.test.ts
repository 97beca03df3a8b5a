// Datadog behind the real lane: real ledger (in memory), real exporter, real HTTP; Datadog itself is the fake with the
// vendor's silences. What is shown here is what neither half shows alone: who is left standing after a bisection, and
// what becomes of a backlog that Datadog would drop.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { auditRecord, canaryHex, FakeServer } from '@circleci-audit-forwarder/contract/testing'
import { DatadogExporter, type DatadogOptions } from '@circleci-audit-forwarder/exporter-datadog'
import { afterEach, expect, test } from 'vitest'
import { FakeDatadog } from '../../exporters/datadog/test/fake-datadog.ts'
import { ids } from '../delivery/harness.ts'
import { mostRequests, Wire } from './wire.ts'

const KEY = canaryHex(0xdd)
const HOUR = 3_600_000
const RECORDS = 1000
let wire: Wire
let server: FakeServer
afterEach(async () => {
  await wire.bench.stop()
  await server.stop()
})

async function start(poison: readonly string[], options: Partial<DatadogOptions> = {}) {
  wire = new Wire()
  const datadog = new FakeDatadog(KEY, wire.bench.clock.now())
  for (const id of poison) datadog.poison.add(id)
  server = await FakeServer.start(datadog.behave)
  const exporter = new DatadogExporter({ endpoint: server.url, apiKey: KEY, ...options })
  wire.start(exporter)
  return { datadog, exporter }
}

function records(letter: string, count: number, ageMs = 60_000): readonly LogRecord[] {
  const seconds = Math.floor((wire.bench.clock.now() - ageMs) / 1000)
  return ids(letter, count).map((id) => auditRecord({ id, hrTime: [seconds, 0] }))
}

test.each(['r0', 'r137', 'r500', 'r749', 'r999'])(
  '%s is bad: 999 delivered, 1 quarantined with Datadog’s reason, at most 2·log2(n)+1 requests',
  async (bad) => {
    const { datadog } = await start([bad])
    wire.put('a', records('r', RECORDS))
    await wire.untilSettled()
    expect(server.arrived.length).toBeLessThanOrEqual(mostRequests(RECORDS))
    expect(datadog.ids).toHaveLength(RECORDS - 1)
    expect(new Set(datadog.ids).size).toBe(RECORDS - 1)
    expect(datadog.ids).not.toContain(bad)
    // A verdict is final once Datadog has accepted another record after it.
    wire.put('b', records('next', 1))
    await wire.untilSettled()
    expect(wire.account).toMatchObject({ outstanding: 0, delivered: RECORDS, quarantined: 1, provisional: 0 })
    expect(wire.quarantined).toEqual(['HTTP 400: Bad Request: malformed log'])
  },
)

test('a backlog of 20 hours is delivered whole: nothing is dropped by Datadog, everything old is marked', async () => {
  const { datadog } = await start([])
  wire.put('a', [...records('old', 700, 20 * HOUR), ...records('new', 300)])
  await wire.untilSettled()
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 1000, quarantined: 0 })
  expect(datadog.dropped).toEqual([])
  expect(datadog.stored).toHaveLength(1000)
  expect(datadog.stored.filter(({ tags }) => tags.includes('late:true'))).toHaveLength(700)
  const changed = wire.bench.of('records_changed')
  expect(changed.reduce((sum, { late }) => sum + late, 0)).toBe(700)
})

test('late_events: quarantine keeps the late ones, each with the reason, and delivers the rest', async () => {
  const { datadog } = await start([], { lateEvents: 'quarantine' })
  wire.put('a', [...records('old', 150, 20 * HOUR), ...records('new', 850)])
  await wire.untilSettled()
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 850, quarantined: 150, provisional: 0 })
  expect(datadog.dropped).toEqual([])
  expect(datadog.stored).toHaveLength(850)
  expect(wire.quarantined[0]).toMatch(/20\.0 hours ago: Datadog drops/)
})

test('a backlog of nothing but late events ends in quarantine, and what is fresh is delivered after it', async () => {
  const { datadog } = await start([], { lateEvents: 'quarantine' })
  wire.put('a', records('old', RECORDS, 20 * HOUR))
  await wire.untilSettled()
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 0, quarantined: RECORDS, provisional: 0 })
  expect(wire.account.stop).toBeUndefined()
  wire.put('b', records('new', 1))
  await wire.untilSettled()
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 1, quarantined: RECORDS })
  expect(datadog.ids).toEqual(['new0'])
  expect(wire.bench.of('destination_stopped')).toEqual([])
  // An empty request, for the time.
  expect(server.arrived).toHaveLength(2)
})

test('D3: 429 with Retry-After 30: no request for 30 s; 413: halved until it fits; all of it is stored once', async () => {
  const { datadog } = await start([])
  server.answer({ kind: 'throttle', afterSeconds: 30 })
  wire.put('a', records('r', 100))
  await wire.pass(29_000)
  expect(server.arrived).toHaveLength(1)
  server.answer({ kind: 'too large' })
  await wire.untilSettled()
  expect(server.arrived).toHaveLength(4)
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 100, quarantined: 0 })
  expect(new Set(datadog.ids).size).toBe(100)
  expect(datadog.ids).toHaveLength(100)
})
