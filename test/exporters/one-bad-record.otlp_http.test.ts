// OTLP behind the real lane: one record of a thousand that the receiver does not take. The protocol never says which.
import { auditRecord, FakeServer } from '@circleci-audit-forwarder/contract/testing'
import { config, OtlpHttpExporter } from '@circleci-audit-forwarder/exporter-otlp-http'
import { afterEach, describe, expect, test } from 'vitest'
import { OtlpReceiver } from './otlp.ts'
import { mostRequests, recordsWith, repeatsIn, Wire } from './wire.ts'

const RECORDS = 1000
let wire: Wire
let server: FakeServer
afterEach(async () => {
  await wire.bench.stop()
  await server.stop()
})

async function delivered(receiver: OtlpReceiver, encoding: string): Promise<void> {
  wire = new Wire()
  server = await FakeServer.start(receiver.behave)
  wire.start(new OtlpHttpExporter(config.parse({ endpoint: server.url, encoding })))
  wire.put('a', recordsWith(RECORDS))
  await wire.untilSettled()
}

/** A verdict is final once the receiver has accepted another record after it. */
async function expectAllButOne({ stored }: OtlpReceiver, bad: string, reason: string): Promise<void> {
  expect(server.arrived.length).toBeLessThanOrEqual(mostRequests(RECORDS))
  wire.put('b', [auditRecord({ id: 'next' })])
  await wire.untilSettled()
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: RECORDS, quarantined: 1, provisional: 0 })
  expect(wire.quarantined).toEqual([reason])
  expect(new Set(stored).size).toBe(RECORDS)
  expect(stored).not.toContain(bad)
  expect(wire.account.possibleDuplicates).toBe(repeatsIn(stored))
}

const places = ['r0', 'r137', 'r500', 'r999']

describe.each(['json', 'proto'])('%s', (encoding) => {
  test.each(places)('%s in a partial success: 999 stored, 1 quarantined, every repeat counted', async (bad) => {
    const receiver = new OtlpReceiver([bad], 'partial')
    await delivered(receiver, encoding)
    await expectAllButOne(receiver, bad, '1 of 1 records refused: attribute too long')
    expect(repeatsIn(receiver.stored)).toBeGreaterThan(0)
  })

  test.each(places)('%s in a refusal of the whole request: 999 stored once, 1 quarantined', async (bad) => {
    const receiver = new OtlpReceiver([bad], 'whole')
    await delivered(receiver, encoding)
    await expectAllButOne(receiver, bad, 'HTTP 400: attribute too long')
    expect(repeatsIn(receiver.stored)).toBe(0)
  })
})
