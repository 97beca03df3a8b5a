import { expect, test } from 'vitest'
import { importText, progressText } from '../../../src/cli/import/text.ts'
import type { ImportReport } from '../../../src/pipeline/imports/report.ts'

const from = '2026-03-01T10:00:00.000Z'
const to = '2026-03-01T10:04:00.000Z'

const report: ImportReport = {
  file: {
    ...{ name: 'audit.csv', sha256: 'ab', rows: 12_345, unreadable: 1, events: 12_340, repeated: 5 },
    unreadableReason: '3 cells, and the file has 11 columns',
    ...{ from: '2026-03-01T00:00:00.000Z', to: '2026-03-31T23:59:00.000Z' },
  },
  receiver: 'circleci_audit',
  dryRun: false,
  stream: { store: 's3://acme', objects: 700, unreadable: 0, gone: 0, events: 12_300 },
  lackingInStream: {
    events: 45,
    count: 23,
    intervals: [{ from, to, events: 23 }, ...Array.from({ length: 22 }, () => ({ from, to: from, events: 1 }))],
  },
  lackingInFile: { events: 0, count: 0, intervals: [] },
  destinations: [
    {
      id: 'splunk_hec/soc',
      skipped: 12_300,
      alreadyForwarded: 12_295,
      forwarded: 45,
      filtered: 0,
      quarantined: 1,
      lost: false,
    },
    { id: 'datadog', skipped: 5, alreadyForwarded: 0, forwarded: 12_000, filtered: 340, quarantined: 1, lost: true },
  ],
}

test('the report, for people', () => {
  expect(importText(report)).toMatchInlineSnapshot(`
    "audit.csv: 12,345 rows from 2026-03-01T00:00:00.000Z to 2026-03-31T23:59:00.000Z, for circleci_audit
    12,340 events; 5 rows repeat one; 1 row cannot be read (3 cells, and the file has 11 columns)

                    already forwarded  forwarded now  filtered  quarantined
    splunk_hec/soc             12,295             45         0            1
    datadog                         0         12,000       340            1
    datadog: the staged copy was gone before all of it was sent

    the stream (s3://acme) has 12,300 events of that time in 700 objects
    the stream lacks 45 events of the file, in 23 intervals:
      2026-03-01T10:00:00.000Z to 2026-03-01T10:04:00.000Z  23 events
      2026-03-01T10:00:00.000Z  1 event
      2026-03-01T10:00:00.000Z  1 event
      2026-03-01T10:00:00.000Z  1 event
      2026-03-01T10:00:00.000Z  1 event
      2026-03-01T10:00:00.000Z  1 event
      2026-03-01T10:00:00.000Z  1 event
      2026-03-01T10:00:00.000Z  1 event
      2026-03-01T10:00:00.000Z  1 event
      2026-03-01T10:00:00.000Z  1 event
      2026-03-01T10:00:00.000Z  1 event
      2026-03-01T10:00:00.000Z  1 event
      2026-03-01T10:00:00.000Z  1 event
      2026-03-01T10:00:00.000Z  1 event
      2026-03-01T10:00:00.000Z  1 event
      2026-03-01T10:00:00.000Z  1 event
      2026-03-01T10:00:00.000Z  1 event
      2026-03-01T10:00:00.000Z  1 event
      2026-03-01T10:00:00.000Z  1 event
      2026-03-01T10:00:00.000Z  1 event
      and 3 further intervals (--json lists them)
    the file lacks nothing of the stream"
  `)
})

test('a rehearsal, and a stream that could not be read in full', () => {
  const stream = { ...report.stream, unreadable: 2, gone: 1 }
  const text = importText({ ...report, dryRun: true, stream, destinations: report.destinations.slice(0, 1) })
  expect(text).toContain('to be forwarded')
  expect(text).toContain('2 objects could not be read: what they hold counts as lacking')
  expect(text).toContain('1 object is not there any more: what it held counts as lacking')
})

test.each([
  [undefined, 'audit.csv [░░░░░░░░░░░░░░░░░░░░░░░░] 0 % reading the file'],
  [{ phase: 'comparing', done: 9, of: 37 }, '24 % reading the stream, 9 of 37 listings'],
  [{ phase: 'delivering', done: 50, of: 100 }, '50 % forwarding, 50 of 100 rows'],
  [
    { phase: 'delivering', done: 0, of: 9, waiting: [{ where: 'a' }, { where: 'b', reason: '503' }] },
    'forwarding, 0 of 9 rows; b waits: 503',
  ],
  [
    { phase: 'comparing', done: 1, of: 4, waiting: [{ where: 's3://acme', reason: 'SlowDown' }] },
    '25 % reading the stream, 1 of 4 listings; s3://acme waits: SlowDown',
  ],
])('progress: %j', (progress, text) => {
  expect(progressText('audit.csv', progress)).toContain(text)
})
