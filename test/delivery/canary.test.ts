import type { Batch, Exporter, Outcome } from '@circleci-audit-forwarder/contract'
import { describe, expect, test } from 'vitest'
import { sendCanary } from '../../src/delivery/canary.ts'
import { canaryRecord } from '../../src/mapping/canary.ts'
import { FakeClock, settled } from '../tools/fake-clock.ts'

const never = new AbortController().signal
const id = '5f0c3c1e-canary'

type Questions = Pick<Exporter, 'stored' | 'readBack' | 'confirm'>

/** A destination that answers as told, and notes what it was sent. */
function scripted(outcome: Outcome | Error, questions: Questions = {}): Exporter & { readonly sent: Batch[] } {
  const sent: Batch[] = []
  return {
    limits: { records: 10, bytes: 1000 },
    sent,
    encode: (record) => ({ bytes: Buffer.from(JSON.stringify(record.attributes)) }),
    send: async (batch) => {
      sent.push(batch)
      if (outcome instanceof Error) throw outcome
      return outcome
    },
    check: async () => [],
    close: async () => undefined,
    ...questions,
  }
}

async function flown(exporter: Exporter, seconds = 0, clock = new FakeClock()) {
  const record = canaryRecord({ id, destination: 'siem', now: clock.now(), version: '1.2.3' })
  const findings = sendCanary({ exporter, record, id, clock, patienceMs: 60_000 }, never)
  for (let second = 0; second < seconds; second++) await clock.advance(1000)
  await settled()
  return findings
}

test('a canary is a marked record of the forwarder’s own', () => {
  const record = canaryRecord({ id, destination: 'siem', now: 1_700_000_000_123, version: '1.2.3' })
  expect(record).toMatchObject({
    eventName: 'circleci_audit_forwarder.canary',
    hrTime: [1_700_000_000, 123_000_000],
    severityNumber: 9,
    attributes: { 'log.record.uid': id, 'circleci_audit_forwarder.destination': 'siem' },
    instrumentationScope: { name: 'circleci-audit-forwarder', version: '1.2.3' },
  })
  expect(record.resource.attributes).toEqual({ 'service.name': 'circleci-audit-forwarder' })
  expect(record.body).toContain('no action is needed')
})

test('taken, where nobody can be asked: said, with the id to search for', async () => {
  const exporter = scripted({ status: 'delivered' })
  expect(await flown(exporter)).toMatchObject([
    { level: 'ok', detail: `id ${id}` },
    { level: 'unknown', next: `search there for ${id}` },
  ])
  expect(exporter.sent).toHaveLength(1)
  expect(exporter.sent[0]).toMatchObject({
    now: Date.parse('2026-03-15T12:00:00Z'),
    token: expect.stringMatching(/^\w{64}$/),
  })
})

test('read back as soon as it shows, asked again until then', async () => {
  let asked = 0
  const stored = async () => (++asked > 3 ? [0] : [])
  expect(await flown(scripted({ status: 'delivered' }, { stored }), 30)).toMatchObject([
    { level: 'ok' },
    { level: 'ok' },
  ])
  expect(asked).toBe(4)
})

test('taken and never found: a warning after a minute, and no endless questions', async () => {
  let asked = 0
  const stored = async () => {
    asked += 1
    return []
  }
  expect(await flown(scripted({ status: 'delivered' }, { stored }), 61)).toMatchObject([
    { level: 'ok' },
    { level: 'warning', detail: expect.stringContaining('not found within 1 min') },
  ])
  expect(asked).toBeLessThan(20)
})

test('a destination that may not be asked says what is missing', async () => {
  const stored = async () => ({ status: 'stopped', cause: 'credentials', reason: 'grant SELECT' }) as const
  expect((await flown(scripted({ status: 'delivered' }, { stored })))[1]).toMatchObject({
    level: 'unknown',
    detail: 'grant SELECT',
  })
})

test('a destination that cannot be asked just now is no proof against it', async () => {
  const stored = () => Promise.reject(new Error('HTTP 500'))
  expect((await flown(scripted({ status: 'delivered' }, { stored })))[1]).toMatchObject({
    level: 'unknown',
    detail: 'HTTP 500',
  })
})

describe('where it is searched for', () => {
  const running = { status: 'retry', reason: 'the search was still running' } as const
  const searched = (readBack: NonNullable<Exporter['readBack']>, seconds: number) =>
    flown(scripted({ status: 'delivered' }, { readBack }), seconds)

  test('the same batch is searched for until it is found', async () => {
    const batches: unknown[] = []
    const readBack = async (batch: Batch) => {
      batches.push(batch)
      return [running, [], [0]][Math.min(batches.length, 3) - 1]!
    }
    expect((await searched(readBack, 30))[1]).toEqual({ level: 'ok', what: 'the canary is read back' })
    expect([batches.length, new Set(batches).size]).toEqual([3, 1])
  })

  test('a search that never ends proves nothing, and is given up', async () => {
    expect((await searched(async () => running, 61))[1]).toEqual({
      level: 'unknown',
      what: 'the canary is read back',
      detail: 'the destination took it, and could not be asked within 1 min: the search was still running',
      next: `search there for ${id}`,
    })
  })

  test('what is not found in time is a warning, with what to do', async () => {
    expect((await searched(async () => [], 61))[1]).toMatchObject({
      level: 'warning',
      detail: expect.stringContaining('not found within 1 min'),
      next: `search there for ${id}`,
    })
  })

  test('where it throttles, it is asked when it says; no more, where that is too late', async () => {
    const clock = new FakeClock()
    const asked: number[] = []
    const throttling = (retryAfterMs: number) => async () => {
      asked.push(clock.now())
      return asked.length === 1 ? { ...running, reason: 'HTTP 429', retryAfterMs } : [0]
    }
    const exporter = (seconds: number) => scripted({ status: 'delivered' }, { readBack: throttling(seconds * 1000) })
    expect((await flown(exporter(20), 21, clock))[1]).toMatchObject({ level: 'ok' })
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBe(20_000)
    asked.length = 0
    const late = await flown(exporter(61), 0, clock)
    expect(late[1]).toMatchObject({ level: 'unknown', detail: expect.stringContaining('HTTP 429') })
    expect(asked).toHaveLength(1)
  })

  test('who may not search is told so, and where to look', async () => {
    const readBack = async () => ({ status: 'stopped', cause: 'configuration', reason: 'set api_key' }) as const
    expect((await searched(readBack, 0))[1]).toMatchObject({
      level: 'unknown',
      detail: 'set api_key',
      next: `search there for ${id}`,
    })
  })
})

test('an acknowledgement is waited for', async () => {
  let asked = 0
  const accepted: Outcome = { status: 'accepted', receipt: 'r', pollAfterMs: 1000 }
  const confirm = async () => new Map<string, Outcome>(++asked > 2 ? [['r', { status: 'delivered' }]] : [])
  expect(await flown(scripted(accepted, { confirm }), 20)).toMatchObject([
    { level: 'ok' },
    { level: 'ok', what: 'the canary is acknowledged as stored' },
  ])
  const silent = async () => new Map<string, Outcome>()
  expect((await flown(scripted(accepted, { confirm: silent }), 62))[1]).toMatchObject({ level: 'warning' })
  const lost = async () => new Map<string, Outcome>([['r', { status: 'retry', reason: 'acks are gone' }]])
  expect((await flown(scripted(accepted, { confirm: lost }), 5))[1]).toMatchObject({
    level: 'error',
    detail: 'acks are gone',
  })
})

test.each([
  [{ status: 'retry', reason: 'HTTP 503' }, 'HTTP 503', 'sent again'],
  [{ status: 'retry', reason: 'cut', ambiguous: true }, 'may have arrived', 'sent again'],
  [{ status: 'stopped', cause: 'credentials', reason: 'HTTP 403' }, 'HTTP 403', 'credentials'],
  [{ status: 'stopped', cause: 'configuration', reason: 'HTTP 404' }, 'HTTP 404', 'configuration'],
  [{ status: 'split', reason: 'HTTP 413' }, 'too large', 'quarantine'],
  [{ status: 'unreadable', reason: 'HTTP 400' }, 'HTTP 400', 'quarantine'],
  [{ status: 'rejected', records: [{ index: 0, reason: 'bad field' }] }, 'bad field', 'quarantine'],
] as const)('%j is an error in words', async (outcome, detail, next) => {
  expect(await flown(scripted(outcome))).toMatchObject([
    { level: 'error', detail: expect.stringContaining(detail), next: expect.stringContaining(next) },
  ])
})

test('an exporter that throws is an error, not a crash', async () => {
  expect(await flown(scripted(new Error('boom')))).toMatchObject([{ level: 'error', detail: 'boom' }])
})
