// Datadog behind the real lane: real ledger (in memory), real exporter, real HTTP; Datadog itself is the fake with the
// vendor's silences. What is shown here is what neither half shows alone: who is left standing after a bisection, and
// what becomes of a week's backlog that Datadog would drop.
import { setTimeout as sleep } from 'node:timers/promises'
import { type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import { auditRecord, FakeServer } from '@circleci-audit-forwarder/contract/testing'
import { DatadogExporter, type DatadogOptions } from '@circleci-audit-forwarder/exporter-datadog'
import { afterEach, expect, test } from 'vitest'
import { FakeDatadog } from '../../exporters/datadog/test/fake-datadog.ts'
import type { Piece, PieceChunk, Reader } from '../../src/delivery/reader.ts'
import { Readings } from '../../src/delivery/readings.ts'
import type { AuditObject } from '../../src/domain/objects.ts'
import { Bench, ids, laneOptions } from '../delivery/harness.ts'

const KEY = '0123456789abcdef0123456789abcdef'
const HOUR = 3_600_000
const EVENT_BYTES = 10
const RECORDS = 1000

let bench = new Bench()
let server: FakeServer | undefined
afterEach(async () => {
  await bench.stop()
  await server?.stop()
})

/** Objects by key, each all in one chunk. */
class Records implements Reader {
  readonly objects = new Map<string, readonly LogRecord[]>()

  async *read({ key }: AuditObject): AsyncGenerator<PieceChunk> {
    const records = this.objects.get(key) ?? []
    yield { from: 0, to: records.length * EVENT_BYTES, pieces: records.map(piece), end: true }
  }
}

function piece(record: LogRecord, n: number): Piece {
  const from = n * EVENT_BYTES
  const id = String(record.attributes['log.record.uid'])
  const place = { from, to: from + EVENT_BYTES, offset: from, line: n + 1, sha256: '0'.repeat(64) }
  return { ...place, id, at: record.hrTime[0] * 1000, record: { ...record, [ORIGINAL]: `{"id":"${id}"}` } }
}

async function laneTo(poison: readonly string[], options: Partial<DatadogOptions> = {}) {
  bench = new Bench()
  bench.enrol('dd')
  const datadog = new FakeDatadog(KEY, bench.clock.now())
  for (const id of poison) datadog.poison.add(id)
  server = await FakeServer.start(datadog.behave)
  const exporter = new DatadogExporter({ endpoint: server.url, apiKey: KEY, ...options })
  const reader = new Records()
  const parts = { reader, ledger: bench.ledger, clock: bench.clock, lanes: 1, capacityBytes: 1 << 24 }
  const readings = new Readings({ ...parts, tell: (event) => bench.told.push(event) })
  const batch = { records: 1000, bytes: exporter.limits.bytes, lingerMs: 100 }
  const lane = bench.lane('dd', exporter, { readings, options: { ...laneOptions, batch, bufferBytes: 1 << 26 } })
  const put = (key: string, records: readonly LogRecord[]): void => {
    reader.objects.set(key, records)
    bench.put(
      key,
      records.map(({ attributes }) => String(attributes['log.record.uid'])),
    )
    lane.wake()
  }
  return { datadog, exporter, server, put }
}

/** Time passes, little by little, while requests are really on their way, until nothing but verdicts is open. */
async function untilQuiet(): Promise<void> {
  for (let quiet = 0, steps = 0; quiet < 20 && steps < 500; steps++) {
    await bench.clock.advance(100)
    await sleep(2)
    const { delivered, quarantined, provisional } = bench.account('dd')
    quiet = delivered + quarantined + provisional < RECORDS ? 0 : quiet + 1
  }
}

function record(id: string, ageMs = 60_000): LogRecord {
  return auditRecord({ id, hrTime: [Math.floor((new Bench().clock.now() - ageMs) / 1000), 0] })
}

const thousand = ids('r', RECORDS).map((id) => record(id))
/** The whole, then both halves each time what holds the bad one is halved. */
const MOST_REQUESTS = 2 * Math.ceil(Math.log2(RECORDS)) + 1

test.each([['r0'], ['r137'], ['r500'], ['r749'], ['r999']])(
  'one bad record among 1,000 (%s): 999 delivered, 1 quarantined with Datadog’s reason, at most 2·log2(n)+1 requests',
  async (bad) => {
    const { datadog, server, put } = await laneTo([bad])
    put('a', thousand)
    await untilQuiet()
    expect(server.arrived.length).toBeLessThanOrEqual(MOST_REQUESTS)
    expect(datadog.ids).toHaveLength(999)
    expect(new Set(datadog.ids).size).toBe(999)
    expect(datadog.ids).not.toContain(bad)
    // A verdict is final once Datadog has accepted another record after it.
    put('b', [record('next')])
    await bench.clock.advance(200)
    await untilQuiet()
    expect(bench.account('dd')).toMatchObject({ outstanding: 0, delivered: 1000, quarantined: 1, provisional: 0 })
    expect(bench.of('records_refused').map(({ reason }) => reason)).toEqual(['HTTP 400: Bad Request: malformed log'])
  },
)

test('a backlog of 20 hours is delivered whole: nothing is dropped by Datadog, everything old is marked', async () => {
  const { datadog, exporter, put } = await laneTo([])
  put('a', [...ids('old', 700).map((id) => record(id, 20 * HOUR)), ...ids('new', 300).map((id) => record(id))])
  await untilQuiet()
  expect(bench.account('dd')).toMatchObject({ outstanding: 0, delivered: 1000, quarantined: 0 })
  expect(datadog.dropped).toEqual([])
  expect(datadog.stored).toHaveLength(1000)
  expect(datadog.stored.filter(({ tags }) => tags.includes('late:true'))).toHaveLength(700)
  expect(exporter.counts.late).toBe(700)
})

test('late_events: quarantine keeps the late ones, each with the reason, and delivers the rest', async () => {
  const { datadog, put } = await laneTo([], { lateEvents: 'quarantine' })
  put('a', [...ids('old', 150).map((id) => record(id, 20 * HOUR)), ...ids('new', 850).map((id) => record(id))])
  await untilQuiet()
  expect(bench.account('dd')).toMatchObject({ outstanding: 0, delivered: 850, quarantined: 150, provisional: 0 })
  expect(datadog.dropped).toEqual([])
  expect(datadog.stored).toHaveLength(850)
  expect(bench.of('records_refused')[0]?.reason).toMatch(/20\.0 hours ago: Datadog drops/)
})
