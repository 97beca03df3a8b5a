import { expect, test } from 'vitest'
import { caughtUpText } from '../../src/cli/summary.ts'

test('however long a receiver’s name is, what is said of it stands apart', () => {
  const totals = { objects: 3, events: 4, bad: 0 }
  const status = { destinations: [], totals } as unknown as Parameters<typeof caughtUpText>[0]
  const finish = {
    unswept: ['circleci_audit/europe'],
    unfinished: [],
    unanswered: [{ request: 12, kind: 'import' }],
  }
  expect(caughtUpText(status, undefined, finish).split('\n')).toEqual([
    '',
    'read                   3 objects, 4 events; 0 bad lines kept in quarantine',
    'circleci_audit/europe  could not be looked through completely',
    'import 12              is asked for, and not done yet',
    '',
  ])
})
