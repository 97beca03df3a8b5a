import { expect, test } from 'vitest'
import { hoursText } from '../../src/cli/hours-text.ts'
import { statusText } from '../../src/cli/status-text.ts'
import { watchStatus } from '../../src/cli/status-watch.ts'
import { SetupError } from '../../src/domain/failures.ts'
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

test('with nothing to show at the beginning it ends at once', async () => {
  const source = { status: () => Promise.reject(new SetupError('there is no ledger')), hours: async () => hours() }
  const watching = watchStatus(source, { out: { write: () => true }, signal: new AbortController().signal })
  await expect(watching).rejects.toThrow('there is no ledger')
})
