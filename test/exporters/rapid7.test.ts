// Rapid7 behind the real lane: real ledger (in memory), real exporter, real HTTP; Rapid7 itself is the fake that stores of
// each body its first line. A request is an event, so nothing is ever searched.
import { type Arrived, auditRecord, FakeServer, type VendorAnswer } from '@circleci-audit-forwarder/contract/testing'
import { Rapid7Exporter, type Rapid7Options } from '@circleci-audit-forwarder/exporter-rapid7'
import { afterEach, expect, test } from 'vitest'
import { FakeRapid7, idsOf, TOKEN } from '../../exporters/rapid7/test/fake-rapid7.ts'
import { recordsWith, Wire } from './wire.ts'

const MINUTE = 60_000
const RECORDS = 1_000
let wire: Wire
let server: FakeServer
afterEach(async () => {
  await wire.bench.stop()
  await server.stop()
})

/** `refuse` answers some requests in place of the webhook. */
async function start(
  refuse: (request: Arrived) => VendorAnswer | undefined = () => undefined,
  options: Partial<Rapid7Options> = {},
): Promise<FakeRapid7> {
  wire = new Wire()
  const rapid7 = new FakeRapid7()
  server = await FakeServer.start((request, scripted) => refuse(request) ?? rapid7.behave(request, scripted))
  wire.start(new Rapid7Exporter({ endpoint: server.url, token: TOKEN, ...options }))
  return rapid7
}

test.each(['r0', 'r137', 'r500', 'r999'])(
  '%s is bad: 999 stored, 1 quarantined with the words of the refusal, one request each but for the doubted one',
  async (bad) => {
    const rapid7 = await start((request) =>
      idsOf(request).includes(bad) ? { status: 400, body: 'malformed event' } : undefined,
    )
    wire.put('a', recordsWith(RECORDS))
    await wire.untilSettled(10 * MINUTE, 1_000)
    // A verdict is final once the destination has accepted another record after it.
    wire.put('b', [auditRecord({ id: 'after' })])
    await wire.untilSettled()
    expect(wire.account).toMatchObject({ outstanding: 0, delivered: RECORDS, quarantined: 1, provisional: 0 })
    expect(wire.quarantined).toEqual(['HTTP 400: malformed event'])
    expect(new Set(rapid7.ids).size).toBe(RECORDS)
    expect(server.arrived).toHaveLength(RECORDS + 2)
  },
)

test('R2: a webhook that stores the first line of each body and says 204: every event is stored, and once', async () => {
  const rapid7 = await start()
  wire.put('a', recordsWith(200))
  await wire.untilSettled()
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 200, quarantined: 0 })
  expect(rapid7.ids.toSorted()).toEqual(
    recordsWith(200)
      .map(({ attributes }) => attributes['log.record.uid'])
      .toSorted(),
  )
})

const large = (id: string) => auditRecord({ id, attributes: { note: 'x'.repeat(40_000) } })

test('events too large are trimmed, and it is told how many', async () => {
  await start()
  wire.put('a', [...['b1', 'b2', 'b3'].map(large), auditRecord({ id: 'small' })])
  await wire.untilSettled()
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 4, quarantined: 0 })
  expect(wire.bench.of('records_changed')).toEqual(
    Array(3).fill({ type: 'records_changed', destination: 'd', late: 0, early: 0, trimmed: 1 }),
  )
})

test('oversize: quarantine keeps any number of them at once, and stops nothing', async () => {
  const rapid7 = await start(undefined, { oversize: 'quarantine' })
  wire.put(
    'a',
    Array.from({ length: 60 }, (_, n) => large(`b${n}`)),
  )
  await wire.untilSettled()
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 0, quarantined: 60, provisional: 0 })
  wire.put('b', [auditRecord({ id: 'after' })])
  await wire.untilSettled()
  expect(wire.account).toMatchObject({ outstanding: 0, delivered: 1, quarantined: 60 })
  expect(rapid7.ids).toEqual(['after'])
  expect(wire.bench.of('destination_stopped')).toEqual([])
})
