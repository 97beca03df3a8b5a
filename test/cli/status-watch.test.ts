import { expect, test } from 'vitest'
import { statusDocument } from '../../src/admin/status.ts'
import { hoursText } from '../../src/cli/hours-text.ts'
import type { StatusSource } from '../../src/cli/status-source.ts'
import { statusText } from '../../src/cli/status-text.ts'
import { watchStatus } from '../../src/cli/status-watch.ts'
import { SetupError } from '../../src/domain/failures.ts'
import type { Account } from '../../src/ledger/accounts.ts'
import { account, now, oldest } from '../admin/accounts.ts'
import { gap, hours, status } from '../browser/world.ts'

test('the calendar says by signs alone what the page says by colours', () => {
  const lines = hoursText(hours(), { days: 3, colour: false }).split('\n')
  expect(lines.slice(0, 6)).toEqual([
    'circleci_audit, hours in UTC',
    '                   0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23',
    'Tue 3 November     …  …  …  …  …  …  …  …  …',
    'Mon 2 November     ?  ?  ?  ?  ?  ?  ? 14 15  !  !  ! 14 15 16 12 13 14 15  …  …  …  …  …',
    'Sun 1 November     ?  ?  ?  ?  ?  ?  ? 14 15 16 12 13 14 15 16 12 13 14 15  ?  ?  ?  ?  ?',
    '',
  ])
  expect(lines.at(-1)).toContain('! suspect')
})

test('open gaps stand first, with what to do next', () => {
  const text = statusText(status({ gaps: [gap, { ...gap, id: 'healed', state: 'healed' }] }))
  expect(text.split('\n').slice(2, 4)).toEqual([
    `CRITICAL stream_silent circleci_audit, 2026-11-02T09:10:00Z to now: ${gap.evidence}`,
    `  next: ${gap.next} (${gap.id})`,
  ])
  expect(text).not.toContain('healed')
})

test('it draws until it is ended, and says when the picture is old', async () => {
  const end = new AbortController()
  const drawn: string[] = []
  let asked = 0
  const source = {
    status: async () => {
      asked += 1
      if (asked === 2) throw new SetupError('cannot ask http://127.0.0.1:8686/: refused')
      if (asked === 4) end.abort()
      return status({ delivered: 1_000 + asked })
    },
    hours: async () => hours(),
  }
  await watchStatus(source, { out: { write: (text) => drawn.push(text) }, signal: end.signal, everyMs: 1 })
  expect(drawn).toHaveLength(4)
  expect(drawn.every((text) => text.startsWith('\u001b[H'))).toBe(true)
  expect(drawn[1]).toContain('1,001')
  expect(drawn[1]).toContain('this is old: cannot ask')
  expect(drawn[2]).toContain('1,003')
  expect(drawn[2]).not.toContain('this is old')
})

/** What the source answers, picture by picture: so many seconds after the first, of two destinations. */
function played(frames: readonly (Frame | undefined)[], end: AbortController): StatusSource {
  const left = [...frames]
  return {
    status: async () => {
      const frame = left.shift()
      if (left.length === 0) end.abort()
      if (frame === undefined) throw new SetupError('cannot ask http://127.0.0.1:8686/: refused')
      const { after, ...of } = frame
      const accounts = [account({ destination: 'clickhouse', ...of }), account({ destination: 'file', delivered: 7 })]
      const totals = { objects: 40, events: 2_000, bad: 0, altered: 0 }
      const at = now + after * 1_000
      return statusDocument({ accounts, retired: [], totals, receivers: ['circleci_audit'], now: at })
    },
    hours: async () => ({ at: '', receivers: [] }),
  }
}

type Frame = { readonly after: number } & Partial<Account>

test('it shows how fast each destination takes events, what waits for longest, and what came late', async () => {
  const end = new AbortController()
  const behind = { outstanding: 3, late: 1, lateTotal: 2 }
  const source = played(
    [
      { after: 0, delivered: 1_000, ...behind, oldest: { ...oldest, reason: undefined } },
      { after: 2, delivered: 1_025, ...behind, oldest: { ...oldest, reason: undefined } },
      undefined,
      {
        after: 12,
        delivered: 25_025,
        ...behind,
        outstanding: 1,
        oldest: { ...oldest, key: 'b.gz', time: now - 60_000 },
      },
      { after: 14, delivered: 25_025, lateTotal: 2 },
      { after: 34, delivered: 25_026, lateTotal: 2 },
      { after: 134, delivered: 25_028, lateTotal: 2 },
      // Another ledger.
      { after: 136, delivered: 3, lateTotal: 0 },
    ],
    end,
  )
  const drawn: string[] = []
  await watchStatus(source, { out: { write: (text) => drawn.push(text) }, signal: end.signal, everyMs: 1 })
  const pictures = drawn.map((text) => text.replace('\u001b[H\u001b[2J\u001b[3J', '').split('\n'))
  const table = (picture: readonly string[]) => picture.slice(2, picture.indexOf('', 2)).join('\n')
  expect(pictures.map(table).join('\n\n')).toMatchInlineSnapshot(`
    "DESTINATION                  STATE       WATERMARK             BEHIND  OUTSTANDING  DELIVERED  DUPLICATES  QUARANTINED  RATE
    clickhouse ← circleci_audit  delivering  2026-11-03T07:50:00Z  10 min            3      1,000           5            2     -
      3 objects outstanding; 1 object late
      oldest outstanding: audit-logs/a.json, 15 min old
      late: 2 objects ever, 1 of them outstanding
      newest event 2026-11-03T07:57:30Z, last delivery 2026-11-03T07:58:30Z from audit-logs/2026-11-03T07-58.json.gz
    file ← circleci_audit        idle        2026-11-03T07:50:00Z  10 min            0          7           5            2     -
      everything known is settled
      newest event 2026-11-03T07:57:30Z, last delivery 2026-11-03T07:58:30Z from audit-logs/2026-11-03T07-58.json.gz

    DESTINATION                  STATE       WATERMARK             BEHIND  OUTSTANDING  DELIVERED  DUPLICATES  QUARANTINED  RATE
    clickhouse ← circleci_audit  delivering  2026-11-03T07:50:00Z  10 min            3      1,025           5            2  13/s
      3 objects outstanding; 1 object late
      oldest outstanding: audit-logs/a.json, 15 min old
      late: 2 objects ever, 1 of them outstanding
      newest event 2026-11-03T07:57:30Z, last delivery 2026-11-03T07:58:30Z from audit-logs/2026-11-03T07-58.json.gz
    file ← circleci_audit        idle        2026-11-03T07:50:00Z  10 min            0          7           5            2   0/s
      everything known is settled
      newest event 2026-11-03T07:57:30Z, last delivery 2026-11-03T07:58:30Z from audit-logs/2026-11-03T07-58.json.gz

    DESTINATION                  STATE       WATERMARK             BEHIND  OUTSTANDING  DELIVERED  DUPLICATES  QUARANTINED  RATE
    clickhouse ← circleci_audit  delivering  2026-11-03T07:50:00Z  10 min            3      1,025           5            2  13/s
      3 objects outstanding; 1 object late
      oldest outstanding: audit-logs/a.json, 15 min old
      late: 2 objects ever, 1 of them outstanding
      newest event 2026-11-03T07:57:30Z, last delivery 2026-11-03T07:58:30Z from audit-logs/2026-11-03T07-58.json.gz
    file ← circleci_audit        idle        2026-11-03T07:50:00Z  10 min            0          7           5            2   0/s
      everything known is settled
      newest event 2026-11-03T07:57:30Z, last delivery 2026-11-03T07:58:30Z from audit-logs/2026-11-03T07-58.json.gz

    DESTINATION                  STATE     WATERMARK             BEHIND  OUTSTANDING  DELIVERED  DUPLICATES  QUARANTINED     RATE
    clickhouse ← circleci_audit  retrying  2026-11-03T07:50:00Z  10 min            1     25,025           5            2  2,400/s
      1 object outstanding, trying again: access denied; 1 object late
      oldest outstanding: b.gz, 1.2 min old
      late: 2 objects ever, 1 of them outstanding
      newest event 2026-11-03T07:57:30Z, last delivery 2026-11-03T07:58:30Z from audit-logs/2026-11-03T07-58.json.gz
    file ← circleci_audit        idle      2026-11-03T07:50:00Z  10 min            0          7           5            2      0/s
      everything known is settled
      newest event 2026-11-03T07:57:30Z, last delivery 2026-11-03T07:58:30Z from audit-logs/2026-11-03T07-58.json.gz

    DESTINATION                  STATE  WATERMARK             BEHIND  OUTSTANDING  DELIVERED  DUPLICATES  QUARANTINED  RATE
    clickhouse ← circleci_audit  idle   2026-11-03T07:50:00Z  10 min            0     25,025           5            2   0/s
      everything known is settled
      late: 2 objects ever, 0 of them outstanding
      newest event 2026-11-03T07:57:30Z, last delivery 2026-11-03T07:58:30Z from audit-logs/2026-11-03T07-58.json.gz
    file ← circleci_audit        idle   2026-11-03T07:50:00Z  10 min            0          7           5            2   0/s
      everything known is settled
      newest event 2026-11-03T07:57:30Z, last delivery 2026-11-03T07:58:30Z from audit-logs/2026-11-03T07-58.json.gz

    DESTINATION                  STATE  WATERMARK             BEHIND  OUTSTANDING  DELIVERED  DUPLICATES  QUARANTINED   RATE
    clickhouse ← circleci_audit  idle   2026-11-03T07:50:00Z  11 min            0     25,026           5            2  0.1/s
      everything known is settled
      late: 2 objects ever, 0 of them outstanding
      newest event 2026-11-03T07:57:30Z, last delivery 2026-11-03T07:58:30Z from audit-logs/2026-11-03T07-58.json.gz
    file ← circleci_audit        idle   2026-11-03T07:50:00Z  11 min            0          7           5            2    0/s
      everything known is settled
      newest event 2026-11-03T07:57:30Z, last delivery 2026-11-03T07:58:30Z from audit-logs/2026-11-03T07-58.json.gz

    DESTINATION                  STATE  WATERMARK             BEHIND  OUTSTANDING  DELIVERED  DUPLICATES  QUARANTINED    RATE
    clickhouse ← circleci_audit  idle   2026-11-03T07:50:00Z  12 min            0     25,028           5            2  <0.1/s
      everything known is settled
      late: 2 objects ever, 0 of them outstanding
      newest event 2026-11-03T07:57:30Z, last delivery 2026-11-03T07:58:30Z from audit-logs/2026-11-03T07-58.json.gz
    file ← circleci_audit        idle   2026-11-03T07:50:00Z  12 min            0          7           5            2     0/s
      everything known is settled
      newest event 2026-11-03T07:57:30Z, last delivery 2026-11-03T07:58:30Z from audit-logs/2026-11-03T07-58.json.gz

    DESTINATION                  STATE  WATERMARK             BEHIND  OUTSTANDING  DELIVERED  DUPLICATES  QUARANTINED  RATE
    clickhouse ← circleci_audit  idle   2026-11-03T07:50:00Z  12 min            0          3           5            2     -
      everything known is settled
      newest event 2026-11-03T07:57:30Z, last delivery 2026-11-03T07:58:30Z from audit-logs/2026-11-03T07-58.json.gz
    file ← circleci_audit        idle   2026-11-03T07:50:00Z  12 min            0          7           5            2   0/s
      everything known is settled
      newest event 2026-11-03T07:57:30Z, last delivery 2026-11-03T07:58:30Z from audit-logs/2026-11-03T07-58.json.gz"
  `)
})

test('with nothing to show at the beginning it ends at once', async () => {
  const source = { status: () => Promise.reject(new SetupError('there is no ledger')), hours: async () => hours() }
  const watching = watchStatus(source, { out: { write: () => true }, signal: new AbortController().signal })
  await expect(watching).rejects.toThrow('there is no ledger')
})
