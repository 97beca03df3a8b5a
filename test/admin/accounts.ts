import type { Account } from '../../src/ledger/accounts.ts'

export const now = Date.UTC(2026, 10, 3, 8)

export function account(change: Partial<Account> = {}): Account {
  return {
    destination: 'splunk_hec/soc',
    receiver: 'circleci_audit',
    startAt: now - 7 * 86_400_000,
    watermark: now - 600_000,
    sweptTo: now - 60_000,
    outstanding: 0,
    late: 0,
    lateTotal: 0,
    oldest: undefined,
    delivered: 1000,
    filtered: 10,
    duplicates: 5,
    quarantined: 2,
    lostObjects: 0,
    lostBytes: 0,
    possibleDuplicates: 3,
    adopted: 0,
    provisional: 0,
    lastObjectTime: now - 120_000,
    lastEvent: now - 150_000,
    lastDelivery: { at: now - 90_000, key: 'audit-logs/2026-11-03T07-58.json.gz', time: now - 120_000 },
    stop: undefined,
    ...change,
  }
}

export const oldest = { time: now - 900_000, key: 'audit-logs/a.json', reason: 'access denied' }
