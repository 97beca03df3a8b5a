// What a page under test is told: a forwarder of two receivers and four destinations in different states, and three weeks
// of hours with a hole. Each test changes what it needs.
import type { GapStatus } from '../../src/admin/gaps.ts'
import type { HourStatus, HoursDocument } from '../../src/admin/hours.ts'
import { type StatusDocument, statusDocument } from '../../src/admin/status.ts'
import { account, now, oldest } from '../admin/accounts.ts'

const HOUR = 3_600_000
const DAYS = 14

export const stop = {
  cause: 'credentials',
  reason: '401 Unauthorized: the token is not known',
  since: now - 7_200_000,
} as const

export const gap: GapStatus = {
  id: 'stream_silent:circleci_audit:2026-11-02T09',
  kind: 'stream_silent',
  subject: 'circleci_audit',
  severity: 'critical',
  state: 'open',
  from: '2026-11-02T09:10:00.000Z',
  to: null,
  openedAt: '2026-11-02T10:00:00.000Z',
  evidence: 'No object for 3 hours in which 42 are ordinarily seen; such a silence comes once in 900 weeks.',
  next: 'Look at the streaming page of CircleCI; then import the CSV of that time with `import FILE`.',
  note: null,
  by: null,
  closedAt: null,
  closedBecause: null,
}

export function status(change: { delivered?: number; gaps?: readonly GapStatus[] } = {}): StatusDocument {
  return statusDocument({
    accounts: [
      account({ destination: 'clickhouse', delivered: change.delivered ?? 1_000 }),
      account({ destination: 'splunk_hec/soc', stop, outstanding: 14, oldest }),
      account({ destination: 'datadog', outstanding: 3, oldest: { ...oldest, reason: undefined } }),
      account({ destination: 'otlp_http', receiver: 'circleci_audit/eu' }),
    ],
    retired: [],
    gaps: change.gaps ?? [
      gap,
      { ...gap, id: 'x', kind: 'delivery_behind', severity: 'warning', subject: 'splunk_hec/soc' },
    ],
    totals: { objects: 4_321, events: 98_765, bad: 1, altered: 0 },
    receivers: ['circleci_audit', 'circleci_audit/eu'],
    floors: () => Array.from({ length: 168 }, (_, hour) => (hour < 120 ? 45 : undefined)),
    now,
    running: { version: '0.1.0', startedAt: now - 86_400_000, lane: () => undefined },
  })
}

export function hours(): HoursDocument {
  const first = Math.floor(now / HOUR) * HOUR - DAYS * 24 * HOUR
  const all = Array.from({ length: DAYS * 24 + 1 }, (_, index) => hour(first + index * HOUR))
  const destinations = ['clickhouse', 'splunk_hec/soc', 'datadog']
  return {
    at: new Date(now).toISOString(),
    receivers: [
      { id: 'circleci_audit', destinations, hours: all },
      { id: 'circleci_audit/eu', destinations: ['otlp_http'], hours: all.slice(-30) },
    ],
  }
}

function hour(at: number): HourStatus {
  const ofDay = new Date(at).getUTCHours()
  const works = ofDay >= 7 && ofDay < 19
  const hole = at >= now - 23 * HOUR && at < now - 20 * HOUR
  const verdict = at > now - HOUR ? 'open' : hole ? 'suspect' : works ? 'complete' : 'unprovable'
  const outstanding = at > now - 14 * HOUR ? { 'splunk_hec/soc': 1 } : {}
  const lost = at === Math.floor(now / HOUR) * HOUR - 200 * HOUR ? { datadog: 2 } : {}
  return {
    hour: new Date(at).toISOString(),
    objects: hole ? 0 : works ? 12 + (ofDay % 5) : 0,
    expected: works ? 14 : null,
    verdict,
    outstanding,
    lost,
  }
}
