// Splunk's scenarios behind the real lane: what neither the exporter nor the lane shows alone.
import { auditRecord, canary, FakeServer } from '@circleci-audit-forwarder/contract/testing'
import { SplunkHecExporter, type SplunkHecOptions } from '@circleci-audit-forwarder/exporter-splunk-hec'
import { afterEach, expect, test } from 'vitest'
import { eventRequests, FakeHec, type HecSetup, TOKEN } from '../../exporters/splunk-hec/test/fake-hec.ts'
import { recordsWith, repeatsIn, Wire } from './wire.ts'

const MINUTE = 60_000
let wire: Wire
let server: FakeServer
afterEach(async () => {
  await wire.bench.stop()
  await server.stop()
})

async function splunk(setup: HecSetup = {}, options: Partial<SplunkHecOptions> = {}): Promise<FakeHec> {
  wire = new Wire()
  const hec = new FakeHec(setup)
  server = await FakeServer.start(hec.behave)
  const world = { now: () => wire.bench.clock.now(), uuid: () => crypto.randomUUID() }
  wire.start(new SplunkHecExporter({ endpoint: server.url, token: TOKEN, ...options }, world))
  return hec
}

const channels = () => new Set(eventRequests(server).map(({ headers }) => headers['x-splunk-request-channel']))

test('S2: acknowledgements that never come: resent on a new channel after 300 s, and counted', async () => {
  const hec = await splunk({ useAck: true, acknowledges: false }, { ack: 'required' })
  wire.put('a', recordsWith(10))
  await wire.pass(4 * MINUTE, 1_000)
  expect(wire.account.delivered).toBe(0)
  expect(eventRequests(server)).toHaveLength(1)
  await wire.pass(2 * MINUTE, 1_000)
  hec.acknowledges = true
  await wire.untilSettled(10 * MINUTE, 1_000)
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 10, quarantined: 0 })
  expect(channels().size).toBe(2)
  expect(wire.account.possibleDuplicates).toBe(repeatsIn(hec.ids))
})

test('S2: an indexer that crashes with what it took still in memory loses nothing', async () => {
  const hec = await splunk({ useAck: true, acknowledges: false })
  wire.put('a', recordsWith(10))
  await wire.pass(MINUTE, 1_000)
  hec.crash()
  hec.acknowledges = true
  await wire.untilSettled(30 * MINUTE, 1_000)
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 10 })
  expect(hec.ids).toHaveLength(10)
})

test('S2: a token that wants a channel gets one, without a word in the configuration and without a stop', async () => {
  const hec = await splunk({ useAck: true, cloud: true })
  wire.put('a', recordsWith(10))
  await wire.untilSettled()
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 10 })
  expect(wire.bench.of('destination_stopped')).toEqual([])
  expect(repeatsIn(hec.ids)).toBe(0)
})

test('S2: acknowledgement switched off while batches wait for it: they count as delivered, nothing goes twice', async () => {
  const hec = await splunk({ useAck: true, acknowledges: false })
  wire.put('a', recordsWith(10))
  await wire.pass(2_000)
  hec.useAck = false
  await wire.untilSettled()
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 10 })
  expect(repeatsIn(hec.ids)).toBe(0)
})

test('S3: an invalid token for an hour: one stop, few probes, nothing lost', async () => {
  const hec = await splunk()
  hec.token = canary('another')
  wire.put('a', recordsWith(100))
  await wire.pass(60 * MINUTE, 10_000)
  expect(wire.account).toMatchObject({ delivered: 0, quarantined: 0, stop: { cause: 'credentials' } })
  expect(new Set(wire.bench.of('destination_stopped').map(({ reason }) => reason)).size).toBe(1)
  expect(eventRequests(server).length).toBeLessThan(40)
  hec.token = TOKEN
  await wire.untilSettled(20 * MINUTE, 1_000)
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 100, quarantined: 0, stop: undefined })
  expect(wire.bench.of('destination_resumed')).toHaveLength(1)
  expect(hec.ids).toHaveLength(100)
})

test('a wrong index stops the destination and quarantines nothing; one that a record chose costs that record', async () => {
  const hec = await splunk({ indexes: ['main'] })
  const chosen = auditRecord({ id: 'r3', attributes: { 'com.splunk.index': 'forbidden' } })
  wire.put('a', recordsWith(10, chosen))
  await wire.untilSettled()
  expect(wire.quarantined).toEqual(['Incorrect index (code 7)'])
  expect(new Set(hec.ids).size).toBe(9)
  expect(hec.ids).not.toContain('r3')
})

test('a busy collector (codes 9, 26, 429 with Retry-After) is waited for, and told nothing twice', async () => {
  const hec = await splunk()
  server.answer({ kind: 'throttle', afterSeconds: 30 })
  wire.put('a', recordsWith(10))
  await wire.pass(29_000)
  expect(eventRequests(server)).toHaveLength(1)
  await wire.untilSettled()
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 10, possibleDuplicates: 0 })
  expect(hec.ids).toHaveLength(10)
})
