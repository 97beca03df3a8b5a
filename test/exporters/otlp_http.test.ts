// OTLP's scenarios behind the real lane: what neither the exporter nor the lane shows alone.
import { auditRecord, FakeServer, type VendorAnswer } from '@circleci-audit-forwarder/contract/testing'
import { config, OtlpHttpExporter } from '@circleci-audit-forwarder/exporter-otlp-http'
import { afterEach, expect, test } from 'vitest'
import { OtlpReceiver } from './otlp.ts'
import { recordsWith, repeatsIn, Wire } from './wire.ts'

const json = { 'content-type': 'application/json' }
const MINUTE = 60_000
let wire: Wire
let server: FakeServer
afterEach(async () => {
  await wire.bench.stop()
  await server.stop()
})

/** Behind `instead`, while it has an answer, is a receiver that takes the records but those of `poison`. */
async function otlp(poison: readonly string[], instead: () => VendorAnswer | undefined = () => undefined) {
  wire = new Wire()
  const receiver = new OtlpReceiver(poison, 'partial')
  server = await FakeServer.start((request) => {
    const taken = receiver.behave(request)
    return instead() ?? taken
  })
  wire.start(new OtlpHttpExporter(config.parse({ endpoint: server.url })))
  return receiver
}

test('O1: where every record of a batch is refused, nothing is searched and sent again for it', async () => {
  const all = recordsWith(10).map(({ attributes }) => String(attributes['log.record.uid']))
  const receiver = await otlp(all)
  wire.put('a', recordsWith(10))
  await wire.pass(10_000)
  expect(server.arrived).toHaveLength(1)
  expect(wire.account).toMatchObject({ delivered: 0, provisional: 10, possibleDuplicates: 0 })
  // The lane hears several refusals in a row a second time, once the receiver has taken another record.
  for (const key of ['b', 'c', 'd']) {
    wire.put(key, [auditRecord({ id: key })])
    await wire.untilSettled()
  }
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 3, quarantined: 10, possibleDuplicates: 0 })
  expect(receiver.stored).toEqual(['b', 'c', 'd'])
})

test('a receiver that refuses everything there is stops the destination before it drains the log into quarantine', async () => {
  const all = recordsWith(1000).map(({ attributes }) => String(attributes['log.record.uid']))
  await otlp(all)
  wire.put('a', recordsWith(1000))
  await wire.pass(10_000)
  expect(wire.account).toMatchObject({ delivered: 0, quarantined: 0, stop: { cause: 'configuration' } })
})

test('O1: nothing refused and a message: delivered, once', async () => {
  const body = JSON.stringify({ partialSuccess: { rejectedLogRecords: '0', errorMessage: 'deprecated field' } })
  const receiver = await otlp([], () => ({ status: 200, headers: json, body }))
  wire.put('a', recordsWith(10))
  await wire.untilSettled()
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 10, possibleDuplicates: 0 })
  expect(receiver.stored).toHaveLength(10)
})

test('O1: an answer cut off: the same batch again, and its repeats are counted', async () => {
  const cut = [{ status: 200, headers: json, body: '{"partialSuccess":{"rej' }]
  const receiver = await otlp([], () => cut.pop())
  wire.put('a', recordsWith(10))
  await wire.untilSettled()
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 10, possibleDuplicates: 10 })
  expect(repeatsIn(receiver.stored)).toBe(10)
})

test('O2: Retry-After 30: no request for 30 s, then the batch, unlike with OpenTelemetry JS', async () => {
  const busy = [{ status: 503, headers: { 'retry-after': '30' } }]
  await otlp([], () => busy.pop())
  wire.put('a', recordsWith(10))
  await wire.pass(29_000)
  expect(server.arrived).toHaveLength(1)
  await wire.untilSettled()
  expect(server.arrived).toHaveLength(2)
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 10, possibleDuplicates: 0 })
})

test('a login page that answers 200 for an hour: nothing counts as delivered, and all of it arrives afterwards', async () => {
  const page = '<!DOCTYPE html><html><body>Please log in</body></html>'
  let isLoggedOut = true
  const receiver = await otlp([], () => (isLoggedOut ? { status: 200, headers: json, body: page } : undefined))
  wire.put('a', recordsWith(100))
  await wire.pass(60 * MINUTE, 10_000)
  expect(wire.account).toMatchObject({ delivered: 0, quarantined: 0, stop: { cause: 'configuration' } })
  isLoggedOut = false
  await wire.untilSettled(20 * MINUTE, 1_000)
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 100, quarantined: 0 })
  expect(new Set(receiver.stored).size).toBe(100)
})
