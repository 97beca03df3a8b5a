// Splunk behind the real lane: one event of a thousand that the collector refuses, with its number and without.
import { FakeServer } from '@circleci-audit-forwarder/contract/testing'
import { SplunkHecExporter, type SplunkHecOptions } from '@circleci-audit-forwarder/exporter-splunk-hec'
import { afterEach, expect, test } from 'vitest'
import { eventRequests, FakeHec, type HecSetup, TOKEN } from '../../exporters/splunk-hec/test/fake-hec.ts'
import { mostRequests, recordsWith, repeatsIn, Wire } from './wire.ts'

const RECORDS = 1000
let wire: Wire
let server: FakeServer
afterEach(async () => {
  await wire.bench.stop()
  await server.stop()
})

async function delivered(bad: string, setup: HecSetup, options: Partial<SplunkHecOptions> = {}): Promise<FakeHec> {
  wire = new Wire()
  const hec = new FakeHec({ ...setup, poison: [bad] })
  server = await FakeServer.start(hec.behave)
  const now = () => wire.bench.clock.now()
  const world = { now, uuid: () => crypto.randomUUID() }
  wire.start(new SplunkHecExporter({ endpoint: server.url, token: TOKEN, ...options }, world))
  wire.put('a', recordsWith(RECORDS))
  await wire.untilSettled()
  // A verdict is final once the destination has accepted another record after it.
  wire.put(
    'b',
    [...recordsWith(1)].map((record) => ({ ...record, attributes: { 'log.record.uid': 'next' } })),
  )
  await wire.untilSettled()
  return hec
}

function expectAllButOne(hec: FakeHec, bad: string): void {
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: RECORDS, quarantined: 1, provisional: 0 })
  expect(wire.quarantined).toEqual(['Invalid data format (code 6)'])
  expect(new Set(hec.ids).size).toBe(RECORDS)
  expect(hec.ids).not.toContain(bad)
}

const places = ['r0', 'r137', 'r500', 'r999']

test.each(places)('%s, named by its number: 999 stored, 1 quarantined, two requests, repeats counted', async (bad) => {
  const hec = await delivered(bad, {})
  expectAllButOne(hec, bad)
  expect(eventRequests(server)).toHaveLength(3) // the thousand, the rest, the next one
  // Splunk stored what stood before the event it refused; that part went again.
  expect(repeatsIn(hec.ids)).toBe(Number(bad.slice(1)))
  expect(wire.account.possibleDuplicates).toBe(repeatsIn(hec.ids))
})

test.each(places)('%s, named, with trust_event_number: nothing is stored twice', async (bad) => {
  const hec = await delivered(bad, {}, { trustEventNumber: true })
  expectAllButOne(hec, bad)
  expect(repeatsIn(hec.ids)).toBe(0)
  expect(wire.account.possibleDuplicates).toBe(0)
})

test.each(places)('%s, not named: 999 stored once, 1 quarantined, at most 2·log2(n)+1 requests', async (bad) => {
  const hec = await delivered(bad, { nameless: true })
  expectAllButOne(hec, bad)
  expect(eventRequests(server).length).toBeLessThanOrEqual(mostRequests(RECORDS) + 1)
  expect(repeatsIn(hec.ids)).toBe(0)
})

test.each(places)('%s, named, with acknowledgement: 999 stored, 1 quarantined', async (bad) => {
  const hec = await delivered(bad, { useAck: true })
  expectAllButOne(hec, bad)
  expect(wire.account.possibleDuplicates).toBe(repeatsIn(hec.ids))
})
