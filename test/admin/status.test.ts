import { expect, test } from 'vitest'
import { type StatusSources, statusDocument } from '../../src/admin/status.ts'
import type { LaneState } from '../../src/telemetry/lanes.ts'
import { account, now, oldest } from './accounts.ts'

const totals = { objects: 40, events: 2000, bad: 1, altered: 0 }
const healthy: LaneState = {
  inFlight: 2,
  concurrency: 4,
  concurrencyMax: 16,
  bufferedBytes: 0,
  bufferCapacity: 1,
  lastError: undefined,
  lastOwnDeliveryAt: undefined,
  stopped: undefined,
  lastDeliveryAt: now,
  changed: { late: 0, early: 0, trimmed: 0 },
  lastNotice: undefined,
}

function one(change: Parameters<typeof account>[0], lane?: LaneState) {
  const running = lane && { version: '0.1.0', startedAt: now - 5000, lane: () => lane }
  const sources: StatusSources = {
    accounts: [account(change)],
    retired: [],
    totals,
    receivers: [],
    now,
    ...(running && { running }),
  }
  return statusDocument(sources).destinations[0]
}

test('the state is what an operator would say', () => {
  const failed = { ...healthy, lastError: { reason: '503', at: now - 10 }, lastDeliveryAt: now - 20 }
  const mended = { ...failed, lastDeliveryAt: now }
  const stop = { cause: 'credentials', reason: '403', since: now - 3_600_000 } as const
  expect(one({})?.state).toBe('idle')
  expect(one({ outstanding: 1, oldest: { ...oldest, reason: undefined } }, healthy)?.state).toBe('delivering')
  expect(one({ outstanding: 1, oldest }, failed)?.state).toBe('retrying')
  expect(one({ outstanding: 1, oldest }, mended)?.state).toBe('delivering')
  expect(one({ outstanding: 0 }, failed)?.state).toBe('idle')
  expect(one({ outstanding: 1, stop }, mended)?.state).toBe('stopped')
  expect(one({ outstanding: 1, oldest })?.state).toBe('retrying')
})

test('the explanation says why and what needs a look', () => {
  const stop = { cause: 'credentials', reason: '403 invalid token', since: now - 7_200_000 } as const
  expect(one({ stop, outstanding: 3, late: 2 })?.explanation).toBe(
    'stopped for 2 h, check its credentials: 403 invalid token; 2 objects late',
  )
  expect(one({ outstanding: 1, oldest })?.explanation).toBe('1 object outstanding, trying again: access denied')
  expect(one({ lostObjects: 1, provisional: 4 })?.explanation).toBe(
    'everything known is settled; 4 refused records held; 1 object lost',
  )
})

test('what was changed and remarked since the start is shown', () => {
  const changed = { late: 1200, early: 0, trimmed: 3 }
  const shown = one({}, { ...healthy, changed, lastNotice: { notice: 'queue approaching capacity', at: now } })
  expect(shown?.explanation).toBe('everything known is settled; sent changed since the start: 1200 late, 3 trimmed')
  const lastNotice = { notice: 'queue approaching capacity', at: new Date(now).toISOString() }
  expect(shown?.live).toMatchObject({ changed, lastNotice })
  expect(one({}, healthy)?.live).toMatchObject({ changed: { late: 0, early: 0, trimmed: 0 }, lastNotice: null })
})

test('where nothing is proven nothing is claimed', () => {
  const unswept = one({ watermark: undefined, sweptTo: undefined })
  expect(unswept).toMatchObject({ watermark: null, watermarkAgeSeconds: null })
  expect(unswept?.explanation).toBe('waiting for the first complete sweep')
  expect(one({ watermark: undefined, outstanding: 1 })?.explanation).toContain('no complete sweep yet')
})

test('the document carries the ledger’s numbers, times as RFC 3339 and ages in seconds', () => {
  const accounts = [
    account({ outstanding: 4, late: 1, oldest }),
    account({ destination: 'clickhouse', watermark: undefined, sweptTo: now - 90_000, lostObjects: 1, lostBytes: 9 }),
  ]
  const running = { version: '0.1.0', startedAt: now - 3_600_000, lane: () => healthy }
  const document = statusDocument({
    accounts,
    retired: [],
    totals,
    receivers: ['circleci_audit', 'other'],
    now,
    running,
  })
  expect(document).toMatchSnapshot()
  expect(JSON.parse(JSON.stringify(document))).toEqual(document)
})

test('a destination of two receivers that is stopped is one stopped destination', () => {
  const stop = { cause: 'configuration', reason: 'no such table', since: now } as const
  const accounts = [account({ stop }), account({ stop, receiver: 'second' })]
  expect(statusDocument({ accounts, retired: [], totals, receivers: [], now }).totals).toMatchObject({
    stopped: 1,
    delivered: 2000,
  })
})
